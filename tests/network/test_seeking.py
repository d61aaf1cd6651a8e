"""Requests for space from the first step to the match: typed, counted, saved, matched, shown, ended."""

from __future__ import annotations

import datetime
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from geo.errors import NotAllowed
from geo.models import District
from network import post
from network.members import Membership, Organisation
from network.seeking import mails, matches, needs
from network.seeking.models import SpaceMatch, SpaceRequest
from network.seeking.states import MATCH_MOVES, REQUEST_MOVES, MatchState, RequestState, check_move
from network.seeking.tasks import match_requests
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
WORKSHOP = {"value": ["workshop"], "importance": "must"}
AREA = {"value": [150, 300], "importance": "must"}
PLAIN = {"target_uses": WORKSHOP, "area": AREA}
STEPS: dict[int, dict[str, Any]] = {
    1: {"target_uses": ["workshop"], "target_uses_weight": "must", "area_from": "150", "area_to": "300", "area_weight": "must"},
    2: {"regions_districts": [], "berlin": "75", "berlin_weight": "important"},
    3: {"disposal": ["rent", "leasehold"], "disposal_weight": "important"},
    4: {"three_phase": "on", "three_phase_weight": "nice"},
    5: {
        "title": "Holzwerkstatt <script>alert(1)</script>",
        "story": "Offen für alle",
        "seeker_type": "association",
        "equity": "untold",
        "duration": "permanent",
        "visibility": "summary",
        "notify": "weekly",
    },
}


@pytest.fixture
def ilse() -> User:
    return User.objects.create_user("ilse", "ilse@example.org")


@pytest.fixture
def client() -> Client:
    return Client()


def made(owner: User, wanted: dict[str, Any] | None = None, **also: Any) -> SpaceRequest:
    request = SpaceRequest.objects.create(
        owner=owner, title="Holzwerkstatt am Bahnhof", needs=needs.read(PLAIN if wanted is None else wanted), **also
    )
    request.move("active")
    return request


def type_all(client: Client) -> None:
    for step, typed in STEPS.items():
        answer = client.post(f"/gesuche/neu/{step}/", typed | {"go": "next"})
        assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == "/gesuche/neu/pruefen/"


def by_sql(**conditions: Any) -> set[str]:
    """What is to be had and not refused, asked of the database."""
    rows = PublicVacancy.objects.exclude(occupancy__in=("let", "rebuilt", "demolished")).exclude(disposal=["not_available"])
    return set(rows.filter(**conditions).values_list("key", flat=True))


def workshops_of_150_to_300() -> set[str]:
    fits = by_sql(target_uses__contains=["workshop"]) | by_sql(target_uses=[])
    whole = by_sql(usable_m2__range=(150, 300)) | by_sql(usable_m2=None)
    parts = by_sql(usable_m2__gte=150, smallest_divisible_m2__lte=300)
    return fits & (whole | parts)


# --- five steps -------------------------------------------------------------------------------------------------------


def test_five_steps_the_sign_in_and_the_matches_lose_nothing(client: Client, ilse: User) -> None:
    first = client.get("/gesuche/neu/", follow=True).content.decode()
    assert "Wofür suchen Sie Raum?" in first
    type_all(client)
    page = unescape(client.get("/gesuche/neu/pruefen/").content.decode())
    for said in ("Werkstatt, lokale Produktion", "150 bis 300 m²", "höchstens 75 Minuten nach Berlin Hbf", "Starkstrom", "Offen für alle"):
        assert said in page
    asked = client.post("/gesuche/neu/speichern/", {"go": "activate"})
    assert "next=/gesuche/neu/speichern/" in asked["Location"], "asked to sign in"
    assert not SpaceRequest.objects.exists()
    client.force_login(ilse)
    assert client.get("/gesuche/neu/speichern/")["Location"] == "/gesuche/neu/pruefen/"
    done = client.post("/gesuche/neu/speichern/", {"go": "activate"}, follow=True)
    request = SpaceRequest.objects.get()
    assert done.redirect_chain[-1][0] == f"/gesuche/{request.key}/treffer/"
    assert (request.owner, request.state, request.seeker_type) == (ilse, "active", "association")
    assert request.needs == {
        "target_uses": WORKSHOP,
        "area": AREA,
        "berlin": {"value": 75, "importance": "important"},
        "disposal": {"value": ["leasehold", "rent"], "importance": "important"},
        "three_phase": {"value": True, "importance": "nice"},
    }
    assert b"<script>alert" not in done.content
    again = client.post("/gesuche/neu/speichern/", {"go": "activate"})
    assert (again.status_code, SpaceRequest.objects.count()) == (302, 1), "a second click makes no second request"


def test_back_keeps_what_is_typed_even_where_it_is_wrong(client: Client) -> None:
    answer = client.post("/gesuche/neu/2/", {"regions_towns": "Entenhausen", "berlin": "75", "go": "back"})
    assert answer["Location"] == "/gesuche/neu/1/"
    page = client.get("/gesuche/neu/2/").content.decode()
    assert 'value="Entenhausen"' in page
    assert 'value="75"' in page
    wrong = client.post("/gesuche/neu/2/", {"regions_towns": "Entenhausen", "berlin": "75", "go": "next"})
    assert wrong.status_code == 400
    assert "„Entenhausen“ ist keine Gemeinde in Brandenburg." in wrong.content.decode()


@pytest.mark.parametrize(
    ("step", "typed", "said"),
    [
        (1, {"area_from": "300", "area_to": "150"}, "(300 m²) ist größer als"),
        (1, {"area_from": "viel"}, "ganze Zahl"),
        (1, {"target_uses": ["palace"]}, "palace"),
        (1, {"area_weight": "enormous"}, "enormous"),
        (2, {"regions_around": "Templin"}, "Wie weit im Umkreis?"),
        (2, {"regions_km": "10"}, "Im Umkreis um welche Gemeinde?"),
        (2, {"regions_points": "a,b,c"}, "gibt es hier nicht"),
        (2, {"regions_points": "13,52"}, "gibt es hier nicht"),
        (3, {"available_by": "31.02.2027"}, "gültiges Datum"),
        (5, {"title": ""}, "zwingend erforderlich"),
        (5, {"title": "x", "story": "ä" * 4001}, "höchstens 4000"),
    ],
)
def test_a_wrong_answer_is_told_beside_its_field(client: Client, step: int, typed: dict[str, Any], said: str) -> None:
    answer = client.post(f"/gesuche/neu/{step}/", typed | {"go": "next"})
    assert answer.status_code == 400
    assert said in unescape(answer.content.decode())


def test_a_story_of_megabytes_is_refused_and_the_other_steps_stay(client: Client) -> None:
    client.post("/gesuche/neu/1/", STEPS[1] | {"go": "next"})
    answer = client.post("/gesuche/neu/5/", {"title": "x", "story": "y" * 2_000_000, "go": "back"})
    assert answer.status_code == 403
    assert "30.000 Zeichen" in answer.content.decode()
    assert 'value="150"' in client.get("/gesuche/neu/1/").content.decode()
    assert client.get("/gesuche/neu/9/").status_code == 404


def test_the_count_is_what_the_database_says(client: Client) -> None:
    expected = workshops_of_150_to_300()
    answer = client.post("/gesuche/neu/1/anzahl/", STEPS[1]).json()
    assert answer["fitting"] == len(expected) > 100
    assert str(answer["fitting"]) in answer["text"]
    sure = by_sql(target_uses__contains=["workshop"]) - by_sql(usable_m2=None)
    assert answer["certain"] == len(expected & sure)
    assert "area_from" not in client.get("/gesuche/neu/2/").content.decode()
    client.post("/gesuche/neu/1/", STEPS[1] | {"go": "next"})
    assert f"{len(expected)} Leerstände kommen infrage" in client.get("/gesuche/neu/2/").content.decode()


def test_where_nothing_fits_the_need_that_removes_most_stands_first(client: Client) -> None:
    typed = {"berlin": "1", "berlin_weight": "must", "regions_towns": "Angermünde", "regions_weight": "must"}
    answer = client.post("/gesuche/neu/2/anzahl/", typed).json()
    here = by_sql(town_slug="angermuende")
    near = by_sql(berlin_best_min__lte=1) | by_sql(berlin_best_min=None)
    assert answer["fitting"] == len(here & near) == 0
    assert answer["text"] == "Zurzeit passt kein Leerstand."
    assert answer["remedies"] == [{"need": "Lage", "without": len(near)}, {"need": "Fahrt nach Berlin", "without": len(here)}]


def test_a_search_of_the_map_becomes_a_request(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    client.get("/gesuche/neu/?town_size=rural&transit=D&target_use=workshop&former_use=farm&sort=area", follow=True)
    assert "früher Hofstelle" in client.get("/gesuche/neu/1/").content.decode()
    client.post("/gesuche/neu/5/", STEPS[5] | {"go": "next"})
    client.post("/gesuche/neu/speichern/", {"go": "activate"})
    request = SpaceRequest.objects.get()
    assert request.query == "former_use=farm"
    assert set(request.needs) == {"target_uses", "transit", "town_size"}
    keys = set(request.matches.values_list("vacancy", flat=True))
    wanted = VacancyFilter.parse("town_size=rural&transit=D&target_use=workshop&former_use=farm")
    assert needs.to_filter(request.needs, request.query) == wanted
    public = PublicVacancy.objects.matching(wanted)
    assert keys
    assert keys <= set(public.values_list("key", flat=True)) | by_sql(target_uses=[], former_use="farm")
    assert client.get("/gesuche/neu/?transit=Z").status_code == 400


# --- needs as JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        "x",
        {"unknown": {"value": 1, "importance": "must"}},
        {"berlin": {"value": "75", "importance": "must"}},
        {"berlin": {"value": True, "importance": "must"}},
        {"berlin": {"value": 75, "importance": "very"}},
        {"berlin": 75},
        {"area": {"value": [1], "importance": "must"}},
        {"regions": {"value": {"towns": ["entenhausen"]}, "importance": "must"}},
        {"regions": {"value": {"points": [[1, 2]]}, "importance": "must"}},
        {"regions": {"value": {"around": [["templin", 1000]]}, "importance": "must"}},
        {"available_by": {"value": "gestern", "importance": "must"}},
        {"budget": {"value": [-1, None], "importance": "must"}},
        {"monument": {"value": "maybe", "importance": "must"}},
    ],
)
def test_needs_that_nobody_can_type_are_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        needs.read(wrong)


def test_every_need_survives_the_form_and_says_what_it_is() -> None:
    from network.seeking.drafts import Draft

    whole = {
        "target_uses": ["workshop", "studio"],
        "area": [None, 300],
        "regions": {"towns": ["templin"], "districts": ["12073"], "around": [["eberswalde", 20]], "points": [[13.0, 52.5, 5000]]},
        "berlin": 75,
        "transit": "C",
        "town_size": ["rural"],
        "disposal": ["rent"],
        "budget": [650, 200_000],
        "available_by": "2027-03-01",
        "condition": ["ready", "usable"],
        "monument": "no",
        "broadband": 100,
        "three_phase": True,
        "noise": True,
        "barrier_free": True,
        "parking": True,
        "yard": True,
    }
    assert set(whole) == set(needs.BY_NAME)
    given = needs.read({name: {"value": value, "importance": "nice"} for name, value in whole.items()})
    draft = Draft({})
    draft._fill(given)
    assert draft.needs() == given
    said = needs.sentence(given)
    for part in ("bis 300 m²", "Templin, Landkreis Uckermark, 20 km um Eberswalde", "ÖV-Güteklasse C oder besser", "Miete bis 6,5 €/m²"):
        assert part in said
    assert len(needs.lines(given)) == len(whole)


# --- matches ----------------------------------------------------------------------------------------------------------


def test_matches_follow_the_register(ilse: User) -> None:
    request = made(ilse)
    assert matches.renew() == 1
    assert matches.renew() == 0, "nothing has changed"
    best = request.matches.all().to_show()
    keys = [m.vacancy_id for m in best]
    assert len(keys) == matches.KEPT
    assert set(keys) <= workshops_of_150_to_300()
    assert not request.matches.all().untold().exists(), "what a request finds first is no news"
    gone, aside, asked = best[0], best[1], best[2]
    aside.move("declined", reason="price")
    asked.move("inquiry_sent")
    Vacancy.objects.filter(key__in=[gone.vacancy_id, asked.vacancy_id]).update(publication="archived")
    fresh = (
        Vacancy.objects.exclude(key__in=keys).filter(publication="published", visibility="exact").exclude(basis__in=("none", "baugb200"))[0]
    )
    Vacancy.objects.filter(pk=fresh.pk).update(target_uses=["workshop"], usable_m2=200, occupancy="vacant", disposal=["rent"])
    match_requests()
    now = set(request.matches.all().to_show().values_list("vacancy", flat=True))
    assert not {gone.vacancy_id, aside.vacancy_id, asked.vacancy_id} & now
    assert SpaceMatch.objects.filter(pk=gone.pk).count() == 0
    asked.refresh_from_db()
    assert (asked.state, asked.is_current) == ("inquiry_sent", False), "what is under way stays, but is shown no more"
    assert [m.vacancy_id for m in request.matches.all().put_aside()] == [aside.vacancy_id]
    assert len(now) == matches.KEPT


def test_hidden_vacancies_are_never_matched(ilse: User) -> None:
    hidden = Vacancy.objects.filter(publication="published", visibility="exact", town__slug="gransee")[0]
    Vacancy.objects.filter(pk=hidden.pk).update(visibility="internal", target_uses=["workshop"], usable_m2=200)
    town = {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}
    request = made(ilse, town)
    matches.renew()
    assert hidden.key not in set(request.matches.values_list("vacancy", flat=True))
    assert matches.takers(hidden.key) == []
    assert set(request.matches.values_list("vacancy", flat=True)) <= by_sql(town_slug="gransee")


def test_both_ways_agree(ilse: User) -> None:
    one, other = made(ilse), made(ilse, {"target_uses": {"value": ["stage"], "importance": "must"}})
    matches.renew()
    for request in (one, other):
        for match in request.matches.all()[:3]:
            [(_r, same)] = [(r, m) for r, m in matches.takers(match.vacancy_id) if r == request]
            assert (round(same.score, 3), round(same.reliability, 3)) == (match.score, match.reliability)
    key = one.matches.all()[0].vacancy_id
    assert matches.count_takers(key) == len(matches.takers(key))


def test_the_page_of_matches_says_why_and_puts_aside(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    request = made(ilse, {**PLAIN, "berlin": {"value": 1, "importance": "important"}, "three_phase": {"value": True, "importance": "nice"}})
    matches.renew()
    page = unescape(client.get(f"/gesuche/{request.key}/treffer/").content.decode())
    first = request.matches.all().to_show()[0]
    assert "dafür spricht: Nutzung" in page
    assert "dagegen: Fahrt nach Berlin" in page
    assert page.count("Belastbarkeit") >= matches.KEPT
    assert first.state == "viewed"
    client.post(f"/gesuche/{request.key}/treffer/{first.vacancy_id}/passt-nicht/", {"reason": "size"})
    first.refresh_from_db()
    assert (first.state, first.reason) == ("declined", "size")
    assert "Beiseitegelegt (1)" in client.get(f"/gesuche/{request.key}/treffer/").content.decode()
    wrong = client.post(f"/gesuche/{request.key}/treffer/{request.matches.all()[1].vacancy_id}/passt-nicht/", {"reason": "weil"})
    assert wrong.status_code == 403
    client.post(f"/gesuche/{request.key}/treffer/{first.vacancy_id}/passt-nicht/", {"back": ""})
    first.refresh_from_db()
    assert (first.state, first.reason) == ("viewed", "")


def test_a_sentence_says_for_against_and_unknown_in_both_languages() -> None:
    from django.utils import translation

    verdicts = {"for": ["area", "regions", "target_uses"], "against": ["budget"], "unknown": ["three_phase"]}
    assert matches.explain(75.4, verdicts) == (
        "Passt zu 75 % – dafür spricht: Fläche, Lage und Nutzung; dagegen: Preis; nicht bekannt: Starkstrom."
    )
    assert matches.explain(50, {"for": [], "against": [], "unknown": ["area"]}) == "Ob es passt, ist offen – nicht bekannt: Fläche."
    with translation.override("en"):
        assert matches.explain(75.4, verdicts).startswith("A 75 % fit")


# --- states -----------------------------------------------------------------------------------------------------------


def test_every_state_has_its_moves_and_refuses_the_others() -> None:
    for labels, moves in ((RequestState, REQUEST_MOVES), (MatchState, MATCH_MOVES)):
        assert set(moves) == set(labels.values)
        for now in labels.values:
            for to in labels.values:
                if to in moves[now]:
                    check_move(moves, labels, now, to)
                else:
                    with pytest.raises(NotAllowed, match="Möglich ist"):
                        check_move(moves, labels, now, to)


def test_states_are_noted_and_a_wrong_one_gives_a_clear_answer(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    request = made(ilse)
    for to in ("paused", "paused", "active", "fulfilled"):
        assert client.post(f"/gesuche/{request.key}/stand/", {"to": to}).status_code == 302
    assert [h.state for h in request.history.all()] == ["active", "paused", "active", "fulfilled"]
    wrong = client.post(f"/gesuche/{request.key}/stand/", {"to": "paused"})
    assert wrong.status_code == 403
    assert "Von „erfüllt“ geht es nicht zu „pausiert“. Möglich ist: „aktiv“." in unescape(wrong.content.decode())
    assert client.post(f"/gesuche/{request.key}/stand/", {"to": "<b>"}).status_code == 403


def test_reminded_ten_days_before_ended_on_the_day_renewed_by_the_link(client: Client, ilse: User) -> None:
    request = made(ilse)
    request.renew(datetime.date(2026, 1, 31))
    assert request.expires_on == datetime.date(2026, 7, 31)
    assert mails.end_requests(datetime.date(2026, 7, 20)) == (0, 0)
    assert mails.end_requests(datetime.date(2026, 7, 21)) == (1, 0)
    assert mails.end_requests(datetime.date(2026, 7, 22)) == (0, 0), "reminded once"
    assert mails.end_requests(datetime.date(2026, 7, 31)) == (0, 1)
    request.refresh_from_db()
    assert request.state == "expired"
    post.send_waiting()
    reminder, end = mail.outbox
    assert (reminder.to, end.to) == (["ilse@example.org"],) * 2
    assert "läuft am 31. Juli 2026 ab" in reminder.body
    link = re.search(r"/gesuche/verlaengern/\S+", end.body)
    assert link
    assert client.get(link[0]).status_code == 200
    request.refresh_from_db()
    assert request.state == "expired", "opening the link changes nothing"
    assert "läuft weiter" in client.post(link[0]).content.decode()
    request.refresh_from_db()
    assert request.state == "active"
    assert client.get(link[0][:-3] + "x/").status_code == 410


def test_new_matches_are_mailed_once_to_those_who_want_them(client: Client, ilse: User) -> None:
    fresh = Vacancy.objects.filter(publication="published", visibility="exact", basis="example", town__slug="gransee")[0]
    Vacancy.objects.filter(pk=fresh.pk).update(visibility="internal")
    request = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}, notify="at_once")
    silent = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}, notify="never")
    match_requests()
    assert post.send_waiting() == 0
    Vacancy.objects.filter(pk=fresh.pk).update(visibility="exact", occupancy="vacant", disposal=["rent"])
    match_requests()
    match_requests()
    assert post.send_waiting() == 1
    [sent] = mail.outbox
    assert sent.subject == "1 neuer Treffer für Ihr Gesuch"
    assert fresh.slug in sent.body
    assert "Passt zu 100 % – dafür spricht: Lage." in sent.body
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in sent.body
    path = stop[stop.index("/gesuche/") :]
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    request.refresh_from_db()
    assert request.notify == "never"
    assert silent.matches.count() == request.matches.count()


# --- who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(ilse: User) -> dict[str, SpaceRequest]:
    house = Organisation.objects.create(name="Verein Offene Werkbank", kind="network")
    return {v: made(ilse, visibility=v, story="Geheimnis im Text", organisation=house) for v in ("nothing", "summary", "named")}


def test_the_public_sees_as_much_as_the_seeker_wants(client: Client, shown: dict[str, SpaceRequest]) -> None:
    listed = client.get("/gesuche/").content.decode()
    assert shown["nothing"].key not in listed
    assert client.get(f"/gesuche/{shown['nothing'].key}/").status_code == 404
    page = client.get(f"/gesuche/{shown['summary'].key}/").content.decode()
    for secret in ("Holzwerkstatt am Bahnhof", "Geheimnis im Text", "Offene Werkbank", "ilse", "Stand ändern"):
        assert secret not in page
    assert "150 bis 300" in page
    named = client.get(f"/gesuche/{shown['named'].key}/").content.decode()
    assert "Geheimnis im Text" in named
    assert "Offene Werkbank" in named
    assert "ilse" not in named + listed
    assert listed.count("Holzwerkstatt am Bahnhof") == 1
    shown["named"].move("paused")
    assert client.get(f"/gesuche/{shown['named'].key}/").status_code == 404


def test_others_requests_do_not_exist(client: Client, shown: dict[str, SpaceRequest]) -> None:
    client.force_login(User.objects.create_user("otto"))
    key = shown["named"].key
    for path in ("bearbeiten/1/", "bearbeiten/pruefen/", "treffer/"):
        assert client.get(f"/gesuche/{key}/{path}").status_code == 404
    for path in ("stand/", "verlaengern/", "loeschen/", "bearbeiten/speichern/", "bearbeiten/1/anzahl/", "treffer/abc/passt-nicht/"):
        assert client.post(f"/gesuche/{key}/{path}").status_code == 404
    assert SpaceRequest.objects.count() == 3


def test_editing_begins_with_what_is_saved(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    request = made(ilse)
    assert 'value="150"' in client.get(f"/gesuche/{request.key}/bearbeiten/1/").content.decode()
    client.post(f"/gesuche/{request.key}/bearbeiten/1/", {"area_from": "400", "area_weight": "must", "go": "next"})
    assert client.post(f"/gesuche/{request.key}/bearbeiten/speichern/").status_code == 302
    request.refresh_from_db()
    assert request.needs == {"area": {"value": [400, None], "importance": "must"}}
    assert (request.title, request.state) == ("Holzwerkstatt am Bahnhof", "active")
    assert set(request.matches.values_list("vacancy", flat=True)) <= by_sql(usable_m2__gte=400) | by_sql(usable_m2=None)
    client.post(f"/gesuche/{request.key}/loeschen/")
    assert not SpaceRequest.objects.exists()
    assert not SpaceMatch.objects.exists()


def test_a_vacancy_says_how_many_would_fit_and_its_town_sees_which(client: Client, shown: dict[str, SpaceRequest]) -> None:
    matches.renew()
    key = shown["named"].matches.all()[0].vacancy_id
    vacancy = PublicVacancy.objects.get(key=key)
    page = client.get(vacancy.get_absolute_url()).content.decode()
    assert "3 aktive Gesuche würden passen." in page
    assert "Welche?" not in page
    officer = User.objects.create_user("amt")
    officer.user_permissions.add(Permission.objects.get(codename="view_vacancy"))
    client.force_login(officer)
    path = f"{vacancy.get_absolute_url()}gesuche/"
    assert client.get(path).status_code == 403
    Membership.objects.create(user=officer, district=District.objects.get(ags5=vacancy.district_ags))
    seen = client.get(path).content.decode()
    assert seen.count("request-card") == 3
    assert "Ein Gesuch, das nicht öffentlich ist" in seen
    assert seen.count("Holzwerkstatt am Bahnhof") == 1
    SpaceRequest.objects.update(state="paused")
    assert "würden passen" not in client.get(vacancy.get_absolute_url()).content.decode()
