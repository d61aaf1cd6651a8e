"""What the map shows of too many rows to send: circles for what is near on the screen, and pieces of the ground. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from geo import crs
from geo.columnar import CM, Table

CELL = 72  # pixels, as in web/static/js/clusters.js
PIXELS = 256  # of the world's width at zoom 0
WORLD = 2.0**32  # steps around the equator
STEPS = WORLD / PIXELS  # of the stored coordinates per pixel at zoom 0
TILE_ZOOM = 11  # from here on the browser loads the rows of the pieces it shows


def world_of(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return Web Mercator coordinates (uint32, from the north-west, the world's width = 2³²)."""
    x, y = crs.transformer(crs.STORAGE, crs.MERCATOR).transform(table.x / CM, table.y / CM)
    half = crs.MERCATOR_HALF_M
    return ((x + half) / (2 * half) * WORLD).astype(np.uint32), ((half - y) / (2 * half) * WORLD).astype(np.uint32)


def box_of(world: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> list[float] | None:
    """Return (west, north, east, south) around rows in pixels at zoom 0; None without rows."""
    if not len(rows):
        return None
    x, y = world[0][rows], world[1][rows]
    return [round(float(v) / STEPS, 6) for v in (x.min(), y.min(), x.max(), y.max())]


def spots_of(
    world: tuple[np.ndarray, np.ndarray], rows: np.ndarray, codes: np.ndarray, classes: int, zoom: float, box: tuple[float, ...]
) -> list[list[Any]]:
    """Gather rows by the cells of a fixed grid.

    Parameters
    ----------
    world : two uint32 arrays
        Web Mercator, the world's width = 2³².
    rows : array of int
        Numbers of the rows to gather.
    codes : array
        The class of each row (0 … classes − 1).
    zoom : float
        Web map zoom.
    box : (west, north, east, south)
        What is looked at, in pixels at zoom 0.

    Returns
    -------
    list of [x, y, n, first row, west, north, east, south, share per class …]
        In pixels at zoom 0; one entry per cell that holds rows.
    """
    x, y = world[0][rows] / STEPS, world[1][rows] / STEPS
    seen = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    rows, x, y = rows[seen], x[seen], y[seen]
    if not len(rows):
        return []
    scale = 2.0**zoom / CELL
    column, line = np.floor(x * scale).astype(np.int64), np.floor(y * scale).astype(np.int64)
    cells, place = np.unique(line * 2**32 + column, return_inverse=True)
    n = np.bincount(place)
    shares = np.bincount(place * classes + codes[rows], minlength=len(cells) * classes).reshape(-1, classes)
    first = np.full(len(cells), len(rows))
    np.minimum.at(first, place, np.arange(len(rows)))
    edges = [np.full(len(cells), edge) for edge in (np.inf, np.inf, -np.inf, -np.inf)]
    for at, (least, value) in enumerate(((np.minimum, x), (np.minimum, y), (np.maximum, x), (np.maximum, y))):
        least.at(edges[at], place, value)
    middle = (np.bincount(place, x) / n, np.bincount(place, y) / n)
    numbers = [np.round(v, 6).tolist() for v in (*middle, *edges)]
    return [
        [numbers[0][i], numbers[1][i], int(n[i]), int(rows[first[i]]), *(numbers[k][i] for k in range(2, 6)), *shares[i].tolist()]
        for i in range(len(cells))
    ]


def rows_of_tile(world: tuple[np.ndarray, np.ndarray], x: int, y: int) -> np.ndarray:
    """Return the numbers of the rows in a tile of `TILE_ZOOM`."""
    shift = 32 - TILE_ZOOM
    return np.flatnonzero((world[0] >> np.uint32(shift) == x) & (world[1] >> np.uint32(shift) == y))
