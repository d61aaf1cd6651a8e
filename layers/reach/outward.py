"""What one reaches from a place: one forward scan, the towns within so many minutes, the area, and the direct lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from geo import crs
from geo.errors import InvalidParameter
from geo.models import Town
from geo.positions import X, Y
from layers.models import ReachRun
from layers.reach import scan
from layers.reach.areas.around_stops import isochrones
from layers.reach.engine import Engine
from layers.reach.transit.connections import Access

LONGEST_MIN = 180
DAY_S = (6 * 3600, 20 * 3600)  # when direct lines are looked for
DIGITS = 4
SIMPLER_M = 60.0


@dataclass(frozen=True)
class Ready:
    """A run's engine with the towns' centres, kept in memory between questions."""

    engine: Engine
    towns: list[tuple[str, str]]  # slug, name
    access: Access


@lru_cache(maxsize=1)
def ready(run_id: int) -> Ready | None:
    """Return the engine of a run, None when it has no travel times; the first call takes seconds, later ones nothing."""
    engine = Engine.again(ReachRun.objects.select_related("dataset").get(pk=run_id))
    if engine is None:
        return None
    rows = list(
        Town.objects.current().order_by("name", "ags8").annotate(x=X("centre"), y=Y("centre")).values_list("slug", "name", "x", "y")
    )
    return Ready(engine, [(r[0], r[1]) for r in rows], engine.near([(0, r[2], r[3]) for r in rows]))


def outward(run: ReachRun, x: float, y: float, departure_min: int, limit_min: int) -> dict[str, Any] | None:
    """Return what is reached from a point (EPSG:25833) when setting out at a minute of the day.

    Returns
    -------
    dict or None
        `towns`: [{slug, name, minutes}] by minutes; `area`: GeoJSON geometry (EPSG:4326) or None; `lines`: GeoJSON
        geometry of the direct lines 6 to 20 h; `stops`: number of stops within walking distance. None without travel times.

    Raises
    ------
    InvalidParameter
        For a departure that is no minute of the day or a limit that is not 5 to 180 minutes.
    """
    if not 0 <= departure_min < 1_440:
        raise InvalidParameter("um", str(departure_min), "0 to 1439")
    if not 5 <= limit_min <= LONGEST_MIN:
        raise InvalidParameter("minuten", str(limit_min), f"5 to {LONGEST_MIN}")
    known = ready(run.pk)
    if known is None:
        return None
    engine, timetable = known.engine, known.engine.timetable
    near = engine.near([(0, x, y)])
    if not len(near.stop):
        return {"towns": [], "area": None, "lines": None, "stops": 0}
    departure = departure_min * 60
    place = scan.Place(near.stop, near.walk_s)
    times = scan.earliest_arrival(timetable, engine.paths, place, departure, limit_min * 60)
    minutes = np.where(times.ride_s == scan.UNREACHABLE, np.inf, (times.ride_s.astype(float) - departure) / 60)
    area = isochrones(timetable.x_m, timetable.y_m, minutes, (limit_min,), centre=(x, y), tolerance_m=60)[limit_min]
    return {
        "towns": _towns(known, minutes, limit_min),
        "area": _geojson(shapely.simplify(area, SIMPLER_M)),
        "lines": _geojson(_direct_lines(timetable, near)),
        "stops": len(near.stop),
    }


def _towns(known: Ready, minutes: Any, limit_min: int) -> list[dict[str, Any]]:
    """Return the towns whose centre is reached in time, on foot from any stop."""
    access = known.access
    arrival = minutes[access.stop] + access.walk_s / 60
    found = []
    for i, (slug, name) in enumerate(known.towns):
        part = arrival[access.start[i] : access.start[i + 1]]
        best = part.min() if len(part) else np.inf
        if best <= limit_min:
            found.append({"slug": slug, "name": name, "minutes": int(np.ceil(best))})
    return sorted(found, key=lambda t: (t["minutes"], t["name"]))


def _direct_lines(timetable: Any, near: Access) -> Any:
    """Return the hops of all runs that leave a near stop between 6 and 20 h, from there on, each once."""
    is_near = np.zeros(len(timetable.stop_id), dtype=bool)
    is_near[near.stop] = True
    leaves = is_near[timetable.from_stop] & timetable.boards & (timetable.departs_s >= DAY_S[0]) & (timetable.departs_s < DAY_S[1])
    first = np.full(timetable.trips, np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(first, timetable.trip[leaves], timetable.departs_s[leaves])
    rides = timetable.departs_s >= first[timetable.trip]
    hops = np.unique(np.sort(np.column_stack([timetable.from_stop[rides], timetable.to_stop[rides]]), axis=1), axis=0)
    ends = np.stack([np.column_stack([timetable.x_m[hops[:, i]], timetable.y_m[hops[:, i]]]) for i in (0, 1)], axis=1)
    return shapely.multilinestrings(list(ends)) if len(ends) else None


def _geojson(geometry: Any) -> dict[str, Any] | None:
    if geometry is None or geometry.is_empty:
        return None
    web = crs.transform(geometry, crs.STORAGE, crs.WEB)
    return shapely.geometry.mapping(shapely.set_precision(web, 10**-DIGITS, mode="pointwise"))
