"""Hexagons of half a square kilometre, the same ones in every run. Pure: no database, no clock, no network.

The grid is fixed: pointy-top hexagons whose cell (0, 0) is centred at `ORIGIN`. A cell's id is made of its axial
coordinates, so it names the same hexagon whatever outline a grid was cut from. Coordinates and rounding after
Amit Patel, "Hexagonal Grids" (redblobgames.com/grids/hexagons).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geo.errors import InvalidParameter

CELL_M2 = 500_000.0
SIDE_M = math.sqrt(2 * CELL_M2 / (3 * math.sqrt(3)))  # 438.7 m: edge, and centre to corner
WIDTH_M = math.sqrt(3) * SIDE_M  # 759.8 m: between centres of neighbours
ORIGIN = (400_000.0, 5_800_000.0)  # EPSG:25833, at the edge of Berlin
LIMIT = 2**14  # of each axial coordinate
FAR = 2**13  # sides from the origin to the farthest point: 3,594 km
MAX_CELLS = 5_000_000
NO_CELL = -1
CORNERS = np.array([(1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2), (1, -1), (1, 1)])  # in half widths and half sides


@dataclass(frozen=True, eq=False)
class HexGrid:
    """A set of cells.

    Attributes
    ----------
    ids : int64, one per cell
        Strictly rising; each fits a 32-bit column.

    Raises
    ------
    InvalidParameter
        When the ids do not rise or are no ids.
    """

    ids: Any

    def __post_init__(self) -> None:
        ids = np.asarray(self.ids, dtype=np.int64).reshape(-1)
        if (np.diff(ids) <= 0).any() or (len(ids) and (ids[0] < 0 or ids[-1] >= 4 * LIMIT**2)):
            raise InvalidParameter("ids", f"{len(ids)} numbers", f"strictly rising, from 0 to {4 * LIMIT**2 - 1}")
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def q(self) -> Any:
        """Axial column of every cell: steps to the east."""
        return self.ids // (2 * LIMIT) - LIMIT

    @property
    def r(self) -> Any:
        """Axial row of every cell: steps to the north-north-east."""
        return self.ids % (2 * LIMIT) - LIMIT

    @cached_property
    def x(self) -> Any:
        """East of the centres in metres, EPSG:25833."""
        return ORIGIN[0] + WIDTH_M / 2 * (2 * self.q + self.r)

    @cached_property
    def y(self) -> Any:
        """North of the centres in metres, EPSG:25833."""
        return ORIGIN[1] + SIDE_M / 2 * (3 * self.r)

    def polygons(self) -> Any:
        """Return the hexagons as an array of Polygon, EPSG:25833; neighbours share their corners to the last bit."""
        corner = np.stack([2 * self.q + self.r, 3 * self.r], axis=-1)[:, None, :] + CORNERS
        return shapely.polygons(np.array(ORIGIN) + corner * np.array([WIDTH_M / 2, SIDE_M / 2]))

    def index_at(self, x: Any, y: Any) -> Any:
        """Return for every point the index of its cell, -1 where the grid has none; see `cell_ids`."""
        if not len(self):
            return np.full(np.shape(x), NO_CELL)
        wanted = cell_ids(x, y)
        found = np.minimum(np.searchsorted(self.ids, wanted), len(self) - 1)
        return np.where(self.ids[found] == wanted, found, NO_CELL)


def cell_ids(x: Any, y: Any) -> Any:
    """Return the id of the cell around every point (metres, EPSG:25833), by arithmetic alone.

    Returns
    -------
    int64, like x
        -1 where a coordinate is not finite or farther than 3,500 km from the origin. A point on an edge belongs to one of its cells.
    """
    east = (np.asarray(x, dtype=float) - ORIGIN[0]) / SIDE_M
    north = (np.asarray(y, dtype=float) - ORIGIN[1]) / SIDE_M
    known = (np.abs(east) < FAR) & (np.abs(north) < FAR)
    east, north = np.where(known, east, 0.0), np.where(known, north, 0.0)
    q, r = east / math.sqrt(3) - north / 3, north * 2 / 3
    # three coordinates that add up to nought stay so when the one that moved most is mended
    near_q, near_r, near_s = np.rint(q), np.rint(r), np.rint(-q - r)
    off_q, off_r, off_s = np.abs(near_q - q), np.abs(near_r - r), np.abs(near_s + q + r)
    mend_q = (off_q > off_r) & (off_q > off_s)
    mend_r = ~mend_q & (off_r > off_s)
    q, r = np.where(mend_q, -near_r - near_s, near_q), np.where(mend_r, -near_q - near_s, near_r)
    return np.where(known, _id(q.astype(np.int64), r.astype(np.int64)), NO_CELL)


def cells(outline: Any) -> HexGrid:
    """Return the cells whose centres lie in an outline.

    Parameters
    ----------
    outline : Polygon or MultiPolygon
        EPSG:25833. Centres on its edge count.

    Raises
    ------
    InvalidParameter
        When the outline is no valid area in metres or holds more than five million cells.
    """
    if not isinstance(outline, shapely.Polygon | shapely.MultiPolygon) or outline.is_empty or not outline.is_valid:
        given = shapely.is_valid_reason(outline) if isinstance(outline, shapely.Geometry) else type(outline).__name__
        raise InvalidParameter("outline", given, "a valid Polygon or MultiPolygon that is not empty")
    low_x, low_y, high_x, high_y = outline.bounds
    if max(abs(low_x), abs(high_x), abs(low_y), abs(high_y)) <= 360:
        raise InvalidParameter("outline", f"bounds {outline.bounds}", "metres in EPSG:25833, not degrees")
    size = (high_x - low_x) * (high_y - low_y) / CELL_M2
    far = max(abs(low_x - ORIGIN[0]), abs(high_x - ORIGIN[0]), abs(low_y - ORIGIN[1]), abs(high_y - ORIGIN[1]))
    if size > MAX_CELLS or far > FAR * SIDE_M:
        raise InvalidParameter("outline", f"bounds of {size:.0f} cells", f"at most {MAX_CELLS} cells, at most 3,500 km from Brandenburg")
    first = math.floor((low_y - ORIGIN[1]) / (1.5 * SIDE_M))
    r = np.arange(first, math.ceil((high_y - ORIGIN[1]) / (1.5 * SIDE_M)) + 1)[:, None]
    q = np.floor((low_x - ORIGIN[0]) / WIDTH_M - r / 2).astype(np.int64) + np.arange(math.ceil((high_x - low_x) / WIDTH_M) + 2)
    candidates = HexGrid(np.sort(_id(q, r), axis=None))
    shapely.prepare(outline)
    return HexGrid(candidates.ids[shapely.intersects_xy(outline, candidates.x, candidates.y)])


def _id(q: Any, r: Any) -> Any:
    return (q + LIMIT) * (2 * LIMIT) + r + LIMIT
