"""The rows a run leaves: access and travel times of towns and vacancies, and the areas of the classes."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from geo.copying import copy_in
from geo.models import Dataset
from geo.positions import X, Y
from geo.sources import DATA, geos
from layers.models import Access as AccessRow
from layers.models import ClassArea, ReachRun, TransitStop
from layers.reach import access
from layers.reach.access import Preset, measure
from layers.sources import category

Place = tuple[int, float, float]  # number, x, y in EPSG:25833
NOT = -1


@dataclass(frozen=True)
class Stops:
    """The stops of a timetable as the access engine takes them, and their numbers."""

    stops: access.Stops
    ids: list[int | None]

    @classmethod
    def of(cls, source: Dataset, rules: Preset) -> Stops:
        wanted = ("pk", "east", "north", "by_route_type", "departures_day", "is_rail")
        found = TransitStop.objects.filter(dataset=source).order_by("stop_id").annotate(east=X("point"), north=Y("point"))
        return cls._from(list(found.values_list(*wanted)), rules)

    @classmethod
    def among(cls, stops: Sequence[TransitStop], rules: Preset, numbers: Mapping[str, int]) -> Stops:
        """Return stops that need not be saved; `numbers` says under which number a stop id is known, if it is."""
        ordered = sorted(stops, key=lambda s: s.stop_id)
        return cls._from(
            [(numbers.get(s.stop_id), s.point.x, s.point.y, s.by_route_type, s.departures_day, s.is_rail) for s in ordered], rules
        )

    @classmethod
    def _from(cls, rows: Sequence[tuple[Any, ...]], rules: Preset) -> Stops:
        east, north = (np.array([r[i] for r in rows], dtype=float) for i in (1, 2))
        day, rail = np.array([r[4] for r in rows], dtype=int), np.array([r[5] for r in rows], dtype=bool)
        return cls(access.Stops(east, north, [category(r[3], rules) for r in rows], day, rail), [r[0] for r in rows])


@dataclass(frozen=True)
class Travel:
    """Travel times of places, one entry each: minutes (int16, NOT = none) to Berlin Hbf and to the next centres by name."""

    berlin: tuple[Any, Any, Any]  # best, median, 90th percentile
    last_from_berlin: Any
    oz: tuple[Sequence[str], Any, Any]  # name, best, median
    mz: tuple[Sequence[str], Any, Any]
    saturday: Any  # best ride to Berlin Hbf on the Saturday after

    def columns(self, i: int) -> dict[str, Any]:
        """Return the fields of one place."""

        def known(value: Any) -> int | None:
            return None if value == NOT else int(value)

        best, median, p90 = (known(a[i]) for a in self.berlin)
        found: dict[str, Any] = {"berlin_best_min": best, "berlin_median_min": median, "berlin_p90_min": p90}
        found["last_from_berlin"] = known(self.last_from_berlin[i])
        found["berlin_saturday_min"] = known(self.saturday[i])
        for short, (names, fastest, usual) in (("oz", self.oz), ("mz", self.mz)):
            found |= {f"{short}_name": names[i], f"{short}_best_min": known(fastest[i]), f"{short}_median_min": known(usual[i])}
        return found | rin(found["mz_best_min"], found["oz_best_min"])


def rin(mz_min: int | None, oz_min: int | None) -> dict[str, bool]:
    """Return whether the targets of RIN 2008 for public transport are met (data/presets/rin2008.toml)."""
    limits = _rin_limits()
    return {
        "rin_mz": mz_min is not None and mz_min <= limits["mittelzentrum"],
        "rin_oz": oz_min is not None and oz_min <= limits["oberzentrum"],
    }


@cache
def _rin_limits() -> dict[str, int]:
    return tomllib.loads((DATA / "presets" / "rin2008.toml").read_text(encoding="utf-8"))["public_transport_min"]


def write(
    run: ReachRun,
    model: type[AccessRow],
    owner: str,
    places: Sequence[Place],
    stops: Stops,
    rules: Preset,
    travel: Travel | None = None,
    live: bool = False,
) -> dict[str, int]:
    """Write one row per place and return how many reach each class."""
    from layers.reach.surroundings import around

    if not places:
        return {}
    near = around(places)
    found = measure(stops.stops, rules, [x for _pk, x, _y in places], [y for _pk, _x, y in places])

    def stop_id(index: int) -> int | None:
        return stops.ids[index] if index >= 0 else None

    def metres(value: float) -> int | None:
        return round(float(value)) if np.isfinite(value) else None

    made = [
        model(
            run=run,
            live=live,
            transit_class=found.transit_class[i],
            stop_id=stop_id(int(found.stop[i])),
            stop_distance_m=metres(found.stop_distance_m[i]),
            rail_stop_id=stop_id(int(found.rail_stop[i])),
            rail_distance_m=metres(found.rail_distance_m[i]),
            departures_per_day=int(stops.stops.departures_day[found.stop[i]]) if found.stop[i] >= 0 else None,
            well_connected=bool(found.well_connected[i]),
            nearby=near.nearby[i],
            zones=near.zones[i],
            method=near.methods[i],
            **({owner: pk} | (travel.columns(i) if travel else {})),
        )
        for i, (pk, _x, _y) in enumerate(places)
    ]
    copy_in(model, made)
    return dict(sorted(Counter(found.transit_class).items()))


def write_class_areas(run: ReachRun, stops: Stops, rules: Preset) -> None:
    """Write the area of each transit access class."""
    from layers.reach.areas.around_stops import class_areas

    areas = class_areas(stops.stops, rules)
    copy_in(
        ClassArea, [ClassArea(run=run, transit_class=letter, geom=geos(shape)) for letter, shape in areas.items() if not shape.is_empty]
    )
