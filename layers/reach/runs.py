"""Runs of the reach computation: built beside the live one and swapped in one transaction."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from geo.errors import InvalidParameter, RaumError
from geo.models import Dataset, Town
from geo.positions import X, Y
from layers.models import ReachRun, TownReach, TransitStop, VacancyReach
from layers.reach import rows
from layers.reach.access import load_preset
from layers.sources import FeedStops

KEPT = 3  # runs that stay for comparison, the live one included
PARTS = ("travel", "surface", "areas")
WINDOW = (datetime.time(7), datetime.time(9))
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Scenario:
    """A what-if: its title, a feed where it is not the data set's own, and what a reader should know of it."""

    title: str
    feed: FeedStops | None = None
    about: dict[str, Any] = field(default_factory=dict)


def _silent(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def compute(
    source: Dataset | None = None,
    preset: str = "de_goat",
    *,
    day: datetime.date | None = None,
    window: tuple[datetime.time, datetime.time] = WINDOW,
    wanted: Iterable[str] | None = None,
    parts: Sequence[str] = (),
    scenario: Scenario | None = None,
    progress: Progress = _silent,
) -> ReachRun:
    """Compute the reach of all towns and vacancies and make it the live run, or keep it as a scenario.

    A town is measured from its centre (`data/centres.csv`: its populated place, else its busiest stop).
    A vacancy is measured from the point the public may see, so that no distance tells more than the map does.

    Parameters
    ----------
    source : Dataset, optional
        The timetable; the one loaded last when not given.
    preset : str
        Method of the transit access classes.
    day : date, optional
        Day of the travel times; the timetable's reference day when not given.
    window : (time, time)
        When people set out, whole minutes.
    wanted : iterable of str, optional
        Keys of the centres (`layers.reach.centres`).
    parts : sequence of str
        What to compute besides access classes: travel, surface, areas.
    scenario : Scenario, optional
        Keep the run beside the live one, which stays as it is. Its own feed is measured to the centres and with the change
        times of `source`; `day` is that of its feed then.

    Raises
    ------
    RaumError
        When no timetable is loaded.
    InvalidParameter
        For a preset, part, centre or window that there is not.
    """
    unknown = [p for p in parts if p not in PARTS]
    if unknown:
        raise InvalidParameter("only", ", ".join(unknown), ", ".join(PARTS))
    rules = load_preset(preset)
    source = source or Dataset.objects.filter(stops__isnull=False).order_by("-loaded_at").first()
    if source is None:
        raise RaumError("no timetable is loaded; run load_timetable first")
    from layers.reach.engine import Engine  # with pandas, scipy and numba, which most starts do without

    feed = scenario.feed if scenario else None
    engine = Engine.of(source, None if feed else day, window, wanted) if parts else None
    if engine and feed:
        engine = Engine.of_feed(feed, window, engine)
    towns = list(Town.objects.current().annotate(x=X("centre"), y=Y("centre")).values_list("pk", "x", "y"))
    vacancies = _vacancies()
    with transaction.atomic():
        start, end = (datetime.time(s // 3600, s % 3600 // 60) for s in rules.window)
        fixed = {"day": feed.day if feed else source.valid_on, "window_start": start, "window_end": end, "preset": preset}
        if scenario:
            fixed |= {"is_scenario": True, "title": scenario.title}
        parameters = (engine.parameters() if engine else {}) | ({"scenario": scenario.about} if scenario else {})
        run = ReachRun.objects.create(dataset=source, parameters=parameters, **fixed)
        if feed:
            numbers = dict(TransitStop.objects.filter(dataset=source).values_list("stop_id", "pk"))
            stops = rows.Stops.among(feed.stops, rules, numbers)
        else:
            stops = rows.Stops.of(source, rules)
        places = {"towns": towns, "vacancies": vacancies}
        travel = engine.travel(run, places, with_cells="surface" in parts, progress=progress) if engine else {}
        run.stats = {
            "stops": len(stops.ids),
            "towns": rows.write(run, TownReach, "town_id", towns, stops, rules, travel.get("towns")),
            "vacancies": rows.write(run, VacancyReach, "vacancy_id", vacancies, stops, rules, travel.get("vacancies")),
        }
        with connection.cursor() as cursor:  # until autovacuum comes by, the planner takes a new run for a single row
            cursor.execute("ANALYZE layers_townreach, layers_vacancyreach")
        if engine and "areas" in parts:
            engine.areas(run, progress)
        if "areas" in parts:
            rows.write_class_areas(run, stops, rules)
        if scenario:
            run.finished_at = timezone.now()
            run.save()
        else:
            _swap(run)
    return run


def remove_scenario(number: int) -> str:
    """Remove a scenario and all its rows; returns its title.

    Raises
    ------
    InvalidParameter
        When there is no scenario of this number.
    """
    found = ReachRun.objects.filter(is_scenario=True)
    run = found.filter(pk=number).first()
    if run is None:
        known = ", ".join(f"{r.pk} ({r.title})" for r in found.order_by("pk"))
        raise InvalidParameter("remove-scenario", str(number), f"the number of a scenario; there are {known or 'none'}")
    run.delete()
    return run.title


def _swap(run: ReachRun) -> None:
    """Make a finished run the live one and drop those that are too old to compare with."""
    for model in (TownReach, VacancyReach):
        model.objects.filter(live=True).update(live=False)
        model.objects.filter(run=run).update(live=True)
    ReachRun.objects.filter(live=True).update(live=False)
    run.live, run.finished_at = True, timezone.now()
    run.save()
    runs = ReachRun.objects.filter(is_scenario=False)
    kept = runs.order_by("-live", "-started_at").values_list("pk", flat=True)[:KEPT]
    runs.exclude(pk__in=list(kept)).delete()


def refresh(vacancy_ids: Sequence[int]) -> int:
    """Compute the rows of some vacancies in the live run; returns how many. Without a live run there is nothing to do."""
    run = ReachRun.objects.current()
    if run is None or not vacancy_ids:
        return 0
    from layers.reach.engine import Engine

    rules = load_preset(run.preset)
    places = _vacancies(vacancy_ids)
    engine = Engine.again(run)
    travel = engine.travel_in({"vacancies": places}) if engine else {}
    with transaction.atomic():
        VacancyReach.objects.filter(run=run, vacancy_id__in=vacancy_ids).delete()
        stops = rows.Stops.of(run.dataset, rules)
        rows.write(run, VacancyReach, "vacancy_id", places, stops, rules, travel.get("vacancies"), live=True)
    return len(places)


def missing() -> list[int]:
    """Return the vacancies without reach in the live run: new ones, and those that were moved since."""
    from vacancies.models import Vacancy

    done = VacancyReach.objects.filter(live=True).values("vacancy_id")
    return list(Vacancy.objects.exclude(pk__in=done).order_by("pk").values_list("pk", flat=True))


def is_complete(preset: str | None = None, parts: Sequence[str] = PARTS) -> bool:
    """Whether the live run has access rows of stops that are still there, and all of the parts."""
    live = ReachRun.objects.current()
    if live is None or (preset and live.preset != preset) or not TownReach.objects.filter(run=live, stop__isnull=False).exists():
        return False
    there = {"travel": live.centres.exists, "surface": live.surfaces.exists, "areas": live.class_areas.exists}
    return all(there[p]() for p in parts)


def ensure(preset: str = "de_goat", parts: Sequence[str] = (), progress: Progress = _silent) -> ReachRun | None:
    """Compute a run when the stops are newer than the live one, a part is missing, or none is live; None when all is there."""
    return None if is_complete(preset, parts) else compute(preset=preset, parts=parts, progress=progress)


def _vacancies(chosen: Sequence[int] | None = None) -> list[tuple[int, float, float]]:
    """Return number, x, y of vacancies at the place the public may know (EPSG:25833)."""
    from vacancies.models import Vacancy

    found = Vacancy.objects.all() if chosen is None else Vacancy.objects.filter(pk__in=chosen)
    return list(found.order_by("pk").annotate(x=X("public_point"), y=Y("public_point")).values_list("pk", "x", "y"))
