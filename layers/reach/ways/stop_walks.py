"""Walks from places to stops along streets. Pure: no database, no clock, no network; importing this module imports numba.

Method: from every stop a Dijkstra search backwards over the streets, which ends where the longest walk ends and so costs the
same however large the network is. It meets the places at the ends of their streets; who shares a street with a stop walks along it.
What lies farther than 500 m from every street (`streets.SNAP_LIMIT_M`) is not covered: there the crow flies.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from layers.reach.streets import StreetGraph, along, legs, same_edge, snap
from layers.reach.transit.connections import Access
from layers.reach.transit.kernels import compiled
from layers.reach.ways.walking import WALK_M_S

MODE = "walk"
ROUNDING_MIN = 1e-3  # positions on streets are known to the centimetre, 0.01 s


def along_streets(graph: StreetGraph, places: tuple[Any, Any], stops: tuple[Any, Any], crow: Access, longest_s: float) -> Access:
    """Return the stops on foot from places: along streets, and as the crow flies where place or stop is not covered.

    Parameters
    ----------
    places, stops : (x, y)
        Metres, EPSG:25833.
    crow : Access
        The walks as the crow flies, of all places.
    longest_s : float
        The longest walk along streets.
    """
    at = snap(graph, *places, MODE)
    covered = at.edge >= 0
    if not covered.any():
        return crow
    radius = longest_s * max(WALK_M_S, graph.fastest_m_s(MODE))
    metres, _place = cKDTree(np.column_stack(places)[covered]).query(np.column_stack(stops), distance_upper_bound=radius)
    near = np.flatnonzero(np.isfinite(metres))
    to = snap(graph, stops[0][near], stops[1][near], MODE)
    met = _met_at_junctions(graph, *legs(graph, MODE, at), *legs(graph, MODE, to, arriving=True), longest_s)
    place, stop = same_edge(at.edge, to.edge)
    direct = along(graph, MODE, at, to, place, stop)
    within = direct <= longest_s
    flown = np.repeat(np.arange(len(covered)), np.diff(crow.start))
    kept = ~covered[flown] | np.isin(crow.stop, near[to.edge < 0])
    walked_s = np.concatenate([met[2], direct[within]])
    walk_s = np.concatenate([np.ceil(walked_s / 60 - ROUNDING_MIN) * 60, crow.walk_s[kept]]).astype(np.int32)
    place = np.concatenate([met[0], place[within], flown[kept]])
    stop = np.concatenate([near[np.concatenate([met[1], stop[within]])], crow.stop[kept]])
    order = np.lexsort((walk_s, stop, place))
    place, stop, walk_s = place[order], stop[order], walk_s[order]
    fastest = np.append(True, (np.diff(place) != 0) | (np.diff(stop) != 0))[: len(place)]
    start = np.append(0, np.cumsum(np.bincount(place[fastest], minlength=len(covered))))
    return Access(start.astype(np.int32), stop[fastest].astype(np.int32), walk_s[fastest])


def _met_at_junctions(graph: StreetGraph, ends: Any, cost: Any, stop_ends: Any, stop_cost: Any, longest_s: float) -> tuple[Any, Any, Any]:
    """Return place, stop and seconds of all ways within the longest walk that lead over a junction."""
    place, side = np.nonzero(cost <= longest_s)
    junction = ends[place, side]
    order = np.argsort(junction, kind="stable")
    start = np.append(0, np.cumsum(np.bincount(junction, minlength=len(graph.x))))
    matrix = graph.matrix(MODE, reverse=True)
    network = (matrix.indptr, matrix.indices, matrix.data)
    pairs, seconds = _search(network, stop_ends, stop_cost, start, place[order], cost[place, side][order], longest_s)
    return pairs[:, 0], pairs[:, 1], seconds


@compiled
def _search(network: Any, stop_ends: Any, stop_cost: Any, at: Any, place: Any, leg: Any, longest: float) -> tuple[Any, Any]:
    """Return pairs of place and stop, and seconds; the places at junction n are those of at[n] … at[n + 1]."""
    start, other, seconds = network
    far = np.full(len(start) - 1, np.inf)
    pairs, took, used = np.empty((1 << 16, 2), np.int64), np.empty(1 << 16), 0
    for stop in range(len(stop_ends)):
        heap = [(0.0, np.int64(-1))]
        heap.pop()
        for k in range(2):
            n, s = np.int64(stop_ends[stop, k]), stop_cost[stop, k]
            if s <= longest and s < far[n]:
                far[n] = s
                heappush(heap, (s, n))
        seen = [n for _s, n in heap]
        while len(heap):
            s, n = heappop(heap)
            if s > far[n]:
                continue
            for i in range(at[n], at[n + 1]):
                if s + leg[i] <= longest:
                    if used == len(pairs):
                        pairs, took = np.concatenate((pairs, pairs)), np.concatenate((took, took))
                    pairs[used, 0], pairs[used, 1], took[used] = place[i], stop, s + leg[i]
                    used += 1
            for e in range(start[n], start[n + 1]):
                m, later = np.int64(other[e]), s + seconds[e]
                if later <= longest and later < far[m]:
                    far[m] = later
                    heappush(heap, (later, m))
                    seen.append(m)
        for n in seen:
            far[n] = np.inf
    return pairs[:used], took[:used]
