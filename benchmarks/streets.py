"""Time and memory of street reach: python -m benchmarks.streets [--nodes 5_000_000] [--osm FILE.osm.pbf ...].

Made data of the size of Brandenburg with Berlin, and any OSM extracts named. Each line is a process of its own, so that
peaks do not add up; "own" is memory of the process, "mapped" are pages of files that the system may drop.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from geo import crs
from layers.reach.areas.around_streets import isochrones
from layers.reach.streets import StreetGraph, nearest, seconds_to_nearest, snap
from layers.reach.transit.connections import Access
from layers.reach.ways import osm_streets
from layers.reach.ways.components import components
from layers.reach.ways.stop_walks import along_streets
from layers.reach.ways.street_rules import MODES

FACILITIES = 900
PLACES = 300_000
STOPS = 13_000
LONGEST_WALK_S = 26 * 60.0
ORIGIN = (250_000.0, 5_700_000.0)


def memory() -> tuple[int, int]:
    """Return the process's own and mapped memory now, in MB."""
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return tuple(int(lines[key].split()[0]) // 1024 for key in ("RssAnon", "RssFile"))  # type: ignore[return-value]


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print seconds on the clock, seconds of processor time and peak memory of a block."""
    peak, over = [memory()], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak.append(memory())

    watcher, start, start_cpu = threading.Thread(target=watch), time.perf_counter(), time.process_time()
    watcher.start()
    try:
        yield
    finally:
        seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
        over.set()
        watcher.join()
        own, mapped = (max(values) for values in zip(*peak, strict=True))
        print(f"  {what:<58} {seconds:7.2f} s ({cpu:6.2f} s cpu)  peak {own:6,} MB own, {mapped:6,} MB mapped", flush=True)


def made_graph(nodes: int) -> StreetGraph:
    """Return a grid of 70 m with three tenths of its streets taken out, corners shifted, a tenth one-way, a tenth closed to cars."""
    dice, side = np.random.default_rng(33), int(nodes**0.5)
    number = np.arange(side * side, dtype=np.int32).reshape(side, side)
    x = ORIGIN[0] + 70.0 * (number % side).ravel() + dice.uniform(-20, 20, number.size)
    y = ORIGIN[1] + 70.0 * (number // side).ravel() + dice.uniform(-20, 20, number.size)
    a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    stays = dice.random(len(a)) > 0.3
    a, b = a[stays], b[stays]
    length = np.hypot(x[b] - x[a], y[b] - y[a]).astype(np.float32)
    car_kmh = np.where(dice.random(len(a)) < 0.1, 0.0, dice.choice([25.0, 40.0, 65.0], len(a)))
    back = dice.random(len(a)) > 0.1
    with np.errstate(divide="ignore"):
        seconds = {
            m: np.repeat((length / (kmh / 3.6)).astype(np.float32)[:, None], 2, axis=1)
            for m, kmh in (("walk", 4.5), ("bike", 15.0), ("car", car_kmh))
        }
    for mode in ("bike", "car"):
        seconds[mode][~back, 1] = np.inf
    ends = np.column_stack([a, b]).ravel()
    shape = np.rint(np.column_stack([x[ends], y[ends]]) * 100).astype(np.int32)
    return StreetGraph(x, y, a, b, length, seconds, 2 * np.arange(len(a) + 1), shape)


def search(nodes: int) -> None:
    """A graph in memory and the questions that a run of reach asks."""
    with measured(f"make a graph, {nodes:,} nodes"):
        graph = made_graph(nodes)
    print(f"    {len(graph.x):,} nodes, {len(graph.length_m):,} edges; arrays {size_of(graph):,} MB")
    ask(graph)


def ask(graph: StreetGraph) -> None:
    """Ask all questions of a graph and print what they cost."""
    dice = np.random.default_rng(1)
    for mode in MODES:
        with measured(f"{mode}: matrix and components"):
            share = components(graph, mode).main_share
        print(f"    main component {share:.1%}")
    with tempfile.TemporaryDirectory() as folder, measured("write and load the .npz"):
        graph.save(Path(folder) / "g.npz")
        graph = StreetGraph.load(Path(folder) / "g.npz")
    low, high = (graph.x.min(), graph.y.min()), (graph.x.max(), graph.y.max())
    facilities, places = dice.uniform(low, high, (FACILITIES, 2)), dice.uniform(low, high, (PLACES, 2))
    middle = (float(np.median(graph.x)), float(np.median(graph.y)))
    with measured("snap one place (walk), with matrix and components"):
        snap(graph, *middle, "walk")
    with measured(f"snap {FACILITIES} facilities (walk), with the tree of all streets"):
        at = snap(graph, *facilities.T, "walk")
    for mode in MODES:
        graph.matrix(mode, reverse=True)
        with measured(f"{mode}: nearest of {FACILITIES} for all nodes"):
            nearest(graph, mode, at)
    with measured("walk: the same, at most 60 minutes"):
        nearest(graph, "walk", at, 3600)
    with measured(f"snap {PLACES:,} places (walk)"):
        spots = snap(graph, *places.T, "walk")
    with measured(f"walk: {PLACES:,} places to the nearest of {FACILITIES}"):
        seconds_to_nearest(graph, "walk", spots, at)
    stops = tuple(dice.uniform(low, high, (STOPS, 2)).T)
    for count in (1, 80_000):
        some = tuple(places[:count].T)
        nobody = Access(np.zeros(count + 1, np.int32), np.empty(0, np.int32), np.empty(0, np.int32))
        along_streets(graph, some, stops, nobody, LONGEST_WALK_S)
        with measured(f"walk: {count:,} places to all of {STOPS:,} stops within 26 minutes"):
            found = along_streets(graph, some, stops, nobody, LONGEST_WALK_S)
        print(f"    {len(found.stop):,} pairs")
    for mode in MODES:
        snap(graph, *middle, mode)
        with measured(f"{mode}: isochrone of 30 minutes"):
            area = isochrones(graph, mode, middle, [30])[30]
        print(f"    {area.area / 1e6:,.1f} km²")


def size_of(graph: StreetGraph) -> int:
    """Return the size of the arrays in MB."""
    arrays = [graph.x, graph.y, graph.edge_from, graph.edge_to, graph.length_m, graph.shape_start, graph.shape_cm, *graph.seconds.values()]
    return sum(a.nbytes for a in arrays) // 1_000_000


def write_made_pbf(path: Path, nodes: int) -> None:
    """Write `nodes` nodes, a fifth of them on streets; ids lie as far apart as in a real extract (up to 12.5 billion)."""
    dice = np.random.default_rng(5)
    ids = np.cumsum(dice.integers(1, 2 * 12_500_000_000 // nodes, nodes))
    side = int((nodes / 5) ** 0.5)
    chosen = np.sort(dice.choice(nodes, side * side, replace=False))
    order = dice.permutation(side * side)  # neighbours were not drawn one after the other
    place = np.full(nodes, -1)
    place[chosen] = order
    spot = np.where(place >= 0, place, dice.integers(0, side * side, nodes))
    lon, lat = crs.transform_xy(ORIGIN[0] + 40.0 * (spot % side), ORIGIN[1] + 40.0 * (spot // side), crs.STORAGE, crs.WEB)
    of_spot = np.empty(side * side, np.int64)
    of_spot[order] = ids[chosen]
    writer, tags = osmium.SimpleWriter(str(path), overwrite=True), {"highway": "residential", "surface": "asphalt"}
    for number, x, y in zip(ids.tolist(), lon.tolist(), lat.tolist(), strict=True):
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(x, y), version=1))
    grid, number = of_spot.reshape(side, side), 0
    for rows in (grid, grid.T[::4]):
        for row in rows.tolist():
            for first in range(0, side - 1, 8):
                number += 1
                writer.add_way(
                    osmium.osm.mutable.Way(id=number, nodes=row[first : first + 9], tags=tags, version=1, timestamp="2026-01-01T00:00:00Z")
                )
    writer.close()


def read(path: Path, large_bytes: int, what: str) -> None:
    """Read a PBF with one or the other index of node locations."""
    osm_streets.LARGE_BYTES = large_bytes
    with measured(f"read {path.name} ({path.stat().st_size / 1e6:.0f} MB), {what}"):
        graph = osm_streets.read_graph(path)
    print(f"    {len(graph.x):,} nodes, {len(graph.length_m):,} edges, {len(graph.shape_cm):,} points; arrays {size_of(graph):,} MB")


def read_and_ask(path: Path) -> None:
    """Read a real extract and ask all questions."""
    with measured(f"read {path.name}"):
        graph = osm_streets.read_graph(path)
    chains = len(graph.x) / len(np.unique(graph.shape_cm, axis=0))
    print(f"    {len(graph.x):,} nodes ({chains:.0%} of the points), {len(graph.length_m):,} edges; arrays {size_of(graph):,} MB")
    ask(graph)


def apart(task: Callable[..., None], *words: Any) -> None:
    """Run in a fresh process."""
    process = multiprocessing.get_context("spawn").Process(target=task, args=words)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=5_000_000)
    parser.add_argument("--osm", type=Path, nargs="*", default=[], help="extracts to read as well")
    args = parser.parse_args()
    for path in args.osm:
        print(path.name)
        apart(read_and_ask, path)
    print("reading")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.osm.pbf"
        apart(write_made_pbf, path, args.nodes)
        apart(read, path, 1 << 60, "flex_mem")
        apart(read, path, 0, "sparse_file_array")
    print("searching")
    apart(search, args.nodes)


if __name__ == "__main__":
    main()
