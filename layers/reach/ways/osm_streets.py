"""OpenStreetMap PBF to a street graph. Pure: no database, no clock, no network.

Ways are cut where streets meet, where a way ends and where a barrier stops somebody; what lies between is one edge that
keeps its shape. A barrier becomes one node per side, joined by edges of no length for the modes that pass. Node
locations take 16 bytes for every node of the file, streets or not: from 300 MB on (about 30 million nodes, half a
gigabyte) they go to a temporary file. Memory and time: docs/decisions/20261125-streets.md.
"""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import osmium

from geo import crs
from geo.errors import InvalidFile
from layers.reach.streets import FORMAT, StreetGraph
from layers.reach.ways.street_rules import KIND_KEYS, MODES, Rules, Speeds, load_rules

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "Open Database License (ODbL) 1.0, https://opendatacommons.org/licenses/odbl/1-0/"
LARGE_BYTES = 300_000_000
NOWHERE = 2**31 - 1  # what libosmium writes for a node that is not in the file
FARTHEST_M = 2e7  # shapes are kept as 32-bit centimetres

Bounds = tuple[float, float, float, float]


@dataclass
class _Ways:
    """What one pass over the file collects: per reference node id and location (1e-7 degrees), per way its end and its kind."""

    ref: array[int] = field(default_factory=lambda: array("q"))
    lon: array[int] = field(default_factory=lambda: array("i"))
    lat: array[int] = field(default_factory=lambda: array("i"))
    end: array[int] = field(default_factory=lambda: array("q"))
    kind: array[int] = field(default_factory=lambda: array("i"))
    kinds: dict[Speeds, int] = field(default_factory=dict)
    barriers: dict[int, int] = field(default_factory=dict)
    newest: datetime.date = datetime.date(1970, 1, 1)  # what OSM files without time stamps say


def open_graph(path: Path, cache: Path, *, bounds: Bounds | None = None, rules: Rules | None = None) -> StreetGraph:
    """Return the graph of a file, from the cache when the same file was read by the same rules before.

    Parameters
    ----------
    path : Path
        OSM PBF.
    cache : Path
        Folder; made when it is not there. Files in it may be deleted at any time.

    Raises
    ------
    InvalidFile
        As `read_graph`.
    """
    rules = rules or load_rules()
    key = hashlib.sha256(f"{FORMAT} {_hash(path)} {rules.fingerprint} {bounds}".encode()).hexdigest()[:16]
    kept = cache / f"streets-{key}.npz"
    if kept.exists():
        try:
            return StreetGraph.load(kept)
        except (InvalidFile, BadZipFile):
            kept.unlink()
    graph = read_graph(path, bounds=bounds, rules=rules)
    cache.mkdir(parents=True, exist_ok=True)
    graph.save(kept)
    return graph


def read_graph(path: Path, *, bounds: Bounds | None = None, rules: Rules | None = None) -> StreetGraph:
    """Read the streets of an OSM PBF extract.

    Parameters
    ----------
    path : Path
        OSM PBF with its nodes, as Geofabrik ships it.
    bounds : (min_x, min_y, max_x, max_y), optional
        Metres in EPSG:25833; streets that cross the edge are kept up to their next point outside.
    rules : Rules, optional
        Who may use which way how fast; the project's preset by default.

    Raises
    ------
    InvalidFile
        When the file is no OSM file, or has no street inside the bounds.
    """
    rules = rules or load_rules()
    if bounds is not None and not (bounds[0] < bounds[2] and bounds[1] < bounds[3]):
        raise InvalidFile(f"bounds {bounds}: expected min_x, min_y, max_x, max_y in EPSG:25833, the smaller first")
    digest = _hash(path)
    try:
        ways, stamp = _collect(path, rules)
    except (RuntimeError, ValueError, OSError) as error:
        raise InvalidFile(f"{path.name}: not readable as OpenStreetMap PBF ({error})") from error
    graph = _graph(ways, bounds) if ways.end else None
    if graph is None:
        raise InvalidFile(f"{path.name}: no street with its nodes{' inside the bounds' if bounds else ''}")
    graph.meta.update(
        source=path.name, sha256=digest, data_date=stamp, attribution=ATTRIBUTION, licence=LICENCE, rules=rules.label, note=rules.note
    )
    return graph


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidFile(f"{path.name}: not readable ({error.strerror})") from error


def _collect(path: Path, rules: Rules) -> tuple[_Ways, str]:
    """Return streets and barriers of the file, and the day of its data (YYYY-MM-DD, '' when it does not say)."""
    ways, known = _Ways(), dict[tuple[tuple[str, str], ...], Speeds]()
    with tempfile.TemporaryDirectory() as folder:
        large = path.stat().st_size > LARGE_BYTES
        storage = f"sparse_file_array,{folder}/nodes" if large else "flex_mem"
        reader = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations(storage)
        item: Any
        for item in reader.with_filter(osmium.filter.KeyFilter(*KIND_KEYS, "barrier")):
            tags = {t.k: t.v for t in item.tags}
            if item.is_node():
                stops = rules.blocked(tags) if "barrier" in tags else 0
                if stops:
                    ways.barriers[item.id] = stops
                continue
            wanted = tuple((k, v) for k, v in tags.items() if k in rules.keys)  # without names there are few sets of tags
            speeds = known.get(wanted)
            if speeds is None:
                speeds = known[wanted] = rules.speeds(dict(wanted))
            if any(speeds):
                _keep(ways, item, speeds)
        stamp = reader.header.get("osmosis_replication_timestamp", "")[:10]
    if not stamp and ways.newest.year > 1970:
        stamp = ways.newest.isoformat()
    return ways, stamp


def _keep(ways: _Ways, way: Any, speeds: Speeds) -> None:
    if len(way.nodes) < 2:
        return
    for node in way.nodes:
        ways.ref.append(node.ref)
        ways.lon.append(node.x)
        ways.lat.append(node.y)
    ways.end.append(len(ways.ref))
    ways.kind.append(ways.kinds.setdefault(speeds, len(ways.kinds)))
    ways.newest = max(ways.newest, way.timestamp.date())


def _graph(ways: _Ways, bounds: Bounds | None) -> StreetGraph | None:
    """Cut the ways into edges; None when none is left.

    A segment joins two consecutive nodes of a way. Segments that follow each other in one way across a node that
    nothing else touches belong to one edge.
    """
    ref, end = np.frombuffer(ways.ref, np.int64), np.frombuffer(ways.end, np.int64)
    ids, node = np.unique(ref, return_inverse=True)
    first = np.zeros(len(ids), np.int64)
    first[node] = np.arange(len(ref))
    lon, lat = np.frombuffer(ways.lon, np.int32)[first], np.frombuffer(ways.lat, np.int32)[first]
    x, y = crs.transform_xy(lon / 1e7, lat / 1e7, crs.WEB, crs.STORAGE)
    there = (lon != NOWHERE) & (np.abs(x) < FARTHEST_M) & (np.abs(y) < FARTHEST_M)
    inside = np.ones(len(ids), bool)
    if bounds is not None:
        inside = (x >= bounds[0]) & (x <= bounds[2]) & (y >= bounds[1]) & (y <= bounds[3])

    place = np.arange(len(ref) - 1)  # of a segment's first reference
    same_way = np.ones(len(place), bool)
    same_way[end[:-1] - 1] = False
    a, b = node[place], node[place + 1]
    good = same_way & there[a] & there[b]
    lost = int((same_way & ~good).sum())
    good &= (a != b) & (inside[a] | inside[b])
    place, a, b = place[good], a[good], b[good]
    if not len(place):
        return None
    kind = np.frombuffer(ways.kind, np.int32)[np.searchsorted(end, place, side="right")]

    stops = _stops(ids, ways.barriers)
    touches = np.bincount(a, minlength=len(ids)) + np.bincount(b, minlength=len(ids))
    goes_on = (place[1:] == place[:-1] + 1) & (touches[a[1:]] == 2) & (stops[a[1:]] == 0)
    begin = np.concatenate([[True], ~goes_on])
    edge = np.cumsum(begin) - 1
    heads = np.flatnonzero(begin)
    tails = np.append(heads[1:], len(place)) - 1

    # shape: the first node of an edge and the second of each of its segments
    point = np.empty(len(place) + len(heads), np.int64)
    point[np.arange(len(place)) + edge + 1] = b
    point[heads + np.arange(len(heads))] = a[heads]
    shape_start = np.append(heads + np.arange(len(heads)), len(point))
    metres = np.hypot(x[b] - x[a], y[b] - y[a])
    length = np.add.reduceat(metres, heads)

    speed = np.array(list(ways.kinds), float).reshape(-1, 2 * len(MODES))[kind[heads]] / 3.6
    with np.errstate(divide="ignore"):
        seconds = {m: (length[:, None] / speed[:, 2 * i : 2 * i + 2]).astype(np.float32) for i, m in enumerate(MODES)}
    ends, links = _sides(a[heads], b[tails], stops)
    used, number = np.unique(np.concatenate([ends.ravel(), links[:, :2].ravel()]), return_inverse=True)
    number = number.astype(np.int32)
    origin = np.concatenate([np.arange(len(ids)), links[:, 0]])  # a further side of a barrier lies where its first side lies
    for i, mode in enumerate(MODES):
        passes = np.where(links[:, 2] >> i & 1, np.inf, 0.0).astype(np.float32)
        seconds[mode] = np.concatenate([seconds[mode], np.column_stack([passes, passes])])
    where = origin[used]
    point = np.concatenate([point, np.repeat(links[:, 0], 2)])
    ends = np.concatenate([number[: ends.size].reshape(-1, 2), number[ends.size :].reshape(-1, 2)])
    return StreetGraph(
        x=x[where],
        y=y[where],
        edge_from=ends[:, 0].copy(),
        edge_to=ends[:, 1].copy(),
        length_m=np.concatenate([length, np.zeros(len(links))]).astype(np.float32),
        seconds=seconds,
        shape_start=np.concatenate([shape_start, shape_start[-1] + 2 * np.arange(1, len(links) + 1)]).astype(np.int64),
        shape_cm=np.rint(np.column_stack([x[point], y[point]]) * 100).astype(np.int32),
        meta={"missing": lost, "ways": len(end), "bounds": list(bounds) if bounds else None},
    )


def _stops(ids: Any, barriers: dict[int, int]) -> Any:
    """Return for each node which modes it stops, as bits."""
    stops = np.zeros(len(ids), np.uint8)
    barrier, bits = np.fromiter(barriers, np.int64, len(barriers)), np.fromiter(barriers.values(), np.uint8, len(barriers))
    at = np.minimum(np.searchsorted(ids, barrier), len(ids) - 1)
    on_street = ids[at] == barrier
    stops[at[on_street]] = bits[on_street]
    return stops


def _sides(a: Any, b: Any, stops: Any) -> tuple[Any, Any]:
    """Give each edge that ends at a barrier its own side of it.

    Returns
    -------
    ends : (edges, 2)
        Nodes; numbers from `len(stops)` on are further sides.
    links : (further sides, 3)
        First side, further side, and the bits of the modes that are stopped.
    """
    ends = np.column_stack([a, b])
    flat = ends.ravel()
    met = np.flatnonzero(stops[flat])
    order = met[np.argsort(flat[met], kind="stable")]
    further = order[1:][flat[order[1:]] == flat[order[:-1]]]
    first = flat[further].copy()
    flat[further] = len(stops) + np.arange(len(further))
    return ends, np.column_stack([first, flat[further], stops[first]]).astype(np.int64)
