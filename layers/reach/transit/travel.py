"""Travel times from many places to many centres. Pure: no database, no clock, no network.

One backward profile per centre answers for all places at once; centres do not know of each other, so they may run in
threads here or on other machines (`layers.reach.bulk.cluster`), with the same result to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import InvalidParameter
from layers.reach.scan import LONGEST_S, NEVER, UNREACHABLE, Profile, around, last_connection, profile, reduce
from layers.reach.transit.connections import Access, DayTimetable, Footpaths, store_arrays, stored_arrays

FORMAT = 1  # of bounds that are kept in files; raise it when a scan finds other times
NOT = -1  # minutes of a place without a connection
NEVER_MIN = 30_000  # more than any bound, and with a walk still an int16
WINDOW_S = (7 * 3600, 9 * 3600)  # a school-day morning
ACCESS_M = 1_500.0  # the longest walk to a stop, as the crow flies: 26 minutes
HOME_BY_S = 26 * 3600  # two o'clock at night
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Minutes:
    """Whole minutes door to door, int16, centre × place; NOT where there is no connection.

    `best` is the shortest ride in the window, `median` and `p90` what it takes at most in half and nine tenths of its
    minutes, waiting included.
    """

    best: Any
    median: Any
    p90: Any


@dataclass(frozen=True)
class Bounds:
    """Between which whole minutes the best ride from each stop to each centre lies, int16, stop × centre; NEVER_MIN for none."""

    low: Any
    high: Any

    @classmethod
    def load(cls, path: Path) -> Bounds | None:
        """Read bounds that were kept; None where there are none."""
        found = stored_arrays(path, ("low", "high"))
        return cls(**found) if found else None

    def save(self, path: Path) -> None:
        """Keep the bounds in a file."""
        store_arrays({"low": self.low, "high": self.high}, path)

    @classmethod
    def empty(cls, stops: int, centres: int) -> Bounds:
        """Return bounds to be filled, a centre at a time."""
        return cls(*(np.full((stops, centres), NEVER_MIN, np.int16) for _ in range(2)))


def bounds_of(found: Profile) -> tuple[Any, Any]:
    """Return between which minutes the best ride from each stop lies, whatever the walk to the stop; int16, one per stop.

    The lower one is the best ride of any minute. The upper one is the best journey with its wait, over the minutes that lie in the
    window after every walk: whoever walks there in the window has it to choose, so their best ride takes no longer.
    """
    low = found.ride_s.min(axis=0)
    core = found.travel_s[found.margin_s // 60 : found.minutes]
    high = core.min(axis=0) if len(core) else np.full(len(low), UNREACHABLE)
    least, most = (np.where(s == UNREACHABLE, NEVER_MIN, -(-s.astype(np.int64) // 60)).astype(np.int16) for s in (low, high))
    return least, most


def candidates(bounds: Bounds, groups: Any, places: Access) -> tuple[Any, Any]:
    """Return the pairs of centre and place, in order of places, where the centre may be the next of one of its groups.

    `groups`, group × centre, says which centres belong together. No centre that `nearest` would choose is missing.
    """
    from layers.reach.transit import kernels

    centre, place = kernels.candidates(bounds.low, bounds.high, groups, places.start, places.stop, places.walk_s, LONGEST_S // 60)
    return centre, place


def to_minutes(seconds: Any) -> Any:
    """Return seconds as whole minutes, rounded up, int16; NOT for what cannot be reached."""
    known = np.asarray(seconds)
    return np.where(known == UNREACHABLE, NOT, -(-known // 60)).astype(np.int16)


def to_centre(
    timetable: DayTimetable,
    paths: Footpaths,
    stop: int,
    window_s: tuple[int, int],
    places: Mapping[str, Access],
    told: Callable[[Profile], None] = lambda _profile: None,
) -> dict[str, tuple[Any, Any, Any]]:
    """Return best, median and 90th percentile in minutes from every place of every kind to one stop; `told` is shown its profile."""
    found = profile(timetable, paths, around(paths, stop), window_s)
    told(found)
    answers = {name: reduce(found, access) for name, access in places.items()}
    return {name: (to_minutes(r.best_s), to_minutes(r.median_s), to_minutes(r.p90_s)) for name, r in answers.items()}


def to_centres(
    timetable: DayTimetable,
    paths: Footpaths,
    stops: Sequence[int],
    places: Mapping[str, Access],
    window_s: tuple[int, int] = WINDOW_S,
    threads: int = 2,
    progress: Progress | None = None,
    bounds: Bounds | None = None,
) -> dict[str, Minutes]:
    """Return the minutes of every place of every kind to every centre.

    Parameters
    ----------
    stops : sequence of int
        Index of each centre's stop.
    places : mapping
        Kind of place → stops within walking distance of each.
    window_s : (int, int)
        Seconds since midnight, whole minutes.
    progress : callable, optional
        Told after each centre how many of how many are done.
    bounds : Bounds, optional
        Filled on the way.

    Raises
    ------
    InvalidParameter
        When there is no centre, or the window is no window.
    """
    if not len(stops):
        raise InvalidParameter("centres", "", "at least one")

    def work(centre: int) -> dict[str, tuple[Any, Any, Any]]:
        def note(found: Profile) -> None:
            if bounds:
                bounds.low[:, centre], bounds.high[:, centre] = bounds_of(found)

        return to_centre(timetable, paths, stops[centre], window_s, places, note)

    answers: list[dict[str, tuple[Any, Any, Any]]] = []
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for answer in pool.map(work, range(len(stops))):
            answers.append(answer)
            if progress:
                progress(len(answers), len(stops))
    return gathered(answers, places)


def gathered(answers: Sequence[Mapping[str, tuple[Any, Any, Any]]], kinds: Iterable[str]) -> dict[str, Minutes]:
    """Return the answers of all centres, in their order, as one array per kind and number."""
    return {kind: Minutes(*(np.stack([a[kind][i] for a in answers]) for i in range(3))) for kind in kinds}


def spread(found: Minutes | None, centres: Sequence[int], shape: tuple[int, int]) -> Minutes:
    """Return the minutes to some centres as rows among those of all (centre × place); the others are NOT."""
    made = Minutes(*(np.full(shape, NOT, dtype=np.int16) for _ in range(3)))
    if found:
        made.best[centres], made.median[centres], made.p90[centres] = found.best, found.median, found.p90
    return made


def last_home(timetable: DayTimetable, paths: Footpaths, stop: int, places: Access, home_by_s: int = HOME_BY_S) -> Any:
    """Return the last moment to leave a stop and be at each place by `home_by_s`: minutes after midnight, NOT for never."""
    left = last_connection(timetable, paths, around(paths, stop), home_by_s, places)
    return np.where(left == NEVER, NOT, left // 60).astype(np.int16)


def nearest(minutes: Minutes, chosen: Sequence[int]) -> Any:
    """Return for every place the row of the chosen centre with the shortest best ride, NOT where none is reached.

    Of equals the one with the smaller median counts, then the one named first.
    """
    if not len(chosen):
        return np.full(minutes.best.shape[1], NOT)
    rows = np.asarray(chosen)
    far = np.int64(1) << 40
    best, median = (np.where(a[rows] == NOT, 30_000, a[rows]).astype(np.int64) for a in (minutes.best, minutes.median))
    cost = np.where(minutes.best[rows] == NOT, far, best * 40_000 + median)
    first = cost.argmin(axis=0)
    return np.where(cost.min(axis=0) == far, NOT, rows[first])
