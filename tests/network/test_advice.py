"""Advice cases: intake confirmed by mail, the table of states, who sees what, messages, handing over, forgetting."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core import mail
from django.test import Client
from django.utils import timezone

from geo.errors import NotAllowed
from geo.models import Town
from network import post
from network.advice import desk
from network.advice.forms import IntakeForm
from network.advice.models import TRANSITIONS, AdviceCase, State
from network.members import Membership
from network.organisations.models import Organisation

pytestmark = pytest.mark.django_db
PAGE = "/beratung/anfrage/"


def answers(**changed: Any) -> dict[str, Any]:
    return {
        "once": str(uuid.uuid4()), "audience": "initiative", "phase": "plan", "topics": ["leasehold"], "plan": "Werkstatt",
        "question": "Wie lange läuft ein Erbbaurecht?", "client_name": "Ilse Beispiel", "client_mail": "ilse@example.org", "consent": "on",
    } | changed  # fmt: skip


def person(name: str, **membership: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "ein-langes-passwort")
    if membership:
        Membership.objects.create(user=user, **membership)
    return user


@pytest.fixture
def kora() -> User:
    return person("kora", statewide=True, role="moderator")


def made(**changed: Any) -> AdviceCase:
    """A confirmed case."""
    given = {k: v for k, v in answers().items() if k not in ("consent", "once")} | {
        "confirmed_at": timezone.now(),
        "consent_text_version": "x",
    }
    return AdviceCase.objects.create(**(given | changed))


def sent_links() -> list[str]:
    mail.outbox.clear()
    post.send_waiting()
    return [p for m in mail.outbox for p in re.findall(r"(/(?:en/)?beratung/\S+)", m.body)]


def test_the_intake_asks_twelve_things_at_most() -> None:
    assert len([f for f in IntakeForm().fields.values() if not f.widget.is_hidden]) == 12


def test_without_account_a_question_counts_once_its_mail_is_confirmed(client: Client, kora: User) -> None:
    given = answers()
    for _twice in range(2):
        assert client.post(PAGE, given)["Location"] == "/beratung/anfrage/unterwegs/"
    case = AdviceCase.objects.get()
    assert not AdviceCase.objects.all().visible_to(kora).exists(), "nobody's business yet"
    [link] = sent_links()
    assert client.get(link).status_code == 200
    case.refresh_from_db()
    assert case.confirmed_at is None, "looking does not confirm"
    mine = client.post(link)["Location"]
    client.post(link)
    assert AdviceCase.objects.all().visible_to(kora).unassigned().get() == case
    assert [p for p in sent_links() if "/meine/" in p], "the link to the client's own page"
    assert len(mail.outbox) == 1, "confirmed twice, welcomed once"
    assert "Wie lange läuft" in client.get(mine).content.decode()


def test_who_signed_in_skips_the_mail(client: Client) -> None:
    user = person("otto")
    client.force_login(user)
    assert "client_mail" not in client.get(PAGE).content.decode()
    answer = client.post(PAGE, answers())
    case = AdviceCase.objects.get()
    assert (case.client, case.client_mail, case.confirmed_at is not None) == (user, "otto@example.org", True)
    assert client.get(answer["Location"], follow=True).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [{"audience": "king"}, {"topics": []}, {"topics": ["party"]}, {"question": "x" * 3000}, {"client_mail": "keine"}, {"consent": ""},
     {"once": "x"}, {"town": "99999999"}, {"plan": "\x00"}],
)  # fmt: skip
def test_wrong_answers_are_named_and_nothing_is_kept(client: Client, changed: dict[str, Any]) -> None:
    assert client.post(PAGE, answers(**changed)).status_code == 400
    assert not AdviceCase.objects.exists()


def test_one_address_floods_nobody(client: Client) -> None:
    for _n in range(desk.PER_DAY):
        assert client.post(PAGE, answers()).status_code == 302
    assert client.post(PAGE, answers(client_mail="ILSE@example.org")).status_code == 403
    assert AdviceCase.objects.count() == desk.PER_DAY


def test_every_way_between_states_is_in_the_table_and_no_other(kora: User) -> None:
    for start in State.values:
        for end in State.values:
            case = made(state=start)
            if end in TRANSITIONS[start] or end == start:
                case.move(end, kora)
                assert AdviceCase.objects.get(pk=case.pk).state == end
                assert case.entries.count() == (start != end)
            else:
                with pytest.raises(NotAllowed, match="geht es nicht"):
                    case.move(end, kora)
                assert AdviceCase.objects.get(pk=case.pk).state == start
    assert TRANSITIONS[State.NEW] == {"assigned", "closed"}
    assert TRANSITIONS[State.CLOSED] == frozenset()


def test_rows_are_seen_by_client_coordinators_and_adviser_alone(client: Client, kora: User) -> None:
    adviser, asks = person("adviser", town=Town.objects.get(slug="perleberg"), role="editor"), person("asks")
    others = [person("viewer", statewide=True, role="viewer"), person("boss", town=Town.objects.get(slug="gransee"), role="admin")]
    case = made(adviser=adviser, state="assigned", client=asks)
    made(client_mail="unconfirmed@example.org", confirmed_at=None, adviser=adviser)
    for user, sees, handles in ((kora, 1, 1), (adviser, 1, 1), (asks, 1, 0), *((o, 0, 0) for o in others), (AnonymousUser(), 0, 0)):
        every = AdviceCase.objects.all()
        assert (every.visible_to(user).count(), every.handled_by(user).count()) == (sees, handles), user
    for user in others:
        client.force_login(user)
        assert client.get(case.get_absolute_url()).status_code == 404
        for act in ("stand", "schreiben", "uebergeben"):
            assert client.post(f"{case.get_absolute_url()}{act}/", {"state": "closed", "text": "x"}).status_code == 404
    client.force_login(asks)
    assert client.post(f"{case.get_absolute_url()}stand/", {"state": "closed"}).status_code == 404
    case.note("note", "streng intern")
    shown = client.get(case.get_absolute_url(), follow=True).content.decode()
    assert "Wie lange läuft" in shown
    assert "streng intern" not in shown


def test_a_message_goes_out_waits_and_its_answer_goes_on(client: Client, kora: User) -> None:
    case = made()
    client.force_login(kora)
    client.post(f"{case.get_absolute_url()}schreiben/", {"text": "Wie groß ist das Haus?", "kind": "to_client"})
    case.refresh_from_db()
    assert (case.state, case.adviser) == ("waiting_client", kora)
    assert AdviceCase.objects.all().waiting_since(timezone.localdate()).get() == case
    assert not AdviceCase.objects.all().waiting_since(timezone.localdate() - datetime.timedelta(days=1)).exists()
    [link] = sent_links()
    assert "Wie groß ist das Haus?" in mail.outbox[0].body
    client.logout()
    client.post(link, {"text": "<script>300 m²</script>"})
    case.refresh_from_db()
    assert case.state == "in_progress"
    sent_links()
    assert mail.outbox[0].to == ["kora@example.org"]
    assert "300" not in mail.outbox[0].body, "what the client wrote stays on the page"
    client.force_login(kora)
    assert "&lt;script&gt;300" in client.get(case.get_absolute_url()).content.decode()


def test_notes_stay_inside(client: Client, kora: User) -> None:
    case = made()
    client.force_login(kora)
    client.post(f"{case.get_absolute_url()}schreiben/", {"text": "nur wir", "kind": "note"})
    assert post.send_waiting() == 0
    assert "nur wir" not in client.get(desk.client_link(case)).content.decode()


def test_handing_over_names_a_reason_and_tells_both(client: Client, kora: User) -> None:
    case, adviser = made(), person("adviser", statewide=True, role="viewer")
    client.force_login(kora)
    act = f"{case.get_absolute_url()}uebergeben/"
    assert "wählen Sie eine Person" in client.post(act, {"reason": "x"}, follow=True).content.decode(), "to nobody"
    assert AdviceCase.objects.get(pk=case.pk).state == "new"
    client.post(act, {"adviser": adviser.pk})
    case.refresh_from_db()
    assert (case.state, case.adviser) == ("assigned", adviser)
    sent_links()
    assert sorted(m.to[0] for m in mail.outbox) == ["adviser@example.org", "ilse@example.org"]
    organisation = Organisation.objects.get(name="Stiftung trias")
    assert client.post(act, {"organisation": organisation.pk}).status_code == 403, "without a reason"
    client.force_login(adviser)
    client.post(act, {"organisation": organisation.pk, "reason": "Sie kennt das Erbbaurecht."})
    case.refresh_from_db()
    assert (case.adviser, case.organisation) == (None, organisation)
    assert "Sie kennt das Erbbaurecht." in case.entries.get(kind="handed", text__contains="trias").text
    assert client.get(case.get_absolute_url()).status_code == 404, "handed over: no longer the adviser's"
    case.move(State.CLOSED)
    with pytest.raises(NotAllowed, match="nicht mehr übergeben"):
        case.hand_to(adviser, reason="x")


def test_links_are_good_for_their_case_alone(client: Client) -> None:
    case = made()
    link = desk.client_link(case)
    assert client.get(link).status_code == 200
    assert client.get(link.replace("/meine/", "/anfrage/bestaetigen/")).status_code == 410
    case.delete()
    assert client.get(link).status_code == 410
