"""How long it takes by bus and train: connection scans over one day. Pure: no database, no clock, no network.

Method. A journey is a walk to a stop, rides, and a walk from a stop; between two rides there is a change at the stop or one
footpath to another stop, never two walks in a row. `earliest_arrival` scans forward from a place; `profile` scans
backward from a target once for all stops and all minutes of a window, so its cost does not depend on the number of
places; `reduce` turns it into numbers per place: for every minute the best of its stops, and only then the median. (The
smallest of the stops' medians would be too large: two hourly buses half an hour apart serve a place every half hour.)

Two numbers belong together. The best ride is what one gets who knows the timetable: from leaving home just in time to
arriving. The median is what one gets who sets out at any minute of the window, waiting included. Minutes without a
connection count as infinitely long.

Times are int32 seconds since midnight of the timetable's day; walks take whole minutes, rounded up. Sources: Dibbelt,
Pajor, Strasser, Wagner, "Connection Scan Algorithm", ACM JEA 23 (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.errors import InvalidParameter
from layers.reach.timetable import DAY_S
from layers.reach.transit.connections import Access, DayTimetable, Footpaths, stop_access

UNREACHABLE = 2**31 - 1
NEVER = -1
LONGEST_S = 6 * 3600
MARGIN_S = 30 * 60
PORTION = 4_096  # places a thread takes at a time


@dataclass(frozen=True)
class Place:
    """Where a journey starts or ends: stops (indices) and the seconds on foot to or from each of them."""

    stops: Any
    walk_s: Any


@dataclass(frozen=True)
class Times:
    """Moments per stop, int32 seconds since midnight.

    Attributes
    ----------
    ride_s
        For getting off (earliest arrival) or on (latest departure) at the very stop: walk on from these.
    stop_s
        For being at the stop, whether by ride, by the place's own walk, or by a footpath from a ride.
    """

    ride_s: Any
    stop_s: Any


@dataclass(frozen=True)
class Profile:
    """Seconds to a target from every stop at every minute.

    Attributes
    ----------
    start_s : int
        First minute, seconds since midnight.
    minutes : int
        Minutes of the window; the arrays go on for `margin_s`, for those who first walk to the stop.
    travel_s : int32, minute × stop
        From standing at the stop ready to board to being at the target, waiting included; UNREACHABLE when that takes longer
        than `longest_s`.
    ride_s : int32, minute × stop
        The same journey without the wait before the first ride.
    """

    start_s: int
    minutes: int
    margin_s: int
    longest_s: int
    travel_s: Any
    ride_s: Any


@dataclass(frozen=True)
class Reach:
    """Seconds from places to a target, int32, one per place; UNREACHABLE where there is no connection.

    Attributes
    ----------
    best_s
        Shortest door to door over the journeys of those who set out in the window, without waiting at the first stop.
    median_s, p90_s
        So long or less it takes in at least half, nine tenths of the minutes (nearest rank), waiting included.
    """

    best_s: Any
    median_s: Any
    p90_s: Any


def around(paths: Footpaths, stop: int) -> Place:
    """Return a stop as a place: itself and, on foot, the stops it has footpaths to."""
    _check_stops("stop", np.array([stop]), len(paths.change_s))
    near = slice(paths.start[stop], paths.start[stop + 1])
    return Place(np.append(np.int32(stop), paths.stop[near]), np.append(np.int32(0), paths.walk_s[near]))


def earliest_arrival(timetable: DayTimetable, paths: Footpaths, source: Place, departure_s: int, longest_s: int = LONGEST_S) -> Times:
    """Return the earliest arrival everywhere when leaving the source at a moment; UNREACHABLE after `longest_s`.

    Raises
    ------
    InvalidParameter
        For a place without stops, stops the timetable does not have, or walks below zero.
    """
    from layers.reach.transit import kernels

    access = _moments(source, len(timetable.stop_id), departure_s)
    ride = kernels.earliest(_columns(timetable), timetable.trips, _paths(paths), access.copy(), departure_s + longest_s)
    walked = np.where(access - np.int64(departure_s) <= longest_s, access, UNREACHABLE)
    on_foot = np.repeat(ride, np.diff(paths.start)).astype(np.int64) + paths.walk_s
    on_foot[on_foot > departure_s + longest_s] = UNREACHABLE
    stop = np.minimum(ride, walked).astype(np.int32)
    np.minimum.at(stop, paths.stop, on_foot.astype(np.int32))
    return Times(ride, stop)


def latest_departure(timetable: DayTimetable, paths: Footpaths, target: Place, deadline_s: int, longest_s: int = LONGEST_S) -> Times:
    """Return how late one may leave each stop and still be at the target by the deadline; NEVER where there is no way.

    Raises
    ------
    InvalidParameter
        As `earliest_arrival`.
    """
    found = earliest_arrival(timetable.mirrored, paths, target, -deadline_s, longest_s)
    return Times(*(np.where(t == UNREACHABLE, NEVER, -t).astype(np.int32) for t in (found.ride_s, found.stop_s)))


def last_connection(
    timetable: DayTimetable,
    paths: Footpaths,
    source: Place,
    deadline_s: int,
    places: Access | None = None,
    longest_s: int = LONGEST_S,
) -> Any:
    """Return how late one may leave the source and still be at each place by the deadline: the last connection home.

    Parameters
    ----------
    deadline_s : int
        Whole minutes; 26 · 3600 is 2 o'clock at night.
    places : Access, optional
        Without it the stops themselves, on foot from a neighbouring stop where that is later.

    Returns
    -------
    int32, one per place
        Seconds since midnight, NEVER where nobody gets by the deadline within `longest_s`.
    """
    places = places or stop_access(paths)
    back = profile(timetable.mirrored, paths, source, (-deadline_s, 60 - deadline_s), _margin(places), longest_s)
    taken = reduce(back, places).median_s
    return np.where(taken == UNREACHABLE, NEVER, deadline_s - taken).astype(np.int32)


def profile(
    timetable: DayTimetable,
    paths: Footpaths,
    target: Place,
    window_s: tuple[int, int],
    margin_s: int = MARGIN_S,
    longest_s: int = LONGEST_S,
) -> Profile:
    """Return how long it takes to the target from every stop, for every minute of a window.

    Parameters
    ----------
    target : Place
    window_s : (int, int)
        Seconds since midnight in whole minutes, start inclusive, end exclusive.
    margin_s : int
        The longest walk to a first stop that `reduce` will be asked for.
    longest_s : int
        What takes longer counts as unreachable.

    Raises
    ------
    InvalidParameter
    """
    from layers.reach.transit import kernels

    start, end = window_s
    if end <= start or start % 60 or end % 60:
        raise InvalidParameter("window_s", str(window_s), "whole minutes, the end after the start")
    if not 0 <= margin_s <= DAY_S or not 0 < longest_s <= DAY_S:
        raise InvalidParameter(
            "longest_s", f"{longest_s} (margin_s {margin_s})", "more than 0 s up to a day, the margin from 0 s up to a day"
        )
    margin = -(-margin_s // 60)
    minutes = (end - start) // 60
    egress = _moments(target, len(timetable.stop_id), 0)
    # made here and not in the loops: numpy asks the system for large pages, numba takes a fifth longer with small ones
    travel, ride = np.empty((2, len(egress), minutes + margin), np.int32)
    pool = np.empty((len(timetable.departs_s) + 1, 3), np.int32)
    kernels.profile(_columns(timetable), timetable.trips, _paths(paths), egress, start, longest_s, pool, travel, ride)
    return Profile(start, minutes, margin * 60, longest_s, travel.T, ride.T)


def reduce(found: Profile, places: Access, threads: int = 1) -> Reach:
    """Return best ride, median and 90th percentile of every place: the best of its stops minute by minute, then the rank.

    Raises
    ------
    InvalidParameter
        When a walk is longer than the profile's margin, or the places do not fit its stops.
    """
    from layers.reach.transit import kernels

    start, stop, walk = (np.ascontiguousarray(a, dtype=np.int32) for a in (places.start, places.stop, places.walk_s))
    if len(start) < 1 or start[0] != 0 or start[-1] != len(stop) or (np.diff(start) < 0).any() or len(walk) != len(stop):
        raise InvalidParameter(
            "places", f"{len(start)} starts, {len(stop)} stops, {len(walk)} walks", "starts from 0, rising, to the number of pairs"
        )
    _check_stops("places", stop, found.travel_s.shape[1])
    if len(walk) and (walk.min() < 0 or walk.max() > found.margin_s):
        raise InvalidParameter("places", f"walks of {walk.min()} to {walk.max()} s", f"0 to {found.margin_s} s, the margin of the profile")
    count = len(start) - 1
    ranks = np.array([-(-found.minutes * share // 100) - 1 for share in (50, 90)])
    best, at = np.empty(count, np.int32), np.empty((count, len(ranks)), np.int32)

    def work(low: int) -> None:
        high = min(low + PORTION, count)
        kernels.reduced(found.travel_s.T, found.ride_s.T, start, stop, walk, low, high, found.minutes, found.longest_s, best, ranks, at)

    portions = range(0, count, PORTION)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, portions))
    else:
        for low in portions:
            work(low)
    return Reach(best, at[:, 0], at[:, 1])


def _columns(timetable: DayTimetable) -> tuple[Any, ...]:
    t = timetable
    return t.departs_s, t.arrives_s, t.from_stop, t.to_stop, t.trip, t.boards, t.alights


def _paths(paths: Footpaths) -> tuple[Any, ...]:
    return paths.start, paths.stop, paths.transfer_s, paths.change_s


def _margin(places: Access) -> int:
    return int(np.max(places.walk_s, initial=0))


def _check_stops(name: str, stops: Any, count: int) -> None:
    if len(stops) and (stops.min() < 0 or stops.max() >= count):
        raise InvalidParameter(name, f"stop {stops.min() if stops.min() < 0 else stops.max()}", f"indices from 0 to {count - 1}")


def _moments(place: Place, count: int, from_s: int) -> Any:
    """Return for every stop when one is there on foot from the place; UNREACHABLE where the place has no such stop."""
    stops, walk = np.atleast_1d(np.asarray(place.stops)), np.atleast_1d(np.asarray(place.walk_s))
    if not len(stops) or len(stops) != len(walk):
        raise InvalidParameter("place", f"{len(stops)} stops, {len(walk)} walks", "at least one stop, and a walk for each")
    _check_stops("place", stops, count)
    if walk.min() < 0 or walk.max() > DAY_S:
        raise InvalidParameter("place", f"walks of {walk.min()} to {walk.max()} s", f"0 to {DAY_S} s")
    moments = np.full(count, UNREACHABLE, np.int32)
    np.minimum.at(moments, stops, (from_s + (walk + 59) // 60 * 60).astype(np.int32))
    return moments


def stops_named(timetable: DayTimetable, ids: Sequence[str]) -> Any:
    """Return the indices of stops by id, int32.

    Raises
    ------
    InvalidParameter
        When the timetable does not serve one of them on its day.
    """
    missing = [i for i in ids if i not in timetable.index]
    if missing:
        raise InvalidParameter("stop_id", ", ".join(missing), f"stops served on {timetable.day}")
    return np.array([timetable.index[i] for i in ids], dtype=np.int32)
