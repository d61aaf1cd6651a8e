"""One day of a timetable as connections, with the footpaths between its stops. Pure: no database, no clock, no network.

A connection is one hop of one trip: from a stop group to the next, with a departure and an arrival. Times are whole seconds
since midnight of the day (int32) and may exceed 24 h. The day before is in it shifted by −24 h, so that a night bus
that started yesterday can be boarded; the day after is in it up to 4 o'clock where the feed has it.

Walks take whole minutes, rounded up; speed and detour are those of `layers.reach.ways.walking`.

Change times. Within a station a change takes 2 minutes; 3 where trains leave in three or more directions, because one
has to cross to another platform; 5 where they leave in five or more, because several levels or halls lie on top of each other.
Directions are bearings to the neighbouring stops by rail and metro, those within 30° being one: this asks nothing of a feed but
positions (many name no platforms) and does not take a fast train's next stop for another line.
`data/presets/change_times.toml` overrides it by stop id. Between two stops a change takes the walk, but never less than
a change within the larger of the two: leaving a big station on foot is no quicker than changing inside it.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import os
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo import crs
from geo.errors import InvalidFile, InvalidParameter
from layers.reach.timetable import DAY_S, Feed, read_feed
from layers.reach.transit.route_types import METRO, RAIL, Ranges
from layers.reach.ways.walking import DETOUR, WALK_M_S

FORMAT = 1  # of the files in the cache; raise it when what is stored changes
NIGHT_END_S = DAY_S + 4 * 3600
FOOTPATH_M = 500.0
ACCESS_M = 1_200.0
CHANGE_S = 120
CHANGES_S = ((3, 180), (5, 300))  # (directions by rail and metro, change time), the smallest first
SAME_DIRECTION_DEG = 30
CHANGE_TIMES = Path(__file__).resolve().parents[3] / "data" / "presets" / "change_times.toml"


@dataclass(frozen=True)
class DayTimetable:
    """Everything that runs on a day, sorted by departure; hops of one trip stay in order where they depart together.

    Attributes
    ----------
    departs_s, arrives_s : int32, one per connection
        Seconds since midnight of `day`.
    from_stop, to_stop, trip : int32, one per connection
        Index of a stop; number of a run of a trip.
    boards, alights : bool, one per connection
        Whether one may get on at `from_stop`, get off at `to_stop`.
    stop_id, stop_name, x_m, y_m : one per stop group that is served
        Coordinates in EPSG:25833.
    is_rail : bool, one per stop
    directions : int32, one per stop
        Directions in which trains and metros leave.
    trips : int
        Number of runs.
    backward_trips : int
        Trips left out because their times run backwards.
    days : tuple of date
        The service days it is made of: those of day − 1, day, day + 1 that the feed has.
    """

    day: datetime.date
    departs_s: Any
    arrives_s: Any
    from_stop: Any
    to_stop: Any
    trip: Any
    boards: Any
    alights: Any
    stop_id: Any
    stop_name: Any
    x_m: Any
    y_m: Any
    is_rail: Any
    directions: Any
    trips: int
    backward_trips: int
    days: tuple[datetime.date, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """Stop id → index."""
        return {str(sid): i for i, sid in enumerate(self.stop_id)}

    @cached_property
    def mirrored(self) -> DayTimetable:
        """The timetable run backwards: times negated, ends swapped. A scan of it answers "leave at the latest when?"."""
        order = np.argsort(self.arrives_s, kind="stable")[::-1]  # reversed, so that hops without duration are reversed too
        return dataclasses.replace(
            self,
            departs_s=-self.arrives_s[order],
            arrives_s=-self.departs_s[order],
            from_stop=self.to_stop[order],
            to_stop=self.from_stop[order],
            trip=self.trip[order],
            boards=self.alights[order],
            alights=self.boards[order],
        )


@dataclass(frozen=True)
class Footpaths:
    """Changes between and within stops, the same both ways. Those of stop s stand at start[s] … start[s + 1].

    Attributes
    ----------
    start : int32, stops + 1
    stop, walk_s, transfer_s : int32, one per footpath
        Where to; seconds on foot; seconds from getting off to getting on.
    change_s : int32, one per stop
        From getting off to getting on at the same stop.
    """

    start: Any
    stop: Any
    walk_s: Any
    transfer_s: Any
    change_s: Any


@dataclass(frozen=True)
class Access:
    """Stops within walking distance of places. Those of place p stand at start[p] … start[p + 1].

    Attributes
    ----------
    start : int32, places + 1
    stop, walk_s : int32, one per pair
        Seconds on foot, rounded up to whole minutes where they are used.
    """

    start: Any
    stop: Any
    walk_s: Any


def day_timetable(source: Path | Feed, day: datetime.date, cache: Path | None = None) -> DayTimetable:
    """Return the connections of a day.

    Parameters
    ----------
    source : Path or Feed
        A GTFS zip, or what `read_feed` made of one.
    day : date
    cache : Path, optional
        Folder for the result, by the feed's SHA-256 and the day; a file that cannot be read is made anew. Only for a path.

    Raises
    ------
    InvalidFile
        When the file is no GTFS.
    InvalidParameter
        When the feed has no service on the day.
    """
    if not isinstance(source, Path):
        return _build(source, day)
    if cache is None:
        return _build(read_feed(source), day)
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stored = cache / f"day-{digest[:32]}-{day:%Y%m%d}-{FORMAT}.npz"
    found = _load(stored)
    if found is None:
        found = _build(read_feed(source), day)
        _store(found, stored)
    return found


def _build(feed: Feed, day: datetime.date) -> DayTimetable:
    known = set(feed.days)
    if day not in known:
        span = f"{min(known)} to {max(known)}" if known else "no day at all"
        raise InvalidParameter("day", str(day), f"the feed runs on {span}")
    visits = feed.visits
    trip, group = visits["trip"].to_numpy(), visits["group"].to_numpy()
    arrives, leaves = visits["arrives_s"].to_numpy(), visits["leaves_s"].to_numpy()
    hop = np.flatnonzero(trip[1:] == trip[:-1])
    backward = np.unique(np.concatenate([trip[leaves < arrives], trip[hop][arrives[hop + 1] < leaves[hop]]]))
    hop = hop[~np.isin(trip[hop], backward)]
    hops = np.bincount(trip[hop], minlength=len(feed.trips))
    first = np.cumsum(hops) - hops
    code, shift, days = _runs(feed, day, hops, leaves[hop], first)
    number = hops[code]
    at = np.repeat(first[code] - (np.cumsum(number) - number), number) + np.arange(number.sum())
    departs = leaves[hop[at]] + np.repeat(shift, number)
    wanted = np.flatnonzero((departs >= 0) & (departs < DAY_S + NIGHT_END_S))
    wanted = wanted[np.argsort(departs[wanted], kind="stable")]
    row, run = hop[at[wanted]], np.repeat(np.arange(len(code), dtype=np.int32), number)[wanted]
    starts, ends = group[row], group[row + 1]
    served, stop = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    from_stop, to_stop = np.split(stop.astype(np.int32), 2)
    kinds = feed.trips["route_type"].to_numpy()[trip[row]]
    x, y = crs.transform_xy(feed.groups["lon"].to_numpy()[served], feed.groups["lat"].to_numpy()[served], crs.WEB, crs.STORAGE)
    rail = _within(kinds, RAIL)
    tracks = rail | _within(kinds, METRO)
    return DayTimetable(
        day=day,
        departs_s=departs[wanted].astype(np.int32),
        arrives_s=(arrives[row + 1] + np.repeat(shift, number)[wanted]).astype(np.int32),
        from_stop=from_stop,
        to_stop=to_stop,
        trip=run,
        boards=visits["boards"].to_numpy()[row],
        alights=visits["alights"].to_numpy()[row + 1],
        stop_id=feed.groups["stop_id"].to_numpy()[served].astype(str),
        stop_name=feed.groups["name"].to_numpy()[served].astype(str),
        x_m=x,
        y_m=y,
        is_rail=np.isin(np.arange(len(served)), np.concatenate([from_stop[rail], to_stop[rail]])),
        directions=_directions(from_stop[tracks], to_stop[tracks], x, y),
        trips=len(code),
        backward_trips=len(backward),
        days=days,
    )


def _runs(feed: Feed, day: datetime.date, hops: Any, leaves: Any, first: Any) -> tuple[Any, Any, tuple[datetime.date, ...]]:
    """Return trip and shift in seconds of every run that can be boarded on the day, and the service days they belong to."""
    repeated = feed.starts[feed.starts["trip"].isin(np.flatnonzero(hops))]
    repeats = np.zeros(len(hops), dtype=bool)
    repeats[repeated["trip"].to_numpy(dtype=int)] = True
    codes, shifts, days = [], [], []
    for offset in (-1, 0, 1):
        date = day + datetime.timedelta(days=offset)
        active = [s for s, dates in feed.services.items() if date in dates]
        if not active:
            continue
        runs = feed.trips["service"].isin(active).to_numpy() & (hops > 0)
        many = repeated[runs[repeated["trip"].to_numpy(dtype=int)]]
        once = np.flatnonzero(runs & ~repeats)
        code = np.concatenate([once, many["trip"].to_numpy(dtype=int)])
        shift = np.concatenate([np.zeros(len(once)), many["shift"].to_numpy(dtype=float)]).astype(np.int64) + offset * DAY_S
        begin, end = leaves[first[code]] + shift, leaves[first[code] + hops[code] - 1] + shift
        fits = (end >= 0) & ((begin < NIGHT_END_S) | (offset < 1))
        codes.append(code[fits])
        shifts.append(shift[fits])
        days.append(date)
    return np.concatenate(codes), np.concatenate(shifts), tuple(days)


def _within(kinds: Any, ranges: Ranges) -> Any:
    return np.logical_or.reduce([(kinds >= a) & (kinds <= b) for a, b in ranges])


def _directions(from_stop: Any, to_stop: Any, x: Any, y: Any) -> Any:
    """Return in how many directions each stop has neighbours; bearings with no gap of more than 30° between them are one."""
    n = len(x)
    ends, others = np.concatenate([from_stop, to_stop]).astype(np.int64), np.concatenate([to_stop, from_stop])
    pairs = np.unique(ends * n + others)
    stop, other = pairs // n, pairs % n
    away = (x[stop] != x[other]) | (y[stop] != y[other])
    stop, other = stop[away], other[away]
    bearing = np.degrees(np.arctan2(x[other] - x[stop], y[other] - y[stop])) % 360
    order = np.lexsort([bearing, stop])
    stop, bearing = stop[order], bearing[order]
    opens = np.flatnonzero(np.diff(stop, prepend=-1))
    following = np.append(bearing[1:], 0.0)
    following[np.append(opens[1:], len(stop))[: len(opens)] - 1] = bearing[opens] + 360
    gaps = np.bincount(stop, weights=following - bearing > SAME_DIRECTION_DEG, minlength=n)
    return np.maximum(gaps, np.bincount(stop, minlength=n) > 0).astype(np.int32)


def stored_arrays(path: Path, names: Iterable[str]) -> dict[str, Any] | None:
    """Read arrays that `store_arrays` wrote; None where they are not there or cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _load(path: Path) -> DayTimetable | None:
    values = stored_arrays(path, [f.name for f in dataclasses.fields(DayTimetable)])
    if values is None:
        return None
    values["day"] = datetime.date.fromordinal(int(values["day"]))
    values["days"] = tuple(datetime.date.fromordinal(int(d)) for d in values["days"])
    return DayTimetable(**values | {name: int(values[name]) for name in ("trips", "backward_trips")})


def _store(timetable: DayTimetable, path: Path) -> None:
    values = {f.name: getattr(timetable, f.name) for f in dataclasses.fields(timetable)}
    store_arrays(values | {"day": timetable.day.toordinal(), "days": [d.toordinal() for d in timetable.days]}, path)


def store_arrays(values: Mapping[str, Any], path: Path) -> None:
    """Write beside the target and rename, so that nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **values)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_change_times(path: Path = CHANGE_TIMES) -> dict[str, int]:
    """Read change times in seconds by stop id.

    Raises
    ------
    InvalidFile
        When a station lacks its stops or its minutes are not between 1 and 60.
    """
    times: dict[str, int] = {}
    try:
        stations = tomllib.loads(path.read_text(encoding="utf-8")).get("station", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(f"{path.name}: not readable as TOML ({error})") from error
    for station in stations:
        minutes, stops, name = station.get("minutes"), station.get("stops"), station.get("name", "?")
        if not isinstance(minutes, int) or not 1 <= minutes <= 60:
            raise InvalidFile(f"{path.name}: station {name!r}, minutes: {minutes!r}; allowed are whole numbers from 1 to 60")
        if not isinstance(stops, list) or not stops:
            raise InvalidFile(f"{path.name}: station {name!r}, stops: a list of stop ids is needed")
        times |= {str(stop): minutes * 60 for stop in stops}
    return times


def walking_s(distance_m: Any) -> Any:
    """Return seconds on foot for metres as the crow flies, rounded up to whole minutes."""
    minutes = np.ceil(np.asarray(distance_m) * (DETOUR / WALK_M_S / 60) - 1e-9)
    return (minutes * 60).astype(np.int32)


def footpaths(timetable: DayTimetable, radius_m: float = FOOTPATH_M, change_times: Mapping[str, int] | None = None) -> Footpaths:
    """Return the footpaths between stops at most `radius_m` apart as the crow flies, and the change times.

    Parameters
    ----------
    timetable : DayTimetable
    radius_m : float
    change_times : mapping, optional
        Stop id → seconds (at least 60), overriding the rule; without it those of `data/presets/change_times.toml`.

    Raises
    ------
    InvalidParameter
        When a change takes less than a minute: then hops without duration could not be put in order.
    """
    change = np.full(len(timetable.stop_id), CHANGE_S, dtype=np.int32)
    for directions, change_s in CHANGES_S:
        change[timetable.directions >= directions] = change_s
    for stop, seconds in (load_change_times() if change_times is None else change_times).items():
        if seconds < 60:
            raise InvalidParameter("change_times", f"{stop}: {seconds} s", "at least 60 s")
        if stop in timetable.index:
            change[timetable.index[stop]] = seconds
    near = _near(timetable, timetable.x_m, timetable.y_m, radius_m)
    near = near[near["place"] != near["stop"]]
    walk, a, b = walking_s(near["distance"]), near["place"].to_numpy(), near["stop"].to_numpy()
    transfer = np.maximum(np.maximum(walk, change[a]), change[b])
    return Footpaths(_starts(a, len(change)), b, walk, transfer, change)


def access(timetable: DayTimetable, x_m: Any, y_m: Any, radius_m: float = ACCESS_M) -> Access:
    """Return all stops at most `radius_m` from the places as the crow flies; coordinates in EPSG:25833."""
    near = _near(timetable, x_m, y_m, radius_m)
    return Access(_starts(near["place"].to_numpy(), len(np.asarray(x_m))), near["stop"].to_numpy(), walking_s(near["distance"]))


def stop_access(paths: Footpaths) -> Access:
    """Return the stops themselves as places: each with itself and the stops it has footpaths to."""
    stops = len(paths.change_s)
    place = np.concatenate([np.arange(stops), np.repeat(np.arange(stops), np.diff(paths.start))])
    order = np.argsort(place, kind="stable")
    stop = np.concatenate([np.arange(stops, dtype=np.int32), paths.stop])[order]
    walk = np.concatenate([np.zeros(stops, dtype=np.int32), paths.walk_s])[order]
    return Access(_starts(place[order], stops), stop, walk)


def _near(timetable: DayTimetable, x_m: Any, y_m: Any, radius_m: float) -> pd.DataFrame:
    """Return all pairs of place and stop within the radius, in order of places, then stops."""
    stops = cKDTree(np.column_stack([timetable.x_m, timetable.y_m]))
    places = cKDTree(np.column_stack([np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)]))
    pairs = places.sparse_distance_matrix(stops, radius_m, output_type="ndarray")
    pairs = pairs[np.lexsort([pairs["j"], pairs["i"]])]
    return pd.DataFrame({"place": pairs["i"], "stop": pairs["j"].astype(np.int32), "distance": pairs["v"]})


def _starts(place: Any, places: int) -> Any:
    return np.concatenate([[0], np.cumsum(np.bincount(place, minlength=places))]).astype(np.int32)
