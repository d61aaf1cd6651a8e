"""Measures a tenth of Germany: 1.2 M connections, 37,500 stops, 100 centres, 2 M buildings, all made up. `./dev bench scaling`.

The made-up country is a square with towns on a grid; lines run between neighbouring towns and from each town to its villages. It
is no real timetable: its size and the density of its stops are what count here. `--buildings N` takes fewer. Each part is
measured by the clock, with the largest memory the process ever held; results go into docs/scaling.md by hand.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from geo import crs
from layers.reach.bulk import cluster, place_files
from layers.reach.bulk.crew import crew
from layers.reach.transit import travel
from layers.reach.transit.connections import DayTimetable, footpaths

DAY = datetime.date(2021, 4, 20)
TOWNS, VILLAGES, SIDE_M = 2_500, 14, 190_000.0  # 37,500 stops; a tenth of Germany's area
CENTRES, BUILDINGS = 100, 2_000_000
CONNECTIONS = 1_200_000
FIRST_S, LAST_S = 5 * 3600, 23 * 3600


@contextmanager
def measured(name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<44} {time.perf_counter() - wall:8.1f} s  processor {time.process_time() - cpu:8.1f} s  peak {peak:7,.0f} MB", flush=True)


def country(random: Any) -> tuple[DayTimetable, Any]:
    """Return a made-up day and the stops of its towns."""
    across = int(np.sqrt(TOWNS))
    step = SIDE_M / across
    column, row = np.divmod(np.arange(TOWNS), across)
    origin = crs.EXTENT[:2]
    town_x, town_y = (origin[i] + (k + 0.5) * step + random.normal(0, step / 8, TOWNS) for i, k in enumerate((column, row)))
    angle, away = random.uniform(0, 2 * np.pi, (TOWNS, VILLAGES)), random.gamma(2, 700, (TOWNS, VILLAGES))
    x = np.concatenate([town_x, (town_x[:, None] + away * np.cos(angle)).ravel()])
    y = np.concatenate([town_y, (town_y[:, None] + away * np.sin(angle)).ravel()])
    village = (TOWNS + np.arange(TOWNS * VILLAGES)).reshape(TOWNS, VILLAGES)
    town = np.arange(TOWNS).reshape(across, across)
    # (stops of a line, seconds between them): whole rows and columns by rail, each town's villages by three bus lines
    rails = [line for square in (town, town.T) for line in square]
    buses = [np.concatenate([[t], village[t, k::3]]) for t in range(TOWNS) for k in range(3)]
    lines = [(s, 240) for line in rails for s in (line, line[::-1])] + [(s, 180) for line in buses for s in (line, line[::-1])]
    hops = np.array([len(s) - 1 for s, _seconds in lines])
    runs = max(1, round(CONNECTIONS / hops.sum()))
    departs, starts, ends, trips, trip = [], [], [], [], 0
    for stops, seconds in lines:
        first = np.sort(random.integers(FIRST_S // 60, LAST_S // 60, runs)) * 60
        departs.append((first[:, None] + seconds * np.arange(len(stops) - 1)).ravel())
        starts.append(np.tile(stops[:-1], runs))
        ends.append(np.tile(stops[1:], runs))
        trips.append(np.repeat(np.arange(trip, trip + runs), len(stops) - 1))
        trip += runs
    leaves = np.concatenate(departs)
    order = np.argsort(leaves, kind="stable")
    travelled = np.concatenate([np.full((len(s) - 1) * runs, seconds - 30) for s, seconds in lines])
    yes = np.ones(len(leaves), dtype=bool)
    int32 = (np.asarray(a)[order].astype(np.int32) for a in (leaves, leaves + travelled, *map(np.concatenate, (starts, ends, trips))))
    names = np.array([str(i) for i in range(len(x))])
    rail = np.arange(len(x)) < TOWNS
    return DayTimetable(DAY, *int32, yes, yes, names, names, x, y, rail, np.where(rail, 4, 0).astype(np.int32), trip, 0, (DAY,)), (x, y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, default=BUILDINGS)
    parser.add_argument("--scheduler", help="processes:N or tcp://… (default: threads)")
    given = parser.parse_args()
    random = np.random.default_rng(1)
    load = os.getloadavg()[0]
    print(f"{datetime.date.today()}, {platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {load:.1f} at the start")
    with measured("made-up country"):
        timetable, (x, y) = country(random)
        near = random.integers(0, len(x), given.buildings)
        along, up = (v[near] + random.normal(0, 400, given.buildings) for v in (x, y))
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "in.parquet", Path(folder) / "out.parquet"
        gpd.GeoDataFrame({"id": np.arange(given.buildings)}, geometry=gpd.points_from_xy(along, up), crs=crs.STORAGE).to_parquet(file)
        with measured("footpaths"):
            task = cluster.Task(timetable, footpaths(timetable, change_times={}), travel.WINDOW_S)
        columns = [v for v in vars(task.timetable).values() if isinstance(v, np.ndarray) and v.dtype != object]
        size = sum(c.nbytes for c in columns) / 1e6
        print(f"{len(timetable.departs_s):,} connections, {len(x):,} stops, {len(task.paths.stop):,} footpaths, {size:.0f} MB of arrays")
        hub = random.choice(TOWNS, CENTRES, replace=False)
        kinds = ["berlin"] + ["oberzentrum"] * 10 + ["mittelzentrum"] * (CENTRES - 11)
        centres = [cluster.Centre(str(h), str(h), k, str(h)) for h, k in zip(hub, kinds, strict=True)]
        with crew() as warm:
            cluster.compute(warm, task, along[:10], up[:10], [np.arange(10)], centres[:2])  # compiles
        with measured("one profile and its bounds, one core"):
            cluster.bounds(task, int(hub[0]))
        with measured("reading the places"):
            places = place_files.read(file)
        with measured("Hilbert order"):
            parts = place_files.partitions(places, cluster.PARTITION)
        ends: dict[str, float] = {}

        def told(what: str, _done: int, _of: int) -> None:
            ends[what] = time.perf_counter()

        with crew(given.scheduler) as workers, measured(f"all three rounds, {given.scheduler or 'threads'}"):
            begin = time.perf_counter()
            found, jobs, pairs = cluster.compute(workers, task, places.x_m, places.y_m, parts, centres, told)
        for what, end in ends.items():
            print(f"  {what:<42} {end - begin:8.1f} s")
            begin = end
        print(f"{jobs} jobs, {pairs:,} pairs in full of {given.buildings * CENTRES:,} ({pairs / given.buildings:.2f} a building)")
        with measured("writing"):
            place_files.write(places, cluster.columns(found, centres), {"source": "benchmarks/scaling.py"}, out)
        print(f"file {out.stat().st_size / 1e6:.0f} MB, {out.stat().st_size / given.buildings:.0f} bytes a building")
        some = np.random.default_rng(2).integers(0, given.buildings, 5_000)
        stops = cluster.access(timetable, places.x_m[some], places.y_m[some], travel.ACCESS_M)
        with measured("all pairs of 5,000 buildings, two threads"):
            every = travel.to_centres(timetable, task.paths, [int(h) for h in hub], {"b": stops})["b"]
        mz = travel.nearest(every, range(1, CENTRES))
        same = found["mz"].centre()[some] == mz
        print(f"the same next Mittelzentrum as all pairs: {same.sum():,} of {len(same):,}")
        if not same.all():
            raise SystemExit("the result is wrong; its times mean nothing")


if __name__ == "__main__":
    main()
