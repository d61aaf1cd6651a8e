"""Loads a timetable's stops with their departures on the reference day into the database."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from geo import crs
from geo.copying import copy_in
from geo.errors import ImportRefused, InvalidParameter
from geo.models import Dataset, District, Town
from geo.sources import DATA, checksum, dataset
from layers.models import Mode, TransitStop
from layers.reach.access import load_preset
from layers.reach.transit import route_types

if TYPE_CHECKING:
    import pandas as pd

    from layers.reach import timetable

FEEDS = Path(settings.DATA_DIR) / "feeds"
OWN_FEED = DATA / "timetable" / "vbb-2021-04-20.zip"
OWN_DAY = datetime.date(2021, 4, 20)
OWN_KEY = "timetable-vbb-2021"
LOSS = 0.5
# best mode first
MODES: tuple[tuple[str, route_types.Ranges], ...] = (
    (Mode.RAIL, route_types.RAIL),
    (Mode.METRO, route_types.METRO),
    (Mode.TRAM, route_types.TRAM),
    (Mode.BUS, route_types.BUS),
    (Mode.FERRY, route_types.FERRY),
)


def mode_of(route_type: int) -> str:
    """Return the mode of a GTFS route type; unknown types count as bus."""
    return next((str(m) for m, ranges in MODES if any(a <= route_type <= b for a, b in ranges)), str(Mode.BUS))


@dataclass
class TimetableReport:
    """What a feed holds and what loading it did or would do."""

    day: datetime.date
    stops: int = 0
    departures: int = 0
    outside: int = 0
    silent: int = 0
    written: bool = False
    by_district: dict[str, tuple[int, int]] = field(default_factory=dict)  # name → on the day, median of the week
    findings: list[timetable.Finding] = field(default_factory=list)


def load_own_timetable() -> TimetableReport | None:
    """Load the timetable that comes with the project; None when its stops are there already."""
    digest = checksum(OWN_FEED)
    known = Dataset.objects.filter(key=OWN_KEY, sha256=digest).first()
    if known and known.stops.exists():
        return None
    return load_timetable(OWN_FEED, dataset(OWN_KEY, sha256=digest), day=OWN_DAY, write=True)


def load_timetable(
    path: Path, source: Dataset, day: datetime.date | None = None, *, force: bool = False, write: bool = False
) -> TimetableReport:
    """Read a GTFS feed, check its reference day and, with `write`, replace the stops of its data set.

    Parameters
    ----------
    path : Path
        GTFS zip.
    source : Dataset
        Saved only with `write`.
    day : date, optional
        Reference day; chosen by `timetable.choose_day` when not given.
    force : bool
        Take the day although districts lose more than half of their departures on it.

    Raises
    ------
    InvalidFile, InvalidParameter, ImportRefused
    """
    from layers.reach import timetable  # brings pandas: a second that most starts can do without

    feed = timetable.read_feed(path)
    chosen = _chosen(feed, day)
    report = TimetableReport(chosen, findings=feed.findings)
    x, y = crs.transform_xy(feed.groups["lon"].to_numpy(), feed.groups["lat"].to_numpy(), crs.WEB, crs.STORAGE)
    _check_districts(feed, chosen, x, y, report, force)
    rows, report.outside, report.silent = _stops(feed, chosen, x, y)
    report.stops, report.departures = len(rows), sum(r.departures_day for r in rows)
    if write:
        _store(rows, source, chosen, path)
        report.written = True
    return report


@dataclass(frozen=True)
class FeedStops:
    """A feed in memory with the day it is asked for and its stops, unsaved, as loading would store them."""

    name: str
    feed: timetable.Feed
    day: datetime.date
    stops: list[TransitStop]


def stops_of_feed(path: Path, day: datetime.date | None = None, feed: timetable.Feed | None = None) -> FeedStops:
    """Read a GTFS feed with its stops and their towns, writing nothing.

    Parameters
    ----------
    path : Path
        GTFS zip.
    day : date, optional
        Chosen by `timetable.choose_day` when not given.
    feed : Feed, optional
        What `timetable.read_feed` made of the file, for those who have read it.

    Raises
    ------
    InvalidFile, InvalidParameter
    """
    import shapely

    from layers.reach import timetable

    feed = feed or timetable.read_feed(path)
    chosen = _chosen(feed, day)
    x, y = crs.transform_xy(feed.groups["lon"].to_numpy(), feed.groups["lat"].to_numpy(), crs.WEB, crs.STORAGE)
    stops, _outside, _silent = _stops(feed, chosen, x, y)
    towns = list(Town.objects.current().order_by("pk").values_list("pk", "geom"))
    tree = shapely.STRtree([shapely.from_wkb(bytes(geom.wkb)) for _pk, geom in towns])
    stop, town = tree.query(shapely.points([s.point.coords for s in stops]), predicate="within")
    for s, t in zip(stop, town, strict=True):
        stops[s].town_id = towns[t][0]
    return FeedStops(path.name, feed, chosen, stops)


def _chosen(feed: timetable.Feed, day: datetime.date | None) -> datetime.date:
    from layers.reach import timetable

    if day is not None and day not in feed.days:
        span = f"{feed.days[0]} to {feed.days[-1]}" if feed.days else "no day at all"
        raise InvalidParameter("day", str(day), f"the feed runs on {span}")
    return day or timetable.choose_day(feed)


def _stops(feed: timetable.Feed, day: datetime.date, x: Any, y: Any) -> tuple[list[TransitStop], int, int]:
    """Return the stops with departures in the region, and how many are left out: outside, without departures."""
    from layers.reach import timetable

    counted = timetable.departures(feed, day)
    west, south, east, north = crs.EXTENT
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    served = np.zeros(len(feed.groups), dtype=bool)
    served[counted.loc[counted["in_day"] > 0, "group"].unique()] = True
    return _rows(feed, counted, np.flatnonzero(served & inside), x, y), int((served & ~inside).sum()), int((~served).sum())


def _rows(feed: timetable.Feed, counted: pd.DataFrame, chosen: Any, x: Any, y: Any) -> list[TransitStop]:
    preset = load_preset("de_goat")
    by_group: dict[int, list[tuple[int, int, int]]] = {}
    for row in counted.itertuples(index=False):
        by_group.setdefault(int(row.group), []).append((int(row.route_type), int(row.in_window), int(row.in_day)))
    ids, names = feed.groups["stop_id"].to_numpy(), feed.groups["name"].to_numpy()
    order = [str(m) for m, _ranges in MODES]
    rows = []
    for g in chosen:
        kinds = by_group[int(g)]
        modes = {mode_of(t) for t, _w, _d in kinds}
        by_type = {str(t): w for t, w, _d in sorted(kinds) if w}
        rows.append(
            TransitStop(
                stop_id=str(ids[g])[:80],
                name=str(names[g])[:160],
                point=Point(float(x[g]), float(y[g]), srid=crs.STORAGE),
                mode=min(modes, key=order.index),
                is_rail=str(Mode.RAIL) in modes,
                departures=sum(w for _t, w, _d in kinds),
                departures_day=sum(d for _t, _w, d in kinds),
                by_route_type=by_type,
                category=category(by_type, preset),
            )
        )
    return rows


def category(by_type: dict[str, int], preset: Any) -> str:
    """Return a stop's category: the best mode group that calls there, and all departures the method counts."""
    counted = {t: n for t, n in by_type.items() if preset.group_of(int(t))}
    if not counted:
        return ""
    order = list(preset.groups)
    best = min((preset.group_of(int(t)) for t in counted), key=order.index)
    return str(preset.category(best, sum(counted.values())))


def feed_path(source: Dataset) -> Path | None:
    """Return the file of a loaded timetable: travel times are computed from it. None when it is gone."""
    path = OWN_FEED if source.key == OWN_KEY else FEEDS / f"{source.sha256}.zip"
    return path if path.is_file() else None


def _keep(path: Path, digest: str) -> None:
    """Keep a copy of an operator's feed; a copy that was cut off never gets the name."""
    target = FEEDS / f"{digest}.zip"
    if path == OWN_FEED or target.exists():
        return
    FEEDS.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    shutil.copyfile(path, part)
    part.replace(target)


def _store(rows: list[TransitStop], source: Dataset, day: datetime.date, path: Path) -> None:
    with transaction.atomic():
        source.sha256, source.row_count = checksum(path), len(rows)
        _keep(path, source.sha256)
        source.valid_on = day
        source.save()
        TransitStop.objects.filter(dataset=source).delete()
        for row in rows:
            row.dataset = source
        copy_in(TransitStop, rows)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE layers_transitstop s SET town_id = t.id FROM geo_town t"
                " WHERE s.dataset_id = %s AND t.merged_into_id IS NULL AND ST_Contains(t.geom, s.point)",
                [source.pk],
            )


def _check_districts(feed: timetable.Feed, day: datetime.date, x: Any, y: Any, report: TimetableReport, force: bool) -> None:
    """Refuse a day on which a district has less than half of the median of the week around it."""
    import shapely

    from layers.reach import timetable

    monday = day - datetime.timedelta(days=day.weekday())
    week = [d for d in (monday + datetime.timedelta(days=n) for n in range(5)) if d in feed.days]
    table = timetable.departures_by_day(feed, sorted({*week, day}))
    points = shapely.points(x[table.index], y[table.index])
    # a day cut to the trips of the night before says nothing about the week
    full = [d for d in week if table[d].sum() > 0.05 * table[day].sum()]
    for district in District.objects.all():
        shape = shapely.from_wkb(bytes(district.geom.wkb))
        shapely.prepare(shape)
        here = table[shapely.contains(shape, points)]
        if len(here):
            report.by_district[district.name] = (int(here[day].sum()), int(here[full].sum().median()) if full else 0)
    if len(full) < 2:
        text = "the feed has no week around the reference day; districts cannot be compared"
        report.findings.append(timetable.Finding("info", "calendar", text, len(full)))
        return
    lost = [f"{name} ({now} of {usual})" for name, (now, usual) in report.by_district.items() if now < LOSS * usual]
    if lost and not force:
        named = ", ".join(lost)
        raise ImportRefused(
            f"on {day} these districts have less than half of their usual departures: {named}; choose another --day or --force"
        )
    if lost:
        report.findings.append(
            timetable.Finding("warning", "calendar", "districts with less than half of their usual departures", len(lost), lost[0])
        )
