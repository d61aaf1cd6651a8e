"""Counting by hand-made rows: across a change of year and of summer time, without a number that tells of a single person."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network.gathering import seats
from network.gathering.models import Event
from network.impact import acts, counting, drawing
from network.impact.counting import Act, Group
from network.impact.report import BY_KEY, Counted, Period, as_csv, in_public, month_label
from network.models import Attendance, Membership, Registration, SpaceRequest, StateChange
from tests.network.people import account, sign_in_with_app, with_app

BERLIN = ZoneInfo("Europe/Berlin")
UTC = datetime.UTC


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def counted(acts: list[Act], first: str, last: str) -> list[counting.Dated]:
    return counting.within(acts, datetime.date.fromisoformat(first), datetime.date.fromisoformat(last), BERLIN)


def numbers(groups: list[Group]) -> list[tuple[str, int, int]]:
    return [("+".join(g.keys), g.things, g.acts) for g in groups]


def test_a_year_ends_at_midnight_in_berlin_and_a_thing_counts_once() -> None:
    acts = [
        Act(at("2026-12-31T22:59:59"), "a"),  # 23:59:59 in Berlin: still 2026
        Act(at("2026-12-31T23:00:00"), "b"),  # 0:00 on New Year's Day
        Act(at("2027-01-15T12:00:00"), "a"),
        Act(at("2027-01-16T12:00:00"), "b"),
    ]
    both = counted(acts, "2026-12-01", "2027-01-31")
    assert counting.total(both) == Group((), 2, 4)
    assert numbers(counting.by_month(both, ["2026-12", "2027-01"])) == [("2026-12", 1, 1), ("2027-01", 1, 3)]
    assert counting.total(counted(acts, "2027-01-01", "2027-01-31")) == Group((), 2, 3)
    assert counting.total(counted(acts, "2026-01-01", "2026-12-31")) == Group((), 1, 1)


def test_days_are_those_of_the_clock_on_both_sides_of_summer_time() -> None:
    acts = [
        Act(at("2026-03-31T21:59:00"), "a"),  # 23:59 in summer time: March
        Act(at("2026-03-31T22:00:00"), "b"),  # 0:00: April
        Act(at("2026-10-31T22:59:00"), "c"),  # 23:59 in winter time: October
        Act(at("2026-10-31T23:00:00"), "d"),  # 0:00: November
        Act(at("2026-10-25T00:30:00"), "e"),  # 2:30, the first time
        Act(at("2026-10-25T01:30:00"), "e"),  # 2:30, once more
    ]
    found = counting.by_month(counted(acts, "2026-03-01", "2026-11-30"), ["2026-03", "2026-04", "2026-10", "2026-11"])
    assert numbers(found) == [("2026-03", 1, 1), ("2026-04", 1, 1), ("2026-10", 2, 3), ("2026-11", 1, 1)]


def test_sizes_and_uses_are_those_of_the_thing() -> None:
    acts = [
        Act(at("2026-01-05T12:00"), "a", "rural", ("retail", "office")),
        Act(at("2026-01-06T12:00"), "a", "small_town_l", ("office",)),  # the town grew: the thing stays where it began
        Act(at("2026-01-07T12:00"), "b", "small_town_l"),
    ]
    dated = counted(acts, "2026-01-01", "2026-01-31")
    assert numbers(counting.by_size(dated, ["rural", "small_town_l"])) == [("rural", 1, 2), ("small_town_l", 1, 1)]
    assert numbers(counting.by_use(dated)) == [("", 1, 1), ("office", 1, 2), ("retail", 1, 1)]


def test_small_groups_join_their_neighbours_and_make_the_same_whole() -> None:
    groups = [Group((k,), n, n) for k, n in (("1", 2), ("2", 4), ("3", 0), ("4", 7), ("5", 1))]
    assert numbers(counting.pool(groups)) == [("1+2", 6, 6), ("3+4+5", 8, 8)]
    assert numbers(counting.settled(groups)) == [("1+2", 6, 6), ("3+4", 7, 7)]  # what is too few waits
    assert counting.pool([Group(("1",), 4, 9)]) == []


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 12), max_size=14))
def test_no_group_tells_of_fewer_than_five_and_nothing_is_left_to_work_out(sizes: list[int]) -> None:
    groups = [Group((str(n),), size, size) for n, size in enumerate(sizes)]
    made = counting.pool(groups)
    assert all(g.things >= 5 for g in made)
    assert sum(g.things for g in made) == (sum(sizes) if sum(sizes) >= 5 else 0)
    assert [k for g in made for k in g.keys] == ([g.keys[0] for g in groups] if made else [])
    later = counting.settled([*groups, Group(("later",), 3, 3)])
    assert later[: len(counting.settled(groups))] == counting.settled(groups)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdef"), max_size=3), max_size=40))
def test_no_use_tells_of_fewer_than_five(things: list[set[str]]) -> None:
    acts = [Act(at("2026-01-05T12:00"), str(n), "", tuple(sorted(uses))) for n, uses in enumerate(things)]
    groups = counting.by_use(counted(acts, "2026-01-01", "2026-01-31"), 5)
    assert all(g.things >= 5 for g in groups)
    for group in groups:
        assert group.things == sum(1 for uses in things if (uses or {""}) & set(group.keys))
    if sum(1 for uses in things) >= 5 and all(len(uses) < 2 for uses in things):
        assert sum(g.things for g in groups) in (len(things), 0)


def test_months_are_named_in_words() -> None:
    assert month_label(("2026-03",)) == "März 2026"
    assert month_label(("2026-01", "2026-02", "2026-03")) == "Januar bis März 2026"
    assert month_label(("2025-12", "2026-01")) == "Dezember 2025 bis Januar 2026"


# --- out of the database ----------------------------------------------------------------------------------------------


def requests_of(people: Any, *moments: str) -> None:
    for n, moment in enumerate(moments):
        wanted = {"target_uses": {"value": ["workshop"], "importance": "must"}} if n % 2 else {}
        found = SpaceRequest.objects.create(owner=people, title="Geheimer Titel", needs=wanted)
        change = StateChange.objects.create(request=found, state="active")
        StateChange.objects.filter(pk=change.pk).update(at=at(moment))


@pytest.mark.django_db
def test_requests_of_a_period_are_counted_from_their_history(django_user_model: Any) -> None:
    owner = django_user_model.objects.create_user("erna", "erna@example.org")
    requests_of(owner, *(f"2026-0{m}-10T10:00" for m in (1, 1, 1, 2, 3, 3, 3)))
    again = StateChange.objects.create(request=SpaceRequest.objects.latest("pk"), state="active")
    StateChange.objects.filter(pk=again.pk).update(at=at("2026-03-20T10:00"))
    found = Counted(BY_KEY["gesuche"], Period(datetime.date(2026, 1, 1), datetime.date(2026, 3, 31)))
    assert (found.total and (found.total.things, found.total.acts)) == (7, 8)
    assert [(label, g.things) for label, g in found.months] == [("Januar bis März 2026", 7)]  # 3 + 1 + 3: no month tells of five
    assert [(label, g.things) for label, g in found.uses] == [("andere Nutzungen", 7)]  # 3 workshops, 4 without
    few = Counted(BY_KEY["gesuche"], Period(datetime.date(2026, 1, 1), datetime.date(2026, 2, 28)))
    assert (few.total, few.months, few.uses) == (None, [], [])
    lines = as_csv(few.period).splitlines()
    assert any(line.startswith("Gesuche,gesamt,,unter 5,,") for line in lines)
    assert "Geheimer" not in "".join(lines)


@pytest.mark.django_db
def test_the_public_sum_waits_until_a_quarter_is_over_and_tells_of_five(django_user_model: Any) -> None:
    owner = django_user_model.objects.create_user("erna", "erna@example.org")
    requests_of(owner, *(["2026-02-10T10:00"] * 4), "2026-05-02T10:00", *(["2026-08-02T10:00"] * 6))

    def told(day: str) -> Any:
        return next(
            (whole and whole.things, until) for f, whole, until in in_public(datetime.date.fromisoformat(day)) if f.key == "gesuche"
        )

    assert told("2026-04-01") == (None, "")  # four are too few
    assert told("2026-06-30") == (None, "")  # the second quarter is not over
    assert told("2026-07-01") == (5, "Juni 2026")
    assert told("2026-09-30") == (5, "Juni 2026")
    assert told("2026-10-01") == (11, "September 2026")


@pytest.mark.django_db
def test_how_many_came_stays_when_the_names_are_forgotten() -> None:
    begins = at("2026-03-10T17:00")
    event = Event.objects.create(
        slug="werkstatt", title="Werkstatt", kind="workshop", starts_at=begins, ends_at=begins, venue="Saal", state="published"
    )
    rows = [
        Registration(event=event, begins_at=begins, name="N", mail=f"{n}@example.org", state="seated", confirmed_at=begins)
        for n in range(6)
    ]
    Registration.objects.bulk_create(
        [*rows, Registration(event=event, begins_at=begins, name="N", mail="w@example.org", state="cancelled")]
    )
    march = Period(datetime.date(2026, 3, 1), datetime.date(2026, 3, 31))
    before = Counted(BY_KEY["teilnahmen"], march).total
    seats.forget(Registration.objects.all().of_events_before(at("2026-05-01T00:00")))
    assert not Registration.objects.filter(event=event).exists()
    assert Attendance.objects.get(event=event).seats == 6
    after = Counted(BY_KEY["teilnahmen"], march).total
    assert before is not None
    assert after is not None
    assert before.things == after.things == 6


@pytest.mark.django_db
def test_what_has_not_taken_place_is_not_counted() -> None:
    now = timezone.now()
    day = datetime.timedelta(days=1)
    words = {"kind": "workshop", "venue": "Saal", "state": "published", "takes_registration": True}
    weekly = {"starts_at": now - 8 * day, "ends_at": now - 8 * day, "rule": "FREQ=WEEKLY"}
    event = Event.objects.create(slug="werkstatt", title="Werkstatt", **weekly, **words)  # twice, and in six days again
    Event.objects.create(slug="jetzt", title="Jetzt", starts_at=now - day / 24, ends_at=now + day, **words)
    for moment in (event.starts_at, event.starts_at + 14 * day):
        Registration.objects.create(event=event, begins_at=moment, name="N", mail="n@example.org", state="seated", confirmed_at=now)
    begin, end = now - 30 * day, now + 30 * day
    assert [act.thing for act in acts.events(begin, end)] == ["werkstatt", "werkstatt"]
    assert len(list(acts.seats(begin, end))) == 1


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_a_picture_tells_its_numbers_in_words_and_no_label_is_markup() -> None:
    made = drawing.svg("Gesuche <nach> Monaten", "Gesuche", [("März & April", 12), ("Mai", 6)], "gezählt")
    assert "Gesuche &lt;nach&gt; Monaten" in made
    assert "März &amp; April: 12; Mai: 6" in made
    assert 'width="550"' in made
    assert 'width="275"' in made


@pytest.mark.django_db
def test_pages_files_and_pictures_of_the_report(client: Client) -> None:
    erna = account("erna")
    Membership.objects.create(user=erna, statewide=True, role="moderator")
    sign_in_with_app(client, erna, with_app(erna))
    for path, status, begins in (
        ("", 200, b"<!doctype html>"),
        ("?von=2026-02-01&bis=2026-01-01", 400, b"<!doctype html>"),
        ("?von=gestern", 400, b"<!doctype html>"),
        ("objekte-monat.svg?von=2026-01-01&bis=2026-03-31", 200, b"<svg"),
        ("objekte-monat.png?von=2026-01-01&bis=2026-03-31", 200, b"\x89PNG"),
        ("termine-nutzung.svg", 404, b"<!doctype html>"),
    ):
        answer = client.get(f"/schreibtisch/bericht/{path}")
        assert (answer.status_code, answer.content.lstrip()[: len(begins)]) == (status, begins), path
    assert client.get("/schreibtisch/bericht.csv").content.decode().startswith("Kennzahl,gegliedert,Gruppe")
    assert "noch keine Zahl" in client.get("/ueberblick/wirkung/").content.decode()
