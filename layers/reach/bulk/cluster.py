"""Travel times for very many places, on one machine or several. Pure: no database, no clock; the network is Dask's.

Three rounds, the same functions wherever they run (`layers.reach.bulk.crew`):

1. One job per centre: its profile, of which only two numbers per stop come back, bounds of the best ride. The profile
   itself (minutes × stops × 8 bytes) is dropped: made anew in round 3, it costs less than moving or keeping it.
2. One job per partition of places that lie together: the stops around each place, and the centres that can be its next
   Oberzentrum or Mittelzentrum by those bounds, mostly one to three of them. The answer stays with the worker.
3. One job per centre and portion of the partitions that named it: `travel.to_centre` for these places alone. What comes
   back is minutes, 10 bytes a pair.

The bounds leave out no centre that could be chosen (see `travel.candidates`), so the result is that of
`travel.to_centres` and `travel.nearest` for all pairs. Timetable, footpaths and bounds go to each worker once.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InvalidFile, RaumError
from layers.reach.bulk import place_files
from layers.reach.bulk.crew import Crew, crew
from layers.reach.scan import around, profile
from layers.reach.transit.connections import FOOTPATH_M, Access, DayTimetable, Footpaths, access, day_timetable, footpaths
from layers.reach.transit.travel import ACCESS_M, NEVER_MIN, NOT, Bounds, bounds_of, candidates, to_centre
from layers.reach.ways.walking import CROW_FLY, WALK_KMH

PARTITION = 100_000  # places; their job's coordinates stay far below what Dask calls a large job
PAIRS = 250_000  # places of one job of round 3: then its profile is the smaller part of it
FAR = np.iinfo(np.int64).max
KINDS = BERLIN, OZ, MZ = "berlin", "oberzentrum", "mittelzentrum"
# an Oberzentrum has the functions of a Mittelzentrum, too (LEP HR)
GROUPS: dict[str, tuple[str, ...]] = {"berlin": (BERLIN,), "oz": (OZ,), "mz": (OZ, MZ)}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Centre:
    """Where to: its kind is one of `KINDS`, its stop is one of the feed."""

    key: str
    name: str
    kind: str
    stop_id: str


@dataclass(frozen=True)
class Report:
    """What was or would be done; `jobs` counts those of round 3, `pairs` the pairs of place and centre computed in full."""

    day: datetime.date
    places: int
    partitions: int
    connections: int
    stops: int
    centres: tuple[Centre, ...]
    not_served: tuple[Centre, ...]
    jobs: int = 0
    pairs: int = 0


@dataclass(frozen=True)
class Partition:
    """Places with their stops, and for each centre those that may choose it: place[start[c]:start[c + 1]]."""

    stops: Access
    start: Any
    place: Any


@dataclass(frozen=True)
class Task:
    """What all jobs have in common: one day's timetable and the window."""

    timetable: DayTimetable
    paths: Footpaths
    window_s: tuple[int, int]


def enrich(
    places: Path,
    feed: Path,
    day: datetime.date,
    window_s: tuple[int, int],
    centres: Sequence[Centre],
    out: Path,
    scheduler: str | None = None,
    *,
    id_column: str = "id",
    partition: int = PARTITION,
    retries: int = 3,
    cache: Path | None = None,
    write: bool = True,
    progress: Progress = lambda *_: None,
) -> Report:
    """Write places again with their travel times to Berlin and the next Oberzentrum and Mittelzentrum.

    Parameters
    ----------
    places, out : Path
        GeoParquet of points in any CRS, and where the result goes: the same rows in the same order, points in EPSG:25833, with
        `berlin_best_min`, `berlin_median_min`, `berlin_p90_min` and, for oz and mz, the same and `oz_name`. Whole minutes,
        int16, null where there is no connection. Neither workers, retries, nor partitions change a byte of it.
    feed : Path
        GTFS zip.
    window_s : (int, int)
        Seconds since midnight, whole minutes.
    scheduler, retries
        See `crew`; without a scheduler the threads of this process do the work.
    partition : int
        Places of one job.
    cache : Path, optional
        Folder that keeps the day's connections.
    write : bool
        Without it, only check everything.
    progress : callable, optional
        Told what is done, how many of it, and of how many.

    Raises
    ------
    InvalidFile, InvalidParameter, RaumError
    """
    points = place_files.read(places, id_column)
    timetable = day_timetable(feed, day, cache)
    served = tuple(c for c in centres if c.stop_id in timetable.index)
    if not served:
        raise RaumError(f"no centre has a stop that {feed.name} serves on {day}")
    parts = place_files.partitions(points, partition)
    missing = tuple(c for c in centres if c not in served)
    size = len(timetable.departs_s), len(timetable.stop_id)
    if not write:
        return Report(day, len(points), len(parts), *size, served, missing)
    task = Task(timetable, footpaths(timetable), window_s)
    with crew(scheduler, retries) as workers:
        found, jobs, pairs = compute(workers, task, points.x_m, points.y_m, parts, served, progress)
    with feed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place_files.write(points, columns(found, served), _about(task, served, {"file": feed.name, "sha256": digest}), out)
    return Report(day, len(points), len(parts), *size, served, missing, jobs, pairs)


def compute(
    workers: Crew,
    task: Task,
    x_m: Any,
    y_m: Any,
    parts: Sequence[Any],
    centres: Sequence[Centre],
    progress: Progress = lambda *_: None,
) -> tuple[dict[str, Next], int, int]:
    """Return the next centre of each group for all places (EPSG:25833), the number of jobs and of pairs computed in full."""
    stops = [task.timetable.index[c.stop_id] for c in centres]
    groups = {name: np.array([c.kind in kinds for c in centres]) for name, kinds in GROUPS.items()}
    shared = workers.share(task)
    limits = Bounds.empty(len(task.timetable.stop_id), len(centres))
    for done, (c, (least, most)) in enumerate(workers.each(bounds, [(shared, stop) for stop in stops]), 1):
        limits.low[:, c], limits.high[:, c] = least, most
        progress("bounds of centres", done, len(centres))
    table = workers.share((limits, np.stack(list(groups.values()))))
    held = workers.keep(prepare, [(shared, table, x_m[rows], y_m[rows]) for rows in parts])
    counts = np.empty((len(parts), len(centres)), np.int64)
    for done, (p, count) in enumerate(workers.each(asked, [(part,) for part in held]), 1):
        counts[p] = count
        progress("partitions of places", done, len(parts))
    jobs = list(_jobs(counts))
    found = {name: Next.nothing(len(x_m), len(centres)) for name in groups}
    sent = [(shared, stops[c], c, [held[p] for p in chosen]) for c, chosen in jobs]
    for done, (n, answers) in enumerate(workers.each(answer, sent), 1):
        c, chosen = jobs[n]
        for p, (place, *minutes) in zip(chosen, answers, strict=True):
            for name in groups:
                if groups[name][c]:
                    found[name].offer(c, parts[p][place], *minutes)
        progress("travel times", done, len(jobs))
    return found, len(jobs), int(counts.sum())


def _jobs(counts: Any) -> Iterator[tuple[int, list[int]]]:
    """Yield centre and partitions of each job of round 3: as many as make up a fair amount of work."""
    for c in range(counts.shape[1]):
        chosen: list[int] = []
        for p in np.flatnonzero(counts[:, c]):
            chosen.append(int(p))
            if counts[chosen, c].sum() >= PAIRS:
                yield c, chosen
                chosen = []
        if chosen:
            yield c, chosen


def read_centres(path: Path) -> list[Centre]:
    """Read centres from a CSV file with the columns key, name, kind (berlin, oberzentrum, mittelzentrum) and stop_id.

    Raises
    ------
    InvalidFile
        Naming row, field and what is allowed.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFile(f"{path.name}: not readable as CSV in UTF-8 ({error})") from error
    fields = ("key", "name", "kind", "stop_id")
    for number, row in enumerate(rows, 2):
        empty = [f for f in fields if not row.get(f)]
        if empty:
            raise InvalidFile(f"{path.name}, row {number}, {empty[0]}: empty or missing; needed are {', '.join(fields)}")
        if row["kind"] not in KINDS:
            raise InvalidFile(f"{path.name}, row {number}, kind: {row['kind']!r}; allowed are {', '.join(KINDS)}")
    if not rows:
        raise InvalidFile(f"{path.name}: no row; needed are the columns {', '.join(fields)} and at least one centre")
    return [Centre(*(row[f] for f in fields)) for row in rows]


def bounds(task: Task, stop: int) -> tuple[Any, Any]:
    """Return between which minutes the best ride from each stop to a centre lies (`travel.bounds_of`)."""
    return bounds_of(profile(task.timetable, task.paths, around(task.paths, stop), task.window_s))


def prepare(task: Task, table: tuple[Bounds, Any], x_m: Any, y_m: Any) -> Partition:
    """Return the stops around the places of a partition and which centres they have to be measured to."""
    limits, groups = table
    stops = access(task.timetable, x_m, y_m, ACCESS_M)
    centre, place = candidates(limits, groups, stops)
    start = np.concatenate([[0], np.cumsum(np.bincount(centre, minlength=groups.shape[1]))])
    return Partition(stops, start, place[np.argsort(centre, kind="stable")])


def asked(part: Partition) -> Any:
    """Return how many places of a partition have to be measured to each centre."""
    return np.diff(part.start)


def answer(task: Task, stop: int, centre: int, parts: Sequence[Partition]) -> list[tuple[Any, Any, Any, Any]]:
    """Return per partition the places that may choose the centre, with best, median and 90th percentile in minutes."""
    places = [part.place[part.start[centre] : part.start[centre + 1]] for part in parts]
    stops = {str(p): chosen(part.stops, rows) for p, (part, rows) in enumerate(zip(parts, places, strict=True))}
    found = to_centre(task.timetable, task.paths, stop, task.window_s, stops)
    return [(rows, *found[str(p)]) for p, rows in enumerate(places)]


def chosen(stops: Access, rows: Any) -> Access:
    """Return the stops of some of the places."""
    counts = stops.start[rows + 1] - stops.start[rows]
    start = np.concatenate([[0], np.cumsum(counts)])
    at = np.arange(start[-1]) + np.repeat(stops.start[rows] - start[:-1], counts)
    return Access(start.astype(np.int32), stops.stop[at], stops.walk_s[at])


@dataclass
class Next:
    """The nearest centre of a group so far, one entry per place; the order of the offers makes no difference.

    `cost` orders as `travel.nearest` does: best ride, then median, then the place of the centre in the list.
    """

    centres: int
    cost: Any
    best: Any
    median: Any
    p90: Any

    @classmethod
    def nothing(cls, places: int, centres: int) -> Next:
        return cls(centres, np.full(places, FAR), *(np.full(places, NOT, np.int16) for _ in range(3)))

    def offer(self, centre: int, rows: Any, best: Any, median: Any, p90: Any) -> None:
        """Take a centre for those places to which it is nearer than what they have."""
        usual = np.where(median == NOT, NEVER_MIN, median)
        cost = (best.astype(np.int64) * 40_000 + usual) * self.centres + centre
        better = (best != NOT) & (cost < self.cost[rows])
        rows = rows[better]
        self.cost[rows] = cost[better]
        self.best[rows], self.median[rows], self.p90[rows] = best[better], median[better], p90[better]

    def centre(self) -> Any:
        """Return the position of the chosen centre, NOT where there is none."""
        return np.where(self.cost == FAR, NOT, self.cost % self.centres)


def columns(found: Mapping[str, Next], centres: Sequence[Centre]) -> dict[str, pa.Array]:
    """Return the columns of a result, null where there is no connection."""
    names = pa.array([c.name for c in centres])
    made: dict[str, pa.Array] = {}
    for group, nearest in found.items():
        at = nearest.centre()
        if group != "berlin":
            made[f"{group}_name"] = names.take(pa.array(at, mask=at == NOT))
        for number in ("best", "median", "p90"):
            values = getattr(nearest, number)
            made[f"{group}_{number}_min"] = pa.array(values, mask=values == NOT)
    return made


def _about(task: Task, centres: Sequence[Centre], feed: Mapping[str, str]) -> dict[str, Any]:
    start, end = (f"{s // 3600:02d}:{s % 3600 // 60:02d}" for s in task.window_s)
    return {
        "feed": dict(feed),
        "day": str(task.timetable.day),
        "window": [start, end],
        "walk": {"method": CROW_FLY, "km_h": WALK_KMH, "to_stop_m": ACCESS_M, "between_stops_m": FOOTPATH_M},
        "unit": "min",
        "centres": [[c.key, c.name, c.kind, c.stop_id] for c in centres],
    }
