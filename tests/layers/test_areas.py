"""Isochrones and areas of access classes: by hand on round coordinates, and point by point on the real stops of the VBB.

One minute on foot is 57.69 m as the crow flies (75 m of way / 1.3), 15 minutes are 865.4 m, 30 are 1,730.8 m.
"""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from geo.errors import InvalidParameter
from layers.reach.access import Stops, load_preset, measure
from layers.reach.areas.around_stops import class_areas, isochrones

X, Y = 400_000.0, 5_800_000.0
PER_MINUTE = 75 / 1.3
BERLIN_HBF = (389_700.0, 5_820_600.0)
NAN = float("nan")


def disc(radius: float, tolerance: float = 20.0) -> Any:
    """What the area of a disc may be when its edge may be off by the tolerance."""
    return pytest.approx(math.pi * radius**2, abs=2 * math.pi * radius * tolerance)


def ring(radius: float, count: int) -> tuple[Any, Any]:
    """Stops around (X, Y)."""
    angle = np.arange(count) * 2 * math.pi / count
    return X + radius * np.cos(angle), Y + radius * np.sin(angle)


def ride(x: Any, y: Any) -> Any:
    """Made-up minutes to Berlin Hbf: by distance, with scatter, one stop of thirty without a connection."""
    dice = np.random.default_rng(11)
    minutes = 8 + np.hypot(x - BERLIN_HBF[0], y - BERLIN_HBF[1]) / 1_100 + dice.gamma(2, 4, len(x))
    minutes[dice.random(len(x)) < 1 / 30] = NAN
    return minutes


# isochrones


def test_one_stop_by_hand() -> None:
    found = isochrones([X], [Y], [10], (30, 15, 10))
    assert list(found) == [10, 15, 30]
    assert found[10].is_empty
    assert found[15].area == disc(5 * PER_MINUTE)
    assert found[15].bounds == pytest.approx((X - 288.5, Y - 288.5, X + 288.5, Y + 288.5), abs=20)
    assert found[30].area == disc(865.4)  # 20 minutes remain, 15 are walked
    assert {a.geom_type for a in found.values()} == {"MultiPolygon"}


def test_the_centre_itself() -> None:
    found = isochrones([X + 5_000, X - 9_000], [Y, Y], [25, NAN], (15, 30, 45), centre=(X, Y))
    assert found[15].area == disc(865.4)
    assert [len(found[level].geoms) for level in (15, 30, 45)] == [1, 2, 2]
    by_east = sorted(found[30].geoms, key=lambda part: part.bounds[0])
    assert by_east[0].area == disc(1_730.8)
    assert by_east[1].area == disc(5 * PER_MINUTE)
    assert isochrones([], [], [], (45,), centre=(X, Y))[45].area == disc(1_730.8)


def test_small_holes_are_filled_and_large_ones_stay() -> None:
    # discs of 865 m around a circle leave a hole about 95 m wide in the middle, or one of about 280 m
    small, large = ring(960, 16), ring(1_150, 16)
    assert shapely.get_num_interior_rings(isochrones(*small, [0] * 16, (15,))[15].geoms[0]) == 0
    assert shapely.get_num_interior_rings(isochrones(*small, [0] * 16, (15,), hole_m2=0)[15].geoms[0]) == 1
    assert shapely.get_num_interior_rings(isochrones(*large, [0] * 16, (15,))[15].geoms[0]) == 1
    # an island of 46 m in the small hole goes with it
    x, y = np.append(small[0], X), np.append(small[1], Y)
    with_island = isochrones(x, y, [0] * 16 + [14.2], (15,))[15]
    assert with_island.is_valid
    assert len(with_island.geoms) == 1
    assert len(isochrones(x, y, [0] * 16 + [14.2], (15,), hole_m2=0)[15].geoms) == 2


def test_isochrones_of_real_stops_nest_and_keep_their_tolerance(vbb_stops: tuple[Any, Any]) -> None:
    x, y = vbb_stops
    minutes = ride(x, y)
    tolerance = 20.0
    found = isochrones(x, y, minutes, centre=BERLIN_HBF, hole_m2=0)
    assert list(found) == [15, 30, 45, 60, 90]
    dice = np.random.default_rng(2)
    chosen = dice.integers(0, len(x), 4_000)
    points = np.column_stack([x[chosen], y[chosen]]) + dice.normal(0, 700, (len(chosen), 2))
    near = cKDTree(np.column_stack([x, y])).query_ball_point(points, 1_000)
    for level, area in found.items():
        assert area.is_valid
        reached = int((minutes < level).sum())
        assert shapely.get_num_coordinates(area) < 9 * reached
        # how much farther than to each point somebody could walk
        spare = np.array([min(level, 30) * PER_MINUTE - math.dist(p, BERLIN_HBF) for p in points])
        for p, stops in enumerate(near):
            left = np.clip(level - minutes[stops], 0, 15)
            reach = np.where(left > 0, left * PER_MINUTE - np.hypot(x[stops] - points[p, 0], y[stops] - points[p, 1]), -np.inf)
            spare[p] = max(spare[p], np.max(reach, initial=-np.inf))
        inside = shapely.contains_xy(area, *points.T)
        assert inside[spare > tolerance].all()
        assert not inside[spare < -tolerance].any()
        assert (level < 60) or 500 < inside.sum() < 3_500
    filled = isochrones(x, y, minutes, centre=BERLIN_HBF)
    for areas in (found, filled):
        for inner, outer in pairwise(areas.values()):
            assert shapely.difference(inner, outer).area < 1e-3
    holes = [shapely.Polygon(hole) for area in filled.values() for part in area.geoms for hole in part.interiors]
    assert holes
    assert all(hole.area >= 100_000 for hole in holes)
    assert all(area.is_valid and area.area >= found[level].area for level, area in filled.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": ()}, "levels=: one or more numbers above 0, at most 600"),
        ({"levels": (15, 0)}, "levels=15, 0: one or more"),
        ({"levels": (NAN,)}, "levels=nan: "),
        ({"minutes": [1, 2]}, "one for each of 1 stops"),
        ({"minutes": [-1]}, "0 or more"),
        ({"x": [NAN]}, "1 places without a position"),
        ({"y": [1, 2]}, "two rows of numbers, equally long"),
        ({"tolerance_m": 0}, "tolerance_m=0: 1 to 1000"),
        ({"hole_m2": NAN}, "hole_m2=nan: 0 to 1e"),
        ({"centre": (X, NAN)}, "1 places without a position"),
    ],
)
def test_input_that_is_not_allowed_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        isochrones(**{"x": [X], "y": [Y], "minutes": [5], **change})


# access classes


def stops(x: Any, y: Any, category: list[str]) -> Stops:
    return Stops(np.asarray(x, dtype=float), np.asarray(y, dtype=float), category, np.zeros(len(x)), np.zeros(len(x), dtype=bool))


def test_rings_around_one_station_by_hand() -> None:
    # category I: A to 500 m, B to 750 m, C to 1,000 m
    found = class_areas(stops([X], [Y], ["I"]), load_preset("de_goat"))
    assert list(found) == ["A", "B", "C", "D", "E", "F"]
    assert found["A"].area == disc(500, 5)
    assert found["B"].area == pytest.approx(math.pi * (750**2 - 500**2), abs=2 * math.pi * 1_250 * 5)
    assert found["C"].area == pytest.approx(math.pi * (1_000**2 - 750**2), abs=2 * math.pi * 1_750 * 5)
    assert [found[letter].is_empty for letter in "DEF"] == [True] * 3
    assert sum(area.area for area in found.values()) == disc(1_000, 5)


def test_the_best_class_wins_where_stops_meet() -> None:
    # a bus stop of category V (D to 300 m, E to 500 m, F to 750 m) 900 m east of the station
    found = class_areas(stops([X, X + 900, X, X], [Y, Y, Y + 5_000, Y + 9_000], ["I", "V", "", "unheard-of"]), load_preset("de_goat"))
    # metres from the station, from the bus stop: 490, 410 | 740, 160 | 990, 90 | 1,010, 110 | 1,190, 290 | 1,390, 490 | 1,640, 740
    places = [(490, "A"), (740, "B"), (990, "C"), (1_010, "D"), (1_190, "D"), (1_390, "E"), (1_640, "F"), (1_660, "")]
    for east, letter in places:
        assert "".join(name for name, area in found.items() if shapely.contains_xy(area, X + east, Y)) == letter
    assert not any(shapely.intersects_xy(area, X, Y + 5_000) for area in found.values())


@pytest.mark.parametrize(("name", "within_m"), [("de_goat", 1e9), ("at_oerok", 40_000), ("ch_oevgk18", 40_000)])
def test_class_areas_agree_with_the_classes_of_places(name: str, within_m: float, vbb_stops: tuple[Any, Any]) -> None:
    rules = load_preset(name)
    near = np.hypot(vbb_stops[0] - BERLIN_HBF[0], vbb_stops[1] - BERLIN_HBF[1]) < within_m
    x, y = vbb_stops[0][near], vbb_stops[1][near]
    assert len(x) > 4_000
    dice = np.random.default_rng(4)
    category = dice.choice([*rules.classes, ""], len(x)).tolist()
    found = class_areas(stops(x, y, category), rules)
    chosen = dice.integers(0, len(x), 6_000)
    points = np.column_stack([x[chosen], y[chosen]]) + dice.normal(0, 600, (len(chosen), 2))
    # a place closer than the tolerance to a circle may have the class of either side
    clear = np.ones(len(points), dtype=bool)
    for of_name in rules.classes:
        mine = np.flatnonzero(np.asarray(category) == of_name)
        metres, _index = cKDTree(np.column_stack([x[mine], y[mine]])).query(points)
        clear &= (np.abs(metres[:, None] - rules.radii_m) > 5).all(axis=1)
    points = points[clear]
    assert len(points) > 2_000
    wanted = measure(stops(x, y, category), rules, *points.T).transit_class
    got = np.full(len(points), "", dtype=object)
    for letter, area in found.items():
        inside = shapely.contains_xy(area, *points.T)
        assert not got[inside].any()
        got[inside] = letter
    assert got.tolist() == wanted
    assert {letter for letter in found if not found[letter].is_empty} | {""} == set(wanted)


def test_class_areas_of_real_stops_are_disjoint_and_make_up_the_whole(vbb_stops: tuple[Any, Any]) -> None:
    rules = load_preset("de_goat")
    near = np.hypot(vbb_stops[0] - BERLIN_HBF[0], vbb_stops[1] - BERLIN_HBF[1]) < 12_000
    x, y = vbb_stops[0][near], vbb_stops[1][near]
    assert len(x) > 1_500
    category = np.random.default_rng(4).choice([*rules.classes, ""], len(x)).tolist()
    found = class_areas(stops(x, y, category), rules)
    assert all(area.is_valid and area.geom_type == "MultiPolygon" for area in found.values())
    for one, other in combinations(found.values(), 2):
        assert shapely.intersection(one, other).area < 1e-3
    radius_of = {name: max(r for r, letter in zip(rules.radii_m, row, strict=False) if letter) for name, row in rules.classes.items()}
    widest = np.array([radius_of.get(name, 0.0) for name in category])
    centres, radii = shapely.points(x, y)[widest > 0], widest[widest > 0]
    less, more = (shapely.union_all(shapely.buffer(centres, radii + change, quad_segs=32)) for change in (-5, 5))
    assert less.area < sum(area.area for area in found.values()) < more.area


def test_stops_that_do_not_fit_are_named() -> None:
    rules = load_preset("de_goat")
    with pytest.raises(InvalidParameter, match="category=1 values: one for each of 2 stops"):
        class_areas(stops([X, X], [Y, Y], ["I"]), rules)
    with pytest.raises(InvalidParameter, match="1 places without a position"):
        class_areas(stops([X, NAN], [Y, Y], ["I", "I"]), rules)
    with pytest.raises(InvalidParameter, match=r"tolerance_m=1000: 0.1 to 100"):
        class_areas(stops([X], [Y], ["I"]), rules, tolerance_m=1_000)
    assert all(area.is_empty for area in class_areas(stops([], [], []), rules).values())
