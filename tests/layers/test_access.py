"""Classes by the tables of the method, and the engine against a plain loop."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from geo.errors import InvalidParameter
from layers.reach.access import Stops, load_preset, measure, preset_names

GOAT = load_preset("de_goat")
ALL = preset_names()


# window 840 min; interval = 840 / (departures / 2) = 1680 / departures
@pytest.mark.parametrize(
    ("route_type", "departures", "category"),
    [
        (2, 337, "I"),  # 4.985 min
        (2, 336, "I"),  # exactly 5 min is no longer under 5, the next row is I as well for rail
        (900, 336, "II"),  # exactly 5 min, tram
        (3, 337, "II"),
        (3, 336, "III"),
        (2, 168, "II"),  # exactly 10
        (3, 84, "V"),  # exactly 20
        (3, 85, "IV"),  # 19.8
        (100, 42, "IV"),  # exactly 40
        (700, 28, "VII"),  # exactly 60
        (700, 29, "VI"),
        (700, 15, "VII"),  # 112
        (700, 14, ""),  # exactly 120
        (109, 15, "V"),
        (4444, 500, ""),  # a type the method does not count
        (3, 0, ""),
    ],
)
def test_categories_of_the_default_method(route_type: int, departures: int, category: str) -> None:
    assert GOAT.category(GOAT.group_of(route_type), departures) == category


@pytest.mark.parametrize(
    ("category", "metres", "letter"),
    [("I", 300, "A"), ("I", 300.1, "A"), ("I", 500.1, "B"), ("I", 1000, "C"), ("I", 1000.1, ""), ("V", 750, "F"), ("V", 750.1, ""),
     ("VII", 300, "F"), ("VII", 300.1, ""), ("IV", 800, "F")],
)  # fmt: skip
def test_classes_of_the_default_method(category: str, metres: float, letter: str) -> None:
    assert GOAT.class_of(category, metres) == letter


def test_bounds_of_the_austrian_method() -> None:
    rules = load_preset("at_oerok")
    # 10 and 40 minutes belong to their rows, 20 belongs to the next
    assert [rules.category("4", 1680 / minutes) for minutes in (4.9, 5, 10, 10.5, 20, 40, 60, 210, 211)] == [
        "III", "III", "III", "IV", "V", "V", "VI", "VIII", "",
    ]  # fmt: skip
    assert "unbestätigt" in rules.note


@pytest.mark.parametrize("name", ALL)
def test_every_method_is_complete_and_falls_with_distance(name: str) -> None:
    rules = load_preset(name)
    used = {c for _l, _i, row in rules.intervals for c in row.values() if c}
    assert used == set(rules.classes)
    for letters in rules.classes.values():
        assert len(letters) == len(rules.radii_m)
        reached = [letter for letter in letters if letter]
        assert reached == sorted(reached)
        assert not any(letters[len(reached) :]), "after a gap no class comes back"


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(InvalidParameter, match="one of at_oerok, ch_oevgk18, de_goat"):
        load_preset("nonsense")


@pytest.mark.parametrize("name", ALL)
def test_the_engine_agrees_with_a_loop_over_all_stops(name: str) -> None:
    rules = load_preset(name)
    dice = random.Random(7)
    categories = [dice.choice([*rules.classes, ""]) for _i in range(120)]
    x = [dice.uniform(0, 6000) for _i in categories]
    y = [dice.uniform(0, 6000) for _i in categories]
    day = [dice.randint(1, 60) for _i in categories]
    rail = [dice.random() < 0.2 for _i in categories]
    stops = Stops(np.array(x), np.array(y), categories, np.array(day), np.array(rail))
    places = [(dice.uniform(-500, 6500), dice.uniform(-500, 6500)) for _i in range(400)]
    found = measure(stops, rules, [p[0] for p in places], [p[1] for p in places])
    for i, (px, py) in enumerate(places):
        metres = [math.hypot(px - a, py - b) for a, b in zip(x, y, strict=True)]
        letters = [letter for c, m in zip(categories, metres, strict=True) if (letter := rules.class_of(c, m))]
        assert found.transit_class[i] == min(letters, default="")
        assert found.stop_distance_m[i] == pytest.approx(min(metres))
        assert found.rail_distance_m[i] == pytest.approx(min(m for m, r in zip(metres, rail, strict=True) if r))
        well = any(d >= 20 and m <= (1200 if r else 600) for d, m, r in zip(day, metres, rail, strict=True))
        assert bool(found.well_connected[i]) == well


def test_without_stops_nothing_is_reached() -> None:
    none = Stops(np.array([]), np.array([]), [], np.array([], dtype=int), np.array([], dtype=bool))
    found = measure(none, GOAT, [0.0], [0.0])
    assert found.transit_class == [""]
    assert found.stop[0] == -1
    assert not found.well_connected[0]
