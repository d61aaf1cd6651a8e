"""Areas around stops: isochrones by bus and train, and where each transit access class holds. Pure: no database, no clock, no network.

Both are unions of discs, one per stop, that grow from level to level. Measured with the 13,000 stops of the VBB
(`./dev bench areas`): uniting the discs subset by subset (GEOS DisjointSubsetUnion) takes half as long as uniting them at
once or by tiles and an eighth of uniting them on a grid of 1 m; a buffer of all points at once takes longest. Only what has
grown since the level before is united. Discs have as many corners as the tolerance asks for. Hexagons of the surface would be
faster still, but half a square kilometre is too coarse for an edge that people look up their street by.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from geo.errors import InvalidParameter
from layers.reach.access import Preset, Stops
from layers.reach.ways.walking import DETOUR, WALK_M_S

LEVELS = (15, 30, 45, 60, 90)
MAX_MINUTES = 600
M_PER_MINUTE = WALK_M_S * 60 / DETOUR  # as the crow flies
STOP_MINUTES, CENTRE_MINUTES = 15.0, 30.0  # longest walks: to or from a stop, all the way to a centre
TOLERANCE_M = 20.0
CLASS_TOLERANCE_M = 5.0
HOLE_M2 = 100_000.0  # no point of a smaller hole is more than 178 m, three minutes on foot, from its edge
SPECK_M2 = 1.0  # what rounding leaves where circles touch
MIN_CORNERS = 8


def isochrones(
    x: Any,
    y: Any,
    minutes: Any,
    levels: Sequence[float] = LEVELS,
    *,
    centre: tuple[float, float] | None = None,
    tolerance_m: float = TOLERANCE_M,
    hole_m2: float = HOLE_M2,
) -> dict[float, Any]:
    """Return for each number of minutes the area from which a centre is reached (or that is reached from it).

    Around every stop lies a disc as wide as people walk in the minutes that remain, at most 15; around
    the centre one for the walk all the way, at most 30. Holes smaller than `hole_m2` are filled.

    Parameters
    ----------
    x, y, minutes : one per stop
        Metres, EPSG:25833; minutes between stop and centre, NaN or infinite where there is no connection.
    levels : sequence of float
        Minutes, above 0, at most 600.
    centre : (x, y), optional
        Metres, EPSG:25833.
    tolerance_m : float
        But for filled holes, each area holds what a walk shorter by `tolerance_m` reaches and nothing that needs one longer by it.
        Half of it goes to drawing circles as polygons, half to simplifying. Discs no wider are left out.

    Returns
    -------
    dict of level to MultiPolygon
        EPSG:25833, valid, by rising level, each area inside the next; empty where nothing is reached.
        Their corners grow with the stops reached, not with the overlaps: 4 to 8 a stop, with the VBB at most 63,000 in all.

    Raises
    ------
    InvalidParameter
        For arrays that do not fit, minutes below zero, or levels, tolerance or hole out of range.
    """
    places = _positions(x, y)
    given = np.asarray(minutes, dtype=float)
    if given.shape != (len(places),) or (given < 0).any():
        raise InvalidParameter("minutes", f"shape {given.shape}", f"0 or more, NaN or infinite, one for each of {len(places)} stops")
    if not len(levels) or not all(0 < level <= MAX_MINUTES for level in levels):
        raise InvalidParameter("levels", ", ".join(map(str, levels)), f"one or more numbers above 0, at most {MAX_MINUTES}")
    _check("tolerance_m", tolerance_m, 1, 1_000)
    _check("hole_m2", hole_m2, 0, 1e9)
    wanted = sorted(set(levels))
    left = np.clip(np.subtract.outer(wanted, np.where(np.isnan(given), np.inf, given)), 0, STOP_MINUTES)
    if centre is not None:
        places = np.vstack([places, _positions(*centre)])
        left = np.column_stack([left, np.minimum(wanted, CENTRE_MINUTES)])
    radii = left * M_PER_MINUTE
    radii[radii <= tolerance_m] = 0
    inner: Any = shapely.MultiPolygon()
    areas = {}
    for level, whole in zip(wanted, _growing(places, radii, tolerance_m / 2), strict=True):
        # each level on its own lies within half the tolerance; what the one before has beyond is added, so that they nest
        inner = areas[level] = _without_small_holes(shapely.union(shapely.simplify(whole, tolerance_m / 2), inner), hole_m2)
    return areas


def class_areas(stops: Stops, preset: Preset, tolerance_m: float = CLASS_TOLERANCE_M) -> dict[str, Any]:
    """Return for each transit access class the area where it is the best, as `access.measure` has it for places.

    Parameters
    ----------
    stops : Stops
    preset : Preset
    tolerance_m : float
        How far a polygon's edge may be from the circle it stands for.

    Returns
    -------
    dict of class to MultiPolygon
        EPSG:25833, valid, best class first, disjoint; every class that the method can give, empty where no place has it.

    Raises
    ------
    InvalidParameter
        For stops without a position, categories that do not fit, or a tolerance out of range.
    """
    places = _positions(stops.x, stops.y)
    if len(stops.category) != len(places):
        raise InvalidParameter("category", f"{len(stops.category)} values", f"one for each of {len(places)} stops")
    _check("tolerance_m", tolerance_m, 0.1, 100)
    letters = sorted({letter for row in preset.classes.values() for letter in row if letter})
    radii = np.zeros((len(letters), len(places)))
    for name, row in preset.classes.items():
        of_name = np.flatnonzero(np.asarray(stops.category, dtype=object) == name)
        for level, letter in zip(radii, letters, strict=True):
            level[of_name] = max((r for r, given in zip(preset.radii_m, row, strict=False) if given and given <= letter), default=0.0)
    better: Any = shapely.MultiPolygon()
    areas = {}
    for letter, whole in zip(letters, _growing(places, radii, tolerance_m), strict=True):
        parts = shapely.get_parts(shapely.difference(whole, better))
        areas[letter] = shapely.multipolygons(parts[shapely.area(parts) >= SPECK_M2])
        better = whole
    return areas


def _positions(x: Any, y: Any) -> Any:
    """Return places as an array of shape (n, 2)."""
    x, y = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    if x.ndim != 1 or x.shape != y.shape:
        raise InvalidParameter("x, y", f"shapes {x.shape} and {y.shape}", "two rows of numbers, equally long")
    found = np.column_stack([x, y])
    lost = ~np.isfinite(found).all(axis=1)
    if lost.any():
        raise InvalidParameter("x, y", f"{int(lost.sum())} places without a position", "finite metres in EPSG:25833")
    return found


def _growing(places: Any, radii: Any, error_m: float) -> Iterator[Any]:
    """Yield for each row of radii (level × place, rising by level, 0 for none) the union of its discs."""
    whole: Any = shapely.MultiPolygon()
    before = np.zeros(len(places))
    for row in radii:
        grown = row > before
        if grown.any():
            whole = shapely.union(whole, shapely.disjoint_subset_union_all(_discs(places[grown], row[grown], error_m)))
        before = row
        yield whole


def _discs(places: Any, radii: Any, error_m: float) -> Any:
    """Return a regular polygon for every disc whose edge keeps within `error_m` of the circle, half inside, half outside."""
    corners = max(MIN_CORNERS, math.ceil(math.pi / (2 * math.atan(math.sqrt(error_m / radii.max())))))
    angle = np.arange(corners) * (2 * math.pi / corners)
    outer = radii * (2 / (1 + math.cos(math.pi / corners)))
    return shapely.polygons(places[:, None, :] + outer[:, None, None] * np.column_stack([np.cos(angle), np.sin(angle)]))


def _without_small_holes(area: Any, hole_m2: float) -> Any:
    """Return the area as a MultiPolygon; a hole is united with it, for there may be islands in the hole."""
    parts = shapely.get_parts(area)
    holed = parts[shapely.get_num_interior_rings(parts) > 0]
    holes = [hole for part in holed for hole in shapely.polygons(shapely.get_rings(part)[1:])]
    small = [hole for hole in holes if hole.area < hole_m2]
    whole = shapely.disjoint_subset_union_all([*parts, *small]) if small else area
    return shapely.multipolygons(shapely.get_parts(whole))


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidParameter(name, str(value), f"{low:g} to {high:g}")
