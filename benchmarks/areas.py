"""Time of hexagons, isochrones and class areas on one core: `./dev bench areas`.

Stops, departures and categories are those of the timetable in the repository. Minutes to the centre are made up (distance
and scatter). "CPU" is what counts on a shared machine; the bar is what
the project asks for, in seconds of one core. The last lines compare ways to unite the discs of the widest isochrone.
"""

from __future__ import annotations

import datetime
import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo import crs
from layers.reach.access import Preset, Stops, load_preset
from layers.reach.areas.around_stops import LEVELS, M_PER_MINUTE, STOP_MINUTES, class_areas, isochrones
from layers.reach.areas.hexgrid import HexGrid, cells
from layers.reach.timetable import departures, read_feed

DATA = Path(__file__).resolve().parent.parent / "data"
DAY = datetime.date(2021, 4, 20)
HBF = (389_700.0, 5_820_600.0)


def medians(call: Callable[[], object], runs: int = 5) -> tuple[float, float]:
    """Return the median seconds of CPU and of the clock; the first run warms caches."""
    cpu, clock = [], []
    for n in range(runs + 1):
        start, began = time.process_time(), time.perf_counter()
        call()
        if n:
            cpu.append(time.process_time() - start)
            clock.append(time.perf_counter() - began)
    return statistics.median(cpu), statistics.median(clock)


def line(name: str, call: Callable[[], object], bar: float | None = None, runs: int = 5) -> None:
    """Print one measurement."""
    cpu, clock = medians(call, runs)
    wanted = "" if bar is None else f"{bar:8.2f} s  {'kept' if cpu <= bar else 'MISSED'}"
    print(f"{name:<64}{cpu:8.3f} s{clock:8.3f} s{wanted}", flush=True)


def category(rows: pd.DataFrame, rules: Preset) -> str:
    """Return a stop's category from its departures by route type."""
    counted = [(group, n) for kind, n in zip(rows["route_type"], rows["in_window"], strict=True) if (group := rules.group_of(kind))]
    order = list(rules.groups)
    return rules.category(min((g for g, _n in counted), key=order.index), sum(n for _g, n in counted)) if counted else ""


def real_stops() -> tuple[Any, Any, dict[str, Stops]]:
    """Return east and north of all stops, and the stops as each method classes them."""
    feed = read_feed(DATA / "timetable" / "vbb-2021-04-20.zip")
    x, y = crs.transform_xy(feed.groups["lon"].to_numpy(), feed.groups["lat"].to_numpy(), crs.WEB, crs.STORAGE)
    counts = departures(feed, DAY)
    counts = counts[counts["in_window"] > 0]
    found = {}
    for name in ("de_goat", "at_oerok", "ch_oevgk18"):
        rules = load_preset(name)
        of_group = {group: category(rows, rules) for group, rows in counts.groupby("group")}
        categories = [of_group.get(g, "") for g in range(len(x))]
        found[name] = Stops(x, y, categories, np.zeros(len(x)), np.zeros(len(x), dtype=bool))
    return x, y, found


def land() -> Any:
    """Return Brandenburg and Berlin as one area."""
    with gzip.open(DATA / "towns.geojson.gz") as file:
        towns = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in json.load(file)["features"]])
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(towns)])


def unions(x: Any, y: Any, minutes: Any) -> None:
    """Print ways to unite the discs of the widest isochrone."""
    radii = np.clip(max(LEVELS) - minutes, 0, STOP_MINUTES) * M_PER_MINUTE
    points, multipoint = shapely.points(x, y), shapely.multipoints(np.column_stack([x, y]))
    discs = shapely.buffer(points, radii, quad_segs=4)
    tile = np.unique(np.column_stack([x, y]) // 10_000, axis=0, return_inverse=True)[1].reshape(-1)
    print(f"\n{len(x)} discs of 16 corners to one area")
    line("  subset by subset (shapely.disjoint_subset_union_all)", lambda: shapely.disjoint_subset_union_all(discs), runs=3)
    line("  all at once (shapely.union_all)", lambda: shapely.union_all(discs), runs=3)
    line(
        "  by tiles of 10 km, then the tiles",
        lambda: shapely.union_all([shapely.union_all(discs[tile == t]) for t in range(tile.max() + 1)]),
        runs=3,
    )
    line("  all at once on a grid of 1 m", lambda: shapely.union_all(discs, grid_size=1.0), runs=1)
    line("  one buffer of all points, equally wide", lambda: shapely.buffer(multipoint, 865.0, quad_segs=4), runs=1)


def main() -> int:
    x, y, classed = real_stops()
    outline = land()
    grid = cells(outline)
    dice = np.random.default_rng(1)
    minutes = 8 + np.hypot(x - HBF[0], y - HBF[1]) / 1_100 + dice.gamma(2, 4, len(x))
    minutes[dice.random(len(x)) < 1 / 30] = np.nan
    everywhere = np.fmin(minutes, max(LEVELS) - 20.0)
    everywhere[np.isnan(everywhere)] = max(LEVELS) - 20.0
    print(f"{len(x)} stops, {len(grid)} cells")
    print(f"\n{'':<64}{'CPU':>10}{'clock':>10}{'bar':>10}")
    line("cells of Brandenburg and Berlin", lambda: cells(outline))
    line("their polygons", grid.polygons)
    line("cell of a point, a million points", lambda: HexGrid(grid.ids).index_at(*dice.uniform(3e5, 5e5, (2, 1_000_000))))
    some = np.flatnonzero(minutes < max(LEVELS))
    line(f"isochrones {LEVELS}, {len(some)} stops reached", lambda: isochrones(x, y, minutes, centre=HBF), 1.5)
    line(f"isochrones {LEVELS}, all {len(x)} stops reached", lambda: isochrones(x, y, everywhere, centre=HBF), 1.5)
    for name, stops in classed.items():
        line(f"class areas, {name}", partial(class_areas, stops, load_preset(name)), 20.0, runs=3)
    unions(x, y, everywhere)
    return 0


if __name__ == "__main__":
    sys.exit(main())
