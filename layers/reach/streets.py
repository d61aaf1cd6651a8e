"""A graph of streets and what it answers: the nearest street, the nearest facility, minutes. Pure.

Method: Dijkstra (scipy.sparse.csgraph). An edge runs from junction to junction and keeps its shape, so places lie at a
share of an edge and not at its nearest node; searches start and end there. What lies between a place and its street is
walked at the walking speed, whatever the mode. Lengths are planar in EPSG:25833, at most 0.1 % off in Brandenburg.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geo.errors import InvalidFile, InvalidParameter
from layers.reach.ways.walking import WALK_M_S, Nearest, Walking

FORMAT = 1  # of the kept files; raise it when the arrays change their meaning
SNAP_LIMIT_M = 500.0
AT_ONCE = 4  # searches whose results are held together
ARRAYS = ("x", "y", "edge_from", "edge_to", "length_m", "shape_start", "shape_cm")


@dataclass(eq=False)
class StreetGraph:
    """Streets as arrays. Only the caches change after reading.

    Attributes
    ----------
    x, y : (nodes,) float64
        Metres, EPSG:25833.
    edge_from, edge_to : (edges,) int32
        Nodes. Edges of length 0 join the sides of a barrier.
    length_m : (edges,) float32
    seconds : dict of mode to (edges, 2) float32
        From `edge_from` to `edge_to` and back; inf where the mode may not go.
    shape_start : (edges + 1,) int64
        Rows of `shape_cm` that belong to an edge, its two ends included.
    shape_cm : (points, 2) int32
        Centimetres, EPSG:25833.
    meta : dict
        source, sha256, data_date, attribution, licence, rules, note; missing: segments lost for want of a node.
    """

    x: Any
    y: Any
    edge_from: Any
    edge_to: Any
    length_m: Any
    seconds: dict[str, Any]
    shape_start: Any
    shape_cm: Any
    meta: dict[str, Any] = field(default_factory=dict)
    _kept: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def mode_seconds(self, mode: str) -> Any:
        """Return the seconds of a mode.

        Raises
        ------
        InvalidParameter
            When the graph has no such mode.
        """
        if mode not in self.seconds:
            raise InvalidParameter("mode", mode, f"one of {', '.join(self.seconds)}")
        return self.seconds[mode]

    def fastest_m_s(self, mode: str) -> float:
        """Return the highest speed of a mode on any street, metres a second; 0 when it may go nowhere."""
        if ("fastest", mode) not in self._kept:
            real = self.length_m > 0
            quickest = self.mode_seconds(mode)[real].min(axis=1)
            self._kept["fastest", mode] = float((self.length_m[real] / quickest).max(initial=0.0)) * 1.0001  # float32 rounds
        return self._kept["fastest", mode]  # type: ignore[no-any-return]

    def lines(self, edges: Any) -> Any:
        """Return the shapes of edges (an index array) as LineStrings in EPSG:25833."""
        start = self.shape_start[edges]
        count = self.shape_start[edges + 1] - start
        owner = np.repeat(np.arange(len(edges)), count)
        rows = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start, count)
        return shapely.linestrings(self.shape_cm[rows] / 100.0, indices=owner)

    def matrix(self, mode: str, *, reverse: bool = False) -> csr_array:
        """Return the seconds from node to node, or with `reverse` those of the opposite travel, for scipy's searches."""
        key = ("matrix back" if reverse else "matrix", mode)
        if key not in self._kept:
            there, back = self.mode_seconds(mode).T
            ends = (self.edge_to, self.edge_from) if reverse else (self.edge_from, self.edge_to)
            self._kept[key] = matrix_of(len(self.x), *ends, there, back)
        return self._kept[key]

    def save(self, path: Path) -> None:
        """Write the graph as one .npz file; a reader never sees half of it."""
        rest = {f"seconds_{m}": v for m, v in self.seconds.items()}
        text = np.frombuffer(json.dumps(self.meta | {"format": FORMAT}).encode(), np.uint8)
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            np.savez(file, meta=text, **{name: getattr(self, name) for name in ARRAYS}, **rest)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> StreetGraph:
        """Read a file written by `save`.

        Raises
        ------
        InvalidFile
            When it is not one, or one of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                meta = json.loads(bytes(stored["meta"]))
                if meta.pop("format", None) != FORMAT:
                    raise InvalidFile(f"{path.name}: street graph of another version; read the OSM file again")
                seconds = {name[8:]: stored[name] for name in stored.files if name.startswith("seconds_")}
                return cls(**{name: stored[name] for name in ARRAYS}, seconds=seconds, meta=meta)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InvalidFile(f"{path.name}: no street graph ({error})") from error


def matrix_of(nodes: int, ends_from: Any, ends_to: Any, there: Any, back: Any) -> csr_array:
    """Return edges as a matrix of seconds; of parallel edges the fastest counts (scipy would add them up)."""
    row, col, cost = np.concatenate([ends_from, ends_to]), np.concatenate([ends_to, ends_from]), np.concatenate([there, back])
    key = row.astype(np.int64) * nodes + col
    order = np.argsort(key)
    heads = np.flatnonzero(np.diff(key[order], prepend=-1))
    row, col, cost = row[order[heads]], col[order[heads]], np.minimum.reduceat(cost[order], heads) if len(heads) else cost
    open_ = np.isfinite(cost) & (row != col)
    start = np.concatenate([[0], np.cumsum(np.bincount(row[open_], minlength=nodes))]).astype(np.int32)
    return csr_array((cost[open_].astype(np.float64), col[open_].astype(np.int32), start), shape=(nodes, nodes))


@dataclass(frozen=True)
class Snapped:
    """Places on their streets, one entry each.

    Attributes
    ----------
    edge : int array
        -1 where no street is within the limit.
    share : float array
        Where on the edge, 0 at `edge_from` and 1 at `edge_to`.
    gap_m : float array
        Metres from the place to the street as the crow flies; inf without a street.
    node, node_m : arrays
        Nearer end of the edge (-1 without), and metres to it: gap and way along the edge.
    """

    edge: Any
    share: Any
    gap_m: Any
    node: Any
    node_m: Any


def snap(graph: StreetGraph, x: Any, y: Any, mode: str, *, limit_m: float = SNAP_LIMIT_M) -> Snapped:
    """Return the nearest point on a street of the mode's main component for each place.

    Parameters
    ----------
    x, y : arrays
        Metres, EPSG:25833.
    limit_m : float
        Farther streets do not count.
    """
    x, y = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    edge, share = np.full(len(x), -1), np.full(len(x), np.nan)
    gap, node, node_m = np.full(len(x), np.inf), np.full(len(x), -1), np.full(len(x), np.inf)
    sound = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    sound = sound[np.lexsort((x[sound] // 1000, y[sound] // 1000))]  # neighbours one after the other: half the time
    edges, tree = _streets_near(graph, mode, x[sound], y[sound], limit_m)
    if len(edges) and len(sound):
        points = shapely.points(x[sound], y[sound])
        hit = tree.nearest(points)
        metres = shapely.distance(points, tree.geometries[hit])
        near = metres <= limit_m
        rows, on, line = sound[near], edges[hit[near]], tree.geometries[hit[near]]
        edge[rows], gap[rows] = on, metres[near]
        share[rows] = shapely.line_locate_point(line, points[near], normalized=True)
        at_end = share[rows] > 0.5
        node[rows] = np.where(at_end, graph.edge_to[on], graph.edge_from[on])
        node_m[rows] = gap[rows] + graph.length_m[on] * np.where(at_end, 1 - share[rows], share[rows])
    return Snapped(edge, share, gap, node, node_m)


def _streets_near(graph: StreetGraph, mode: str, x: Any, y: Any, limit_m: float) -> tuple[Any, shapely.STRtree]:
    """Return edges and a tree of their shapes: those around the places, or all, which are kept."""
    if not len(x):
        return np.empty(0, int), shapely.STRtree([])
    if ("boxes", mode) not in graph._kept:
        chosen, heads = np.flatnonzero(_main_edges(graph, mode)), graph.shape_start[:-1]
        ends = (f.reduceat(graph.shape_cm, heads)[chosen].T.copy() for f in (np.minimum, np.maximum))
        graph._kept["boxes", mode] = (chosen, *ends)
    edges, low, high = graph._kept["boxes", mode]
    west, south = (int(100 * (v.min() - limit_m - 1)) for v in (x, y))
    east, north = (int(100 * (v.max() + limit_m + 1)) for v in (x, y))
    column = np.flatnonzero((high[0] >= west) & (low[0] <= east))
    around = edges[column[(high[1, column] >= south) & (low[1, column] <= north)]]
    if len(around) < len(edges) / 2:
        return around, shapely.STRtree(graph.lines(around))
    if ("tree", mode) not in graph._kept:
        graph._kept["tree", mode] = (edges, shapely.STRtree(graph.lines(edges)))
    return graph._kept["tree", mode]  # type: ignore[no-any-return]


def labels(graph: StreetGraph, mode: str) -> Any:
    """Return part of each node, part of each edge (-1 closed, -2 between parts), metres per part, and the main part."""
    if ("labels", mode) not in graph._kept:
        _number, label = connected_components(graph.matrix(mode), directed=True, connection="strong")
        of_edge = np.where(label[graph.edge_from] == label[graph.edge_to], label[graph.edge_from], -2)
        of_edge[~np.isfinite(graph.mode_seconds(mode)).any(axis=1)] = -1
        inner = of_edge >= 0
        metres = np.bincount(of_edge[inner], graph.length_m[inner], minlength=_number)
        graph._kept["labels", mode] = (label, of_edge, metres, int(np.argmax(metres)))
    return graph._kept["labels", mode]


def _main_edges(graph: StreetGraph, mode: str) -> Any:
    _label, of_edge, _metres, main = labels(graph, mode)
    return (of_edge == main) & (graph.length_m > 0)


def legs(graph: StreetGraph, mode: str, at: Snapped, *, arriving: bool = False) -> tuple[Any, Any]:
    """Return ends and seconds (both (places, 2)) of the ways from places to both ends of their edges, or from the ends to them."""
    edge = np.maximum(at.edge, 0)
    there, back = graph.mode_seconds(mode)[edge].astype(float).T
    if arriving:
        there, back = back, there
    with np.errstate(invalid="ignore"):
        cost = np.column_stack([at.share * back, (1 - at.share) * there])
    cost = np.where(np.isnan(cost), 0.0, cost) + (at.gap_m / WALK_M_S)[:, None]  # 0 · inf: the place is at that end
    cost[at.edge < 0] = np.inf
    return np.column_stack([graph.edge_from[edge], graph.edge_to[edge]]), cost


def with_sources(matrix: csr_array, ends: Any, cost: Any) -> csr_array:
    """Return the matrix with one more node per source, from which its legs lead into the network."""
    nodes, extra = matrix.shape[0], len(ends)
    open_ = np.isfinite(cost)
    start = np.concatenate([matrix.indptr, matrix.indptr[-1] + np.cumsum(open_.sum(axis=1))]).astype(np.int32)
    data, col = np.concatenate([matrix.data, cost[open_]]), np.concatenate([matrix.indices, ends[open_].astype(np.int32)])
    return csr_array((data, col, start), shape=(nodes + extra, nodes + extra))


def nearest(graph: StreetGraph, mode: str, sources: Snapped, limit_s: float = np.inf) -> Nearest:
    """Return for every node the seconds to its nearest source and which source that is, in one pass.

    The way leads from the node to the source; one-way streets count in that direction.
    """
    nodes = len(graph.x)
    if not len(sources.edge):
        return Nearest(np.full(nodes, np.inf), np.full(nodes, -1))
    search = with_sources(graph.matrix(mode, reverse=True), *legs(graph, mode, sources, arriving=True))
    rows = np.arange(nodes, nodes + len(sources.edge))
    seconds, _before, source = dijkstra(search, indices=rows, min_only=True, return_predecessors=True, limit=limit_s)
    return Nearest(seconds[:nodes], np.where(np.isfinite(seconds[:nodes]), source[:nodes] - nodes, -1))


def seconds_to_nearest(graph: StreetGraph, mode: str, places: Snapped, facilities: Snapped, limit_s: float = np.inf) -> Nearest:
    """Return for every place the seconds to its nearest facility and which that is (inf and -1: none within the limit)."""
    of_node = nearest(graph, mode, facilities, limit_s)
    ends, cost = legs(graph, mode, places)
    total = cost + of_node.seconds[ends]
    best = np.argmin(total, axis=1)
    rows = np.arange(len(total))
    seconds, facility = total[rows, best], of_node.facility[ends[rows, best]]
    place, other = same_edge(places.edge, facilities.edge)
    direct = along(graph, mode, places, facilities, place, other)
    order = np.argsort(-direct, kind="stable")  # the fastest is written last
    place, other, direct = place[order], other[order], direct[order]
    faster = direct < seconds[place]
    seconds[place[faster]], facility[place[faster]] = direct[faster], other[faster]
    lost = ~(seconds <= limit_s) | ~np.isfinite(seconds)
    return Nearest(np.where(lost, np.inf, seconds), np.where(lost, -1, facility))


def same_edge(edge: Any, other: Any) -> tuple[Any, Any]:
    """Return all pairs of places and facilities on the same edge, as two index arrays."""
    order = np.argsort(other, kind="stable")
    first = np.searchsorted(other[order], edge, side="left")
    count = np.where(edge >= 0, np.searchsorted(other[order], edge, side="right") - first, 0)
    place = np.repeat(np.arange(len(edge)), count)
    step = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    return place, order[np.repeat(first, count) + step]


def along(graph: StreetGraph, mode: str, a: Snapped, b: Snapped, i: Any, j: Any) -> Any:
    """Return the seconds from places a[i] to b[j] along the edge they share."""
    move = b.share[j] - a.share[i]
    there, back = graph.mode_seconds(mode)[a.edge[i]].astype(float).reshape(-1, 2).T
    with np.errstate(invalid="ignore"):
        way = np.where(move > 0, move * there, np.where(move < 0, -move * back, 0.0))
    return way + (a.gap_m[i] + b.gap_m[j]) / WALK_M_S


def minutes_between(graph: StreetGraph, mode: str, start: Snapped, end: Snapped) -> Any:
    """Return the minutes from each start to the end of the same row; inf where there is no way."""
    if len(start.edge) != len(end.edge):
        raise InvalidParameter("end", str(len(end.edge)), f"as many places as there are starts ({len(start.edge)})")
    nodes, minutes = len(graph.x), np.full(len(start.edge), np.inf)
    ends, cost = legs(graph, mode, end, arriving=True)
    search = with_sources(graph.matrix(mode), *legs(graph, mode, start))
    for first in range(0, len(minutes), AT_ONCE):
        rows = np.arange(first, min(first + AT_ONCE, len(minutes)))
        far = dijkstra(search, indices=nodes + rows)
        minutes[rows] = (far[np.arange(len(rows))[:, None], ends[rows]] + cost[rows]).min(axis=1) / 60
    both = np.flatnonzero((start.edge == end.edge) & (start.edge >= 0))
    minutes[both] = np.minimum(minutes[both], along(graph, mode, start, end, both, both) / 60)
    return minutes


@dataclass(frozen=True)
class OnStreets:
    """Travel on streets; the same questions as `CrowFly`, any mode. Places without a street are asked `elsewhere`, if given."""

    graph: StreetGraph
    mode: str = "walk"
    elsewhere: Walking | None = None

    @property
    def method(self) -> str:
        """How the seconds came about."""
        return f"streets (OSM), {self.mode}"

    @property
    def attribution(self) -> str:
        """What must stand beside the result."""
        return str(self.graph.meta.get("attribution", ""))

    def methods(self, places: Any) -> list[str]:
        """Return for each place how its seconds come about."""
        bare = self.elsewhere.method if self.elsewhere else self.method
        return [self.method if e >= 0 else bare for e in snap(self.graph, *_columns(places), self.mode).edge]

    def seconds(self, places: Any, facilities: Any, limit_s: float = np.inf) -> Nearest:
        """Return the seconds from every place to its nearest facility; both (n, 2), metres in EPSG:25833."""
        at, to = (snap(self.graph, *_columns(p), self.mode) for p in (places, facilities))
        found = seconds_to_nearest(self.graph, self.mode, at, to, limit_s)
        if self.elsewhere and (bare := at.edge < 0).any():
            other = self.elsewhere.seconds(np.column_stack(_columns(places))[bare], facilities, limit_s)
            found.seconds[bare], found.facility[bare] = other.seconds, other.facility
        return found


def _columns(places: Any) -> tuple[Any, Any]:
    x, y = np.reshape(np.asarray(places, float), (-1, 2)).T
    return x, y
