"""Tags of OpenStreetMap and words of lists, and the kinds they stand for."""

from __future__ import annotations

import pytest

from layers.facilities.kinds import kinds
from layers.models import FacilityKind, ZoneKind


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "pharmacy"}, ["pharmacy"]),
        ({"disused:amenity": "pharmacy"}, []),
        ({"amenity": "pharmacy", "disused": "yes"}, []),
        ({"amenity": "doctors", "healthcare": "doctor"}, ["doctor"]),
        ({"amenity": "dentist", "healthcare": "dentist"}, []),
        ({"shop": "supermarket", "post_office": "post_partner"}, ["supermarket", "post"]),
        ({"shop": "bakery;supermarket"}, ["supermarket"]),
        ({"shop": "convenience"}, []),
        ({"amenity": "post_box"}, []),
        ({"amenity": "atm"}, []),
        ({"amenity": "charging_station"}, ["charging"]),
        ({"amenity": "charging_station", "motorcar": "no"}, []),
        ({"amenity": "charging_station", "access": "private"}, []),
        ({"office": "government"}, []),
        ({"office": "government", "government": "administrative"}, ["town_hall"]),
        ({"heritage": "4", "building": "church"}, ["monument"]),
        ({"heritage": "no"}, []),
        ({"heritage": "4", "historic": "archaeological_site"}, []),
        ({"leisure": "nature_reserve"}, ["nature"]),
        ({"amenity": "bench"}, []),
    ],
)
def test_tags_make_kinds(tags: dict[str, str], expected: list[str]) -> None:
    assert kinds().of_tags(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"name": "Grundschule am Markt"}, ["school_primary"]),
        ({"name": "Stadtgrundschule Luckenwalde"}, ["school_primary"]),
        ({"name": "Friedrich-Gymnasium"}, ["school_secondary"]),
        ({"name": "Grund- und Oberschule Wilhelmshorst"}, ["school_primary", "school_secondary"]),
        ({"name": "Oberschule mit Grundschulteil Dahme"}, ["school_primary", "school_secondary"]),
        ({"name": "Oberstufenzentrum Teltow-Fläming"}, ["school_other"]),
        ({"name": "Allgemeine Förderschule"}, ["school_other"]),
        ({"name": "Schule am Fluss"}, ["school_other"]),
        ({"name": "Schule am Fluss", "isced:level": "1"}, ["school_primary"]),
        ({"name": "Schule am Fluss", "isced:level": "2;3"}, ["school_secondary"]),
        ({"name": "Schule am Fluss", "isced:level": "0-2"}, ["school_primary", "school_secondary"]),
        ({"name": "Grundschule", "isced:level": "2"}, ["school_secondary"]),  # the level is said, the name only speaks
        ({"name": "Schule am Fluss", "isced:level": "1;2", "school:de": "Grundschule"}, ["school_primary"]),
        ({}, ["school_other"]),
    ],
)
def test_the_level_of_a_school(tags: dict[str, str], expected: list[str]) -> None:
    assert kinds().of_tags({"amenity": "school", **tags}) == expected


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [
        ("Apotheke", "", ["pharmacy"]),
        ("Kreis- und Stadtsparkasse", "", []),
        ("Sparkasse Barnim", "", ["bank"]),
        ("BIBLIOTHEK", "", ["library"]),
        ("Überschwemmungsgebiet", "", ["flood"]),
        ("Schule", "Gymnasium Beeskow", ["school_secondary"]),
        ("Schule", "", ["school_other"]),
        ("Oberschule mit Primarstufe", "", ["school_secondary"]),
        ("Zahnarztpraxis", "", []),
        ("", "Apotheke am Markt", []),
    ],
)
def test_words_of_lists_make_kinds(word: str, name: str, expected: list[str]) -> None:
    assert kinds().of_word(word, name) == expected


def test_every_kind_has_words_and_every_word_a_kind() -> None:
    raw = kinds().raw
    assert set(raw["facility"]) | set(raw["school"]["names"]) == set(FacilityKind.values)
    assert set(raw["zone"]) == set(ZoneKind.values)
    assert set(raw["school"]["isced"].values()) <= set(FacilityKind.values)
