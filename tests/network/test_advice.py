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
from network.people.models import Person
from tests.network.people import enter

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
    for _n in range(desk.A_DAY["address"]):
        assert client.post(PAGE, answers()).status_code == 302
    refused = client.post(PAGE, answers(client_mail="ILSE@example.org", question="Was nun?"))
    assert (refused.status_code, "Was nun?" in refused.content.decode()) == (429, True), "nothing typed is lost"
    assert AdviceCase.objects.count() == desk.A_DAY["address"]
    for n in range(desk.A_DAY["connection"]):
        client.post(PAGE, answers(client_mail=f"{n}@example.org"))
    assert AdviceCase.objects.count() < desk.A_DAY["connection"], "one connection floods many no more"


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
        enter(client, user)
        assert client.get(case.get_absolute_url()).status_code == 404
        for act in ("stand", "schreiben", "uebergeben"):
            assert client.post(f"{case.get_absolute_url()}{act}/", {"state": "closed", "text": "x"}).status_code == 404
    enter(client, asks)
    assert client.post(f"{case.get_absolute_url()}stand/", {"state": "closed"}).status_code == 404
    client.force_login(asks)
    case.note("note", "streng intern")
    shown = client.get(case.get_absolute_url(), follow=True).content.decode()
    assert "Wie lange läuft" in shown
    assert "streng intern" not in shown


def test_a_message_goes_out_waits_and_its_answer_goes_on(client: Client, kora: User) -> None:
    case = made()
    enter(client, kora)
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
    enter(client, kora)
    assert "&lt;script&gt;300" in client.get(case.get_absolute_url()).content.decode()


def test_notes_stay_inside(client: Client, kora: User) -> None:
    case = made()
    enter(client, kora)
    client.post(f"{case.get_absolute_url()}schreiben/", {"text": "nur wir", "kind": "note"})
    assert post.send_waiting() == 0
    assert "nur wir" not in client.get(desk.client_link(case)).content.decode()


def test_handing_over_names_a_reason_and_tells_both(client: Client, kora: User) -> None:
    case, adviser = made(), person("adviser", statewide=True, role="viewer")
    enter(client, kora)
    act = f"{case.get_absolute_url()}uebergeben/"
    refused = client.post(act, {"reason": "Ilse kennt sich aus"})
    assert (refused.status_code, "wer den Fall übernimmt" in refused.content.decode()) == (400, True), "to nobody"
    assert "Ilse kennt sich aus" in refused.content.decode(), "nothing typed is lost"
    assert AdviceCase.objects.get(pk=case.pk).state == "new"
    client.post(act, {"adviser": adviser.pk})
    case.refresh_from_db()
    assert (case.state, case.adviser) == ("assigned", adviser)
    sent_links()
    assert sorted(m.to[0] for m in mail.outbox) == ["adviser@example.org", "ilse@example.org"]
    organisation = Organisation.objects.get(name="Stiftung trias")
    assert client.post(act, {"organisation": organisation.pk, "reason": "x"}).status_code == 400, "nobody there would see it"
    contact = person("contact")
    organisation.people.create(user=contact, role="contact", confirmed_at=timezone.now())
    refused = client.post(act, {"organisation": organisation.pk})
    said = re.search(r'role="alert">(.*?)</div>', refused.content.decode(), re.DOTALL)
    assert said, "said aloud"
    assert (refused.status_code, "warum" in said[1]) == (403, True), "without a reason"
    enter(client, adviser)
    client.post(act, {"organisation": organisation.pk, "reason": "Sie kennt das Erbbaurecht."})
    case.refresh_from_db()
    assert (case.adviser, case.organisation) == (None, organisation)
    assert "Sie kennt das Erbbaurecht." in case.entries.get(kind="handed", text__contains="trias").text
    assert client.get(case.get_absolute_url()).status_code == 404, "handed over: no longer the adviser's"
    sent_links()
    assert sorted(m.to[0] for m in mail.outbox) == ["contact@example.org", "ilse@example.org"]
    enter(client, contact)
    assert client.get(case.get_absolute_url()).status_code == 200, "the organisation's contact works on it"
    desk.answer(case, "Danke")
    post.send_waiting()
    assert mail.outbox[-1].to == ["contact@example.org"]
    assert not AdviceCase.objects.all().unassigned().exists()
    organisation.people.all().delete()
    assert AdviceCase.objects.all().unassigned().get() == case, "nobody is there any more"
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


def test_who_no_longer_belongs_no_longer_advises(client: Client) -> None:
    adviser = person("adviser", town=Town.objects.get(slug="perleberg"), role="editor")
    case = made(adviser=adviser, state="assigned")
    enter(client, adviser)
    assert client.get(case.get_absolute_url()).status_code == 200
    assert not AdviceCase.objects.all().unassigned().exists()
    adviser.memberships.get().end()
    assert client.get(case.get_absolute_url()).status_code == 404
    assert client.post(f"{case.get_absolute_url()}schreiben/", {"text": "x", "kind": "to_client"}).status_code == 404
    assert AdviceCase.objects.all().unassigned().get() == case, "the contact point sees that nobody has it"
    desk.answer(case, "Danke")
    assert post.send_waiting() == 0
    firm = Organisation.objects.get(name="Stiftung trias")
    firm.people.create(user=adviser, confirmed_at=timezone.now())
    AdviceCase.objects.update(organisation=firm)
    assert client.get(case.get_absolute_url()).status_code == 200, "still of the organisation that has it"


def test_who_asks_is_seen_with_a_second_factor_alone(client: Client, kora: User) -> None:
    case = made()
    client.force_login(kora)
    for page in ("/beratung/faelle/", case.get_absolute_url()):
        assert client.get(page)["Location"] == "/konto/zweiter-faktor/"
    assert client.post(f"{case.get_absolute_url()}stand/", {"state": "closed"})["Location"] == "/konto/zweiter-faktor/"
    assert client.get(f"/admin/network/advicecase/{case.pk}/change/").status_code == 404, "nor is there another door"
    asks = person("asks")
    client.force_login(asks)
    own = made(client=asks)
    assert own.question in client.get("/beratung/faelle/").content.decode(), "one's own needs none"


def test_an_adviser_is_shown_nobody_who_is_not_their_business(client: Client) -> None:
    adviser, elsewhere = person("adviser", statewide=True, role="viewer"), person("elsewhere", town=Town.objects.get(slug="gransee"))
    kora = person("kora", statewide=True, role="moderator")
    Person.objects.create(user=kora, display_name="Kora Beispiel")
    hidden = Organisation(name="Verborgene e. V.", kind="association")
    hidden.found(elsewhere)
    case = made(adviser=adviser, state="assigned")
    enter(client, adviser)
    page = client.get(case.get_absolute_url()).content.decode()
    assert "Kora Beispiel" in page, "back to the contact point"
    assert "Stiftung trias" in page, "everybody knows it"
    assert not [word for word in ("elsewhere", "Verborgene") if word in page]
    act = f"{case.get_absolute_url()}uebergeben/"
    assert client.post(act, {"adviser": elsewhere.pk, "reason": "x"}).status_code == 400
    assert client.post(act, {"organisation": hidden.pk, "reason": "x"}).status_code == 400
    enter(client, kora)
    assert "Verborgene e. V." in client.get(case.get_absolute_url()).content.decode()


def test_people_are_called_by_the_name_they_chose(client: Client, kora: User) -> None:
    asks = person("geheim")
    client.force_login(asks)
    assert client.post(PAGE, answers(client_name="")).status_code == 400, "no name yet: asked for"
    Person.objects.create(user=asks, display_name="Otto Beispiel")
    assert "client_name" not in client.get(PAGE).content.decode()
    client.post(PAGE, answers(client_name=""))
    case = AdviceCase.objects.get()
    assert case.client_name == "Otto Beispiel"
    desk.write_to_client(case, "Guten Tag", kora)
    sent_links()
    assert "Ihre Beratung" in mail.outbox[-1].body
    Person.objects.create(user=kora, display_name="Kora Beispiel")
    kora.refresh_from_db()
    desk.write_to_client(case, "Guten Tag", kora)
    sent_links()
    assert "Kora Beispiel" in mail.outbox[-1].body
    enter(client, kora)
    for page in ("/beratung/faelle/", case.get_absolute_url()):
        shown = client.get(page).content.decode()
        assert "Kora Beispiel" in shown
        assert ">kora<" not in shown


def test_no_word_of_a_stranger_is_sent_before_the_address_is_confirmed(client: Client) -> None:
    client.post(PAGE, answers(client_name="Gewinn!\nhttps://evil.example"))
    sent_links()
    assert "evil" not in mail.outbox[0].body
    assert AdviceCase.objects.get().client_name == "Gewinn! https://evil.example"


def test_what_was_typed_is_kept_when_it_is_too_long_or_comes_too_late(client: Client, kora: User) -> None:
    case = made()
    enter(client, kora)
    act = f"{case.get_absolute_url()}schreiben/"
    for kind in ("note", "to_client"):
        refused = client.post(act, {"text": "lang" * 1300, "kind": kind})
        assert (refused.status_code, "langlanglang" in refused.content.decode()) == (400, True)
    case.move(State.CLOSED)
    refused = client.post(act, {"text": "zu spät geschrieben", "kind": "to_client"})
    assert (refused.status_code, "zu spät geschrieben" in refused.content.decode()) == (403, True)
    late = client.post(desk.client_link(case), {"text": "noch eine Frage"})
    assert (late.status_code, "noch eine Frage" in late.content.decode()) == (403, True)
    assert not case.entries.exclude(kind="moved").exists()


def test_a_case_is_given_to_somebody_by_handing_over_alone(client: Client, kora: User) -> None:
    case = made()
    enter(client, kora)
    assert client.post(f"{case.get_absolute_url()}stand/", {"state": "assigned"}).status_code == 400
    assert AdviceCase.objects.get().state == "new"
