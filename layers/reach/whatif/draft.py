"""The tables of a GTFS feed while they are edited. Pure: no database, no clock, no network.

Tables are read when they are asked for, all columns as text, and change only through the methods here, which note which.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from geo.errors import InvalidFile, InvalidParameter
from layers.reach.timetable import Feed, choose_day, seconds
from layers.reach.whatif.edit_list import Edit

NEW = {
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
}
NEAREST = 3


def clock(moment: float) -> str:
    """Return seconds since midnight as HH:MM:SS; hours may exceed 24."""
    whole = round(moment)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


class Draft:
    """A feed being edited.

    Attributes
    ----------
    feed : Feed
        As it was read, checked.
    day : date
        Its reference day.
    services : dict
        service_id → dates, with those of the edits.
    member : dict
        Table → name in the archive.
    changed : set of str
        Tables that differ from the feed's.
    head, name, platforms : dict
        stop_id → id of its placed stop group; stop_id → name; station → the stops in it.
    """

    def __init__(self, path: Path, feed: Feed, list_name: str, day: datetime.date | None = None) -> None:
        self.path, self.feed, self.list_name = path, feed, list_name
        if day is not None and day not in feed.days:
            raise InvalidParameter("day", str(day), f"the feed runs on {feed.days[0]} to {feed.days[-1]}" if feed.days else "no day at all")
        self.day: datetime.date = day or choose_day(feed)
        self.services = {service: set(dates) for service, dates in feed.services.items()}
        with zipfile.ZipFile(path) as archive:
            self.member = {i.filename.rsplit("/", 1)[-1]: i.filename for i in archive.infolist() if i.filename.endswith(".txt")}
        self.folder = self.member["stops.txt"].removesuffix("stops.txt")
        self.changed: set[str] = set()
        self._tables: dict[str, pd.DataFrame] = {}
        self._own_services: dict[str, str] = {}
        stops = self.table("stops.txt")
        self.name: dict[str, str] = dict(zip(stops["stop_id"], stops["stop_name"], strict=True))
        parents = stops["parent_station"] if "parent_station" in stops else pd.Series([""] * len(stops))
        placed = set(feed.groups["stop_id"])
        self.head: dict[str, str] = {}
        self.platforms: dict[str, list[str]] = defaultdict(list)
        for stop, parent in zip(stops["stop_id"], parents, strict=True):
            head = parent if parent in self.name else stop
            if head in placed:
                self.head[stop] = head
            if head != stop:
                self.platforms[head].append(stop)
        self._named: dict[str, list[str]] = defaultdict(list)
        for stop, text in zip(feed.groups["stop_id"], feed.groups["name"], strict=True):
            self._named[str(text)].append(str(stop))

    # --- tables ---------------------------------------------------------------------------------------------------------

    def table(self, name: str) -> pd.DataFrame:
        """Return a table, all columns as text; a table that the feed lacks has no rows."""
        if name not in self._tables:
            self._tables[name] = self._read(name) if name in self.member else pd.DataFrame({c: pd.Series(dtype=str) for c in NEW[name]})
        return self._tables[name]

    def _read(self, name: str) -> pd.DataFrame:
        with zipfile.ZipFile(self.path) as archive:
            raw = archive.read(self.member[name])
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
        found = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False)
        return found.rename(columns=lambda c: str(c).strip())

    def text(self, name: str) -> bytes:
        """Return a table as the bytes of its file."""
        written: str = self.table(name).to_csv(index=False, lineterminator="\n")
        return written.encode("utf-8")

    def _set(self, name: str, frame: pd.DataFrame) -> None:
        self._tables[name] = frame
        self.changed.add(name)

    def append(self, name: str, rows: Sequence[dict[str, str]]) -> None:
        """Add rows; columns that the table lacks are added, empty for the others."""
        if rows:
            self._set(name, pd.concat([self.table(name), pd.DataFrame(list(rows), dtype=str)], ignore_index=True).fillna(""))

    def assign(self, name: str, where: Any, column: str, value: str) -> None:
        """Give a column a value in some rows."""
        frame = self.table(name)
        old = frame[column].to_numpy() if column in frame else np.full(len(frame), "", dtype=object)
        self._set(name, frame.assign(**{column: np.where(where, value, old)}))

    def _drop(self, name: str, where: Any) -> None:
        if where.any():
            self._set(name, self.table(name)[~where].reset_index(drop=True))

    def free(self, name: str, column: str, wanted: str) -> str:
        """Return an id that the table does not have yet."""
        taken, n, found = set(self.table(name)[column]), 2, wanted
        while found in taken:
            found, n = f"{wanted}-{n}", n + 1
        return found

    # --- what edits name ------------------------------------------------------------------------------------------------

    def wrong(self, edit: Edit, name: str, text: str) -> InvalidFile:
        return InvalidFile(f"{self.list_name}: edit {edit.number} ({edit.kind}), {name}: {text}")

    def stop(self, edit: Edit, name: str, given: str) -> str:
        """Return the id of the stop that an id or exact name means."""
        if given not in self.name:
            ids = self._named.get(given, [])
            if len(ids) > 1:
                raise self.wrong(
                    edit, name, f"{given!r} is the name of {len(ids)} stops; allowed is one of the ids {', '.join(sorted(ids))}"
                )
            if not ids:
                near = self._nearest(given, [*self._named, *self.name])
                raise self.wrong(edit, name, f"there is no stop {given!r}; allowed are stop ids and exact names; the nearest are {near}")
            return ids[0]
        if given not in self.head:
            raise self.wrong(edit, name, f"the stop {given!r} has no position in stops.txt; allowed are stops with one")
        return given

    def platform(self, stop: str) -> str:
        """Return where vehicles stop: of a station the platform with most calls, else the stop itself."""
        inside = self.platforms.get(stop)
        if not inside:
            return stop
        times = self.table("stop_times.txt")["stop_id"]
        calls = times[times.isin(inside)].value_counts()
        return min(inside, key=lambda s: (-int(calls.get(s, 0)), s))

    def routes(self, edit: Edit, line: Sequence[str]) -> set[str]:
        """Return the route ids of a line, given by its short name or by route ids."""
        routes = self.table("routes.txt")
        ids = set(routes["route_id"])
        if all(given in ids for given in line):
            return set(line)
        names = routes["route_short_name"] if "route_short_name" in routes else pd.Series([""] * len(routes))
        unknown = next(given for given in line if given not in ids)
        found = routes[names == line[0]] if len(line) == 1 else routes[:0]
        if not len(found):
            near = self._nearest(unknown, [*(n for n in names if n), *ids])
            raise self.wrong(
                edit, "line", f"there is no line {unknown!r}; allowed are route_short_name and route_id; the nearest are {near}"
            )
        groups = self._connected(found)
        if len(groups) > 1:
            shown = "; ".join(" + ".join(g) for g in groups)
            raise self.wrong(
                edit,
                "line",
                f"{line[0]!r} is the name of {len(groups)} lines of different kind or place; allowed are the route_ids {shown}",
            )
        return set(groups[0])

    def _connected(self, routes: pd.DataFrame) -> list[list[str]]:
        """Return routes gathered to lines: of the same type, and sharing stops."""
        trips = self.table("trips.txt")
        route_of = dict(zip(trips["trip_id"], trips["route_id"], strict=True))
        wanted = set(routes["route_id"])
        calls = self.calls({t for t, r in route_of.items() if r in wanted})
        served = calls["stop_id"].map(self.head).groupby(calls["trip_id"].map(route_of)).agg(set).to_dict()
        groups: list[tuple[str, set[Any], list[str]]] = []
        for route, kind in sorted(zip(routes["route_id"], routes["route_type"], strict=True)):
            stops = served.get(route, set())
            near = [g for g in groups if g[0] == kind and g[1] & stops]
            groups = [g for g in groups if g not in near]
            groups.append((kind, stops.union(*(g[1] for g in near)), sorted([route, *(r for g in near for r in g[2])])))
        return sorted(g[2] for g in groups if g[1])

    def _nearest(self, given: str, known: Iterable[str]) -> str:
        found = process.extract(given, list(dict.fromkeys(known)), scorer=fuzz.WRatio, limit=NEAREST)
        return ", ".join(repr(text) for text, _score, _i in found) or "none: the table is empty"

    # --- trips ------------------------------------------------------------------------------------------------------------

    def calls(self, trips: set[str]) -> pd.DataFrame:
        """Return the rows of stop_times.txt of some trips, each trip's in order."""
        times = self.table("stop_times.txt")
        found = times[times["trip_id"].isin(trips)]
        order = pd.to_numeric(found["stop_sequence"], errors="coerce").fillna(0).to_numpy()
        found = found.assign(**{c: "" for c in ("arrival_time", "departure_time") if c not in found})
        return found.iloc[np.lexsort([order, found["trip_id"].to_numpy(dtype=str)])]

    def _rows(self, trip: str) -> list[tuple[dict[str, str], float, float, float]]:
        """Return the frequencies of a trip that make sense, each with begin, end and headway in seconds."""
        rows = self.table("frequencies.txt")
        rows = rows[rows["trip_id"] == trip]
        if not len(rows):
            return []
        begin, end = seconds(rows["start_time"]), seconds(rows["end_time"])
        every = pd.to_numeric(rows["headway_secs"], errors="coerce").to_numpy(dtype=float)
        known = zip(rows.to_dict("records"), begin, end, every, strict=True)
        return [(row, b, e, n) for row, b, e, n in known if np.isfinite(b) and np.isfinite(e) and n > 0 and e > b]

    def starts(self, trip: str, first: float) -> list[float]:
        """Return when a trip starts: by its frequencies, else once, at its first departure."""
        rows = self._rows(trip)
        return [float(s) for _r, b, e, n in rows for s in np.arange(b, e, n)] if rows else [first]

    def repeat(self, trip: str, window: tuple[int, int], every_s: int) -> None:
        """Let a trip start at the beginning of a window and then regularly to its end, the end included."""
        number = (window[1] - window[0]) // every_s + 1
        row = {"trip_id": trip, "start_time": clock(window[0]), "end_time": clock(window[0] + number * every_s)}
        self.append("frequencies.txt", [row | {"headway_secs": str(every_s), "exact_times": "1"}])

    def copy(self, trip: str) -> str:
        """Return a new trip like another, on the reference day, without frequencies yet."""
        made = self.free("trips.txt", "trip_id", f"{trip}-edited")
        trips, times = self.table("trips.txt"), self.table("stop_times.txt")
        row = trips[trips["trip_id"] == trip].iloc[0].to_dict()
        self.append("trips.txt", [row | {"trip_id": made, "service_id": self.service()}])
        self.append("stop_times.txt", [r | {"trip_id": made} for r in times[times["trip_id"] == trip].to_dict("records")])
        return made

    def thin(self, trip: str, window: tuple[int, int]) -> None:
        """Take a trip's starts in a window off the reference day; the starts outside it and other days stay."""
        trips, rows = self.table("trips.txt"), self._rows(trip)
        here = (trips["trip_id"] == trip).to_numpy()
        service = str(trips["service_id"][here].iloc[0])
        kept: list[dict[str, str]] = []
        for row, begin, end, every in rows:
            known = np.arange(begin, end, every)
            for part in (known[known < window[0]], known[known > window[1]]):
                if len(part):
                    kept.append(row | {"start_time": clock(part[0]), "end_time": clock(part[-1] + min(every, end - part[-1]))})
        target = trip
        others = self.services[service] - {self.day}
        if others:
            if kept:
                target = self.copy(trip)
            here = (self.table("trips.txt")["trip_id"] == trip).to_numpy()
            self.assign("trips.txt", here, "service_id", self._without_day(service, others))
        else:
            for name in ("frequencies.txt", *(() if kept else ("trips.txt", "stop_times.txt"))):
                self._drop(name, (self.table(name)["trip_id"] == trip).to_numpy())
        self.append("frequencies.txt", [row | {"trip_id": target} for row in kept])

    def service(self, every_day: bool = False) -> str:
        """Return the service of the edits: it runs on the reference day, or on every day of the feed."""
        return self._service("edit-every-day", set(self.feed.days)) if every_day else self._service(f"edit-{self.day:%Y%m%d}", {self.day})

    def _without_day(self, service: str, dates: set[datetime.date]) -> str:
        return self._service(f"{service}-without-{self.day:%Y%m%d}", dates)

    def _service(self, wanted: str, dates: set[datetime.date]) -> str:
        if wanted not in self._own_services:
            made = wanted
            while made in self.services:
                made += "-2"
            self._own_services[wanted], self.services[made] = made, dates
            self.append("calendar_dates.txt", [{"service_id": made, "date": f"{d:%Y%m%d}", "exception_type": "1"} for d in sorted(dates)])
        return self._own_services[wanted]
