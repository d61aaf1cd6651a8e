"""The table of a report's steps, and places that are none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.errors import NotAllowed
from geo.models import Town
from network.models import Membership, Report
from network.reports import desk as desk_of_reports
from network.reports.models import OUTCOMES, TRANSITIONS, Kind, State
from tests.network.people import account, enter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"lat": "52.52", "lon": "13.40"}, "ein Punkt in einer Gemeinde Brandenburgs"),
        ({"lat": "nan", "lon": "13.40"}, "ein Punkt in einer Gemeinde Brandenburgs"),
        ({"lat": "zwölf", "lon": "13.40"}, "Breite und Länge in Grad"),
        ({"address": "Irgendwo 3"}, "Straße, Hausnummer und Ort"),
        ({"address": "x 1", "town": "\0"}, "Straße, Hausnummer und Ort"),
        ({"address": "x\0 1", "town": "nirgendwo"}, "Straße, Hausnummer und Ort"),
        ({"lat": "52\0", "lon": "\0"}, "Breite und Länge in Grad"),
    ],
)
def test_a_place_that_is_none_is_named(client: Client, query: dict[str, str], said: str) -> None:
    answer = client.get("/melden/", query)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_only_the_steps_of_the_table_are_taken() -> None:
    wittenberge = Town.objects.get(slug="wittenberge")
    assert set(TRANSITIONS) == set(State.values)
    assert set(OUTCOMES) == set(Kind.values)
    for before in State.values:
        for after in State:
            decided_at = timezone.now() if before in ("accepted", "merged", "correction_applied", "rejected", "spam") else None
            report = Report(kind="new", town=wittenberge, state=before, decided_at=decided_at)
            report.save()
            if after in TRANSITIONS[before]:
                report.go(after)
                assert [(s.before, s.after) for s in report.steps.all()] == [(before, after)]
            else:
                with pytest.raises(NotAllowed, match="kann nicht"):
                    report.go(after)


def test_the_middle_of_a_coarse_cell_tells_of_nothing(client: Client) -> None:
    exact = PublicVacancy.objects.filter(is_exact=True)
    coarse = next(
        v for v in PublicVacancy.objects.filter(is_exact=False).order_by("key") if not exact.filter(point__dwithin=(v.point, 60)).exists()
    )
    lon, lat = crs.transform_xy(coarse.point.x, coarse.point.y, crs.STORAGE, crs.WEB)
    answer = client.get("/melden/", {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}"})
    assert answer.status_code == 200
    assert "Ist es eines davon?" not in answer.content.decode()
    assert coarse.slug not in answer.content.decode()


def test_the_page_in_english_leads_to_what_is_english(client: Client) -> None:
    wittenberge = Town.objects.get(slug="wittenberge")
    lon, lat = crs.transform_xy(wittenberge.centre.x, wittenberge.centre.y, crs.STORAGE, crs.WEB)
    where = f"?lat={lat:.6f}&lon={lon:.6f}"
    page = client.get(f"/en/melden/{where}").content.decode()
    assert page.count('href="/en/datenschutz/"') == 2, "in the form and in the footer"
    assert 'href="/datenschutz/"' not in page


@pytest.fixture
def desk(client: Client) -> Client:
    user = account("prueferin")
    Membership.objects.create(user=user, role="moderator", town=Town.objects.get(slug="wittenberge"))
    enter(client, user)
    return client


def test_what_a_moderator_chose_stays_when_something_is_missing(desk: Client) -> None:
    vacancy = Vacancy.objects.filter(town__slug="wittenberge", former_use="retail").order_by("key")[0]
    proposed = {"former_use": "craft", "usable_m2": 77}
    report = Report(kind="wrong", town=vacancy.town, vacancy=vacancy, proposed=proposed, state="in_review")
    report.save()
    page = f"/pruefen/{report.key}/"
    assert desk.get(page).content.decode().count(" checked") == 2
    wrong = {"version": report.version, "outcome": "rejected", "fields_taken": "usable_m2"}
    assert re.findall(r'value="(\w+)" id="take-\w+" checked', desk.post(f"{page}entscheiden/", wrong).content.decode()) == ["usable_m2"]
    assert " checked" not in desk.post(f"{page}entscheiden/", wrong | {"fields_taken": []}).content.decode()
    own = Report(kind="new", town=vacancy.town, point=vacancy.point, street=vacancy.street, state="in_review")
    own.save()
    page = f"/pruefen/{own.key}/"
    wrong = {"version": own.version, "outcome": "rejected", "vacancy": vacancy.key}
    assert f'value="{vacancy.key}" id="v-{vacancy.key}" checked' in desk.post(f"{page}entscheiden/", wrong).content.decode()


def test_nobody_who_is_to_be_told_is_left_out_of_the_list(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_of_reports, "PER_PAGE", 2)
    wittenberge = Town.objects.get(slug="wittenberge")
    made = [Report(kind="new", town=wittenberge, state="accepted", decided_at=timezone.now(), street=f"Gasse {n}") for n in range(3)]
    for report in made:
        report.save()
    first = desk.get("/pruefen/").content.decode()
    assert "3 Eigentümer:innen zu informieren" in first
    told = [first.split('id="eigentuemer"')[1].split('id="entschieden"')[0]]
    assert '?eigentuemer=2#eigentuemer" rel="next"' in told[0]
    told.append(desk.get("/pruefen/?eigentuemer=2").content.decode().split('id="eigentuemer"')[1].split('id="entschieden"')[0])
    assert [[r.key in page for r in made] for page in told] == [[True, True, False], [False, False, True]]


def below(kind: Any) -> set[Any]:
    """Every class that is derived from one."""
    return {found for one in kind.__subclasses__() for found in (one, *below(one))}


def test_every_form_takes_addresses_as_long_as_their_column_and_no_longer(client: Client, desk: Client) -> None:
    local = "a" * 60
    long = f"{local}@{'.'.join(['b' * 60] * 4)}.de"
    assert 254 < len(long) < 320
    shown = PublicVacancy.objects.in_town("wittenberge").order_by("key")[0]
    told = {"note": "Das Dach ist neu.", "occupancy": shown.occupancy}
    assert client.post(f"/melden/{shown.slug}/angabe-falsch/", told | {"email": long}).status_code == 400
    assert client.post("/rundbrief/", {"mail": long}).status_code == 400
    Membership.objects.update(role="manager")
    answer = desk.post("/konto/mitglieder/", {"email": long, "place": "town:12070424", "role": "viewer"})
    assert 'id="id_email_error"' in answer.content.decode()
    ours = [kind for kind in below(forms.BaseForm) if kind.__module__.startswith("network.")]
    assert not [kind for kind in ours for f in kind.base_fields.values() if isinstance(f, forms.EmailField) and f.max_length > 254]


def test_a_search_that_is_too_long_to_keep_is_refused_where_it_is_taken_over(client: Client) -> None:
    towns = "&".join(f"town={t.slug}" for t in Town.objects.current().order_by("slug")[:120])
    for page in ("/benachrichtigen/", "/gesuche/neu/"):
        answer = client.get(f"{page}?{towns}&near=13.15,53.00,9000")
        assert answer.status_code == 400, page
        assert "höchstens 1.000 Zeichen" in answer.content.decode(), page
    assert client.get(f"/gesuche/neu/?{towns}").status_code == 302, "towns alone are a wish of the request, not a search"


def test_the_desk_of_reports_asks_for_a_second_factor(client: Client) -> None:
    user = account("ohne")
    Membership.objects.create(user=user, role="moderator", town=Town.objects.get(slug="wittenberge"))
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/pruefen/")["Location"] == "/konto/zweiter-faktor/"
