"""Random towns: the street search against a plain Dijkstra over single segments."""

from __future__ import annotations

import heapq
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.reach.streets import Snapped, StreetGraph, minutes_between, seconds_to_nearest
from layers.reach.ways.osm_streets import read_graph
from tests.layers.osm_town import ORIGIN, write_pbf

KINDS: dict[str, tuple[dict[str, str], float, float]] = {  # km/h along and against, for cars
    "street": ({"highway": "residential"}, 25, 25),
    "one-way": ({"highway": "residential", "oneway": "yes"}, 25, 0),
    "other way": ({"highway": "tertiary", "oneway": "-1"}, 0, 40),
    "slow": ({"highway": "service"}, 15, 15),
    "private": ({"highway": "service", "access": "private"}, 0, 0),
    "footway": ({"highway": "footway"}, 0, 0),
}


@st.composite
def towns(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]], set[str]]:
    names = "ABCDEFGHIJ"[: draw(st.integers(3, 10))]
    spots = draw(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=len(names), max_size=len(names), unique=True))
    nodes = {n: (100.0 * x, 100.0 * y) for n, (x, y) in zip(names, spots, strict=True)}
    ways = draw(st.lists(st.tuples(st.text(names, min_size=2, max_size=6), st.sampled_from(sorted(KINDS))), min_size=1, max_size=8))
    used: set[frozenset[str]] = set()
    kept = []
    for word, kind in ways:  # no segment twice, so that a place has one street; no step on the spot
        pairs = [frozenset(p) for p in itertools.pairwise(word)]
        if all(len(p) == 2 for p in pairs) and len(set(pairs)) == len(pairs) and not used & set(pairs):
            used |= set(pairs)
            kept.append((word, kind))
    return nodes, kept, draw(st.sets(st.sampled_from(names), max_size=2))


def plain(nodes: dict[str, tuple[float, float]], ways: list[tuple[str, str]], bollards: set[str], start: object, end: object) -> float:
    """Return a car's seconds between two places (way, segment, share): nodes and places as a graph, a heap, nothing else."""
    links: dict[object, list[tuple[object, float]]] = {}
    for w, (word, kind) in enumerate(ways):
        _tags, there, back = KINDS[kind]
        for s, (a, b) in enumerate(itertools.pairwise(word)):
            length = math.dist(nodes[a], nodes[b])
            stops = sorted([(0.0, a), (1.0, b), *((p[2], p) for p in {start, end} if p[:2] == (w, s))], key=lambda t: t[0])  # type: ignore[index,arg-type]
            for (t, p), (u, q) in itertools.pairwise(stops):
                if there:
                    links.setdefault(p, []).append((q, (u - t) * length / (there / 3.6)))
                if back:
                    links.setdefault(q, []).append((p, (u - t) * length / (back / 3.6)))
    best, heap, order = {}, [(0.0, 0, start)], 1
    while heap:
        far, _order, here = heapq.heappop(heap)
        if here in best:
            continue
        best[here] = far
        if here in bollards:
            continue  # reached, not passed
        for to, cost in links.get(here, []):
            heapq.heappush(heap, (far + cost, order, to))
            order += 1
    return best.get(end, math.inf)


def on_edge(graph: StreetGraph, a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[int, float] | None:
    """Return edge and share of a point on the segment a-b, found by the segment's two ends in the edges' shapes."""
    for e in range(len(graph.length_m)):
        shape = graph.shape_cm[graph.shape_start[e] : graph.shape_start[e + 1]] / 100.0 - np.array(ORIGIN)
        steps = np.append(0, np.cumsum(np.hypot(*np.diff(shape, axis=0).T)))
        for i in range(len(shape) - 1):
            for p, q, t in ((a, b, share), (b, a, 1 - share)):
                if np.allclose(shape[i], p, atol=0.1) and np.allclose(shape[i + 1], q, atol=0.1):
                    return e, (steps[i] + t * (steps[i + 1] - steps[i])) / steps[-1]
    return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=towns(), data=st.data())
def test_random_towns_agree_with_a_plain_dijkstra(case: tuple, data: st.DataObject, tmp_path: Path) -> None:
    nodes, ways, bollards = case
    drivable = [(w, s) for w, (word, kind) in enumerate(ways) if kind not in ("private", "footway") for s in range(len(word) - 1)]
    if not drivable:
        return
    tags = [(word, KINDS[kind][0]) for word, kind in ways]
    graph = read_graph(write_pbf(tmp_path / "r.osm.pbf", nodes, tags, {n: {"barrier": "bollard"} for n in bollards}))
    spot = st.tuples(st.sampled_from(drivable), st.sampled_from([0.2, 0.35, 0.5, 0.8])).map(lambda t: (*t[0], t[1]))
    places = data.draw(st.lists(spot, min_size=1, max_size=4, unique=True))
    facilities = data.draw(st.lists(spot, min_size=1, max_size=4, unique=True))

    def snapped(spots: list[tuple[int, int, float]]) -> Snapped:
        found = [on_edge(graph, nodes[ways[w][0][s]], nodes[ways[w][0][s + 1]], t) for w, s, t in spots]
        edge, share = (np.array(v) for v in zip(*[f for f in found if f], strict=True))
        assert len(edge) == len(spots)
        return Snapped(edge, share, np.zeros(len(edge)), graph.edge_from[edge], np.zeros(len(edge)))

    at_places, at_facilities = snapped(places), snapped(facilities)
    far = np.array([[plain(nodes, ways, bollards, p, f) for f in facilities] for p in places])
    answer = seconds_to_nearest(graph, "car", at_places, at_facilities)
    np.testing.assert_allclose(answer.seconds, far.min(axis=1), atol=0.1)
    for i, f in enumerate(answer.facility):
        assert (f == -1) == np.isinf(far[i].min())
        assert f == -1 or far[i, f] == pytest.approx(far[i].min(), abs=0.1)
    one = Snapped(
        *(v[:1] for v in (at_facilities.edge, at_facilities.share, at_facilities.gap_m, at_facilities.node, at_facilities.node_m))
    )
    to_first = minutes_between(graph, "car", at_places, Snapped(*(np.repeat(v, len(places)) for v in vars(one).values())))
    np.testing.assert_allclose(to_first * 60, far[:, 0], atol=0.1)
