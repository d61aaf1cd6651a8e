"""Timetables compared in memory: two feeds, asked the same about the same places. No table is written, no run touched."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from geo.errors import InvalidParameter, RaumError
from geo.models import Dataset
from geo.sources import checksum
from layers.models import ReachRun
from layers.reach.access import load_preset, measure
from layers.reach.engine import Engine, Progress
from layers.reach.rows import Place, Stops, Travel
from layers.reach.runs import Scenario
from layers.reach.whatif.compare import Results
from layers.sources import FeedStops, feed_path, stops_of_feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.reach.whatif.edits import EditReport

LIVE = "live"
YAML = (".yaml", ".yml")


def results(engine: Engine, feed: FeedStops, preset: str, places: Mapping[str, Sequence[Place]], progress: Progress) -> dict[str, Results]:
    """Return minutes and classes of every kind of place under one timetable (places: EPSG:25833)."""
    rules = load_preset(preset)
    stops = Stops.among(feed.stops, rules, {}).stops
    found = engine.travel_in(places, progress)
    made = {}
    for kind, rows in places.items():
        letters = measure(stops, rules, [x for _n, x, _y in rows], [y for _n, _x, y in rows]).transit_class if rows else []
        made[kind] = Results(_minutes(found[kind]), letters)
    return made


def _minutes(found: Travel) -> dict[str, object]:
    return {"berlin_best": found.berlin[0], "berlin_median": found.berlin[1], "oz_best": found.oz[1], "mz_best": found.mz[1]}


def pair(
    feed_a: FeedStops,
    feed_b: FeedStops,
    window: tuple[datetime.time, datetime.time],
    preset: str,
    places: Mapping[str, Sequence[Place]],
    progress: Progress = lambda *_: None,
) -> tuple[dict[str, Results], dict[str, Results], list[str]]:
    """Return the results under both timetables, and what a reader of them should know.

    The second is measured to the first one's centres and with its change times (`Engine.of_feed`).
    """
    first = Engine.of_feed(feed_a, window)
    second = Engine.of_feed(feed_b, window, first)
    stop_a, stop_b = ({s.key: s.stop for s in e.spots} for e in (first, second))
    notes = [
        f"{key}: only the first timetable serves this centre; it counts for the first alone" for key in sorted(set(stop_a) - set(stop_b))
    ]
    notes += [
        f"{key}: measured to {stop_a[key].name!r} in the first and to {stop_b[key].name!r} in the second timetable"
        for key in sorted(set(stop_a) & set(stop_b))
        if stop_a[key].stop_id != stop_b[key].stop_id
    ]
    for engine, feed in ((first, feed_a), (second, feed_b)):
        if engine.timetable.backward_trips:
            notes.append(f"{feed.name}: {engine.timetable.backward_trips} trips whose times run backwards are left out of the travel times")
    return results(first, feed_a, preset, places, progress), results(second, feed_b, preset, places, progress), notes


def live_feed() -> tuple[Path, ReachRun]:
    """Return the feed and the run that are live.

    Raises
    ------
    RaumError
        When no run is live, or its feed is gone.
    """
    run = ReachRun.objects.current()
    if run is None:
        raise RaumError("live: no run is live; run compute_reach first, or name a GTFS zip")
    path = feed_path(run.dataset)
    if path is None:
        raise RaumError(f"live: the file of the timetable {run.dataset.key!r} is no longer there; load it again with load_timetable")
    return path, run


@contextmanager
def opened(given_a: str, given_b: str, day: datetime.date | None) -> Iterator[tuple[FeedStops, FeedStops, EditReport | None]]:
    """Give two feeds by what a person wrote: a GTFS zip, the word live, or, for the second, a list of edits to the first.

    Raises
    ------
    RaumError
        When a file is not there or cannot be read.
    """
    path_a, day_a = _path(given_a, day)
    feed_a = stops_of_feed(path_a, day_a)
    if Path(given_b).suffix.lower() not in YAML:
        path_b, day_b = _path(given_b, day)
        yield feed_a, stops_of_feed(path_b, day_b), None
        return
    from layers.reach.whatif.edits import edit_feed

    with TemporaryDirectory() as folder:
        made = Path(folder) / "b.zip"
        report = edit_feed(path_a, Path(given_b), made, feed_a.day, feed_a.feed)
        yield feed_a, stops_of_feed(made, feed_a.day, report.feed), report


def scenario(
    title: str, source: Dataset | None, day: datetime.date | None, feed: Path | None = None, edits: Path | None = None
) -> Scenario:
    """Return a scenario for `runs.compute`: of a feed, of a data set's timetable with edits, or of the data set as it is.

    Raises
    ------
    RaumError
        When a file is not there or cannot be read.
    """
    if not title.strip() or len(title) > 120 or not title.isprintable():
        raise InvalidParameter("scenario", title[:60], "a title of 1 to 120 characters")
    if feed:
        return Scenario(title.strip(), stops_of_feed(_path(str(feed), day)[0], day), {"feed": feed.name, "sha256": checksum(feed)})
    if not edits:
        return Scenario(title.strip())
    path = feed_path(source) if source else None
    if source is None or path is None:
        raise RaumError("the timetable to be edited is not there; load it with load_timetable")
    from layers.reach.whatif.edits import edit_feed

    with TemporaryDirectory() as folder:
        made = Path(folder) / "b.zip"
        report = edit_feed(path, edits, made, day or source.valid_on)
        return Scenario(
            title.strip(), stops_of_feed(made, report.day, report.feed), {"edits": [vars(d) for d in report.done], "sha256": report.sha256}
        )


def _path(given: str, day: datetime.date | None) -> tuple[Path, datetime.date | None]:
    if given == LIVE:
        path, run = live_feed()
        return path, day or datetime.date.fromisoformat(run.parameters.get("day", str(run.day)))
    path = Path(given)
    if not path.is_file():
        raise RaumError(f"{given}: no such file; allowed are a GTFS zip, the word live, and for the second a YAML list of edits")
    return path, day


def findings(feeds: Iterable[FeedStops]) -> list[str]:
    """Return what was found out about feeds while reading them, a sentence each."""
    return [
        f"{feed.name}: {f.severity}: {f.file}: {f.text} ({f.count}{f', e.g. {f.example}' if f.example else ''})"
        for feed in feeds
        for f in feed.feed.findings
    ]
