"""The filter: what it reads it writes again, what it does not know it names."""

from __future__ import annotations

import math
from urllib.parse import urlencode

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.criteria import Choice
from geo.errors import InvalidParameters
from geo.models import Town
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "stable"),
    [
        ("transit=C&town_size=rural", "town_size=rural&transit=C"),
        ("town_size=small_town_s,rural", "town_size=rural&town_size=small_town_s"),
        ("town_size=rural&town_size=rural", "town_size=rural"),
        ("area=%20150-300", "area=150-300"),
        ("near=13.0600000001,52.40,5000", "near=13.06,52.4,5000"),
        ("q=%20%20alte%20%20Schule", "q=alte+Schule"),
        ("well_connected=true", "well_connected=1"),
        ("well_connected=0", ""),
        ("transit=&town_size=", ""),
        ("polygon=13,52;14,52;13,53;13,52", "polygon=13,52;14,52;13,53"),
    ],
)
def test_a_filter_has_one_spelling(query: str, stable: str) -> None:
    once = VacancyFilter.parse(query)
    assert once.query_string() == stable
    assert VacancyFilter.parse(stable) == once


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ("transit=Z", "transit", "erlaubt: A, B, C, D, E, F"),
        ("transit=A&transit=B", "transit", "nur ein Wert erlaubt"),
        ("town_size=village", "town_size", "erlaubt: rural"),
        ("area=abc", "area", "von-bis, zum Beispiel 150-300"),
        ("area=300-150", "area", "der erste Wert darf nicht größer sein"),
        ("stop_distance_max=-1", "stop_distance_max", "eine ganze Zahl von 0 bis 50000 m"),
        ("near=13,52", "near", "Länge,Breite,Meter"),
        ("near=52.4,NaN,10", "near", "Zahlen wie"),
        ("near=13,95,10", "near", "Breite von -90 bis 90"),
        ("bbox=14,52,13,53", "bbox", "West muss kleiner als Ost"),
        ("polygon=13,52;14,53;14,52;13,53", "polygon", "dessen Ränder sich nicht kreuzen"),
        ("polygon=13,52;14,53", "polygon", "3 bis 500"),
        ("monument=ground", "monument", "erlaubt:"),
        ("well_connected=vielleicht", "well_connected", "erlaubt: 1 oder 0"),
        ("q=" + "x" * 101, "q", "höchstens 100 Zeichen"),
        ("farbe=rot", "farbe", "unbekannter Parameter; bekannt sind: town_size, transit"),
    ],
)
def test_an_invalid_value_is_named_with_what_is_allowed(query: str, parameter: str, allowed: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        VacancyFilter.parse(query)
    assert [e.name for e in caught.value.errors] == [parameter]
    assert allowed in caught.value.errors[0].allowed


def test_all_invalid_values_are_named_together() -> None:
    with pytest.raises(InvalidParameters) as caught:
        VacancyFilter.parse("transit=Z&area=x&town_size=rural")
    assert {e.name for e in caught.value.errors} == {"transit", "area"}


def values(criterion):  # type: ignore[no-untyped-def]
    """Strategy of texts that a criterion allows."""
    kind = criterion.kind
    if kind in ("choice", "rank"):
        keys = [k for k, _label in criterion.options()]
        few = st.lists(st.sampled_from(keys), min_size=1, max_size=1 if kind == "rank" else 4)
        return few.map(",".join)
    if kind == "flag":
        return st.just("1")
    if kind == "range":
        return st.tuples(st.integers(0, 900), st.integers(900, 90_000)).map(lambda p: f"{p[0]}-{p[1]}")
    if kind in ("number", "months"):
        return st.integers(criterion.lowest, criterion.highest).map(str)
    lon, lat = st.floats(11.0, 13.0).map(lambda v: f"{v:.5f}"), st.floats(51.0, 52.0).map(lambda v: f"{v:.5f}")
    if kind == "near":
        return st.tuples(lon, lat, st.integers(1, 99_999)).map(lambda p: f"{p[0]},{p[1]},{p[2]}")
    if kind == "bbox":
        return st.tuples(lon, lat).map(lambda p: f"{p[0]},{p[1]},{float(p[0]) + 1},{float(p[1]) + 1}")
    if kind == "polygon":
        return st.tuples(lon, lat).map(lambda p: f"{p[0]},{p[1]};{float(p[0]) + 1},{p[1]};{p[0]},{float(p[1]) + 1}")
    return st.text(min_size=1, max_size=60).filter(lambda t: t.strip() and "\x00" not in t and max(t) < "\ud800")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_dumped_is_parsed_again_and_the_database_takes_it(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(VacancyFilter.criteria), min_size=1, max_size=5, unique_by=lambda c: c.name))
    query = urlencode([(c.name, data.draw(values(c))) for c in chosen])
    wanted = VacancyFilter.parse(query)
    assert VacancyFilter.parse(wanted.query_string()) == wanted
    assert VacancyFilter.parse(wanted.query_string()).query_string() == wanted.query_string()
    narrowed = PublicVacancy.objects.matching(wanted).count()
    assert narrowed <= PublicVacancy.objects.matching(wanted.without(chosen[0].name)).count()
    assert wanted.sentence()


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(VacancyFilter.criteria), st.text(max_size=40))
def test_any_text_is_a_value_or_a_named_error(criterion, text: str) -> None:  # type: ignore[no-untyped-def]
    try:
        wanted = VacancyFilter.parse({criterion.name: text})
    except InvalidParameters as error:
        named = [(e.name, bool(e.allowed)) for e in error.errors]
    else:
        assert VacancyFilter.parse(wanted.query_string()) == wanted
        return
    assert named == [(criterion.name, True)]


def test_the_sentence_reads_aloud_in_both_languages() -> None:
    wanted = VacancyFilter.parse("town_size=rural,small_town_s&transit=C&target_use=workshop&area=150-300&vacant_months_min=24")
    assert wanted.sentence() == (
        "Leerstände, in: Landgemeinde (unter 5.000) oder Kleine Kleinstadt (5.000 bis unter 10.000), "
        "ÖV-Güteklasse C – befriedigend oder besser, geeignet als Werkstatt, lokale Produktion, "
        "leer seit mindestens 24\u00a0Monaten, Nutzfläche 150 bis 300 m²"
    )
    with translation.override("en"):
        assert wanted.sentence().startswith("Vacancies, in: rural municipality (under 5,000) or ")
        assert "transit class C" in wanted.sentence()


def test_near_is_in_metres_on_the_ground() -> None:
    row = PublicVacancy.objects.filter(town_slug="wittenberge").first()
    assert row is not None
    at = row.point.transform(4326, clone=True)
    near = PublicVacancy.objects.matching(VacancyFilter.parse(f"near={at.x:.6f},{at.y:.6f},2000"))
    expected = [v.key for v in PublicVacancy.objects.all() if math.hypot(v.point.x - row.point.x, v.point.y - row.point.y) <= 2000]
    assert sorted(near.values_list("key", flat=True)) == sorted(expected)
    assert len(expected) > 1


def test_ranks_mean_at_least_as_good() -> None:
    rows = PublicVacancy.objects.matching(VacancyFilter.parse("transit=C"))
    assert set(rows.values_list("transit_class", flat=True)) == {"A", "B", "C"}


def test_a_new_criterion_is_one_entry(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """It then stands in the form, the sentence, list, map and notebook."""
    from vacancies import choices as c
    from vacancies import frames

    entry = Choice(
        name="heating", label="Heizung", column="heating", phrase="mit Heizung {value}", options=lambda: c.Heating.choices, group="object"
    )
    monkeypatch.setattr(VacancyFilter, "criteria", (*VacancyFilter.criteria, entry))
    expected = sorted(PublicVacancy.objects.filter(heating="stove").values_list("key", flat=True))
    page = client.get("/leerstaende/?heating=stove").content.decode()
    assert 'name="heating" value="stove" checked' in page
    assert "Leerstände, mit Heizung Öfen" in page
    assert f'data-total="{len(expected)}"' in page
    assert client.get("/karte/daten.json?heating=stove").json()["keys"] == expected
    assert list(frames.vacancies(heating="stove").index) == expected
    assert 0 < len(expected) < Town.objects.count() * 9
