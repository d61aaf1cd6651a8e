"""Between the database and the pure engines: a timetable's connections, its centres, and the rows travel times become."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from geo.copying import copy_in
from geo.errors import InvalidParameter, RaumError
from geo.models import Dataset
from geo.sources import geos
from layers.models import Centre, ReachArea, ReachRun, StopReach, TransitStop
from layers.reach import scan, surroundings
from layers.reach.areas.around_stops import isochrones
from layers.reach.centres import BERLIN, Spot, agreed, centres, spots_of
from layers.reach.rows import Place, Travel
from layers.reach.streets import OnStreets
from layers.reach.transit import connections, travel
from layers.reach.ways.walking import CROW_FLY, WALK_KMH, crow_fly_seconds
from layers.sources import FeedStops, feed_path

CACHE = Path(settings.DATA_DIR) / "cache"
Progress = Callable[[str, int, int], None]


@dataclass
class Engine:
    """Travel times of one timetable, day and window to its centres."""

    timetable: connections.DayTimetable
    paths: connections.Footpaths
    spots: list[Spot]
    window: tuple[datetime.time, datetime.time]
    saturday: connections.DayTimetable | None = None
    cache: Path | None = None  # where bounds are kept, if at all
    minutes: dict[str, travel.Minutes] = field(default_factory=dict)
    rows: list[Centre] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        source: Dataset,
        day: datetime.date | None,
        window: tuple[datetime.time, datetime.time],
        wanted: Iterable[str] | None = None,
    ) -> Engine:
        """Return the engine for a loaded timetable.

        Raises
        ------
        RaumError
            When the feed's file is gone.
        InvalidParameter
            For a window that is none, a day the feed does not run on, or a centre that there is not.
        """
        stops = list(TransitStop.objects.filter(dataset=source).defer("point", "by_route_type"))
        return cls._loaded(source, day or source.valid_on, window, centres(stops, wanted))

    @classmethod
    def _loaded(cls, source: Dataset, day: datetime.date, window: tuple[datetime.time, datetime.time], spots: Iterable[Spot]) -> Engine:
        _check_window(window)
        path = feed_path(source)
        if path is None:
            raise RaumError(f"the file of the timetable {source.key!r} is no longer there; load it again with load_timetable")
        timetable = connections.day_timetable(path, day, CACHE)
        engine = cls._with(timetable, connections.footpaths(timetable), spots, window, source.key)
        engine.saturday, engine.cache = _saturday(path, timetable), CACHE
        return engine

    @classmethod
    def of_feed(cls, feed: FeedStops, window: tuple[datetime.time, datetime.time], base: Engine | None = None) -> Engine:
        """Return the engine for a feed in memory; nothing of it need be loaded, and nothing is written.

        Parameters
        ----------
        base : Engine, optional
            The engine it will be compared with: its centres and its change times are taken where both serve a stop, so that
            nothing but the timetable differs.

        Raises
        ------
        RaumError
            When no centre has a stop in the feed.
        InvalidParameter
            As `of`.
        """
        _check_window(window)
        timetable = connections.day_timetable(feed.feed, feed.day)
        spots, change_times = centres(feed.stops), connections.load_change_times()
        if base:
            spots = agreed(base.spots, spots, timetable.index)
            change_times |= {str(s): int(c) for s, c in zip(base.timetable.stop_id, base.paths.change_s, strict=True)}
        return cls._with(timetable, connections.footpaths(timetable, change_times=change_times), spots, window, feed.name)

    @classmethod
    def _with(
        cls,
        timetable: connections.DayTimetable,
        paths: connections.Footpaths,
        spots: Iterable[Spot],
        window: tuple[datetime.time, datetime.time],
        name: str,
    ) -> Engine:
        served = [s for s in spots if s.stop.stop_id in timetable.index]
        if not served:
            raise RaumError(f"no centre has a stop in the timetable {name!r}")
        return cls(timetable, paths, served, window)

    @classmethod
    def again(cls, run: ReachRun) -> Engine | None:
        """Return the engine of a run that is there, None when it holds no travel times. The last one stays in memory.

        Its centres are those of the run, whatever has become of towns and stops since.
        """
        return _again(run.pk, run.dataset.sha256) if run.parameters else None

    def parameters(self) -> dict[str, Any]:
        """Return what the travel times follow from, for the run's row."""
        start, end = (f"{t:%H:%M}" for t in self.window)
        walk: dict[str, Any] = {"method": CROW_FLY, "km_h": WALK_KMH}
        walk |= {"to_stop_m": travel.ACCESS_M, "between_stops_m": connections.FOOTPATH_M}
        graph = surroundings.streets()
        if graph:
            walk |= {"method": f"{OnStreets(graph).method}; elsewhere {CROW_FLY}", "streets": graph.meta.get("sha256", "")}
        return {
            "day": str(self.timetable.day),
            "window": [start, end],
            "walk": walk,
            "home_by_min": travel.HOME_BY_S // 60,
            "saturday": str(self.saturday.day) if self.saturday else "",
            "change_min_s": connections.CHANGE_S,
        }

    @property
    def window_s(self) -> tuple[int, int]:
        start, end = (t.hour * 3600 + t.minute * 60 for t in self.window)
        return start, end

    def stop(self, spot: Spot) -> int:
        return self.timetable.index[spot.stop.stop_id]

    def near(self, places: Sequence[Place]) -> connections.Access:
        """Return the stops within walking distance of places (EPSG:25833)."""
        return _near(self.timetable, places)

    def travel(self, run: ReachRun, places: Mapping[str, Sequence[Place]], with_cells: bool, progress: Progress) -> dict[str, Travel]:
        """Compute all travel times, write those of centres, stops and cells, and return those of the places."""
        rows = [
            Centre(run=run, position=i, key=s.key, name=s.name, kind=s.kind, town=s.town, stop_id=s.stop.stop_id, stop_name=s.stop.name)
            for i, s in enumerate(self.spots)
        ]
        self.rows = Centre.objects.bulk_create(rows)
        asked = {kind: self.near(p) for kind, p in places.items()} | {"stops": scan.stop_access(self.paths)}
        if with_cells:
            from layers.reach.areas import cells

            asked["cells"] = self.near(cells.places())
        self.minutes = self._measured(asked, range(len(self.spots)), progress)
        self._write_stops(run)
        if with_cells:
            cells.write(run, self.rows, self.minutes["cells"])
        return {kind: self._of(self.minutes[kind], asked[kind], p) for kind, p in places.items()}

    def travel_in(self, places: Mapping[str, Sequence[Place]], progress: Progress = lambda *_: None) -> dict[str, Travel]:
        """Return the travel times of some places, writing nothing.

        Where the bounds of the centres are known, only those are asked that can be the next of one of the places: mostly a handful
        of sixty when the places lie together.
        """
        asked = {kind: self.near(p) for kind, p in places.items()}
        minutes = self._measured(asked, self._chosen(asked), progress)
        return {kind: self._of(minutes[kind], asked[kind], p) for kind, p in places.items()}

    def areas(self, run: ReachRun, progress: Progress) -> None:
        """Write the isochrones of every centre, from the best rides of its stops."""
        t = self.timetable
        with ThreadPoolExecutor(2) as pool:  # GEOS works outside the interpreter's lock
            made = pool.map(lambda best: isochrones(t.x_m, t.y_m, np.where(best == travel.NOT, np.inf, best)), self.minutes["stops"].best)
            for done, (centre, areas) in enumerate(zip(self.rows, made, strict=True), 1):
                shapes = [(level, shape) for level, shape in areas.items() if not shape.is_empty]
                copy_in(ReachArea, [ReachArea(run=run, centre=centre, minutes=level, geom=geos(shape)) for level, shape in shapes])
                progress("areas", done, len(self.rows))

    def _measured(self, asked: Mapping[str, connections.Access], chosen: Sequence[int], progress: Progress) -> dict[str, travel.Minutes]:
        """Return the minutes to all centres; those that are not chosen count as not reached. A round of all leaves its bounds."""

        def told(done: int, of: int) -> None:
            progress("travel times to centres", done, of)

        whole = len(chosen) == len(self.spots)
        bounds = travel.Bounds.empty(len(self.timetable.stop_id), len(self.spots)) if whole and self.cache else None
        stops = [self.stop(self.spots[c]) for c in chosen]
        found = travel.to_centres(self.timetable, self.paths, stops, asked, self.window_s, progress=told, bounds=bounds) if stops else {}
        if bounds:
            bounds.save(self._bounds_file)
        return {kind: travel.spread(found.get(kind), chosen, (len(self.spots), len(a.start) - 1)) for kind, a in asked.items()}

    def _chosen(self, asked: Mapping[str, connections.Access]) -> Sequence[int]:
        """Return the centres that can be the next of one of the places; all where that is not known."""
        bounds = travel.Bounds.load(self._bounds_file) if self.cache else None
        if bounds is None:
            return range(len(self.spots))
        groups = np.zeros((len(self._groups), len(self.spots)), dtype=bool)
        for group, members in zip(groups, self._groups, strict=True):
            group[members] = True
        return np.unique(np.concatenate([travel.candidates(bounds, groups, access)[0] for access in asked.values()])).tolist()  # type: ignore[no-any-return]

    @cached_property
    def _bounds_file(self) -> Path:
        """Where the bounds lie, by all that they follow from."""
        made = hashlib.sha256(str((self.window_s, [self.stop(s) for s in self.spots])).encode())
        for array in (v for part in (self.timetable, self.paths) for v in vars(part).values() if isinstance(v, np.ndarray)):
            made.update(np.ascontiguousarray(array).tobytes())
        return Path(self.cache or "") / f"bounds-{made.hexdigest()[:32]}-{travel.FORMAT}.npz"

    @cached_property
    def _groups(self) -> tuple[list[int], list[int], list[int]]:
        """The centres of which a place is told the next one: Berlin Hbf, the Oberzentren, the Mittelzentren."""
        kinds = [s.kind for s in self.spots]
        oz = [i for i, k in enumerate(kinds) if k == Centre.Kind.OBERZENTRUM]
        # every Oberzentrum has the functions of a Mittelzentrum, too (LEP HR)
        mz = [i for i, k in enumerate(kinds) if k in (Centre.Kind.OBERZENTRUM, Centre.Kind.MITTELZENTRUM)]
        return [i for i, s in enumerate(self.spots) if s.key == BERLIN], oz, mz

    def _of(self, found: travel.Minutes, asked: connections.Access, places: Sequence[Place]) -> Travel:
        """Return the numbers that stand in a place's row."""
        berlin, oz, mz = self._groups
        count = found.best.shape[1]
        nothing = np.full(count, travel.NOT, dtype=np.int16)
        to_berlin = (found.best[berlin[0]], found.median[berlin[0]], found.p90[berlin[0]]) if berlin else (nothing,) * 3
        home = travel.last_home(self.timetable, self.paths, self.stop(self.spots[berlin[0]]), asked) if berlin else nothing
        saturday = self._on_saturday(self.spots[berlin[0]].stop.stop_id, places) if berlin else nothing
        return Travel(to_berlin, home, self._next(found, oz), self._next(found, mz), saturday)

    def _on_saturday(self, stop_id: str, places: Sequence[Place]) -> Any:
        """Return the best ride to a stop on the Saturday after, in the same window; NOT where the feed has no Saturday."""
        day = self.saturday
        if day is None or stop_id not in day.index:
            return np.full(len(places), travel.NOT, dtype=np.int16)
        asked = {"places": _near(day, places)}
        return travel.to_centre(day, self._saturday_paths, day.index[stop_id], self.window_s, asked)["places"][0]

    @cached_property
    def _saturday_paths(self) -> connections.Footpaths:
        assert self.saturday is not None
        return connections.footpaths(self.saturday)

    def _next(self, found: travel.Minutes, chosen: Sequence[int]) -> tuple[list[str], Any, Any]:
        row = travel.nearest(found, chosen)
        column = np.arange(len(row))
        names = [self.spots[r].name if r != travel.NOT else "" for r in row]
        best, median = (np.where(row == travel.NOT, travel.NOT, a[row, column]) for a in (found.best, found.median))
        return names, best, median

    def _write_stops(self, run: ReachRun) -> None:
        pks = dict(TransitStop.objects.filter(dataset=run.dataset).values_list("stop_id", "pk"))
        found = self.minutes["stops"]
        best, median, p90 = (np.ascontiguousarray(a.T) for a in (found.best, found.median, found.p90))
        rows = [
            StopReach(run=run, stop_id=pks[sid], best_min=best[i], median_min=median[i], p90_min=p90[i])
            for i, sid in enumerate(self.timetable.stop_id)
            if sid in pks
        ]
        copy_in(StopReach, rows)


@lru_cache(maxsize=1)
def _again(run_id: int, _digest: str) -> Engine:
    """Return the engine of a run; the digest of the feed tells when another one has been loaded in its place."""
    run = ReachRun.objects.select_related("dataset").get(pk=run_id)
    window = tuple(datetime.time.fromisoformat(t) for t in run.parameters["window"])
    day = datetime.date.fromisoformat(run.parameters["day"])
    return Engine._loaded(run.dataset, day, window, spots_of(run))  # type: ignore[arg-type]


def _near(timetable: connections.DayTimetable, places: Sequence[Place]) -> connections.Access:
    """Return the stops on foot: along streets where an extract covers the place, else as the crow flies × 1.3."""
    x, y = (np.array([p[i] for p in places], dtype=float) for i in (1, 2))
    crow = connections.access(timetable, x, y, travel.ACCESS_M)
    graph = surroundings.streets()
    if graph is None or not len(places):
        return crow
    from layers.reach.ways.stop_walks import along_streets

    return along_streets(graph, (x, y), (timetable.x_m, timetable.y_m), crow, float(crow_fly_seconds(travel.ACCESS_M)))


def _saturday(path: Path, timetable: connections.DayTimetable) -> connections.DayTimetable | None:
    """Return the Saturday after the timetable's day, None when the feed has none, or only the night before it."""
    day = timetable.day + datetime.timedelta(days=(5 - timetable.day.weekday()) % 7)
    try:
        found = connections.day_timetable(path, day, CACHE)
    except InvalidParameter:
        return None
    return found if len(found.departs_s) > 0.2 * len(timetable.departs_s) else None


def _check_window(window: tuple[datetime.time, datetime.time]) -> None:
    if any(t.second for t in window) or window[0] >= window[1]:
        raise InvalidParameter("window", f"{window[0]:%H:%M:%S}-{window[1]:%H:%M:%S}", "HH:MM-HH:MM, the end after the start")
