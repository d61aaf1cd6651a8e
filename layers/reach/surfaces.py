"""Travel time to each centre for every hexagon: from minutes at the stops to a surface. Pure: no database, no clock, no network.

A cell's minutes are the smallest, over the stops on foot from its centre, of the walk plus the stop's own minutes, and of
the walk straight to the centre. Walks are as the crow flies × 1.3 at 4.5 km/h; they cross rivers and rails.

`surface` takes one number per stop: right for the best ride, since the smallest of smallest values is the smallest.
A median is not like that: two hourly buses half an hour apart serve a cell every half hour. `surface_by_minute` takes a
number per stop and minute, finds the best stop minute by minute, and only then the median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from geo.errors import InvalidParameter
from layers.reach.hexgrid import HexGrid

PORTION = 4_096  # pairs of cell and stop at a time: two megabytes for 120 minutes, which stay in the cache


@dataclass(frozen=True)
class Walk:
    """How people walk where no streets are known.

    Attributes
    ----------
    kmh, detour : float
        Speed on the way, and the length of the way over the distance as the crow flies.
    max_minutes : float
        Longest walk to or from a stop.
    direct_minutes : float
        Longest walk all the way to a centre.
    """

    kmh: float = 4.5
    detour: float = 1.3
    max_minutes: float = 15.0
    direct_minutes: float = 30.0

    def __post_init__(self) -> None:
        for name, low, high in (("kmh", 0.5, 20.0), ("detour", 1.0, 5.0), ("max_minutes", 0.0, 120.0), ("direct_minutes", 0.0, 240.0)):
            if not low <= getattr(self, name) <= high:
                raise InvalidParameter(name, str(getattr(self, name)), f"{low:g} to {high:g}")

    @property
    def metres_per_minute(self) -> float:
        """As the crow flies."""
        return self.kmh * 1_000 / 60 / self.detour


WALK = Walk()


@dataclass(frozen=True)
class CellWalks:
    """Stops on foot from the cells of a grid; those of cell c stand at start[c] … start[c + 1].

    The three arrays are laid out as the places of the connection scan, whose `reduce` takes them as they are.

    Attributes
    ----------
    stops : int
        How many stops there are in all.
    start : int32, cells + 1
    stop, walk_s : int32, one per pair
        Index of the stop; seconds on foot, rounded up.
    """

    grid: HexGrid
    walk: Walk
    stops: int
    start: Any
    stop: Any
    walk_s: Any


def positions(x: Any, y: Any) -> Any:
    """Return places as an array of shape (n, 2).

    Raises
    ------
    InvalidParameter
        When x and y differ in length or are not finite.
    """
    x, y = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    if x.ndim != 1 or x.shape != y.shape:
        raise InvalidParameter("x, y", f"shapes {x.shape} and {y.shape}", "two rows of numbers, equally long")
    found = np.column_stack([x, y])
    lost = ~np.isfinite(found).all(axis=1)
    if lost.any():
        raise InvalidParameter("x, y", f"{int(lost.sum())} places without a position", "finite metres in EPSG:25833")
    return found


def cell_walks(grid: HexGrid, x: Any, y: Any, walk: Walk = WALK) -> CellWalks:
    """Find the stops on foot from every cell's centre, once for all centres and days.

    Parameters
    ----------
    x, y : one per stop
        Metres, EPSG:25833.

    Raises
    ------
    InvalidParameter
        For stops without a position.
    """
    from scipy.spatial import cKDTree  # half a second to load, and most starts compute nothing

    stops = positions(x, y)
    start = np.zeros(len(grid) + 1, dtype=np.int32)
    if not len(grid) or not len(stops):
        return CellWalks(grid, walk, len(stops), start, np.empty(0, np.int32), np.empty(0, np.int32))
    radius = walk.max_minutes * walk.metres_per_minute
    pairs = cKDTree(np.column_stack([grid.x, grid.y])).sparse_distance_matrix(cKDTree(stops), radius, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs["j"], pairs["i"]))]
    start[1:] = np.cumsum(np.bincount(pairs["i"], minlength=len(grid)))
    seconds = np.ceil(pairs["v"] * 60 / walk.metres_per_minute - 1e-6)
    return CellWalks(grid, walk, len(stops), start, pairs["j"].astype(np.int32), seconds.astype(np.int32))


def surface(walks: CellWalks, minutes: Any, centres: Any = None) -> Any:
    """Return the minutes of every cell from one number per stop.

    Parameters
    ----------
    walks : CellWalks
    minutes : (stop,) or (centre, stop)
        From the stop to the centre; NaN or infinite where there is no connection.
    centres : (2,) or (centre, 2), optional
        x and y of the centres, metres, EPSG:25833; without them nobody walks all the way.

    Returns
    -------
    float32, (cell,) or (centre, cell)
        NaN where the centre cannot be reached.

    Raises
    ------
    InvalidParameter
        For arrays that do not fit, or minutes below zero.
    """
    given = _minutes(walks, minutes, 1)
    places = _centres(centres, given)
    on_foot = (walks.walk_s / 60).astype(np.float32)
    served = np.flatnonzero(np.diff(walks.start))
    found = np.full((len(given), len(walks.grid)), np.inf, dtype=np.float32)
    for row, of_stop, place in zip(found, given, places, strict=True):
        if len(served):
            row[served] = np.minimum.reduceat(_finite(of_stop)[walks.stop] + on_foot, walks.start[served])
        np.minimum(row, _direct(walks, place), out=row)
    found[np.isinf(found)] = np.nan
    return found if np.ndim(minutes) == 2 else found[0]


def surface_by_minute(walks: CellWalks, minutes: Any, window: int, centres: Any = None, shares: Sequence[float] = (0.5,)) -> Any:
    """Return the median (or other shares) over the minutes of a window, taken after the best stop of each minute.

    Who sets out from a cell at minute m and walks w minutes stands at the stop at minute m + w: that row of the stop
    counts. Walks take whole minutes here, rounded up.

    Parameters
    ----------
    walks : CellWalks
    minutes : (row, stop) or (centre, row, stop)
        One row a minute, from standing at the stop to being at the centre, waiting included; NaN or infinite where there is
        no connection. The rows after the window are for those who first walk to the stop.
    window : int
        Minutes of the window.
    centres : (2,) or (centre, 2), optional
        As in `surface`.
    shares : sequence of float
        0.5 is the median: so long or less it takes in at least half of the minutes (nearest rank).

    Returns
    -------
    float32, (share, cell) or (centre, share, cell)
        NaN where the centre is not reached in so many of the minutes.

    Raises
    ------
    InvalidParameter
        As `surface`; when there are too few rows for window and longest walk; for shares not above 0 or above 1.
    """
    given = _minutes(walks, minutes, 2)
    places = _centres(centres, given)
    later = -(-walks.walk_s // 60)
    needed = window + int(later.max(initial=0))
    if window < 1 or given.shape[1] < needed:
        raise InvalidParameter("window", str(window), f"at least 1; with the longest walk {needed} rows, here are {given.shape[1]}")
    if not shares or not all(0 < s <= 1 for s in shares):
        raise InvalidParameter("shares", ", ".join(map(str, shares)), "one or more numbers above 0, at most 1")
    ranks = [int(np.ceil(window * share - 1e-9)) - 1 for share in shares]
    found = np.full((len(given), len(ranks), len(walks.grid)), np.inf, dtype=np.float32)
    for rows, by_stop, place in zip(found, given, places, strict=True):
        _reduce(walks, np.ascontiguousarray(_finite(by_stop).T), later, window, ranks, rows)
        # the walk all the way takes as long at every minute, so it may come after the rank
        np.minimum(rows, _direct(walks, place), out=rows)
    found[np.isinf(found)] = np.nan
    return found if np.ndim(minutes) == 3 else found[0]


def _reduce(walks: CellWalks, by_stop: Any, later: Any, window: int, ranks: list[int], into: Any) -> None:
    """Write the ranks of every cell that has stops; some thousand pairs at a time."""
    from_minute = np.lib.stride_tricks.sliding_window_view(by_stop, window, axis=1)
    served = np.flatnonzero(np.diff(walks.start))
    first, end = walks.start[served], walks.start[served + 1]
    cuts = np.unique(np.append(np.searchsorted(first, np.arange(0, len(walks.stop), PORTION)), len(served)))
    for low, high in pairwise(cuts):
        pairs = slice(first[low], end[high - 1])
        total = from_minute[walks.stop[pairs], later[pairs]] + later[pairs, None].astype(np.float32)
        best = np.minimum.reduceat(total, first[low:high] - first[low], axis=0)
        best.partition(sorted(set(ranks)), axis=1)
        into[:, served[low:high]] = best[:, ranks].T


def _minutes(walks: CellWalks, minutes: Any, dimensions: int) -> Any:
    """Return the minutes with a first axis of centres."""
    given = np.asarray(minutes)
    if given.dtype.kind not in "fiu" or given.ndim not in (dimensions, dimensions + 1) or given.shape[-1] != walks.stops:
        wanted = f"{'row, ' if dimensions == 2 else ''}stop"
        raise InvalidParameter(
            "minutes", f"{given.dtype} of shape {given.shape}", f"numbers, ({wanted}) or (centre, {wanted}) with {walks.stops} stops"
        )
    given = given if given.ndim == dimensions + 1 else given[None]
    lowest = np.fmin.reduce(given, axis=None, initial=0)
    if lowest < 0:
        raise InvalidParameter("minutes", f"{lowest:g}", "0 or more; NaN or infinite where there is no connection")
    return given


def _centres(centres: Any, given: Any) -> list[Any]:
    if centres is None:
        return [None] * len(given)
    places = np.asarray(centres, dtype=float)
    places = places[None] if places.ndim == 1 else places
    if places.shape != (len(given), 2) or not np.isfinite(places).all():
        raise InvalidParameter("centres", f"shape {places.shape}", f"x and y, finite, for each of {len(given)} centres")
    return list(places)


def _finite(minutes: Any) -> Any:
    return np.where(np.isnan(minutes), np.inf, minutes).astype(np.float32)


def _direct(walks: CellWalks, place: Any) -> Any:
    """Return the minutes on foot from every cell to the centre, infinite when nobody walks so far."""
    if place is None:
        return np.float32(np.inf)
    minutes = np.hypot(walks.grid.x - place[0], walks.grid.y - place[1]) / walks.walk.metres_per_minute
    return np.where(minutes <= walks.walk.direct_minutes, minutes, np.inf).astype(np.float32)
