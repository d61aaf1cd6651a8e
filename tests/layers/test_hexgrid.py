"""Hexagons: worked out by hand on round coordinates, and over Brandenburg and Berlin."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geo.errors import InvalidParameter
from layers.reach.areas.hexgrid import ORIGIN, HexGrid, cell_ids, cells

DATA = Path(__file__).resolve().parents[2] / "data"
X, Y = ORIGIN
HOME = 536_887_296  # cell (0, 0): 16384 · 32768 + 16384
EAST, WEST, NORTH = HOME + 32_768, HOME - 32_768, HOME + 1
NAN = float("nan")


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
