"""The table of a report's steps, and places that are none."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.errors import NotAllowed
from geo.models import Town
from network.models import Report
from network.reports.models import OUTCOMES, TRANSITIONS, Kind, State
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"lat": "52.52", "lon": "13.40"}, "ein Punkt in einer Gemeinde Brandenburgs"),
        ({"lat": "nan", "lon": "13.40"}, "ein Punkt in einer Gemeinde Brandenburgs"),
        ({"lat": "zwölf", "lon": "13.40"}, "Breite und Länge in Grad"),
        ({"address": "Irgendwo 3"}, "Straße, Hausnummer und Ort"),
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
