"""Requests for space from the first step to the match: typed, counted, saved, matched, shown, ended."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.test import Client

from geo.models import District
from network.members import Membership
from network.organisations.models import Organisation
from network.seeking import matches, needs
from network.seeking.models import SpaceMatch, SpaceRequest
from tests.network.seekers import AREA, WORKSHOP, by_sql, made, workshops_of_150_to_300
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
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


def type_all(client: Client) -> None:
    for step, typed in STEPS.items():
        answer = client.post(f"/gesuche/neu/{step}/", typed | {"go": "next"})
        assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == "/gesuche/neu/pruefen/"


# --- five steps -------------------------------------------------------------------------------------------------------


def test_five_steps_the_sign_in_and_the_matches_lose_nothing(client: Client, ilse: User) -> None:
    first = client.get("/gesuche/neu/", follow=True).content.decode()
    assert "Wofür suchen Sie Raum?" in first
    type_all(client)
    page = unescape(client.get("/gesuche/neu/pruefen/").content.decode())
    for said in (
        "Werkstatt, lokale Produktion",
        "150 bis 300 m²",
        "höchstens 75\u00a0Minuten nach Berlin Hbf",
        "Starkstrom",
        "Offen für alle",
    ):
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


# --- who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(ilse: User) -> dict[str, SpaceRequest]:
    house = Organisation.objects.create(name="Verein Offene Werkbank", kind="network", is_verified=True, visibility="public")
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
    Organisation.objects.update(is_verified=False)
    assert (
        "Offene Werkbank" not in client.get(f"/gesuche/{shown['named'].key}/").content.decode() + client.get("/gesuche/").content.decode()
    )
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
    SpaceRequest.objects.filter(pk=request.pk).update(query="town=entenhausen")
    assert client.get(f"/gesuche/{request.key}/").status_code == 200, "a municipality that is no more"
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


def test_one_looks_for_an_organisation_of_ones_own_alone(client: Client, ilse: User) -> None:
    request = made(ilse)
    client.force_login(ilse)
    page = f"/gesuche/{request.key}/"
    assert "Für welche Organisation?" not in client.get(page).content.decode(), "she belongs to none"
    mine, others = (Organisation(name=name, kind="association") for name in ("Werkstatthaus e. V.", "Fremdes Haus e. V."))
    mine.found(ilse)
    others.found(User.objects.create_user("otto"))
    shown = client.get(page).content.decode()
    assert "Werkstatthaus e. V." in shown
    assert "Fremdes Haus e. V." not in shown
    assert client.post(f"{page}organisation/", {"organisation": mine.pk}).status_code == 302
    refused = client.post(f"{page}organisation/", {"organisation": others.pk})
    assert refused.status_code == 400
    assert "eine Organisation, zu der Sie gehören" in refused.content.decode()
    request.refresh_from_db()
    assert request.organisation == mine
    assert client.post(f"{page}organisation/", {"organisation": ""}).status_code == 302
    request.refresh_from_db()
    assert request.organisation is None


def test_one_minute_is_said_as_one() -> None:
    berlin = next(need for need in needs.NEEDS if need.name == "berlin")
    assert [berlin.say(n) for n in (1, 90)] == ["höchstens 1\u00a0Minute nach Berlin Hbf", "höchstens 90\u00a0Minuten nach Berlin Hbf"]
