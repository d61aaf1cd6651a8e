"""Mediated contact: from the seeker to who is responsible, without the owner, without the seeker's address; states, rights, limits."""

from __future__ import annotations

import datetime
import json
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from geo.errors import InvalidParameter, NotAllowed
from geo.models import Town
from network.contacts.models import ContactPoint
from network.inquiries import thread
from network.inquiries.models import Inquiry, InquiryBlock
from network.inquiries.steps import MAY, Side, allowed
from network.members import Membership
from network.people.models import Person
from network.post import Mail
from network.seeking import matches
from network.seeking.states import MATCH_MOVES, MatchState
from tests.network.contacting import OWNER, SCRIPT, TEXT, begun, link_in, office, seeker, sent, to, vacancy_in
from tests.network.seekers import made
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def building() -> ContactPoint:
    ContactPoint.objects.all().delete()
    return office()


@pytest.fixture
def ilse() -> User:
    user = seeker()
    Person.objects.create(user=user, display_name="Ilse von der Werkstatt")
    return user


@pytest.fixture
def vacancy() -> Vacancy:
    return vacancy_in()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(name: str, role: str = "moderator", **where: Any) -> Client:
    user = seeker(name)
    Membership.objects.create(user=user, role=role, **where or {"town": Town.objects.get(slug="gransee")})
    return signed_in(user)


def free_of_owners(text: str) -> bool:
    return not any(word in text for word in (*OWNER, "Erna Canary"))


# --- the way of an inquiry --------------------------------------------------------------------------------------------


def test_from_a_match_to_an_answer_by_the_sealed_link(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    Vacancy.objects.filter(pk=vacancy.pk).update(target_uses=["workshop"], usable_m2=200, occupancy="vacant", disposal=["rent"])
    request = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}})
    matches.renew([request])
    match, client = request.matches.get(vacancy=vacancy.key), signed_in(ilse)
    page = f"/anfragen/neu/{vacancy.slug}/"
    assert f"{page}?gesuch={request.key}" in client.get(f"/gesuche/{request.key}/treffer/").content.decode()
    assert f'value="{request.key}" selected' in client.get(f"{page}?gesuch={request.key}").content.decode()
    given = {"topic": "use", "text": TEXT, "request": request.key}
    answers = [client.post(page, given) for _twice in range(2)]
    assert [a.status_code for a in answers] == [302, 302]
    found = Inquiry.objects.get()
    assert answers[0].url == answers[1].url == found.get_absolute_url(), "a double click makes one"
    match.refresh_from_db()
    assert (found.contact, match.state) == (building, "inquiry_sent")
    mails = sent()
    [asked], [own] = to(mails, building.mailbox), to(mails, ilse.email)
    assert asked.subject.startswith("Anfrage zu ")
    assert TEXT in asked.body
    assert "Von: Ilse von der Werkstatt\n" in asked.body
    assert ilse.email not in asked.body + str(asked.message())
    assert "Ihre E-Mail-Adresse geben wir nicht weiter." in own.body
    assert all(free_of_owners(str(m.message())) for m in mails)
    strict, path = Client(enforce_csrf_checks=True), link_in(asked)
    seen = unescape(strict.get(path).content.decode())
    assert TEXT in seen
    assert request.title in seen
    assert ilse.email not in seen
    assert "Ihre Antwort ist unterwegs." in Client().post(path, {"text": "Gern, kommen Sie am Dienstag."}).content.decode()
    [answer] = sent()
    assert answer.to == [ilse.email]
    assert "Bauamt Gransee antwortet auf Ihre Anfrage" in answer.body
    assert "anfragen/antwort" not in answer.body, "the seeker must not be able to answer as the office"
    shown = unescape(client.get(found.get_absolute_url()).content.decode())
    assert "Gern, kommen Sie am Dienstag." in shown
    assert free_of_owners(shown)
    assert Client().post(path, {"to": "viewing"}).status_code == 200
    match.refresh_from_db()
    assert match.state == "viewing"
    [told] = sent()
    assert "Besichtigung" in told.subject
    text = f"{client.get('/anfragen/').content!r}{client.get(found.get_absolute_url() + 'druck/').content!r}"
    assert free_of_owners(text)


def test_who_agreed_lets_the_office_see_the_address(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    begun(ilse, vacancy, shares_address=True)
    [asked] = to(sent(), building.mailbox)
    assert f"<{ilse.email}>" in asked.body
    assert ilse.email in Client().get(link_in(asked)).content.decode()
    found, moderator = Inquiry.objects.get(), member("moderator")
    assert ilse.email not in moderator.get(found.get_absolute_url()).content.decode(), "nobody but the office"


def test_without_anybody_it_goes_to_the_contact_point(ilse: User, vacancy: Vacancy, settings: Any) -> None:
    ContactPoint.objects.all().delete()
    settings.CONTACT = settings.CONTACT | {"name": "KoLaB Beispielstelle", "mail": "kolab@example.org"}
    found = begun(ilse, vacancy)
    assert found.contact is None
    assert [m.to for m in sent()] == [["kolab@example.org"], [ilse.email]]


def test_a_hidden_vacancy_takes_no_inquiries(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    Vacancy.objects.filter(pk=vacancy.pk).update(visibility="internal")
    assert signed_in(ilse).post(f"/anfragen/neu/{vacancy.slug}/", {"topic": "use", "text": TEXT}).status_code == 404
    assert not Inquiry.objects.exists()


# --- links ------------------------------------------------------------------------------------------------------------


def test_links_end(building: ContactPoint, ilse: User, vacancy: Vacancy, monkeypatch: pytest.MonkeyPatch) -> None:
    found = begun(ilse, vacancy)
    path = link_in(to(sent(), building.mailbox)[0])
    assert Client().get(path[:-2] + "x/").status_code == 410
    other = office("Wirtschaft", mailbox="wirtschaft@example.org")
    member("moderator").post(f"{found.get_absolute_url()}weiterleiten/", {"contact": other.key, "text": "Nur für Sie: eilig."})
    gone = Client().post(path, {"text": "Ich noch einmal"})
    assert gone.status_code == 410
    assert "liegt inzwischen bei einer anderen Stelle" in gone.content.decode()
    [forwarded] = sent()
    assert forwarded.to == ["wirtschaft@example.org"]
    assert "Nur für Sie: eilig." in forwarded.body
    assert TEXT in forwarded.body
    own = signed_in(ilse).get(found.get_absolute_url()).content.decode()
    assert "eilig" not in own
    assert "Weitergegeben an: Wirtschaft" in own
    assert "eilig" not in signed_in(ilse).get(f"{found.get_absolute_url()}anfrage.json").content.decode()
    fresh = link_in(forwarded)
    assert Client().get(fresh).status_code == 200
    with monkeypatch.context() as later:
        later.setattr("network.inquiries.mails.LINK_LASTS", datetime.timedelta(seconds=-1))
        assert Client().get(fresh).status_code == 410
    signed_in(ilse).post(f"{found.get_absolute_url()}stand/", {"to": "declined"})
    ended = Client().post(fresh, {"text": "zu spät"})
    assert ended.status_code == 403
    assert found.messages.filter(text="zu spät").count() == 0


# --- rights -----------------------------------------------------------------------------------------------------------


def test_only_its_people_see_a_thread(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    found = begun(ilse, vacancy)
    page = found.get_absolute_url()
    foreign = {"town": Town.objects.get(slug="wittenberge")}
    may = {"moderator": {}, "district": {"district": vacancy.town.district}, "kolab": {"statewide": True}}
    for name, where in may.items():
        client = member(name, **where)
        assert TEXT in client.get(page).content.decode(), name
        assert found.get_absolute_url() in client.get("/anfragen/").content.decode(), name
    strangers = [member("editor", "editor"), member("foreign", "admin", **foreign), signed_in(seeker("otto"))]
    for client in strangers:
        for path in (page, f"{page}druck/", f"{page}anfrage.json"):
            assert client.get(path).status_code == 404, path
        for act in ("stand", "weiterleiten", "uebernehmen", "loeschen", "sperren"):
            assert client.post(f"{page}{act}/", {"to": "viewing"}).status_code == 404, act
        assert found.key not in client.get("/anfragen/").content.decode()
    assert Client().get(page).status_code == 302
    own = signed_in(ilse)
    for act in ("weiterleiten", "uebernehmen", "sperren"):
        assert own.post(f"{page}{act}/").status_code == 403, act
    assert own.post(f"{page}stand/", {"to": "agreed"}).status_code == 403
    assert member("moderator2").post(f"{page}loeschen/").status_code == 403
    assert member("moderator3").post(f"{page}sperren/").status_code == 403
    found.refresh_from_db()
    assert found.state == "inquiry_sent"


def test_members_take_over_and_answer(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    found = begun(ilse, vacancy)
    sent()
    client = member("moderator")
    assert client.post(f"{found.get_absolute_url()}uebernehmen/").status_code == 302
    for _twice in range(2):
        assert client.post(found.get_absolute_url(), {"text": "Wir melden uns."}).status_code == 302
    found.refresh_from_db()
    assert found.taken_by.username == "moderator"
    assert found.waiting_since is None
    [answer] = sent()
    assert (answer.to, "Wir melden uns." in answer.body) == ([ilse.email], True)
    assert "moderator-canary@example.org" not in str(answer.message())


def test_every_step_by_every_side_as_the_tables_say(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    day, wrong = timezone.localdate() + datetime.timedelta(days=30), []
    found = begun(ilse, vacancy)
    for now in MatchState.values:
        ended = timezone.now() if now in ("agreed", "declined", "expired") else None
        for to_state in MatchState.values:
            for side in Side.values:
                with transaction.atomic():
                    Inquiry.objects.filter(pk=found.pk).update(state=now, ended_at=ended, reason="taken", reserved_until=day)
                    try:
                        thread.step(found, side, to_state, reserved_until=day, reason="taken")
                        went = True
                    except NotAllowed:
                        went = False
                    transaction.set_rollback(True)
                wanted = now == to_state or (ended is None and to_state in MATCH_MOVES[now] and side in MAY.get(to_state, ()))
                if went != wanted:
                    wrong.append((now, to_state, side, went))
    assert wrong == []
    assert allowed(Side.SEEKER, "negotiating") == ["declined"]


def test_a_reservation_has_an_end_and_can_be_prolonged(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    found, today = begun(ilse, vacancy), timezone.localdate()
    path = link_in(to(sent(), building.mailbox)[0])
    office_page = Client()
    assert office_page.post(path, {"to": "negotiating"}).status_code == 200
    for wrong in ("", "heute", str(today), str(today + datetime.timedelta(days=800))):
        assert office_page.post(path, {"to": "reserved", "reserved_until": wrong}).status_code == 400, wrong
    until = today + datetime.timedelta(days=60)
    for _twice in range(2):
        assert office_page.post(path, {"to": "reserved", "reserved_until": str(until)}).status_code == 200
    found.refresh_from_db()
    assert (found.state, found.reserved_until) == ("reserved", until)
    assert found.messages.filter(state="reserved").count() == 1
    later = until + datetime.timedelta(days=10)
    assert office_page.post(path, {"to": "reserved", "reserved_until": str(later)}).status_code == 200
    assert signed_in(ilse).post(f"{found.get_absolute_url()}stand/", {"to": "reserved", "reserved_until": str(until)}).status_code == 403
    found.refresh_from_db()
    assert found.reserved_until == later
    with pytest.raises(InvalidParameter):
        thread.step(found, Side.CONTACT, "declined", reason="because")
    with pytest.raises(IntegrityError), transaction.atomic():
        Inquiry.objects.filter(pk=found.pk).update(reserved_until=None)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_so_many_a_day_and_no_text_to_many(building: ContactPoint, ilse: User) -> None:
    client = signed_in(ilse)
    rows = [vacancy_in("gransee", n) for n in range(4)] + [vacancy_in("wittenberge", n) for n in range(4)]
    same = [client.post(f"/anfragen/neu/{v.slug}/", {"topic": "use", "text": f" {TEXT.upper()}\n"}).status_code for v in rows[:4]]
    assert same == [302, 302, 403, 403]
    own = [client.post(f"/anfragen/neu/{v.slug}/", {"topic": "use", "text": f"{TEXT} {v.key}"}).status_code for v in rows[2:]]
    assert own == [302, 302, 302, 429, 429, 429]
    assert Inquiry.objects.filter(seeker=ilse).count() == 5


def test_blocked_people_write_nothing(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    found, client = begun(ilse, vacancy), signed_in(ilse)
    desk = member("kolab", statewide=True)
    for _twice in range(2):
        desk.post(f"{found.get_absolute_url()}sperren/")
    assert InquiryBlock.objects.count() == 1
    assert client.post(found.get_absolute_url(), {"text": "Noch etwas"}).status_code == 403
    other = vacancy_in("wittenberge")
    assert client.get(f"/anfragen/neu/{other.slug}/").status_code == 403
    desk.post(f"{found.get_absolute_url()}sperren/", {"back": "1"})
    assert client.get(f"/anfragen/neu/{other.slug}/").status_code == 200


def test_endless_empty_and_nasty_texts(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    client, page = signed_in(ilse), f"/anfragen/neu/{vacancy.slug}/"
    for text in ("", "   ", "x" * 5001, "x" * 10_000_000, "a\x00b"):
        answer = client.post(page, {"topic": "use", "text": text})
        assert answer.status_code == 400, len(text)
    assert client.post(page, {"topic": SCRIPT, "text": TEXT}).status_code == 400
    foreign = made(seeker("otto"))
    assert client.post(page, {"topic": "use", "text": TEXT, "request": foreign.key}).status_code == 400, "not theirs"
    assert not Inquiry.objects.exists()
    Person.objects.filter(user=ilse).update(display_name=SCRIPT)
    assert client.post(page, {"topic": "use", "text": SCRIPT}).status_code == 302
    found, path = Inquiry.objects.get(), link_in(to(sent(), building.mailbox)[0])
    assert Client().post(path, {"text": SCRIPT}).status_code == 200
    pages = (client.get(found.get_absolute_url()), Client().get(path), member("moderator").get(f"{found.get_absolute_url()}druck/"))
    for shown in pages:
        assert SCRIPT not in shown.content.decode()
        assert "alert(" in shown.content.decode()
    assert Client().post(path, {"to": SCRIPT}).status_code == 400
    assert Client().post(path, {"text": "x" * 5001}).status_code == 400


# --- taking it with one, deleting -------------------------------------------------------------------------------------


def test_export_and_deletion_reach_the_mails_that_wait(building: ContactPoint, ilse: User, vacancy: Vacancy) -> None:
    found, client = begun(ilse, vacancy, shares_address=True), signed_in(ilse)
    thread.write(found, Side.CONTACT, "Bitte rufen Sie an.", by="Bauamt Gransee")
    told = json.loads(client.get(f"{found.get_absolute_url()}anfrage.json").content)
    assert [(m["side"], m["text"]) for m in told["messages"]] == [("seeker", TEXT), ("contact", "Bitte rufen Sie an.")]
    assert (told["vacancy"], told["state"]) == (vacancy.key, "inquiry_sent")
    other = begun(ilse, vacancy_in("wittenberge"), "Etwas ganz anderes")
    waiting = Mail.objects.count()
    for wanted in (302, 404):
        assert client.post(f"{found.get_absolute_url()}loeschen/").status_code == wanted
    found.refresh_from_db()
    assert (found.seeker, found.shares_address, found.digest, found.state, found.reason) == (None, False, "", "declined", "withdrawn")
    assert set(found.messages.filter(side="seeker").values_list("text", "by", "author")) == {("", "", None)}
    assert found.messages.filter(text="Bitte rufen Sie an.").count() == 1
    assert waiting == 5
    kept = sorted(m.purpose for m in Mail.objects.all())
    assert kept == ["inquiry_new", "inquiry_sent", "inquiry_step_contact"], "those of the other thread, and the end"
    ended = to(sent(), building.mailbox)
    assert ilse.email not in "".join(str(m.message()) for m in ended)
    page = member("moderator").get(found.get_absolute_url()).content.decode()
    assert TEXT not in page
    assert "Ilse" not in page
    thread.anonymise(other)
    other.refresh_from_db()
    assert other.seeker is None
