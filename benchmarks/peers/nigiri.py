"""The peer of the connection scan: pynigiri (RAPTOR in C++), asked on the very same day, changes and footpaths.

It knows only whole minutes, one kind of footpath and closes the footpaths transitively, so `whole_minutes` and
`closed_footpaths` make inputs on which both must agree to the minute. Install it with
`.venv/bin/python -m pip install --no-deps -r requirements/peer.txt`; wheels exist for some platforms only.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo import crs
from layers.reach.transit.connections import DayTimetable, Footpaths

BERLIN = ZoneInfo("Europe/Berlin")
LONGEST_WALK_S = 15 * 60


def whole_minutes(timetable: DayTimetable, window_s: tuple[int, int]) -> DayTimetable:
    """Return the runs with a departure in the window, all their times cut to whole minutes."""
    inside = (timetable.departs_s >= window_s[0]) & (timetable.departs_s < window_s[1])
    kept = np.isin(timetable.trip, np.unique(timetable.trip[inside]))
    departs = timetable.departs_s // 60 * 60
    order = np.flatnonzero(kept)[np.argsort(departs[kept], kind="stable")]
    columns = {name: getattr(timetable, name)[order] for name in ("from_stop", "to_stop", "trip", "boards", "alights")}
    return dataclasses.replace(timetable, departs_s=departs[order], arrives_s=timetable.arrives_s[order] // 60 * 60, **columns)


def closed_footpaths(paths: Footpaths) -> Footpaths:
    """Return the footpaths with every chain of them as a footpath of its own, walks as long as transfers."""
    stops = len(paths.change_s)
    graph = csr_matrix((paths.transfer_s, paths.stop, paths.start), shape=(stops, stops))
    shortest = dijkstra(graph, limit=LONGEST_WALK_S)
    np.fill_diagonal(shortest, np.inf)
    start, stop = np.nonzero(np.isfinite(shortest))
    seconds = shortest[start, stop].astype(np.int32)
    bounds = np.searchsorted(start, np.arange(stops + 1)).astype(np.int32)
    return Footpaths(bounds, stop.astype(np.int32), seconds, seconds, paths.change_s)


def write_feed(timetable: DayTimetable, paths: Footpaths, folder: Path) -> None:
    """Write a GTFS folder with one trip per run; changes and footpaths become transfers.txt."""
    lon, lat = crs.transform_xy(timetable.x_m, timetable.y_m, crs.STORAGE, crs.WEB)

    def table(name: str, *rows: Iterable[Any]) -> None:
        with (folder / f"{name}.txt").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)

    table("agency", ("agency_id", "agency_name", "agency_url", "agency_timezone"), ("a", "a", "https://example.org", str(BERLIN)))
    table("stops", ("stop_id", "stop_name", "stop_lat", "stop_lon"), *((i, i, lat[i], lon[i]) for i in range(len(lat))))
    table("routes", ("route_id", "agency_id", "route_short_name", "route_type"), ("r", "a", "r", 3))
    table("calendar_dates", ("service_id", "date", "exception_type"), ("s", f"{timetable.day:%Y%m%d}", 1))
    table("trips", ("route_id", "service_id", "trip_id"), *(("r", "s", t) for t in np.unique(timetable.trip)))
    changes = [(i, i, 2, c) for i, c in enumerate(paths.change_s)]
    walks = zip(np.repeat(np.arange(len(lat)), np.diff(paths.start)), paths.stop, paths.transfer_s, strict=True)
    header = ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time")
    table("transfers", header, *changes, *((a, b, 2, s) for a, b, s in walks))
    header = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type")
    table("stop_times", header, *_calls(timetable))


def _calls(timetable: DayTimetable) -> Iterable[tuple[Any, ...]]:
    def clock(seconds: int) -> str:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"

    order = np.argsort(timetable.trip, kind="stable")
    names = ("trip", "departs_s", "arrives_s", "from_stop", "to_stop", "boards", "alights")
    hops = list(zip(*(getattr(timetable, n)[order].tolist() for n in names), strict=True))
    number = 0  # within the trip: the peer keeps 16 bits of it
    for i, (trip, departs, arrives, start, end, boards, alights) in enumerate(hops):
        first = i == 0 or hops[i - 1][0] != trip
        number = 0 if first else number + 1
        arrived, left = (departs, True) if first else (hops[i - 1][2], hops[i - 1][6])
        yield trip, clock(arrived), clock(departs), start, number, int(not boards), int(not left)
        if i + 1 == len(hops) or hops[i + 1][0] != trip:
            yield trip, clock(arrives), clock(arrives), end, number + 1, 1, int(not alights)


class Peer:
    """A loaded feed. Raises ImportError where there is no pynigiri."""

    def __init__(self, folder: Path, timetable: DayTimetable) -> None:
        import pynigiri

        self.ng = pynigiri
        loader, options = pynigiri.LoaderConfig(), pynigiri.FinalizeOptions()
        loader.default_tz, loader.link_stop_distance = str(BERLIN), 0
        options.adjust_footpaths = options.merge_dupes_intra_src = options.merge_dupes_inter_src = False
        days = (str(timetable.day), str(timetable.day + datetime.timedelta(days=1)))
        self.timetable = pynigiri.load_timetable([pynigiri.TimetableSource("a", str(folder), loader)], *days, options)
        self.places = [self.timetable.find_location(str(i)) for i in range(len(timetable.stop_id))]
        midnight = datetime.datetime.combine(timetable.day, datetime.time(), BERLIN)
        self.midnight = int(midnight.timestamp()) // 60

    def arrival(self, start: int, end: int, minute: int, longest_minutes: int) -> int | None:
        """Return the earliest arrival at a stop in minutes since midnight, leaving another at a minute."""
        query = self.ng.Query()
        query.start_time = self.midnight + minute
        query.start = [self.ng.Offset(self.places[start], 0, 0)]
        query.destination = [self.ng.Offset(self.places[end], 0, 0)]
        query.start_match_mode = query.dest_match_mode = self.ng.LocationMatchMode.EXACT
        query.use_start_footpaths = False
        query.max_travel_time = longest_minutes
        found = self.ng.route(self.timetable, query)
        return min((journey.arrival_time() - self.midnight for journey in found), default=None)
