"""Two contacts of one office become one: what pointed to the second points to the first, mails sent before still open, and it goes back."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.serializers import serialize
from django.test import Client
from django.utils import timezone

from geo.errors import Expired, NotAllowed
from geo.models import District, Town
from network.contacts.directory import to_write_to
from network.contacts.doubles import doubles
from network.contacts.models import ContactPoint
from network.inquiries import mails as letters
from network.inquiries.models import Inquiry
from network.merging import merge as merging
from network.merging.kinds import KINDS
from network.models import Assignment, Membership, Merge, Seed
from network.privacy.deletion import delete
from network.privacy.subjects import Subject
from tests.network.people import account, sign_in_with_app, with_app
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
REPORTED = datetime.datetime(2026, 5, 4, 10, 0, tzinfo=datetime.UTC)
AGREED = datetime.date(2026, 1, 2)


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


@pytest.fixture
def erna() -> User:
    user = account("erna")
    Membership.objects.create(user=user, statewide=True, role="moderator")
    return user


@pytest.fixture
def two(gransee: Town) -> tuple[ContactPoint, ContactPoint]:
    """Bauamt twice: one of Gransee, one of Gransee and Zehdenick that was said to be out of date and has an inquiry."""
    keep = ContactPoint.objects.create(name="Bauamt Gransee", function="building", topics=["building"], mailbox="bauamt@gransee.example")
    words: dict[str, Any] = {"person": "Maria Canary", "consent_on": AGREED, "consent_version": "1", "phone": "03306 1"}
    drop = ContactPoint.objects.create(
        name="Bauamt", function="building", topics=["use"], mailbox="canary-alt@gransee.example", reported_at=REPORTED, **words
    )
    keep.towns.add(gransee)
    drop.towns.add(gransee, Town.objects.get(slug="zehdenick"))
    vacancy = Vacancy.objects.filter(town=gransee, publication="published").first()
    Inquiry.objects.create(seeker=account("ilse"), vacancy=vacancy, contact=drop)
    Assignment.objects.create(list="veraltete-kontakte", row=str(drop.pk), assignee=account("otto"))
    return keep, drop


def chosen(row: ContactPoint, **other: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in KINDS["contact"].columns} | other


def everything() -> dict[str, Any]:
    tables = (ContactPoint, Inquiry, Assignment, Seed)
    found = {m.__name__: sorted(serialize("json", [row]) for row in m._default_manager.all()) for m in tables}
    return found | {"towns": sorted(ContactPoint.towns.through.objects.values_list("contactpoint", "town"))}


def test_inquiries_towns_reports_and_tasks_go_along(two: Any, erna: User, gransee: Town) -> None:
    keep, drop = two
    moving = {m.label: (m.n, m.twice) for m in merging.preview("contact", keep, drop)}
    assert moving == {"Anfragen": (1, 0), "Gemeinden": (2, 1)}
    done = merging.merge("contact", keep, drop, chosen(keep, phone=drop.phone), erna)
    assert not ContactPoint.objects.filter(pk=drop.pk).exists()
    keep.refresh_from_db()
    assert (keep.name, keep.mailbox, keep.phone, keep.person) == ("Bauamt Gransee", "bauamt@gransee.example", "03306 1", "")
    assert {t.slug for t in keep.towns.all()} == {"gransee", "zehdenick"}
    assert keep.reported_at == REPORTED, "what somebody said of either is said of both"
    assert Inquiry.objects.get().contact == keep
    assert Assignment.objects.get().row == str(keep.pk)
    assert to_write_to(Town.objects.get(slug="zehdenick"), "building") == keep
    assert (done.kind, done.name, done.dropped_name) == ("contact", "Bauamt Gransee", "Bauamt")


def test_undone_everything_is_as_it_was(two: Any, erna: User) -> None:
    keep, drop = two
    before = everything()
    done = merging.merge("contact", keep, drop, chosen(drop), erna)
    keep.refresh_from_db()
    assert (keep.person, keep.consent_on, keep.consent_version) == ("Maria Canary", AGREED, "1"), "a name comes with its consent"
    assert everything() != before
    merging.undo(done)
    assert everything() == before
    with pytest.raises(NotAllowed, match="nicht mehr zurücknehmen"):
        merging.undo(done)


def test_mails_to_the_mailbox_that_stays_open_the_inquiry_still_and_others_do_not(two: Any, erna: User, settings: Any) -> None:
    settings.MAIL_REPLY_DOMAIN = "antwort.example.org"
    keep, drop = two
    stranger = ContactPoint.objects.create(name="Amt für Anderes", function="culture", statewide=True, mailbox="kultur@gransee.example")
    inquiry = Inquiry.objects.get()
    ways = {}
    for contact in (drop, keep, stranger):
        inquiry.contact = contact
        ways[contact.name] = (letters.answer_link(inquiry).split("/")[-2], letters.reply_address(inquiry, "contact"))
    again = ContactPoint.objects.create(name="Bauamt neu", function="building", statewide=True)
    merging.merge("contact", keep, drop, chosen(keep), erna)
    merging.merge("contact", again, keep, chosen(again, mailbox=keep.mailbox), erna)  # and once more
    inquiry.refresh_from_db()
    assert inquiry.contact == again
    token, address = ways["Bauamt Gransee"]
    assert letters.opened(token).pk == inquiry.pk
    assert letters.addressed(address) == (inquiry, "contact")
    for name in ("Bauamt", "Amt für Anderes"):
        token, address = ways[name]
        with pytest.raises(Expired, match="anderen Stelle"):
            letters.opened(token)
        assert letters.addressed(address) is None


def test_refused_before_anything_is_changed(two: Any, erna: User, gransee: Town) -> None:
    keep, drop = two
    before = everything()
    for rows, values, says in (
        ((keep, keep), chosen(keep), "zwei verschiedene"),
        ((keep, ContactPoint(pk=0, name="weg")), chosen(keep), "nicht mehr da"),
        ((keep, drop), chosen(keep, person="Maria Canary"), "nur mit ihrer Zustimmung"),
        ((keep, drop), chosen(keep, statewide=True, district=District.objects.first()), "nur eines angeben"),
    ):
        with pytest.raises(NotAllowed, match=says):
            merging.merge("contact", *rows, values, erna)
    assert everything() == before


def test_whose_mailbox_it_was_is_forgotten_with_the_person(two: Any, erna: User, settings: Any, tmp_path: Any) -> None:
    settings.DELETION_LOG = tmp_path / "deletions.log"
    keep, drop = two
    done = merging.merge("contact", keep, drop, chosen(keep), erna)
    assert "Maria Canary" in str(done.before)
    delete(Subject.by("CANARY-alt@gransee.example"))
    done.refresh_from_db()
    assert (done.before, done.can_be_undone) == ({}, False)


def test_what_looks_alike_is_offered_with_the_reason(gransee: Town) -> None:
    ContactPoint.objects.all().delete()
    zehdenick = Town.objects.get(slug="zehdenick")

    def contact(name: str, function: str, *towns: Town, **words: Any) -> ContactPoint:
        made = ContactPoint.objects.create(name=name, function=function, **words)
        made.towns.set(towns)
        return made

    contact("A", "building", gransee, mailbox="rathaus@gransee.example")
    contact("B", "culture", zehdenick, mailbox="Rathaus@Gransee.example", verified_at=timezone.now())
    contact("C", "building", gransee)
    contact("D", "planning", gransee, topics=["planning", "climate"])
    contact("E", "climate", gransee, topics=["climate"])
    contact("F", "climate", zehdenick, topics=["climate"])
    contact("G", "economy", gransee)
    contact("H", "building", gransee, withdrawn_on=timezone.localdate())
    found = {(d.keep.name, d.drop.name): d.why for d in doubles(ContactPoint.objects.all().listed())}
    assert found == {
        ("B", "A"): "dasselbe Postfach",
        ("A", "C"): "gemeinsames Gebiet, dieselbe Aufgabe",
        ("D", "E"): "gemeinsames Gebiet und Thema: Klimaschutz und Energie",
    }


def test_by_the_pages_once_however_often_it_is_sent(two: Any, erna: User, client: Client) -> None:
    keep, drop = two
    sign_in_with_app(client, erna, with_app(erna))
    start = "/schreibtisch/kontakte-zusammenfuehren/"
    offered = client.get(start).content.decode()
    assert f'href="{start}{keep.key}/{drop.key}/"' in offered
    assert "gemeinsames Gebiet, dieselbe Aufgabe" in offered
    assert client.get(f"{start}?keep={keep.key}&drop={keep.key}").status_code == 400
    page = client.get(f"{start}?keep={keep.key}&drop={drop.key}", follow=True)
    text, path = page.content.decode(), page.redirect_chain[-1][0]
    assert "Gemeinden: 2 (1 davon steht bei beiden und wird eins)" in text
    assert "Maria Canary" in text
    assert client.post(path, {"name": "drop"}).status_code == 400, "not every choice is made"
    answers = {"name": "keep", "topics": "drop", "mailbox": "keep", "phone": "drop", "person": "drop"}
    done = client.post(path, answers, follow=True).content.decode()
    assert "„Bauamt“ ist in „Bauamt Gransee“ aufgegangen" in done
    assert client.post(path, answers).status_code == 404
    keep.refresh_from_db()
    assert (keep.topics, keep.phone, keep.person, keep.consent_on) == (["use"], "03306 1", "Maria Canary", AGREED)
    assert Merge.objects.get().name not in client.get("/schreibtisch/zusammenfuehren/").content.decode(), "each kind on its own page"
    undo = f"/schreibtisch/zusammengefuehrt/{Merge.objects.get().pk}/zuruecknehmen/"
    assert client.post(undo)["Location"] == start
    assert client.post(undo).status_code == 403
