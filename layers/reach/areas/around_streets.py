"""Isochrones: the area around the streets that are reached in so many minutes. Pure: no database, no clock, no network.

Method: Dijkstra over the streets within the distance that the fastest street of the mode allows. Streets that are
reached in part are cut where the time ends. What is reached is buffered and holes below a size are filled; both sizes
stand in the preset (`data/presets/streets.toml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from geo.errors import InvalidParameter
from layers.reach.streets import SNAP_LIMIT_M, Snapped, StreetGraph, matrix_of, snap
from layers.reach.ways.street_rules import Rules, load_rules
from layers.reach.ways.walking import WALK_M_S

MAX_MINUTES = 120
ARC = 4  # segments of a quarter circle: at most 2 % of the buffer off


def isochrones(
    graph: StreetGraph, mode: str, source: tuple[float, float], minutes: Sequence[float], *, rules: Rules | None = None
) -> dict[float, Any]:
    """Return for each number of minutes the area that is reached from a place.

    Parameters
    ----------
    source : (x, y)
        Metres, EPSG:25833. The way to its street is walked and takes its part of the time.
    minutes : sequence of float
        Above 0, at most 120.

    Returns
    -------
    dict of minutes to Polygon or MultiPolygon
        EPSG:25833, valid, each inside the next to the centimetre; empty where the time ends before the street.

    Raises
    ------
    InvalidParameter
        When the minutes are not allowed, or no street that the mode may use is within 500 m of the place.
    """
    rules = rules or load_rules()
    if not minutes or not all(0 < m <= MAX_MINUTES for m in minutes):
        raise InvalidParameter("minutes", ", ".join(map(str, minutes)), f"numbers above 0, at most {MAX_MINUTES}")
    at = snap(graph, source[0], source[1], mode)
    if at.edge[0] < 0:
        raise InvalidParameter("source", f"{source[0]:.0f},{source[1]:.0f}", f"a place within {SNAP_LIMIT_M:.0f} m of a street for {mode}")
    line, cost, at_ends = _streets_around(graph, mode, at, 60 * max(minutes))
    done = np.zeros(len(line), bool)
    area: Any = shapely.Polygon()
    areas = {}
    for limit in sorted(set(minutes)):
        reached = _share(60 * limit - at_ends, cost)
        whole = ~done & (reached.sum(axis=1) >= 1)
        done |= whole
        part = ~done & (reached > 0).any(axis=1)
        area = areas[limit] = _around([*line[whole], *_cut(line[part], reached[part])], area, rules)
    return {m: areas[m] for m in minutes}


def _streets_around(graph: StreetGraph, mode: str, at: Snapped, limit_s: float) -> tuple[Any, Any, Any]:
    """Return shapes, seconds there and back, and the seconds at which their two ends are reached; the source's street in two halves."""
    seconds = graph.mode_seconds(mode)
    own, share, gap_s = int(at.edge[0]), float(at.share[0]), float(at.gap_m[0]) / WALK_M_S
    middle = shapely.line_interpolate_point(graph.lines(np.array([own]))[0], share, normalized=True)
    # nothing that is reached lies farther than the fastest street leads
    radius = limit_s * graph.fastest_m_s(mode)
    near = (np.abs(graph.x - middle.x) <= radius) & (np.abs(graph.y - middle.y) <= radius)
    edges = np.flatnonzero((near[graph.edge_from] | near[graph.edge_to]) & np.isfinite(seconds).any(axis=1))
    edges = np.append(edges[edges != own], own)  # the source's street is there whatever its length
    nodes, number = np.unique(np.concatenate([graph.edge_from[edges], graph.edge_to[edges]]), return_inverse=True)
    a, b = number[: len(edges)], number[len(edges) :]
    line, cost = graph.lines(edges), seconds[edges].astype(float)

    here = len(nodes)
    a, b = np.append(a, here), np.append(b, b[-1])
    b[-2] = here
    halves = [substring(line[-1], 0, share, normalized=True), substring(line[-1], share, 1, normalized=True)]
    line = np.append(line[:-1], np.array(halves, dtype=object))
    with np.errstate(invalid="ignore"):
        cost = np.vstack([cost[:-1], np.nan_to_num(np.outer([share, 1 - share], cost[-1]), nan=0.0, posinf=np.inf)])
    at_node = gap_s + dijkstra(matrix_of(here + 1, a, b, *cost.T), indices=here, limit=max(limit_s - gap_s, 0.0))
    real = shapely.length(line) > 0
    return line[real], cost[real], np.column_stack([at_node[a], at_node[b]])[real]


def _share(left_s: Any, cost: Any) -> Any:
    """Return which share of a street is gone in the time that is left at its end."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left_s > 0, np.clip(left_s / cost, 0.0, 1.0), 0.0)


def _cut(line: Any, reached: Any) -> list[Any]:
    """Return the reached parts of streets: a share from the start, a share from the end."""
    heads = [substring(shape, 0, share, normalized=True) for shape, share in zip(line, reached[:, 0], strict=True) if share > 0]
    return heads + [substring(shape, 1 - share, 1, normalized=True) for shape, share in zip(line, reached[:, 1], strict=True) if share > 0]


def _around(lines: list[Any], inner: Any, rules: Rules) -> Any:
    """Return the area around lines together with an inner area, small holes filled."""
    around = shapely.buffer(np.array(lines, dtype=object), rules.buffer_m, quad_segs=ARC)
    area = shapely.union_all([*around, inner])
    return shapely.union_all([_filled(p, rules.fill_below_m2) for p in shapely.get_parts(area)])


def _filled(polygon: Any, below_m2: float) -> Any:
    return shapely.Polygon(polygon.exterior, [hole for hole in polygon.interiors if shapely.Polygon(hole).area >= below_m2])
