"""Hexagons and surfaces: worked out by hand on round coordinates, against plain loops, and on the real stops of the VBB.

One minute on foot is 75 m of way (4.5 km/h), 75 / 1.3 = 57.69 m as the crow flies; 15 minutes are 865.4 m, 30 are 1,730.8 m.
"""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geo.errors import InvalidParameter
from layers.reach import surfaces
from layers.reach.hexgrid import ORIGIN, HexGrid, cell_ids, cells
from layers.reach.surfaces import Walk, cell_walks, surface, surface_by_minute

DATA = Path(__file__).resolve().parents[2] / "data"
X, Y = ORIGIN
HOME = 536_887_296  # cell (0, 0): 16384 · 32768 + 16384
EAST, WEST, NORTH = HOME + 32_768, HOME - 32_768, HOME + 1
PER_MINUTE = 75 / 1.3
EBERSWALDE = (421_000.0, 5_855_000.0)
NAN = float("nan")


# hexagons


def test_the_cell_at_the_origin() -> None:
    # half a square kilometre: 3 √3 / 2 · side² → side 438.69 m, width √3 · side = 759.84 m
    (hexagon,) = HexGrid([HOME]).polygons()
    assert hexagon.area == pytest.approx(500_000)
    assert (hexagon.centroid.x, hexagon.centroid.y) == pytest.approx((X, Y))
    assert hexagon.bounds == pytest.approx((X - 379.918, Y - 438.691, X + 379.918, Y + 438.691), abs=1e-3)


def test_points_find_their_cells() -> None:
    x = [X, X + 379.9, X + 380.0, X - 380.0, X + 379.9, X, NAN, 1e12]
    y = [Y, Y, Y, Y, Y + 300, Y - 438.6, Y, Y]
    assert cell_ids(x, y).tolist() == [HOME, HOME, EAST, WEST, NORTH, HOME, -1, -1]
    grid = HexGrid([WEST, HOME])
    assert grid.index_at(x, y).tolist() == [1, 1, -1, 0, -1, 1, -1, -1]
    assert HexGrid([]).index_at([X], [Y]).tolist() == [-1]


def test_every_point_lies_in_the_cell_with_the_nearest_centre() -> None:
    dice = np.random.default_rng(3)
    x, y = X + dice.uniform(-6_000, 6_000, 2_000), Y + dice.uniform(-6_000, 6_000, 2_000)
    grid = cells(shapely.box(X - 9_000, Y - 9_000, X + 9_000, Y + 9_000))
    distance = np.hypot(x[:, None] - grid.x, y[:, None] - grid.y)
    assert (grid.index_at(x, y) == distance.argmin(axis=1)).all()
    assert shapely.contains_xy(grid.polygons()[grid.index_at(x, y)], x, y).all()


def test_a_cell_keeps_its_id_whatever_the_outline() -> None:
    small, large = shapely.box(X, Y, X + 5_000, Y + 4_000), shapely.box(X - 30_001, Y - 777, X + 5_000, Y + 90_000)
    inside, around = cells(small), cells(large)
    both = np.isin(around.ids, inside.ids)
    assert (around.ids[both] == inside.ids).all()
    again = HexGrid(inside.ids)
    assert (cell_ids(again.x, again.y) == inside.ids).all()
    assert shapely.intersects_xy(small, inside.x, inside.y).all()


def test_brandenburg_and_berlin_without_gap_or_overlap() -> None:
    with gzip.open(DATA / "towns.geojson.gz") as file:
        towns = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in json.load(file)["features"]])
    land = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(towns)])  # Berlin fills the hole
    grid = cells(land)
    assert 60_000 < len(grid) < 62_000
    assert len(grid) == pytest.approx(land.area / 500_000, rel=2e-3)
    hexagons = grid.polygons()
    assert shapely.coverage_is_valid(hexagons)
    assert int(grid.ids.max()) < 2**31


@pytest.mark.parametrize(
    ("outline", "message"),
    [
        (shapely.box(11.2, 51.3, 14.8, 53.6), "metres in EPSG:25833, not degrees"),
        (shapely.Polygon(), "a valid Polygon or MultiPolygon"),
        (shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)]), "Self-intersection"),
        (shapely.Point(X, Y), "a valid Polygon or MultiPolygon"),
        (None, "NoneType"),
        (shapely.box(-1e6, 1e6, 3e6, 8e6), "at most 5000000 cells"),
    ],
)
def test_outlines_that_are_none(outline: Any, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        cells(outline)


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [-1], [2**30]])
def test_ids_that_are_none(ids: list[int]) -> None:
    with pytest.raises(InvalidParameter, match="strictly rising"):
        HexGrid(ids)


# surfaces


def test_the_best_stop_on_foot_by_hand() -> None:
    grid = HexGrid([WEST, HOME, EAST])
    # a stop in the middle, 10 minutes; one 300 m east of it, 5 minutes: 300 m are 5.2 minutes on foot
    walks = cell_walks(grid, [X, X + 300], [Y, Y])
    west, home, east = surface(walks, [10, 5])
    assert west == pytest.approx(759.836 / PER_MINUTE + 10, abs=1 / 60)  # the other stop is 1,060 m off
    assert home == pytest.approx(10)
    assert east == pytest.approx(459.836 / PER_MINUTE + 5, abs=1 / 60)
    # with the centre 150 m east of the middle nobody waits for a bus
    assert surface(walks, [10, 5], (X + 150, Y)) == pytest.approx([909.836 / PER_MINUTE, 150 / PER_MINUTE, 609.836 / PER_MINUTE], abs=1e-3)
    # one centre after the other, each with its own minutes
    both = surface(walks, [[10, 5], [NAN, np.inf]], [(X, Y + 1e5), (X, Y)])
    assert both[0] == pytest.approx([west, home, east])
    assert both[1] == pytest.approx([759.836 / PER_MINUTE, 0, 759.836 / PER_MINUTE], abs=1e-3)
    assert np.isnan(surface(walks, [NAN, np.inf])).all()


def test_the_longest_walk() -> None:
    grid = HexGrid([HOME])
    assert surface(cell_walks(grid, [X + 865.3], [Y]), [1])[0] == pytest.approx(16, abs=1 / 50)
    assert np.isnan(surface(cell_walks(grid, [X + 865.5], [Y]), [1])[0])
    far = cell_walks(grid, [X + 900], [Y], Walk(max_minutes=20))
    assert surface(far, [1])[0] == pytest.approx(1 + 900 / PER_MINUTE, abs=1 / 60)
    assert surface(far, [NAN], (X, Y - 1_730))[0] == pytest.approx(29.99, abs=0.01)
    assert np.isnan(surface(far, [NAN], (X, Y - 1_731))[0])


def test_a_minimum_of_medians_is_wrong() -> None:
    # two hourly buses at the doorstep, at minutes 0 and 30, ten minutes to the centre
    minute = np.arange(60)
    buses = np.column_stack([-minute % 60 + 10, (30 - minute) % 60 + 10])
    walks = cell_walks(HexGrid([HOME]), [X, X], [Y, Y])
    # together one waits 0 to 29 minutes, each twice: the 30th of 60 is 10 + 14, the 54th 10 + 26, the last 10 + 29
    assert surface_by_minute(walks, buses, 60, shares=(0.9, 0.5, 1.0))[:, 0].tolist() == [36, 24, 39]
    # each alone has a median of 10 + 29
    assert surface(walks, np.sort(buses, axis=0)[29])[0] == 39


def test_who_walks_first_meets_a_later_bus() -> None:
    # one bus at minute 20, ten minutes to the centre; 5 minutes on foot (288 m), or 4.2 (242 m), which count as 5
    bus = np.array([20 - m + 10 if m <= 20 else np.inf for m in range(30)])[:, None]
    for metres in (288.4, 242.0):
        walks = cell_walks(HexGrid([HOME]), [X + metres], [Y])
        # at the centre at minute 30, whoever sets out at 0 … 9: 30 … 21 minutes, the fifth is 25
        assert surface_by_minute(walks, bus, 10)[0, 0] == 25
        # setting out at 0 … 24: from 16 on it is missed, 16 of 25 are in time: the 13th takes 27, the 17th does not arrive
        median, two_thirds = surface_by_minute(walks, bus, 25, shares=(0.5, 0.68))[:, 0]
        assert median == 27
        assert np.isnan(two_thirds)
    # 288.4 m on foot to the bus, but only 20 minutes all the way
    walks = cell_walks(HexGrid([HOME]), [X + 288.4], [Y])
    assert surface_by_minute(walks, bus, 10, (X, Y + 20 * PER_MINUTE))[0, 0] == pytest.approx(20)


def test_surfaces_agree_with_plain_loops_over_real_stops(vbb_stops: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "PORTION", 50)  # many seams
    grid = cells(shapely.box(*(c - 6_000 for c in EBERSWALDE), *(c + 6_000 for c in EBERSWALDE)))
    near = np.flatnonzero((abs(vbb_stops[0] - EBERSWALDE[0]) < 8_000) & (abs(vbb_stops[1] - EBERSWALDE[1]) < 8_000))
    x, y = vbb_stops[0][near], vbb_stops[1][near]
    assert len(grid) > 250
    assert len(x) > 100
    dice = np.random.default_rng(5)
    window, share, centres = 20, 0.7, np.array([EBERSWALDE, (EBERSWALDE[0] + 4_000, EBERSWALDE[1])])
    minutes = dice.integers(3, 80, (2, window + 15, len(x))).astype(float)
    minutes[dice.random(minutes.shape) < 0.4] = NAN
    walks = cell_walks(grid, x, y)
    plain, exact = surface(walks, minutes[:, 0], centres), surface_by_minute(walks, minutes, window, centres, (share,))
    reached = 0
    for cell, (cx, cy) in enumerate(zip(grid.x, grid.y, strict=True)):
        on_foot = [math.ceil(math.hypot(cx - a, cy - b) / PER_MINUTE * 60) / 60 for a, b in zip(x, y, strict=True)]
        close = [s for s, walk in enumerate(on_foot) if walk <= 15]
        for c, (px, py) in enumerate(centres):
            direct = math.hypot(cx - px, cy - py) / PER_MINUTE
            direct = direct if direct <= 30 else math.inf
            best = min([direct, *(on_foot[s] + minutes[c, 0, s] for s in close if minutes[c, 0, s] < math.inf)])
            assert plain[c, cell] == pytest.approx(best if best < math.inf else NAN, rel=1e-5, nan_ok=True)
            times = []
            for m in range(window):
                walk = {s: math.ceil(on_foot[s]) for s in close}
                rides = [walk[s] + minutes[c, m + walk[s], s] for s in close if minutes[c, m + walk[s], s] < math.inf]
                times.append(min([direct, *rides]))
            wanted = sorted(times)[13]  # 0.7 · 20 = 14 of them
            reached += wanted < math.inf
            assert exact[c, 0, cell] == pytest.approx(wanted if wanted < math.inf else NAN, rel=1e-5, nan_ok=True)
    assert 100 < reached < 2 * len(grid)


def test_input_that_does_not_fit_is_named() -> None:
    walks = cell_walks(HexGrid([HOME]), [X, X + 500], [Y, Y])
    with pytest.raises(InvalidParameter, match="with 2 stops"):
        surface(walks, [1, 2, 3])
    with pytest.raises(InvalidParameter, match="numbers, "):
        surface(walks, ["a", "b"])
    with pytest.raises(InvalidParameter, match=r"minutes=-3: 0 or more"):
        surface(walks, [NAN, -3])
    with pytest.raises(InvalidParameter, match="for each of 1 centres"):
        surface(walks, [1, 2], [(X, Y), (X, Y)])
    with pytest.raises(InvalidParameter, match="with the longest walk 69 rows, here are 60"):  # 500 m: 8.7 minutes
        surface_by_minute(walks, np.ones((60, 2)), 60)
    with pytest.raises(InvalidParameter, match="shares=0: "):
        surface_by_minute(walks, np.ones((80, 2)), 60, shares=(0,))
    with pytest.raises(InvalidParameter, match="1 places without a position"):
        cell_walks(HexGrid([HOME]), [X, NAN], [Y, Y])
    with pytest.raises(InvalidParameter, match=r"kmh=0: 0.5 to 20"):
        Walk(kmh=0)


def test_without_stops_one_can_still_walk() -> None:
    walks = cell_walks(HexGrid([HOME, EAST]), [], [])
    assert np.isnan(surface(walks, [])).all()
    assert surface(walks, [], (X, Y))[0] == 0
    assert surface_by_minute(walks, np.empty((5, 0)), 5, (X, Y))[0, 0] == 0
    assert surface(cell_walks(HexGrid([]), [X], [Y]), [1]).shape == (0,)
