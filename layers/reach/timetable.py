"""Timetables in GTFS: read, checked, and counted for one day. Pure: no database, no clock, no network.

Times are seconds since midnight of the service day and may exceed 24 h. A departure is a call of a trip at a stop that
is not the trip's last and where boarding is allowed. Stops are gathered to stop groups by `parent_station`.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import InvalidFile

DAY_S = 86_400
MAX_BYTES = 4_000_000_000  # stop_times of all Germany have about 2.5 GB
MAX_RATIO = 200
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "stops.txt": (("stop_id", "stop_name", "stop_lat", "stop_lon"), ("parent_station", "location_type")),
    "routes.txt": (("route_id", "route_type"), ("route_short_name",)),
    "trips.txt": (("route_id", "service_id", "trip_id"), ()),
    "stop_times.txt": (("trip_id", "departure_time", "stop_id", "stop_sequence"), ("arrival_time", "pickup_type", "drop_off_type")),
}
KEYS = {"stops.txt": "stop_id", "routes.txt": "route_id", "trips.txt": "trip_id"}
TWICE = "ids that stand there more than once, as in feeds put together; one row counts"
UNKNOWN_STOP = "calls at stops that are not in stops.txt are left out"
NO_POSITION = "stops without a position (empty, 0,0 or not a number) are left out"
NO_PARENT = "parent_station names a stop that is not there; the stop stands alone"
NO_TRIP = "calls of trips that are not in trips.txt are left out"


@dataclass(frozen=True)
class Finding:
    """Something about the feed that a person should know. `severity` is error, warning or info."""

    severity: str
    file: str
    text: str
    count: int = 0
    example: str = ""


@dataclass
class Feed:
    """A feed in arrays.

    Attributes
    ----------
    groups : DataFrame
        Stop groups by id: name, lat, lon (EPSG:4326).
    calls : DataFrame
        One row per departure pattern: trip (int code), group (index into `groups`), route_type, service, offset_s.
    starts : DataFrame
        Trips by frequency: trip, shift (seconds later than the template); trips without frequencies are absent and run once.
    visits : DataFrame
        Every call at a placed stop, last ones too, by trip and in order: trip, group, arrives_s, leaves_s (whole seconds),
        boards, alights.
    trips : DataFrame
        By trip code: service, route_type.
    services : dict
        service_id → the dates it runs on.
    """

    groups: pd.DataFrame
    calls: pd.DataFrame
    starts: pd.DataFrame
    services: dict[str, set[datetime.date]]
    visits: pd.DataFrame
    trips: pd.DataFrame
    findings: list[Finding] = field(default_factory=list)

    @property
    def days(self) -> list[datetime.date]:
        """Days on which anything runs, in order."""
        return sorted(set().union(*self.services.values())) if self.services else []


def read_feed(path: Path) -> Feed:
    """Read a GTFS zip.

    Raises
    ------
    InvalidFile
        When the file is no zip, is dangerous to unpack, or lacks a file or column that GTFS requires.
    """
    findings: list[Finding] = []
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidFile(f"{path.name}: not a zip file ({error})") from error
    with archive:
        members = _members(archive, path)
        tables = {name: _table(archive, members, name, findings) for name in COLUMNS}
        services = _services(archive, members, findings)
        frequencies = _optional(archive, members, "frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"), findings)
    groups, group_of = _groups(tables["stops.txt"], findings)
    trips, codes = _trips(tables, findings)
    visits, calls, first = _calls(tables, trips, codes, group_of, findings)
    starts = _starts(frequencies, codes, first, findings)
    return Feed(groups, calls, starts, services, visits, trips, findings)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the tables by base name; refuse archives that would fill the machine."""
    infos = archive.infolist()
    total = sum(i.file_size for i in infos)
    packed = sum(i.compress_size for i in infos) or 1
    if total > MAX_BYTES or (total > 50_000_000 and total / packed > MAX_RATIO):
        size = f"{total / 1e6:.0f} MB (ratio {total / packed:.0f})"
        raise InvalidFile(f"{path.name}: unpacks to {size}; allowed are 4 GB and ratio {MAX_RATIO}")
    return {i.filename.rsplit("/", 1)[-1]: i for i in infos if i.filename.endswith(".txt")}


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, columns: Iterable[str], findings: list[Finding]) -> pd.DataFrame:
    wanted = set(columns)
    data = archive.read(info)
    encoding = "utf-8-sig"
    if not _is_utf8(data):
        encoding = "cp1252"
        findings.append(Finding("warning", info.filename, "not UTF-8, read as Windows-1252"))
    try:
        return pd.read_csv(
            io.BytesIO(data),
            dtype=str,
            keep_default_na=False,
            encoding=encoding,
            skipinitialspace=True,
            usecols=lambda c: str(c).strip() in wanted,
        ).rename(columns=lambda c: str(c).strip())
    except (ValueError, pd.errors.ParserError) as error:
        raise InvalidFile(f"{info.filename}: not readable as CSV ({error})") from error


def _table(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, findings: list[Finding]) -> pd.DataFrame:
    required, optional = COLUMNS[name]
    if name not in members:
        raise InvalidFile(f"{name} is missing; a GTFS feed has {', '.join(COLUMNS)}")
    frame = _read(archive, members[name], (*required, *optional), findings)
    missing = [c for c in required if c not in frame.columns]
    if missing:
        raise InvalidFile(f"{name}: column {', '.join(missing)} is missing")
    for column in optional:
        if column not in frame.columns:
            frame[column] = ""
    if name in KEYS and (twice := frame[KEYS[name]].duplicated()).any():
        findings.append(Finding("warning", name, TWICE, int(twice.sum()), str(frame[KEYS[name]][twice].iloc[0])))
    return frame


def _optional(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, columns: tuple[str, ...], findings: list[Finding]
) -> pd.DataFrame:
    if name not in members:
        return pd.DataFrame({c: pd.Series(dtype=str) for c in columns})
    frame = _read(archive, members[name], columns, findings)
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InvalidFile(f"{name}: column {', '.join(missing)} is missing")
    return frame


def _date(text: str, name: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError:
        raise InvalidFile(f"{name}: {text!r} is no date; expected YYYYMMDD") from None


def _services(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], findings: list[Finding]) -> dict[str, set[datetime.date]]:
    """Return the dates of each service from calendar.txt, calendar_dates.txt or both."""
    if "calendar.txt" not in members and "calendar_dates.txt" not in members:
        raise InvalidFile("calendar.txt and calendar_dates.txt are both missing; one is needed")
    services: dict[str, set[datetime.date]] = {}
    columns = ("service_id", *WEEKDAYS, "start_date", "end_date")
    for row in _optional(archive, members, "calendar.txt", columns, findings).itertuples(index=False):
        first, last = _date(str(row.start_date), "calendar.txt"), _date(str(row.end_date), "calendar.txt")
        if (last - first).days > 1_500:
            findings.append(Finding("warning", "calendar.txt", "a service runs for more than four years; cut", 1, str(row.service_id)))
            last = first + datetime.timedelta(days=1_500)
        runs = [getattr(row, day) == "1" for day in WEEKDAYS]
        days = (first + datetime.timedelta(days=n) for n in range((last - first).days + 1))
        services[str(row.service_id)] = {d for d in days if runs[d.weekday()]}
    for row in _optional(archive, members, "calendar_dates.txt", ("service_id", "date", "exception_type"), findings).itertuples(
        index=False
    ):
        dates = services.setdefault(str(row.service_id), set())
        day = _date(str(row.date), "calendar_dates.txt")
        dates.discard(day) if row.exception_type == "2" else dates.add(day)
    return services


def _groups(stops: pd.DataFrame, findings: list[Finding]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the stop groups and, for each stop id, the index of its group."""
    lat = pd.to_numeric(stops["stop_lat"], errors="coerce").to_numpy()
    lon = pd.to_numeric(stops["stop_lon"], errors="coerce").to_numpy()
    lost = ~np.isfinite(lat) | ~np.isfinite(lon) | ((np.abs(lat) < 0.01) & (np.abs(lon) < 0.01)) | (np.abs(lat) > 90) | (np.abs(lon) > 180)
    ids = stops["stop_id"].to_numpy()
    if lost.any():
        findings.append(Finding("warning", "stops.txt", NO_POSITION, int(lost.sum()), str(ids[lost][0])))
    row_of = {sid: i for i, sid in enumerate(ids)}
    parents = stops["parent_station"].to_numpy()
    absent = [i for i, p in enumerate(parents) if p and p not in row_of]
    if absent:
        findings.append(Finding("warning", "stops.txt", NO_PARENT, len(absent), str(ids[absent[0]])))
    head = np.array([row_of.get(p, i) if p else i for i, p in enumerate(parents)], dtype=int)
    # a station without a position takes that of its first platform
    for i in np.flatnonzero(~lost):
        if lost[head[i]]:
            lat[head[i]], lon[head[i]] = lat[i], lon[i]
            lost[head[i]] = False
    heads = np.unique(head[~lost[head]])
    index = {int(h): n for n, h in enumerate(heads)}
    groups = pd.DataFrame({"stop_id": ids[heads], "name": stops["stop_name"].to_numpy()[heads], "lat": lat[heads], "lon": lon[heads]})
    return groups, {sid: index[int(head[i])] for i, sid in enumerate(ids) if int(head[i]) in index}


def seconds(texts: pd.Series) -> Any:
    """Return H:MM:SS as seconds (float, NaN where empty or wrong); hours may exceed 24."""
    codes, known = pd.factorize(texts)
    values = np.full(len(known) + 1, np.nan)  # the last is that of what is missing, code -1
    for i, text in enumerate(known):
        parts = str(text).strip().split(":")
        if len(parts) == 3 and all(p.strip().isdecimal() for p in parts) and int(parts[1]) < 60 and int(parts[2]) < 60:
            values[i] = int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2])
    return values[codes]


def _trips(tables: dict[str, pd.DataFrame], findings: list[Finding]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return service and route type of every trip, and the trips' codes by id."""
    routes = tables["routes.txt"]
    types = pd.to_numeric(routes["route_type"], errors="coerce").fillna(-1).astype(int)
    if (types < 0).any():
        findings.append(Finding("warning", "routes.txt", "route_type is no number; counted as bus", int((types < 0).sum())))
    type_of = dict(zip(routes["route_id"], types.where(types >= 0, 3), strict=True))
    trips = tables["trips.txt"].drop_duplicates("trip_id")
    kind = trips["route_id"].map(type_of).fillna(3).astype(int).to_numpy()
    codes = {t: i for i, t in enumerate(trips["trip_id"])}
    return pd.DataFrame({"service": trips["service_id"].to_numpy(), "route_type": kind}), codes


def _calls(
    tables: dict[str, pd.DataFrame], trips: pd.DataFrame, codes: dict[str, int], group_of: dict[str, int], findings: list[Finding]
) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    """Return all calls, those that are departures, and each trip's first departure in seconds."""
    times = tables["stop_times.txt"]
    trip = times["trip_id"].map(codes)
    if trip.isna().any():
        findings.append(Finding("warning", "stop_times.txt", NO_TRIP, int(trip.isna().sum())))
        times, trip = times[trip.notna()], trip[trip.notna()]
    order = pd.to_numeric(times["stop_sequence"], errors="coerce").fillna(0)
    frame = pd.DataFrame({"trip": trip.astype(int).to_numpy(), "order": order.to_numpy()})
    leaves, arrives = seconds(times["departure_time"]), seconds(times["arrival_time"])
    frame["s"] = np.where(np.isfinite(leaves), leaves, arrives)
    frame["arrives"] = np.where(np.isfinite(arrives), arrives, leaves)
    group = times["stop_id"].map(group_of)
    frame["group"] = group.fillna(-1).astype(int).to_numpy()
    frame["boards"] = times["pickup_type"].to_numpy() != "1"
    frame["alights"] = times["drop_off_type"].to_numpy() != "1"
    frame = frame.sort_values(["trip", "order"], kind="stable", ignore_index=True)
    empty = frame["s"].isna()
    if empty.any():
        findings.append(Finding("info", "stop_times.txt", "times between timing points are interpolated", int(empty.sum())))
        frame = _interpolated(frame)
    first = np.full(len(codes), np.nan)
    heads = frame.drop_duplicates("trip")
    first[heads["trip"].to_numpy()] = heads["s"].to_numpy()
    is_last = ~frame.duplicated("trip", keep="last").to_numpy()
    placed = frame["group"].to_numpy() >= 0
    if group.isna().any():
        listed = set(tables["stops.txt"]["stop_id"])  # some of them without a position
        unknown = [stop for stop in times["stop_id"][group.isna()] if stop not in listed]
        if unknown:
            findings.append(Finding("warning", "stop_times.txt", UNKNOWN_STOP, len(unknown), str(unknown[0])))
    unplaced = int((~placed & ~is_last).sum())
    if unplaced:
        findings.append(Finding("warning", "stop_times.txt", "departures at stops without a position are not counted", unplaced))
    kept = frame[placed]
    visits = kept[["trip", "group", "boards", "alights"]].assign(
        arrives_s=np.rint(kept["arrives"]).astype(np.int64), leaves_s=np.rint(kept["s"]).astype(np.int64)
    )
    departing = frame[~is_last & frame["boards"].to_numpy() & placed]
    code = departing["trip"].to_numpy()
    calls = pd.DataFrame({"trip": code, "group": departing["group"].to_numpy(), "route_type": trips["route_type"].to_numpy()[code]})
    calls["service"], calls["s"] = trips["service"].to_numpy()[code], departing["s"].to_numpy()
    calls["service"] = calls["service"].astype("category")
    return visits, calls, first


def _interpolated(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill times that lie between two timing points of the same trip, evenly; leave the other calls without a time out."""
    trip, leaves, arrives = frame["trip"].to_numpy(), frame["s"].to_numpy().copy(), frame["arrives"].to_numpy().copy()
    known, gaps = np.flatnonzero(np.isfinite(leaves)), np.flatnonzero(np.isnan(leaves))
    after = np.searchsorted(known, gaps)
    inside = (after > 0) & (after < len(known))
    gaps, before, after = gaps[inside], known[after[inside] - 1], known[after[inside]]
    same = (trip[before] == trip[gaps]) & (trip[after] == trip[gaps])
    gaps, before, after = gaps[same], before[same], after[same]
    leaves[gaps] = leaves[before] + (arrives[after] - leaves[before]) * (gaps - before) / (after - before)
    arrives[gaps] = leaves[gaps]
    return frame.assign(s=leaves, arrives=arrives)[np.isfinite(leaves)]


def _starts(frequencies: pd.DataFrame, codes: dict[str, int], first: Any, findings: list[Finding]) -> pd.DataFrame:
    """Return for every trip with frequencies how much later than its template each run starts."""
    trip = frequencies["trip_id"].map(codes)
    known = trip.notna()
    if (~known).any():
        findings.append(Finding("warning", "frequencies.txt", "frequencies of unknown trips are left out", int((~known).sum())))
    rows, code = frequencies[known], trip[known].astype(int).to_numpy()
    begin, end = seconds(rows["start_time"]), seconds(rows["end_time"])
    every = pd.to_numeric(rows["headway_secs"], errors="coerce").to_numpy(dtype=float)
    good = np.isfinite(begin) & np.isfinite(end) & (every > 0) & (end > begin)
    if not good.all():
        findings.append(Finding("warning", "frequencies.txt", "frequencies without sense are left out", int((~good).sum())))
    begin, end, every, code = begin[good], end[good], every[good], code[good]
    number = np.ceil((end - begin) / every).astype(int)
    row = np.repeat(np.arange(len(number)), number)
    step = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    return pd.DataFrame({"trip": code[row], "shift": begin[row] + step * every[row] - first[code[row]]})


def departures(feed: Feed, day: datetime.date, window: tuple[int, int] = (6 * 3600, 20 * 3600)) -> pd.DataFrame:
    """Count departures per stop group and route type on a day.

    Parameters
    ----------
    feed : Feed
    day : date
        Trips of the service day before that run past midnight count too.
    window : (int, int)
        Seconds since midnight, start inclusive, end exclusive.

    Returns
    -------
    DataFrame
        group (index into `feed.groups`), route_type, in_window, in_day; groups without a departure are absent.
    """
    parts = []
    for offset in (0, -DAY_S):
        date = day + datetime.timedelta(days=offset // DAY_S)
        active = [s for s, dates in feed.services.items() if date in dates]
        calls = feed.calls[feed.calls["service"].isin(active)]
        repeated = calls.merge(feed.starts, on="trip", how="left")
        at = repeated["s"].to_numpy() + np.nan_to_num(repeated["shift"].to_numpy(dtype=float)) + offset
        parts.append(pd.DataFrame({"group": repeated["group"], "route_type": repeated["route_type"], "at": at}))
    whole = pd.concat(parts, ignore_index=True)
    whole = whole[(whole["at"] >= 0) & (whole["at"] < DAY_S)]
    whole["in_window"] = (whole["at"] >= window[0]) & (whole["at"] < window[1])
    counted = whole.groupby(["group", "route_type"], as_index=False).agg(in_window=("in_window", "sum"), in_day=("at", "size"))
    return counted.astype(int)


def departures_by_day(feed: Feed, days: Iterable[datetime.date]) -> pd.DataFrame:
    """Count departures per stop group (rows) and service day (columns), trips counted on the day they start."""
    runs = feed.starts.groupby("trip").size()
    calls = feed.calls.assign(n=feed.calls["trip"].map(runs).fillna(1))
    table = calls.groupby(["group", "service"], observed=True)["n"].sum().unstack(fill_value=0)
    return pd.DataFrame(
        {d: table[[s for s in table.columns if d in feed.services.get(str(s), ())]].sum(axis=1) for d in days}, index=table.index
    ).astype(int)


def choose_day(feed: Feed) -> datetime.date:
    """Return the Tuesday, Wednesday or Thursday with the most departures, the first of equals; the feed's first and last
    day only when there is no other.

    Raises
    ------
    InvalidFile
        When nothing runs on any day.
    """
    days = feed.days
    if not days:
        raise InvalidFile("no service runs on any day of the feed")
    totals = departures_by_day(feed, days).sum()
    for allowed in (
        [d for d in days[1:-1] if d.weekday() in (1, 2, 3)],
        [d for d in days if d.weekday() in (1, 2, 3)],
        [d for d in days if d.weekday() < 5],
        days,
    ):
        if allowed and max(totals[d] for d in allowed) > 0:
            return max(allowed, key=lambda d: (totals[d], -d.toordinal()))
    raise InvalidFile("no trip of the feed has two stops on a day it runs")
