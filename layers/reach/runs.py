"""Runs of the reach computation: built beside the live one and swapped in one transaction."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from geo.copying import copy_in
from geo.errors import RaumError
from geo.models import Dataset, Town
from geo.positions import X, Y
from layers.models import Access as AccessRow
from layers.models import ReachRun, TownReach, TransitStop, VacancyReach
from layers.reach.access import Access, Preset, Stops, load_preset, measure
from layers.sources import category


def compute(source: Dataset | None = None, preset: str = "de_goat") -> ReachRun:
    """Compute the access of all towns and vacancies and make it the live run.

    A town is measured from its centre (`data/centres.csv`: its populated place, else its busiest stop).
    A vacancy is measured from the point the public may see, so that no distance tells more than the map does.

    Raises
    ------
    RaumError
        When no timetable is loaded.
    InvalidParameter
        When there is no such preset.
    """
    rules = load_preset(preset)
    source = source or Dataset.objects.filter(stops__isnull=False).order_by("-loaded_at").first()
    if source is None:
        raise RaumError("no timetable is loaded; run load_timetable first")
    stops, ids = _stops(source, rules)
    with transaction.atomic():
        start, end = (datetime.time(s // 3600, s % 3600 // 60) for s in rules.window)
        run = ReachRun.objects.create(dataset=source, day=source.valid_on, window_start=start, window_end=end, preset=preset)
        towns = list(Town.objects.current().annotate(x=X("centre"), y=Y("centre")).values_list("pk", "x", "y"))
        found = _write(run, TownReach, "town_id", towns, stops, ids, rules)
        from vacancies.models import Vacancy

        vacancies = list(_public_places(Vacancy.objects.all()))
        found_vacancies = _write(run, VacancyReach, "vacancy_id", vacancies, stops, ids, rules)
        ReachRun.objects.exclude(pk=run.pk).delete()
        TownReach.objects.filter(run=run).update(live=True)
        VacancyReach.objects.filter(run=run).update(live=True)
        run.live, run.finished_at = True, timezone.now()
        run.stats = {"stops": len(ids), "towns": found, "vacancies": found_vacancies}
        run.save()
    return run


def refresh(vacancy_ids: Sequence[int]) -> int:
    """Compute the rows of some vacancies in the live run; returns how many. Without a live run there is nothing to do."""
    run = ReachRun.objects.current()
    if run is None or not vacancy_ids:
        return 0
    from vacancies.models import Vacancy

    rules = load_preset(run.preset)
    stops, ids = _stops(run.dataset, rules)
    places = list(_public_places(Vacancy.objects.filter(pk__in=vacancy_ids)))
    with transaction.atomic():
        VacancyReach.objects.filter(run=run, vacancy_id__in=vacancy_ids).delete()
        _write(run, VacancyReach, "vacancy_id", places, stops, ids, rules, live=True)
    return len(places)


def ensure(preset: str = "de_goat") -> ReachRun | None:
    """Compute a run when the stops are newer than the live one, or none is live; None when all is up to date."""
    live = ReachRun.objects.current()
    if live and TownReach.objects.filter(run=live, stop__isnull=False).exists() and live.preset == preset:
        return None
    return compute(preset=preset)


def _public_places(vacancies: Any) -> Any:
    return vacancies.order_by("pk").annotate(x=X("public_point"), y=Y("public_point")).values_list("pk", "x", "y")


def _stops(source: Dataset, rules: Preset) -> tuple[Stops, list[int]]:
    wanted = ("pk", "east", "north", "by_route_type", "departures_day", "is_rail")
    found = TransitStop.objects.filter(dataset=source).order_by("stop_id").annotate(east=X("point"), north=Y("point"))
    rows = list(found.values_list(*wanted))
    categories = [category(r[3], rules) for r in rows]
    day = np.array([r[4] for r in rows], dtype=int)
    east, north = (np.array([r[i] for r in rows], dtype=float) for i in (1, 2))
    return Stops(east, north, categories, day, np.array([r[5] for r in rows], dtype=bool)), [r[0] for r in rows]


def _write(
    run: ReachRun,
    model: type[AccessRow],
    owner: str,
    places: list[tuple[int, float, float]],
    stops: Stops,
    ids: list[int],
    rules: Preset,
    live: bool = False,
) -> dict[str, int]:
    """Write one row per place and return how many reach each class."""
    if not places:
        return {}
    found: Access = measure(stops, rules, [x for _pk, x, _y in places], [y for _pk, _x, y in places])

    def stop_id(index: int) -> int | None:
        return ids[index] if index >= 0 else None

    def metres(value: float) -> int | None:
        return round(float(value)) if np.isfinite(value) else None

    rows = [
        model(
            run=run,
            live=live,
            transit_class=found.transit_class[i],
            stop_id=stop_id(int(found.stop[i])),
            stop_distance_m=metres(found.stop_distance_m[i]),
            rail_stop_id=stop_id(int(found.rail_stop[i])),
            rail_distance_m=metres(found.rail_distance_m[i]),
            departures_per_day=int(stops.departures_day[found.stop[i]]) if found.stop[i] >= 0 else None,
            well_connected=bool(found.well_connected[i]),
            **{owner: pk},
        )
        for i, (pk, _x, _y) in enumerate(places)
    ]
    copy_in(model, rows)
    return dict(sorted(Counter(found.transit_class).items()))
