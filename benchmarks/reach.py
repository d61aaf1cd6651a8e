"""Measures the connection scan: `./dev bench reach`, or `python -m benchmarks.reach --quick`.

Prints medians and ratios. Compile time is excluded: every call runs once before it is measured. One thread is measured
in processor time, which other work on the machine disturbs least; several threads by the clock. The peer (pynigiri,
requirements/peer.txt) answers single pairs on the same whole minutes and footpaths, in turns with ours.
"""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import nigiri
from layers.reach import scan
from layers.reach.timetable import read_feed
from layers.reach.transit import connections as cn

FEED = Path(__file__).resolve().parent.parent / "data" / "timetable" / "vbb-2021-04-20.zip"
DAY = datetime.date(2021, 4, 20)
MORNING = (7 * 3600, 9 * 3600)
EIGHT = 8 * 3600
TO_THE_END = 20 * 3600
HOUSES = 300_000


def measured(repeats: int, *calls: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> list[float]:
    """Return the median of each call in milliseconds, the calls taken in turns after one run each."""
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for call, found in zip(calls, times, strict=True):
            begin = clock()
            call()
            found.append((clock() - begin) * 1_000)
    return [float(np.median(t)) for t in times]


def line(name: str, value: float, note: str = "") -> None:
    print(f"{name:<52} {value:9.1f} ms  {note}", flush=True)


def houses(timetable: cn.DayTimetable, count: int) -> cn.Access:
    """Return made-up houses around stops of Brandenburg and Berlin, a few hundred metres from them."""
    random = np.random.default_rng(1)
    near = random.integers(0, len(timetable.stop_id), count)
    return cn.access(timetable, timetable.x_m[near] + random.normal(0, 400, count), timetable.y_m[near] + random.normal(0, 400, count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats and a tenth of the houses")
    quick = parser.parse_args().quick
    repeats, count = (3, HOUSES // 10) if quick else (15, HOUSES)
    threads = min(2, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        (reading,) = measured(1, lambda: read_feed(FEED))
        timetable = cn.day_timetable(FEED, DAY, cache)
        (cached,) = measured(repeats, lambda: cn.day_timetable(FEED, DAY, cache))
    paths = cn.footpaths(timetable)
    print(
        f"{len(timetable.departs_s):,} connections, {timetable.trips:,} trips, {len(timetable.stop_id):,} stops on {DAY}; {threads} threads"
    )
    line("read the feed", reading)
    line("day from the cache", cached)

    hbf = scan.Place(scan.stops_named(timetable, ["900000003201", "900000003200"]), [0, 0])
    one, whole, minutes = measured(
        repeats,
        lambda: scan.earliest_arrival(timetable, paths, hbf, EIGHT),
        lambda: scan.earliest_arrival(timetable, paths, hbf, EIGHT, TO_THE_END),
        lambda: scan.profile(timetable, paths, hbf, MORNING),
    )
    line("one-to-all from Berlin Hbf, 8:00, at most 6 h", one)
    line("one-to-all from Berlin Hbf, 8:00, to the end", whole, "bar 13 ms")
    line(
        "profile to Berlin Hbf, 120 minutes", minutes, f"bar 55-132 ms; {minutes / whole:.1f} scans to the end, {minutes / one:.1f} of 6 h"
    )

    stops = cn.stop_access(paths)
    found = scan.profile(timetable, paths, hbf, MORNING)
    (reduced,) = measured(repeats, lambda: scan.reduce(found, stops))
    line("best, median, 90th percentile of all stops", reduced, f"{reduced / minutes:.1f} profiles")

    centres = np.random.default_rng(2).choice(np.flatnonzero(timetable.is_rail), 50, replace=False)

    def all_centres(workers: int, reduced_too: bool = True) -> None:
        def work(centre: int) -> None:
            found = scan.profile(timetable, paths, scan.around(paths, int(centre)), MORNING)
            if reduced_too:
                scan.reduce(found, stops)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, centres))

    (profiles,) = measured(1 if quick else 3, lambda: all_centres(1, reduced_too=False))
    line("profile to one of 50 stations drawn at random", profiles / 50, f"{profiles / 50 / whole:.1f} scans to the end (goal: at most 12)")
    (fifty,) = measured(1 if quick else 3, lambda: all_centres(1))
    line("50 centres, all stops, one thread", fifty, "bar 5,100 ms")
    (fifty,) = measured(1 if quick else 3, lambda: all_centres(threads), clock=time.perf_counter)
    line(f"50 centres, all stops, {threads} threads, by the clock", fifty)

    begin = time.process_time()
    places = houses(timetable, count)
    near = (time.process_time() - begin) * 1_000
    line(f"stops around {count:,} houses", near, f"{len(places.stop) / count:.1f} stops each")
    (alone,) = measured(1 if quick else 3, lambda: scan.reduce(found, places))
    line(f"{count:,} houses, one centre", alone, "" if quick else "bar 2,000 ms")
    (together,) = measured(1 if quick else 3, lambda: scan.reduce(found, places, threads), clock=time.perf_counter)
    line(f"{count:,} houses, one centre, {threads} threads, by the clock", together)
    against_the_peer(timetable, 5 if quick else 60)


def against_the_peer(timetable: cn.DayTimetable, pairs: int) -> None:
    rounded = nigiri.whole_minutes(timetable, (0, 30 * 3600))
    closed = nigiri.closed_footpaths(cn.footpaths(timetable, radius_m=150))
    with tempfile.TemporaryDirectory() as folder:
        try:
            import pynigiri  # noqa: F401
        except ImportError:
            print("the peer is not installed (requirements/peer.txt); no comparison")
            return
        nigiri.write_feed(rounded, closed, Path(folder))
        other = nigiri.Peer(Path(folder), rounded)
    random = np.random.default_rng(4)
    served = np.unique(rounded.from_stop)
    ours, theirs = [], []
    for _ in range(pairs):
        start, end = (int(s) for s in random.choice(served, 2, replace=False))
        minute = int(random.integers(420, 540))
        a, b = measured(
            1,
            lambda s=start, m=minute: scan.earliest_arrival(rounded, closed, scan.Place([s], [0]), m * 60),  # type: ignore[misc]
            lambda s=start, e=end, m=minute: other.arrival(s, e, m, scan.LONGEST_S // 60),  # type: ignore[misc]
        )
        ours.append(a)
        theirs.append(b)
    line("one-to-all, the peer's input, random starts", float(np.median(ours)))
    line("one pair of pynigiri", float(np.median(theirs)))
    print(f"one-to-all / one pair of the peer: {np.median(ours) / np.median(theirs):.2f} (goal: at most 1)")


if __name__ == "__main__":
    main()
