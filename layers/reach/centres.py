"""Which centres a run measures travel times to, and which stop stands for each."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from geo.errors import InvalidParameter
from geo.models import CentralFunction, Town
from layers.models import Centre, ReachRun, TransitStop

BERLIN = "berlin-hbf"
MAIN_STATION = re.compile(r"(s\+u |s |u )?berlin[ ,]+(hauptbahnhof|hbf)", re.IGNORECASE)
KINDS = {
    CentralFunction.OBERZENTRUM: Centre.Kind.OBERZENTRUM,
    CentralFunction.MITTELZENTRUM: Centre.Kind.MITTELZENTRUM,
    CentralFunction.MITTELZENTRUM_FT: Centre.Kind.MITTELZENTRUM,
}


@dataclass(frozen=True)
class Spot:
    """A centre before it is a row: its stop is the busiest station of the town, else its busiest stop."""

    key: str
    name: str
    kind: str
    town: Town | None
    stop: TransitStop


def centres(stops: Sequence[TransitStop], wanted: Iterable[str] | None = None) -> list[Spot]:
    """Return Berlin Hbf, the Oberzentren and the Mittelzentren that a timetable serves, in this order.

    Parameters
    ----------
    stops : sequence of TransitStop
        The timetable's stops with their towns; they need not be saved.
    wanted : iterable of str, optional
        Keys (`berlin-hbf`, else a town's slug) to take, and only these; any town may be named.

    Raises
    ------
    InvalidParameter
        For a key that is no centre and no town with a stop.
    """
    found: list[Spot] = []
    main = min((s for s in stops if s.is_rail and MAIN_STATION.match(s.name)), key=lambda s: (-s.departures_day, s.stop_id), default=None)
    if main:
        found.append(Spot(BERLIN, "Berlin Hbf", Centre.Kind.BERLIN, None, main))
    asked = None if wanted is None else list(wanted)
    towns = Town.objects.current().defer("geom").order_by("name", "ags8")
    chosen = towns.filter(central_function__in=[str(k) for k in KINDS]) if asked is None else towns.filter(slug__in=asked)
    stop_of: dict[int, TransitStop] = {}
    for stop in sorted(stops, key=lambda s: (not s.is_rail, -s.departures_day, s.stop_id)):
        if stop.town_id:
            stop_of.setdefault(stop.town_id, stop)
    ranked = sorted((t for t in chosen if t.pk in stop_of), key=lambda t: t.central_function != CentralFunction.OBERZENTRUM)
    for town in ranked:
        kind = KINDS.get(CentralFunction(town.central_function), Centre.Kind.MITTELZENTRUM)
        found.append(Spot(town.slug, town.name, kind, town, stop_of[town.pk]))
    if asked is not None:
        known = {s.key for s in found}
        missing = [key for key in asked if key not in known]
        if missing:
            raise InvalidParameter("centres", ", ".join(missing), f"{BERLIN} or the slug of a town with a stop, such as potsdam")
        found = [s for s in found if s.key in asked]
    return found


def spots_of(run: ReachRun) -> list[Spot]:
    """Return the centres of a run that is there, with the stops it was measured to."""
    rows = run.centres.select_related("town").defer("town__geom").order_by("position")
    return [Spot(c.key, c.name, c.kind, c.town, TransitStop(stop_id=c.stop_id, name=c.stop_name)) for c in rows]


def agreed(before: Sequence[Spot], after: Sequence[Spot], served: Container[str]) -> list[Spot]:
    """Return the centres of two timetables that are compared, as the second is asked for them.

    Where the second serves the first one's stop, it is measured to that stop, though another may be busier by now:
    otherwise a town would lose or gain minutes only because its centre moved.

    Parameters
    ----------
    before, after : sequence of Spot
        Each timetable's own centres.
    served : container of str
        Stop ids that the second timetable serves.
    """
    own = {s.key: s for s in after}
    return [s if s.stop.stop_id in served else own[s.key] for s in before if s.stop.stop_id in served or s.key in own]
