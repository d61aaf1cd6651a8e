"""Which centres a run measures travel times to, and which stop stands for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from geo.errors import InvalidParameter
from geo.models import CentralFunction, Dataset, Town
from layers.models import Centre, TransitStop

BERLIN = "berlin-hbf"
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


def centres(source: Dataset, wanted: Iterable[str] | None = None) -> list[Spot]:
    """Return Berlin Hbf, the Oberzentren and the Mittelzentren that the timetable serves, in this order.

    Parameters
    ----------
    source : Dataset
        The timetable.
    wanted : iterable of str, optional
        Keys (`berlin-hbf`, else a town's slug) to take, and only these; any town may be named.

    Raises
    ------
    InvalidParameter
        For a key that is no centre and no town with a stop.
    """
    stops = TransitStop.objects.filter(dataset=source)
    found: list[Spot] = []
    main = stops.filter(is_rail=True, name__iregex=r"^(s\+u |s |u )?berlin[ ,]+(hauptbahnhof|hbf)").order_by("-departures_day").first()
    if main:
        found.append(Spot(BERLIN, "Berlin Hbf", Centre.Kind.BERLIN, None, main))
    asked = None if wanted is None else list(wanted)
    towns = Town.objects.current().defer("geom").order_by("name", "ags8")
    chosen = towns.filter(central_function__in=[str(k) for k in KINDS]) if asked is None else towns.filter(slug__in=asked)
    busiest = stops.filter(town__in=chosen).order_by("town_id", "-is_rail", "-departures_day", "stop_id").distinct("town_id")
    stop_of = {s.town_id: s for s in busiest}
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
