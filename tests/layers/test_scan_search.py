"""Connection scans of random timetables against a slow search that shares nothing with them."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.reach import scan
from layers.reach.transit import connections as cn
from layers.reach.transit import kernels

TUESDAY = datetime.date(2026, 3, 10)
NONE = scan.UNREACHABLE
STATIONS, LATEST = 5, 26  # stops; minutes


@st.composite
def timetables(draw: st.DrawFn) -> tuple[cn.DayTimetable, cn.Footpaths]:
    """Draw a small timetable with waits, hops without duration, loops, stops where one may not get on or off, and footpaths."""
    rows = []
    for trip in range(draw(st.integers(1, 7))):
        now = draw(st.integers(0, LATEST - 10))
        stops = draw(st.lists(st.integers(0, STATIONS - 1), min_size=2, max_size=5))
        for start, end in itertools.pairwise(stops):
            leaves = now + draw(st.integers(0, 2))
            now = leaves + draw(st.integers(0, 6))
            rows.append((leaves * 60, now * 60, start, end, trip, draw(st.integers(0, 4)) > 0, draw(st.integers(0, 4)) > 0))
    rows.sort(key=lambda r: r[0])
    departs, arrives, starts, ends, trip, boards, alights = (np.array(c) for c in zip(*rows, strict=True))
    zeros = np.zeros(STATIONS)
    timetable = cn.DayTimetable(
        TUESDAY, *(a.astype(np.int32) for a in (departs, arrives, starts, ends, trip)), boards, alights,
        np.array(list("ABCDE")), np.array(list("ABCDE")), zeros, zeros, zeros > 0, zeros.astype(np.int32), 7, 0, (TUESDAY,),
    )  # fmt: skip
    change = np.array(draw(st.lists(st.integers(1, 4), min_size=STATIONS, max_size=STATIONS)), dtype=np.int32) * 60
    walks = draw(
        st.dictionaries(
            st.tuples(st.integers(0, STATIONS - 1), st.integers(0, STATIONS - 1)).filter(lambda p: p[0] < p[1]), st.integers(1, 6)
        )
    )
    pairs = sorted([(a, b, m) for (a, b), m in walks.items()] + [(b, a, m) for (a, b), m in walks.items()])
    start = np.searchsorted([p[0] for p in pairs], np.arange(STATIONS + 1)).astype(np.int32)
    stop, walk = (np.array([p[i] for p in pairs], dtype=np.int32) for i in (1, 2))
    paths = cn.Footpaths(start, stop, walk * 60, np.maximum(walk * 60, change[stop]), change)
    # a transfer is the same both ways
    other = np.repeat(np.arange(STATIONS), np.diff(start))
    return timetable, cn.Footpaths(start, stop, walk * 60, np.maximum(paths.transfer_s, change[other]).astype(np.int32), change)


def search(timetable: cn.DayTimetable, paths: cn.Footpaths, source: int, departure: int) -> tuple[list[float], list[float]]:
    """Return earliest arrivals by ride and by ride or walk: whole trips again and again until nothing changes, no sorting, no arrays."""
    infinite = float("inf")
    trips: dict[int, list[tuple[Any, ...]]] = {}
    for c in range(len(timetable.departs_s)):  # stable order within a trip
        row = (timetable.departs_s, timetable.arrives_s, timetable.from_stop, timetable.to_stop, timetable.boards, timetable.alights)
        trips.setdefault(int(timetable.trip[c]), []).append(tuple(column[c] for column in row))
    ride, ready = [infinite] * STATIONS, [infinite] * STATIONS
    ready[source] = departure
    changed = True
    while changed:
        changed = False
        for hops in trips.values():
            sits = False
            for leaves, arrives, start, end, boards, alights in hops:
                sits = sits or bool(boards and ready[start] <= leaves)
                if sits and alights and arrives < ride[end]:
                    ride[end], changed = float(arrives), True
                    ready[end] = min(ready[end], arrives + paths.change_s[end])
                    for k in range(paths.start[end], paths.start[end + 1]):
                        ready[paths.stop[k]] = min(ready[paths.stop[k]], arrives + paths.transfer_s[k])
    there = list(ride)
    there[source] = min(there[source], departure)
    for end in range(STATIONS):
        for k in range(paths.start[end], paths.start[end + 1]):
            there[paths.stop[k]] = min(there[paths.stop[k]], ride[end] + paths.walk_s[k])
    return ride, there


def endless(values: Any) -> list[float]:
    return [float("inf") if v == NONE else float(v) for v in values]


@settings(max_examples=60, deadline=None)
@given(timetables(), st.integers(0, STATIONS - 1))
def test_scans_agree_with_a_search_over_whole_trips(drawn: tuple[cn.DayTimetable, cn.Footpaths], target: int) -> None:
    timetable, paths = drawn
    slow = {(s, m): search(timetable, paths, s, m * 60) for s in range(STATIONS) for m in range(LATEST)}
    place = scan.around(paths, target)
    found = scan.profile(timetable, paths, place, (0, LATEST * 60), margin_s=0)
    for stop in range(STATIONS):
        arrivals = []
        for minute in range(LATEST):
            quick = scan.earliest_arrival(timetable, paths, scan.Place([stop], [0]), minute * 60)
            ride, there = slow[stop, minute]
            assert endless(quick.ride_s) == ride
            assert endless(quick.stop_s) == there
            walks = [0 if stop == target else float("inf")] + [
                float(w) for s, w in zip(place.stops[1:], place.walk_s[1:], strict=True) if s == stop
            ]
            best = min([ride[s] + w for s, w in zip(place.stops, place.walk_s, strict=True)] + [minute * 60 + w for w in walks])
            arrivals.append(best)
            assert endless(found.travel_s[minute])[stop] == best - minute * 60
        for minute in range(LATEST):  # without the wait: as somebody who comes as late as still gets there then
            if arrivals[minute] == float("inf"):
                assert found.ride_s[minute, stop] == NONE
            elif minute + 1 < LATEST and arrivals[minute + 1] == arrivals[minute]:
                assert found.ride_s[minute, stop] == found.ride_s[minute + 1, stop]
            elif minute + 1 < LATEST:
                assert found.ride_s[minute, stop] == found.travel_s[minute, stop]
    deadline = 22
    late = scan.latest_departure(timetable, paths, scan.Place([target], [0]), deadline * 60)
    last = scan.last_connection(timetable, paths, scan.Place([target], [0]), deadline * 60)
    for stop in range(STATIONS):
        by_ride = [m for m in range(LATEST) if slow[stop, m][0][target] <= deadline * 60]
        assert late.ride_s[stop] == (max(by_ride) * 60 if by_ride else scan.NEVER)
        home = [m for m in range(deadline + 1) if slow[target, m][1][stop] <= deadline * 60]
        # or without any ride, on foot all the way
        home += [deadline - w // 60 for s, w in zip(place.stops, place.walk_s, strict=True) if s == stop]
        assert last[stop] == (max(home) * 60 if home else scan.NEVER)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_a_list_holds_exactly_what_nothing_else_beats(moments: list[tuple[int, int]]) -> None:
    front, pool, used = np.full((1, 4), kernels.UNREACHABLE, np.int32), np.empty((13, 3), np.int32), 0
    for when, arrival in moments:
        used = kernels._insert(front, pool, used, 0, when, arrival)
    listed, entry = [], front[0]
    while entry[0] != kernels.UNREACHABLE:
        listed.append((int(entry[0]), int(entry[1])))
        entry = pool[entry[2]]
    # later at the stop and no later at the target beats; of equals one stays
    beaten = {a for a in moments for b in moments if b != a and b[0] >= a[0] and b[1] <= a[1]}
    assert listed == sorted(set(moments) - beaten)
