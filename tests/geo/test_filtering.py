"""The filter: what it reads it writes again, what it does not know it names."""

from __future__ import annotations

import math
from datetime import date
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
        ("transit=C,D", "transit", "nur ein Wert erlaubt"),
        ("town_size=village", "town_size", "erlaubt: rural"),
        ("area=abc", "area", "von-bis, zum Beispiel 150-300"),
        ("area=300-150", "area", "der erste Wert darf nicht größer sein"),
        ("stop_distance_max=-1", "stop_distance_max", "eine ganze Zahl von 0 bis 50.000 m"),
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
    if kind == "clock":
        return st.times().map(lambda t: f"{t:%H:%M}")
    if kind == "day":
        return st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
    if kind == "within":
        names = st.sampled_from([key for key, _label in criterion.options()])
        return st.lists(st.tuples(names, st.integers(1, 120)), min_size=1, max_size=3).map(
            lambda some: ",".join(f"{n}:{m}" for n, m in some)
        )
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


def said(query: str, language: str = "de") -> str:
    """The sentence, with plain spaces for the ones that do not break."""
    with translation.override(language):
        return VacancyFilter.parse(query).sentence().replace("\u00a0", " ")


def test_the_sentence_reads_aloud_in_both_languages() -> None:
    query = "town_size=rural,small_town_s&transit=C&target_use=workshop&area=150-300&vacant_months_min=24"
    assert said(query) == (
        "Leerstände in Landgemeinden oder kleinen Kleinstädten, ÖV-Güteklasse C oder besser, geeignet als Werkstatt, "
        "leer seit mindestens 24 Monaten, Nutzfläche 150 bis 300 m²"
    )
    assert said(query, "en") == (
        "Vacancies in rural municipalities or smaller small towns, transit access class C or better, suitable as a workshop, "
        "vacant for at least 24 months, usable area 150 to 300 m²"
    )


@pytest.mark.parametrize(
    ("query", "german", "english"),
    [
        ("", "Leerstände", "Vacancies"),
        ("transit=A", "Leerstände mit ÖV-Güteklasse A", "Vacancies with transit access class A"),
        (
            "berlin_max=1",
            "Leerstände, bis Berlin Hbf höchstens 1 Minute (schnellste Fahrt)",
            "Vacancies, to Berlin Hbf at most 1 minute (fastest journey)",
        ),
        ("departures_min=1", "Leerstände mit mindestens 1 Abfahrt am Tag", "Vacancies with at least 1 departure a day"),
        ("departures_min=20", "Leerstände mit mindestens 20 Abfahrten am Tag", "Vacancies with at least 20 departures a day"),
        (
            "nearby=pharmacy:1,supermarket:15",
            "Leerstände, zu Fuß: Apotheke in 1 Minute und Supermarkt in 15 Minuten",
            "Vacancies, on foot: Pharmacy within 1 minute and Supermarket within 15 minutes",
        ),
        ("transit=D", "Leerstände mit ÖV-Güteklasse D oder besser", "Vacancies with transit access class D or better"),
        ("district=12070", "Leerstände im Landkreis Prignitz", "Vacancies in the district of Prignitz"),
        (
            "district=12054&disposal=sale,rent",
            "Leerstände in Potsdam, zum Kauf oder zur Miete",
            "Vacancies in Potsdam, for sale or for rent",
        ),
        ("disposal=leasehold", "Leerstände im Erbbaurecht", "Vacancies under a heritable building right"),
        ("well_connected=1", "Leerstände, gut angebunden", "Vacancies, well connected"),
        (
            "transit=B&structure=wider_metro&central=mittelzentrum",
            "Leerstände in Mittelzentren, im Weiteren Metropolenraum, ÖV-Güteklasse B oder besser",
            "Vacancies in middle-order centres, in the wider metropolitan area, transit access class B or better",
        ),
        (
            "former_use=manor,retail,education",
            "Leerstände, früher Laden, Gutshaus, Schloss, Schule, Kita oder anderer Bildungsort",
            "Vacancies, formerly a shop, a manor house, a castle, a school, a nursery or another place of learning",
        ),
        ("q=alte Schule", "Leerstände zum Suchwort „alte Schule“", "Vacancies matching “alte Schule”"),
        ("q={value} {0}", "Leerstände zum Suchwort „{value} {0}“", "Vacancies matching “{value} {0}”"),
        ("vacant_months_min=1", "Leerstände, leer seit mindestens 1 Monat", "Vacancies, vacant for at least 1 month"),
        ("verified_months_max=6", "Leerstände, vor höchstens 6 Monaten bestätigt", "Vacancies, confirmed at most 6 months ago"),
        ("area=1200-", "Leerstände mit Nutzfläche ab 1.200 m²", "Vacancies with usable area from 1,200 m²"),
        ("area=-60", "Leerstände mit Nutzfläche bis 60 m²", "Vacancies with usable area up to 60 m²"),
        ("area=80-80", "Leerstände mit Nutzfläche genau 80 m²", "Vacancies with usable area exactly 80 m²"),
        ("departures_min=1200", "Leerstände mit mindestens 1.200 Abfahrten am Tag", "Vacancies with at least 1,200 departures a day"),
        (
            "stop_distance_max=300&monument=area",
            "Leerstände, höchstens 300 m zur nächsten Haltestelle, im Denkmalbereich",
            "Vacancies, at most 300 m to the nearest stop, in a conservation area",
        ),
        (
            "near=11.7515,52.995512,2500",
            "Leerstände im Umkreis von 2,5 km um 52,9955° N, 11,7515° O",
            "Vacancies within 2.5 km of 52.9955° N, 11.7515° E",
        ),
        ("near=11.75,53,800", "Leerstände im Umkreis von 800 m um 53° N, 11,75° O", "Vacancies within 800 m of 53° N, 11.75° E"),
        (
            "polygon=13,52;14,52;13,53&occupancy=vacant",
            "Leerstände im gezeichneten Gebiet mit 3 Ecken, vollständig leer",
            "Vacancies in the drawn area with 3 corners, fully vacant",
        ),
        ("bbox=13,52,14,53", "Leerstände im gewählten Kartenausschnitt", "Vacancies in the chosen map view"),
    ],
)
def test_every_kind_of_criterion_is_said_in_both_languages(query: str, german: str, english: str) -> None:
    assert said(query) == german
    assert said(query, "en") == english


def test_long_enumerations_are_shortened() -> None:
    four = "town=angermuende,bad-belzig,beelitz,beeskow"
    assert said(four) == "Leerstände in Angermünde, Bad Belzig, Beelitz oder Beeskow"
    assert said(four + ",calau") == "Leerstände in Angermünde, Bad Belzig, Beelitz oder 2 weiteren Gemeinden"
    assert said(four + ",calau", "en") == "Vacancies in Angermünde, Bad Belzig, Beelitz or 2 more municipalities"
    assert VacancyFilter.parse(four + ",calau").values["town"][-1] == "calau", "shortened is the sentence, not the filter"


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_value_can_be_said_alone_and_with_others(language: str) -> None:
    for criterion in VacancyFilter.criteria:
        if not isinstance(criterion, Choice) or criterion.name == "town":
            continue
        keys = [key for key, _label in criterion.options()]
        assert set(criterion.forms()) <= {*keys, "G", "large_city_l", "ground"}, f"{criterion.name}: a form without a value"
        with translation.override(language):
            for value in keys:
                phrase = criterion.describe((value,))
                assert phrase.strip(), criterion.name
                assert not set("|{}(") & set(phrase.replace("Frankfurt (Oder)", "")), phrase
                assert language == "de" or phrase[0].islower(), phrase


def test_chips_are_short_and_stand_alone() -> None:
    wanted = VacancyFilter.parse("town_size=rural&transit=C&well_connected=1&area=150-300&q=Mühle")
    assert [c["text"].replace("\u00a0", " ") for c in wanted.chips()] == [
        "in Landgemeinden",
        "ÖV-Güteklasse C oder besser",
        "zum Suchwort „Mühle“",
        "gut angebunden",
        "Nutzfläche 150 bis 300 m²",
    ]


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


def test_a_value_is_added_in_the_order_of_the_list_and_dropped_again() -> None:
    start = VacancyFilter.parse("town_size=small_town_s&transit=C")
    more = start.toggled("town_size", "rural")
    assert more.query_string() == "town_size=rural&town_size=small_town_s&transit=C"
    assert more.toggled("town_size", "rural") == start
    assert start.toggled("town_size", "small_town_s").query_string() == "transit=C", "the last value takes the criterion with it"
    assert start.choosing(town_size=(), transit_is=("D", "none")).query_string() == "transit=C&transit_is=D&transit_is=none"


def test_a_new_criterion_is_one_entry(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """It then stands in the form, the sentence, list, map and notebook."""
    import raumwohlstand as rw
    from tests.contract.snapshots import keys_on_map
    from vacancies import choices as c

    entry = Choice(
        name="heating", label="Heizung", column="heating", phrase="mit Heizung {value}", options=lambda: c.Heating.choices, group="object"
    )
    monkeypatch.setattr(VacancyFilter, "criteria", (*VacancyFilter.criteria, entry))
    expected = sorted(PublicVacancy.objects.filter(heating="stove").values_list("key", flat=True))
    page = client.get("/leerstaende/?heating=stove").content.decode()
    assert 'name="heating" value="stove" checked' in page
    assert "Leerstände, mit Heizung Öfen" in page
    assert f'data-total="{len(expected)}"' in page
    assert keys_on_map(client, "heating=stove") == expected
    assert list(rw.vacancies(heating="stove").index) == expected
    assert 0 < len(expected) < Town.objects.count() * 9
