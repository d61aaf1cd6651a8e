"""Events: times that recur by the clock on the wall, calendars read back, seats, waiting lists and who sees what."""

from __future__ import annotations

import datetime
import re
import threading
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from geo.models import Town
from network import post
from network.gathering import recurrence, seats
from network.gathering.models import Event, Registration
from network.members import Membership
from network.organisations.models import Organisation
from network.post import Mail
from tests.network.people import enter

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=BERLIN)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def event(**words: Any) -> Event:
    made = {
        "slug": "probe",
        "title": "Beispiel-Werkstatt",
        "kind": "workshop",
        "starts_at": at("2099-03-10T18:00"),
        "ends_at": at("2099-03-10T20:00"),
        "venue": "Beispielsaal",
        "description": "Beispiel",
        "takes_registration": True,
        "state": "published",
        "published_at": NOW,
    }
    return Event.objects.create(**(made | words))


def person(name: str, **membership: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "ein-langes-passwort")
    if membership:
        Membership.objects.create(user=user, **membership)
    return user


# --- recurrence -------------------------------------------------------------------------------------------------------


def test_eighteen_o_clock_stays_eighteen_o_clock_when_the_clock_changes() -> None:
    first, last = at("2027-03-21T00:00"), at("2027-04-05T00:00")
    found = recurrence.occurrences(at("2027-03-21T18:00"), "FREQ=WEEKLY", (), first, last, BERLIN)
    assert [t.isoformat() for t in found] == ["2027-03-21T18:00:00+01:00", "2027-03-28T18:00:00+02:00", "2027-04-04T18:00:00+02:00"]
    found = recurrence.occurrences(at("2026-10-24T09:00"), "FREQ=DAILY;COUNT=3", (), at("2026-10-01T00:00"), last, BERLIN)
    assert [t.astimezone(datetime.UTC).hour for t in found] == [7, 8, 8], "summer time ends on 25 October"


@pytest.mark.parametrize(
    ("rule", "skipped", "days"),
    [
        ("", (), ["2027-01-13"]),
        ("FREQ=MONTHLY;BYDAY=2WE", (), ["2027-01-13", "2027-02-10", "2027-03-10", "2027-04-14"]),
        ("FREQ=MONTHLY;BYDAY=2WE;UNTIL=20270310", (), ["2027-01-13", "2027-02-10", "2027-03-10"]),
        ("FREQ=MONTHLY;BYDAY=2WE;COUNT=3", ("2027-02-10",), ["2027-01-13", "2027-03-10"]),
        ("RRULE:freq=weekly;interval=4", (), ["2027-01-13", "2027-02-10", "2027-03-10", "2027-04-07"]),
    ],
)
def test_rules_by_hand(rule: str, skipped: tuple[str, ...], days: list[str]) -> None:
    off = {datetime.date.fromisoformat(d) for d in skipped}
    found = recurrence.occurrences(at("2027-01-13T18:00"), rule, off, at("2027-01-01T00:00"), at("2027-04-15T00:00"), BERLIN)
    assert [t.date().isoformat() for t in found] == days


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "WEEKLY",
        "FREQ=WEEKLY;UNTIL=20270310T000000Z",
        "FREQ=WEEKLY;UNTIL=20261131",
        "FREQ=WEEKLY;UNTIL=00000101",
        "FREQ=WEEKLY;COUNT=2;UNTIL=20270310",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;X=1",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;COUNT=9;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=WEEKLY\nDTSTART:19700101T000000",
    ],
)
def test_other_rules_are_refused(rule: str) -> None:
    with pytest.raises(ValueError):
        recurrence.check(rule)


def test_a_rule_without_end_is_looked_at_only_where_asked() -> None:
    found = recurrence.occurrences(at("1990-01-01T10:00"), "FREQ=DAILY", (), at("2027-01-01T00:00"), at("2027-01-02T23:00"), BERLIN)
    assert [t.day for t in found] == [1, 2]
    endless = recurrence.occurrences(at("2027-01-01T10:00"), "FREQ=DAILY", (), at("2027-01-01T00:00"), at("2090-01-01T00:00"), BERLIN)
    assert len(endless) == recurrence.MOST


# --- calendars --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_calendar_read_back_says_the_same(client: Client) -> None:
    made = event(
        starts_at=at("2099-03-11T18:00"),
        ends_at=at("2099-03-11T20:00"),
        rule="FREQ=WEEKLY;UNTIL=20990408",
        skipped=[datetime.date(2099, 3, 18)],
        title="Werkstatt; mit Komma, und\nZeile"[:40],
        town=Town.objects.get(slug="perleberg"),
    )
    event(slug="entwurf", state="draft")
    event(slug="abgesagt", state="cancelled")
    answer = client.get("/termine.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert [str(z["TZID"]) for z in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    found = {str(e["UID"]).split("@")[0]: e for e in calendar.walk("VEVENT")}
    assert set(found) == {str(made.key), str(Event.objects.get(slug="abgesagt").key)}, "no drafts"
    entry = found[str(made.key)]
    assert entry["DTSTART"].dt == made.starts_at
    assert entry["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert entry["DTEND"].dt - entry["DTSTART"].dt == datetime.timedelta(hours=2)
    assert (entry["RRULE"]["FREQ"], entry["RRULE"]["UNTIL"]) == (
        ["WEEKLY"],
        [datetime.datetime(2099, 4, 8, 21, 59, 59, tzinfo=datetime.UTC)],
    )
    assert entry["EXDATE"].dts[0].dt == at("2099-03-18T18:00")
    assert str(entry["LOCATION"]) == "Beispielsaal, Perleberg"
    assert str(found[str(Event.objects.get(slug="abgesagt").key)]["STATUS"]) == "CANCELLED"
    [alone] = icalendar.Calendar.from_ical(client.get("/termine/probe.ics").content).walk("VEVENT")
    assert alone["UID"] == entry["UID"]
    assert client.get("/termine/entwurf.ics").status_code == 404


@pytest.mark.django_db
def test_lists_show_what_comes_and_what_was(client: Client) -> None:
    event(slug="bald", town=Town.objects.get(slug="perleberg"))
    event(slug="vorbei", starts_at=at("2026-01-10T18:00"), ends_at=at("2026-01-10T20:00"))
    event(slug="immer", starts_at=at("2020-01-08T18:00"), ends_at=at("2020-01-08T20:00"), rule="FREQ=MONTHLY;BYDAY=2WE", kind="online")
    event(slug="unlesbar", starts_at=at("2020-01-08T18:00"), ends_at=at("2020-01-08T20:00"), rule="FREQ=WEEKLY;UNTIL=20991131")
    event(slug="gewesen", starts_at=at("2020-01-08T18:00"), ends_at=at("2020-01-08T20:00"), rule="FREQ=DAILY;COUNT=3")
    event(slug="entwurf", state="draft")

    def listed(query: str = "") -> list[str]:
        return [e.slug for _begins, e, _more in client.get(f"/termine/?{query}").context["listed"]]

    assert listed() == ["immer", "bald"]
    assert listed("kind=online") == ["immer"]
    assert listed("district=12070") == ["bald"]
    assert listed("past=1") == ["vorbei", "gewesen", "unlesbar"], "what goes on is not past"
    assert b"unlesbar" not in client.get("/termine.ics").content
    assert client.get("/termine/unlesbar/").status_code == 200
    assert client.get("/termine/?kind=party").status_code == 400
    assert client.get("/termine/entwurf/").status_code == 404
    assert client.get("/termine.atom").content.decode().count("<entry") == 5


# --- seats ------------------------------------------------------------------------------------------------------------


def links() -> list[str]:
    """The paths in the mails that wait, oldest first; the mails are sent."""
    before = len(mail.outbox)
    post.send_waiting()
    return [p for m in mail.outbox[before:] for p in re.findall(r"(/termine/anmeldung/\S+/)", m.body)]


def signed_up(client: Client, made: Event, name: str) -> Registration:
    """Register by the form and confirm by the mail."""
    given = {"begins_at": made.starts_at.isoformat(), "name": name, "mail": f"{name}@example.org", "consent": "on"}
    assert client.post(made.get_absolute_url(), given).status_code == 302
    [link] = [p for p in links() if "bestaetigen" in p]
    assert client.get(link).status_code == 200
    assert Registration.objects.get(mail=f"{name}@example.org").state == "pending", "looking does not confirm"
    assert client.post(link).status_code == 200
    return Registration.objects.get(mail=f"{name}@example.org")


@pytest.mark.django_db
def test_seats_waiting_list_and_moving_up_by_mail(client: Client) -> None:
    made = event(capacity=1)
    anna, ben, cem = (signed_up(client, made, name) for name in ("anna", "ben", "cem"))
    assert [anna.state, ben.state, cem.state] == ["seated", "waiting", "waiting"]
    links()
    assert "Warteliste" in mail.outbox[-1].subject
    told = [p for m in mail.outbox for p in re.findall(r"(/termine/anmeldung/abmelden/\S+/)", m.body) if m.to == ["anna@example.org"]]
    stop = told[-1]
    mail.outbox.clear()
    for _twice in range(2):
        assert client.post(stop).status_code == 200
    states = dict(Registration.objects.values_list("mail", "state"))
    assert states == {"anna@example.org": "cancelled", "ben@example.org": "seated", "cem@example.org": "waiting"}
    links()
    [moved] = mail.outbox
    assert (moved.to, moved.subject) == (["ben@example.org"], "Sie sind nachgerückt: Beispiel-Werkstatt")
    Event.objects.update(capacity=2)
    assert seats.fill(made) == 1
    assert Registration.objects.get(mail="cem@example.org").state == "seated"


@pytest.mark.django_db
def test_registering_twice_is_one_seat_and_tells_nobody(client: Client) -> None:
    made = event(capacity=5)
    signed_up(client, made, "anna")
    given = {"begins_at": made.starts_at.isoformat(), "name": "Anna", "mail": "ANNA@example.org", "consent": "on"}
    first = client.post(made.get_absolute_url(), given)
    other = client.post(made.get_absolute_url(), given | {"mail": "neu@example.org"})
    assert (first.status_code, first["Location"]) == (other.status_code, other["Location"])
    assert Registration.objects.filter(mail="anna@example.org").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed", [{"consent": ""}, {"mail": "keine"}, {"begins_at": "2099-03-11T18:00:00+01:00"}, {"begins_at": "jetzt"}, {"name": "x" * 200}]
)
def test_wrong_registrations_say_what_is_wrong(client: Client, changed: dict[str, str]) -> None:
    made = event()
    given = {"begins_at": made.starts_at.isoformat(), "name": "Anna", "mail": "anna@example.org", "consent": "on"} | changed
    answer = client.post(made.get_absolute_url(), given)
    assert answer.status_code == 400
    assert re.search(r'role="alert">\s*(<ul|<p>[^:]+: \w)', answer.content.decode()), "said when the page comes, with the field's name"
    assert not Registration.objects.exists()


@pytest.mark.django_db
def test_links_end_and_events_that_are_over_take_nobody(client: Client) -> None:
    made = event()
    assert client.get("/termine/anmeldung/bestaetigen/erfunden/").status_code == 410
    given = {"begins_at": made.starts_at.isoformat(), "name": "Anna", "mail": "anna@example.org", "consent": "on"}
    client.post(made.get_absolute_url(), given)
    [link, *_more] = links()
    Event.objects.update(state="cancelled")
    assert client.post(link).status_code == 403
    assert client.post(made.get_absolute_url(), given).status_code == 403
    Registration.objects.all().delete()
    assert client.get(link).status_code == 410


def test_two_who_ask_at_once_never_get_the_same_seat(
    django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two connections of their own; rows are committed and taken away again."""
    free, ready, taken = seats._free, threading.Barrier(2), []

    def slowly(made: Event, begins: datetime.datetime) -> bool:
        answer = free(made, begins)
        pause.wait(0.3)  # long enough for the other to count the same seats, did the lock not hold it back
        return answer

    pause = threading.Event()
    monkeypatch.setattr(seats, "_free", slowly)
    with django_db_blocker.unblock():
        try:
            made = event(slug="wettlauf", capacity=1)
            asked = [
                Registration.objects.create(event=made, begins_at=made.starts_at, name=n, mail=f"{n}@race.example.org") for n in ("a", "b")
            ]

            def confirm(pk: int) -> None:
                ready.wait(5)
                taken.append(seats.confirm(pk).state)
                connection.close()

            threads = [threading.Thread(target=confirm, args=(r.pk,)) for r in asked]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        finally:
            Event.objects.filter(slug="wettlauf").delete()
            Mail.objects.filter(to__endswith="@race.example.org").delete()
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'deliver'")
            connection.close()
    assert sorted(taken) == ["seated", "waiting"]


# --- who may what -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_members_enter_and_coordinators_publish(client: Client) -> None:
    given = {
        "title": "Offene Werkstatt", "kind": "workshop", "starts_at": "2099-05-04T18:00", "ends_at": "2099-05-04T20:00",
        "venue": "Beispielsaal", "description": "Beispiel", "rule": "FREQ=WEEKLY;COUNT=2",
    }  # fmt: skip
    assert client.get("/termine/eintragen/").status_code == 302
    client.force_login(person("gast"))
    assert client.post("/termine/eintragen/", given).status_code == 403
    town = Town.objects.get(slug="perleberg")
    ilse = person("ilse", town=town, role="editor")
    client.force_login(ilse)
    assert client.post("/termine/eintragen/", given | {"rule": "FREQ=X"}).status_code == 400
    assert client.post("/termine/eintragen/", given | {"ends_at": "2099-05-04T17:00"}).status_code == 400
    assert client.post("/termine/eintragen/", given).status_code == 302
    made = Event.objects.get()
    assert (made.slug, made.state, made.entered_by) == ("offene-werkstatt-2099-05-04", "draft", ilse)
    assert client.post("/termine/offene-werkstatt-2099-05-04/veroeffentlichen/").status_code == 403
    client.force_login(person("kora", statewide=True, role="moderator"))
    assert client.post("/termine/offene-werkstatt-2099-05-04/veroeffentlichen/").status_code == 302
    made.refresh_from_db()
    assert (made.state, made.published_at is not None) == ("published", True)
    client.force_login(ilse)
    assert client.get("/termine/offene-werkstatt-2099-05-04/bearbeiten/").status_code == 404, "published: coordinators change it"


@pytest.mark.django_db
def test_only_the_organiser_reads_who_comes(client: Client) -> None:
    ilse, other = (
        person("ilse", town=Town.objects.get(slug="perleberg"), role="editor"),
        person("other", town=Town.objects.get(slug="gransee"), role="admin"),
    )
    made = event(entered_by=ilse)
    Registration.objects.create(
        event=made, begins_at=made.starts_at, name="Anna", mail="anna@example.org", state="seated", confirmed_at=NOW
    )
    page = "/termine/probe/teilnehmende/"
    assert client.get(page).status_code == 302
    enter(client, other)
    assert client.get(page).status_code == 404
    assert client.post("/termine/probe/absagen/").status_code == 404
    carrier = Organisation.objects.get(name="TGZ Prignitz GmbH")
    Event.objects.update(organiser=carrier)
    joined = carrier.people.create(user=other)
    assert client.get(page).status_code == 404, "asked to belong, not confirmed"
    joined.confirm()
    assert client.get(page).status_code == 200
    client.force_login(ilse)
    assert client.get(page)["Location"] == "/konto/zweiter-faktor/", "who comes, and what they need, asks for a second factor"
    enter(client, ilse)
    assert "anna@example.org" in client.get(page).content.decode()
    assert "anna@example.org" not in client.get("/termine/probe/").content.decode()
    assert client.post("/termine/probe/absagen/").status_code == 302
    post.send_waiting()
    assert [(m.to, m.subject) for m in mail.outbox] == [(["anna@example.org"], "Abgesagt: Beispiel-Werkstatt")]
    client.post("/termine/probe/absagen/")
    assert post.send_waiting() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ({"ends_at": at("2099-03-10T17:00")}, "event_ends_after_it_begins"),
        ({"venue": ""}, "event_is_somewhere"),
        ({"capacity": 5, "takes_registration": False}, "event_seats_need_registration"),
    ],
)
def test_contradictions_are_refused(words: dict[str, Any], rule: str) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        event(**words)


@pytest.mark.django_db
def test_a_script_in_an_event_stays_text_and_an_address_leads_to_the_web(client: Client) -> None:
    event(description="<script>alert(1)</script>", title="<b>x</b>")
    text = client.get("/termine/probe/").content.decode()
    assert "<script>alert" not in text
    assert "<b>x" not in text
    with pytest.raises(ValidationError, match="online_url"):
        Event(online_url="javascript:alert(1)").full_clean()
