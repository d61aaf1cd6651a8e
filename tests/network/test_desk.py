"""The desk: what is in each list, who sees it, who takes care of it."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geo.models import Town
from network.contacts.models import ContactPoint
from network.desk.desk import Desk, Wanted
from network.desk.lists import BY_KEY
from network.models import AdviceCase, Assignment, Event, FundingProgramme, Membership, Organisation, Registration, SpaceMatch
from tests.network.people import account, sign_in_with_app, with_app
from tests.network.seekers import made
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def days_ago(n: int) -> datetime.datetime:
    return NOW - datetime.timedelta(days=n)


@pytest.fixture
def erna() -> User:
    user = account("erna")
    Membership.objects.create(user=user, statewide=True, role="moderator")
    return user


@pytest.fixture
def inside(erna: User, client: Client) -> Client:
    sign_in_with_app(client, erna, with_app(erna))
    return client


def manager_of(slug: str, name: str = "otto", role: str = "manager") -> User:
    user = account(name)
    Membership.objects.create(user=user, town=Town.objects.get(slug=slug), role=role)
    return user


def keys(desk: Desk, name: str, **wanted: str) -> list[Any]:
    return [row.pk for row in desk.rows(BY_KEY[name], Wanted(**wanted))]


def match(request: Any, score: float, **also: Any) -> SpaceMatch:
    vacancy = Vacancy.objects.exclude(pk__in=request.matches.values("vacancy__pk")).first()
    verdicts: dict[str, list[str]] = {"for": [], "against": [], "unknown": []}
    return SpaceMatch.objects.create(request=request, vacancy=vacancy, score=score, points=0, reliability=0, verdicts=verdicts, **also)


def test_requests_without_a_good_match_wait_and_no_title_is_shown(erna: User) -> None:
    seeker = account("ilse")
    none, poor, good, gone, over = (made(seeker) for _n in range(5))
    match(poor, 49.9)
    match(good, 10)
    match(good, 50)
    match(gone, 90, is_current=False)
    over.move("withdrawn")
    desk = Desk(erna)
    assert set(keys(desk, "gesuche-ohne-treffer")) == {none.pk, poor.pk, gone.pk}
    text = desk.csv(BY_KEY["gesuche-ohne-treffer"], Wanted())
    assert "Werkstatt" in text
    assert "Holzwerkstatt am Bahnhof" not in text
    assert "ilse" not in text


def test_matches_that_nobody_looked_at_for_thirty_days(erna: User) -> None:
    request = made(account("ilse"))
    old, young, seen = match(request, 80), match(request, 70), match(request, 60, state="viewed")
    SpaceMatch.objects.filter(pk__in=(old.pk, seen.pk)).update(first_seen=days_ago(30))
    SpaceMatch.objects.filter(pk=young.pk).update(first_seen=days_ago(29))
    assert keys(Desk(erna), "ungesehene-treffer") == [old.pk]
    request.move("paused")
    assert keys(Desk(erna), "ungesehene-treffer") == []


def test_stale_vacancies_are_counted_by_municipality_and_cut_to_the_tenant(erna: User) -> None:
    Vacancy.objects.update(verified_at=NOW.date())
    for slug, n in (("gransee", 2), ("wittenberge", 1)):
        rows = Vacancy.objects.filter(town__slug=slug, publication="published").order_by("pk")[:n]
        assert len(rows) == n
        Vacancy.objects.filter(pk__in=[r.pk for r in rows]).update(verified_at=days_ago(366).date())
    desk, own = Desk(erna), Desk(manager_of("gransee"))
    assert {(t.slug, t.stale) for t in desk.rows(BY_KEY["veraltete-leerstaende"])} == {("gransee", 2), ("wittenberge", 1)}
    assert [(t.slug, t.stale) for t in own.rows(BY_KEY["veraltete-leerstaende"])] == [("gransee", 2)]
    assert [one.key for one in own.lists] == [key for key, one in BY_KEY.items() if one.for_tenants]
    prignitz = Town.objects.get(slug="wittenberge").district.ags5
    assert [t.slug for t in desk.rows(BY_KEY["veraltete-leerstaende"], Wanted(district=prignitz))] == ["wittenberge"]
    [summary] = [s for s in desk.summaries() if s.list.key == "veraltete-leerstaende"]
    assert (summary.n, summary.days) == (2, 366)


def linked(desk: Desk, key: str, slug: str) -> tuple[Any, str, str]:
    """Of a town's row: the town, where its number leads, and where its next step is."""
    one = BY_KEY[key]
    [row] = [r for r in desk.rows(one) if r.slug == slug]
    [line] = desk.lines(one, [row])
    return row, line.cells[-1].link, line.link


@pytest.mark.parametrize("who", ["coordinator", "manager"])
def test_a_number_of_vacancies_leads_to_exactly_these(erna: User, client: Client, who: str) -> None:
    """Two unconfirmed and one confirmed in Gransee, one unconfirmed elsewhere; the lists hold what the row counts, row by row."""
    user = erna if who == "coordinator" else manager_of("gransee")
    sign_in_with_app(client, user, with_app(user))
    here = Vacancy.objects.filter(town__slug="gransee", publication="published").order_by("pk")
    assert len(here) >= 3
    Vacancy.objects.update(verified_at=NOW.date())
    old = {v.key for v in here[:2]}
    elsewhere = Vacancy.objects.filter(town__slug="wittenberge", publication="published").first()
    assert elsewhere
    Vacancy.objects.filter(key__in=[*old, elsewhere.key]).update(verified_at=days_ago(400).date())
    Vacancy.objects.filter(pk=here[2].pk).update(visibility="internal")  # published, but for nobody to see: counts

    row, number, step = linked(Desk(user), "veraltete-leerstaende", "gransee")
    assert (row.stale, number) == (2, step)
    page = client.get(number)
    assert {v.key for v in page.context["page"]} == old
    assert page.context["page"].paginator.count == row.stale
    assert "2 veröffentlichte Einträge in Gransee" in page.content.decode()
    answer = client.post(number, {"keys": [old.pop()], "act": "confirm"})
    assert answer["Location"] == number, "back to the same list"
    assert client.get(number).context["page"].paginator.count == linked(Desk(user), "veraltete-leerstaende", "gransee")[0].stale == 1
    assert client.post(number, {"keys": [elsewhere.key], "act": "archive"}).status_code == 400
    wrong = client.get("/register/pruefliste/?ort=entenhausen")
    assert wrong.status_code == 400
    assert "entenhausen" in wrong.content.decode()

    ContactPoint.objects.exclude(statewide=True).update(withdrawn_on=NOW.date())
    assert ContactPoint.objects.all().listed().exists(), "one of the whole state is nobody's own, and hides no town"
    row, number, step = linked(Desk(user), "ohne-ansprechstelle", "gransee")
    listed = client.get(number).context["cl"]
    assert listed.result_count == row.objects_n == here.count()
    assert set(listed.queryset.values_list("pk", flat=True)) == set(here.values_list("pk", flat=True))
    if who == "manager":
        assert client.get(step).context["form"]["area"].value() == f"town:{row.ags8}"
    else:  # of the contact point, and nobody who manages a place: in the administration
        assert client.get(step)["Location"] == "/admin/network/contactpoint/add/"
    text = client.get("/schreibtisch/liste/ohne-ansprechstelle/?seite=1").content.decode()
    assert who == "coordinator" or number.replace("&", "&amp;") in text


def test_advice_that_nobody_took_and_that_waits(erna: User) -> None:
    answers: dict[str, Any] = {"audience": "owner", "phase": "plan", "topics": ["property"], "consent_text_version": "x"}
    new = AdviceCase.objects.create(question="Neu", client_mail="a@example.org", confirmed_at=NOW, **answers)
    AdviceCase.objects.create(question="Unbestätigt", client_mail="b@example.org", **answers)
    AdviceCase.objects.create(
        question="Wartet", client_mail="c@example.org", confirmed_at=NOW, state="waiting_client", adviser=erna, **answers
    )
    desk = Desk(erna)
    assert keys(desk, "beratung-ohne-person") == [new.pk]
    assert [line.heading for line in desk.lines(BY_KEY["beratung-wartet"], desk.rows(BY_KEY["beratung-wartet"]))] == ["Wartet"]


def test_deadlines_of_the_next_sixty_days_nearest_first(erna: User) -> None:
    FundingProgramme.objects.update(call="ask", call_open=None, call_close=None)
    first, second, third, fourth = FundingProgramme.objects.order_by("pk")[:4]
    today = timezone.localdate()
    for row, days, call in ((first, 60, "deadline"), (second, 61, "deadline"), (fourth, -1, "deadline")):
        FundingProgramme.objects.filter(pk=row.pk).update(call=call, call_close=today + datetime.timedelta(days=days))
    yearly = (today + datetime.timedelta(days=10)).replace(year=2024)
    FundingProgramme.objects.filter(pk=third.pk).update(call="yearly", call_close=yearly)
    rows = Desk(erna).rows(BY_KEY["foerderfristen"])
    assert [(r.pk, (r.due_on - today).days) for r in rows] == [(third.pk, 10), (first.pk, 60)]


def test_events_with_people_waiting_and_drafts(erna: User) -> None:
    later = NOW + datetime.timedelta(days=3)
    words: dict[str, Any] = {"kind": "visit", "starts_at": later, "ends_at": later, "venue": "Saal", "takes_registration": True}
    full = Event.objects.create(slug="voll", title="Voll", state="published", **words)
    draft = Event.objects.create(slug="entwurf", title="Entwurf", **words)
    for mail, state, begins in (("a", "waiting", later), ("b", "waiting", later), ("c", "seated", later), ("d", "waiting", days_ago(3))):
        Registration.objects.create(event=full, begins_at=begins, name=mail, mail=f"{mail}@example.org", state=state, confirmed_at=NOW)
    desk = Desk(erna)
    assert [(e.pk, e.waiting) for e in desk.rows(BY_KEY["wartelisten"])] == [(full.pk, 2)]
    assert draft.pk in keys(desk, "termine-entwurf")


def test_organisations_of_people_are_to_be_checked_those_of_files_are_not(erna: User) -> None:
    Organisation(name="Neu e. V.", kind="association").found(account("ilse"))
    desk = Desk(erna)
    assert [o.name for o in desk.rows(BY_KEY["organisationen-pruefen"])] == ["Neu e. V."]


def test_who_manages_nothing_has_no_desk(client: Client) -> None:
    viewer = manager_of("gransee", "vera", "viewer")
    sign_in_with_app(client, viewer, with_app(viewer))
    answer = client.get("/schreibtisch/")
    assert answer.status_code == 403
    assert "Der Schreibtisch ist für die Kontaktstelle" in answer.content.decode()


def test_a_task_is_given_found_and_finished(erna: User, inside: Client) -> None:
    organisation = Organisation(name="=Neu e. V.", kind="association")
    organisation.found(account("ilse"))
    page = f"/schreibtisch/liste/organisationen-pruefen/{organisation.pk}/zuweisen/"
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    refused = inside.post(page, {"assignee": erna.pk, "due_on": f"{yesterday}"})
    assert refused.status_code == 400
    assert "Dieser Tag ist vorbei" in refused.content.decode()
    assert inside.post(page, {"assignee": account("fremd").pk}).status_code == 400  # not of the contact point
    assert not Assignment.objects.exists()
    due = timezone.localdate() + datetime.timedelta(days=2)
    for note in ("anrufen", "noch einmal anrufen"):  # sent twice it is one task
        answer = inside.post(page, {"assignee": erna.pk, "due_on": f"{due}", "note": note}, follow=True)
    [task] = Assignment.objects.all()
    assert (task.note, task.created_by, task.due_on) == ("noch einmal anrufen", erna, due)
    text = answer.content.decode()
    assert "kümmert sich" in text
    assert "noch einmal anrufen" in inside.get("/schreibtisch/").content.decode()
    mine = inside.get("/schreibtisch/liste/organisationen-pruefen/?person=mine")
    assert "=Neu e. V." in mine.content.decode()
    assert "Mit diesem Filter ist nichts offen" in inside.get("/schreibtisch/liste/organisationen-pruefen/?person=nobody").content.decode()
    [_head, row] = csv.reader(io.StringIO(inside.get("/schreibtisch/liste/organisationen-pruefen.csv").content.decode()))
    assert row[0] == "'=Neu e. V."  # no formula
    assert row[-1] == "noch einmal anrufen"
    done = [inside.post(f"/schreibtisch/aufgaben/{task.pk}/erledigt/")["Location"] for _twice in range(2)]
    assert done == ["/schreibtisch/liste/organisationen-pruefen/", "/schreibtisch/"]
    assert not Assignment.objects.exists(), "who was to call whom is of no use any more"
    assert keys(Desk(erna), "organisationen-pruefen", person="mine") == []


def test_every_list_opens_and_a_wrong_filter_is_named(inside: Client) -> None:
    for key in BY_KEY:
        assert inside.get(f"/schreibtisch/liste/{key}/").status_code == 200, key
        assert inside.get(f"/schreibtisch/liste/{key}.csv").status_code == 200, key
    wrong = inside.get("/schreibtisch/liste/wartelisten/?district=99999")
    assert wrong.status_code == 400
    assert "district" in wrong.content.decode()
    assert inside.get("/schreibtisch/liste/gibt-es-nicht/").status_code == 404


def test_the_contact_point_sees_wishes_but_not_who_asks(inside: Client) -> None:
    request = made(account("ilse"), story="Geheime Geschichte")
    text = inside.get(f"/schreibtisch/gesuche/{request.key}/").content.decode()
    assert "Werkstatt" in text
    for secret in ("Holzwerkstatt am Bahnhof", "Geheime Geschichte", "ilse"):
        assert secret not in text


def test_without_a_second_factor_the_desk_stays_shut(erna: User, client: Client) -> None:
    client.force_login(erna)
    assert client.get("/schreibtisch/").status_code == 302
