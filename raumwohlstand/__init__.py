"""For analysts: the public layers as GeoDataFrames, from the database or from a remote Raumwohlstand by the same call.

>>> import raumwohlstand as rw
>>> rw.vacancies(town_size="rural", transit="C", minutes_to_berlin=60, use="workshop")  # doctest: +SKIP
>>> rw.vacancies("https://raum.example/?transit=C&sort=town", columns=["town_name", "usable_m2"])  # doctest: +SKIP

Every function takes the criteria of the map's filter and returns a `LayerFrame` in EPSG:25833 (metres), indexed by the layer's
key and in its order. Nothing known is NA, in texts the empty text, in lists the empty list. What it holds is told in `.attrs`:
`labels`, `units`, `descriptions` and `values` of the columns, `question`, `attribution`, `note`, `run` (the timetable and the
method behind its minutes) and `style`. Only what is public is there.

Parameters
----------
where : str or mapping
    An address copied from the map or a service's file, the text behind its question mark, or names and values. Sorting, paging
    and the map's view are passed over. A criterion that is given by name as well holds in place of the one in the address.
columns : iterable of str
    Columns wanted besides key and geometry; without it all.
bbox : four numbers or GeoDataFrame or GeoSeries
    West, south, east, north in degrees (EPSG:4326), as in the map's address; or what has rows and a CRS: its extent. Rows whose
    geometry intersects it.
mask : GeoDataFrame, GeoSeries or shapely geometry
    Rows whose geometry intersects it; a bare geometry is in EPSG:25833.
as_of : date or str
    Vacancies as they were public at the end of a day, `2026-05-31`: those that are public today as well, with texts, position, town
    and reach of today (docs/decisions/20261126-as-of.md). `.attrs["as_of"]` tells the day. No other layer knows its past.
source : Database or Remote
    Where to read; without it what `connect` named last, and the database of DATABASE_URL when nothing was named.
**criteria
    By their names in the map's address (`town_size`, `transit`, `district`, `area` …; a name that is none is an error that lists
    them) or by these words: `use`, `minutes_to_berlin`, `usual_minutes_to_berlin`, `minutes_to_oberzentrum`,
    `minutes_to_mittelzentrum`, `minutes`, `metres_to_stop`, `metres_to_station`, `departures_per_day`, `usable_m2`.
    Several values of one criterion (a list) are alternatives, several criteria narrow. `None` is no criterion.

Raises
------
geo.errors.InvalidParameter, geo.errors.InvalidParameters
    Naming each criterion or column that is unknown or has a value that is not allowed, and what is allowed.
geo.errors.RemoteFailed, geo.errors.Busy
    When a database or a remote platform does not answer as it must, or is at work for others.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from geo.errors import InvalidParameter
from raumwohlstand.database import Database
from raumwohlstand.frames import LayerFrame
from raumwohlstand.maps import draw as map
from raumwohlstand.question import Question
from raumwohlstand.remote import Remote

__all__ = [
    "Database",
    "LayerFrame",
    "Remote",
    "connect",
    "facilities",
    "map",
    "reach",
    "showcases",
    "stops",
    "towns",
    "vacancies",
    "wir_spaces",
    "zones",
]

REACH = {"travel_times": "reisezeit", "isochrones": "isochronen", "transit_classes": "gueteklassen"}
_source: Database | Remote | None = None


def connect(address: str = "") -> Database | Remote:
    """Name where all that follows is read: the address of a remote platform, or the database (DATABASE_URL) without one."""
    global _source
    _source = Remote(address) if address else Database()
    return _source


class _Reader(Protocol):
    def __call__(
        self,
        where: str | Mapping[str, Any] = "",
        *,
        columns: Iterable[str] | None = None,
        bbox: Any = None,
        mask: Any = None,
        as_of: datetime.date | str | None = None,
        source: Database | Remote | None = None,
        **criteria: Any,
    ) -> LayerFrame: ...


PARAMETERS = (__doc__ or "").partition("\n\nParameters\n")[2]  # as above


def _layer(name: str) -> Callable[[Callable[[], None]], _Reader]:
    """Make a reader of a layer; its help tells the parameters that all of them have."""

    def made(told: Callable[[], None]) -> _Reader:
        def read(
            where: str | Mapping[str, Any] = "",
            *,
            columns: Iterable[str] | None = None,
            bbox: Any = None,
            mask: Any = None,
            as_of: datetime.date | str | None = None,
            source: Database | Remote | None = None,
            **criteria: Any,
        ) -> LayerFrame:
            return _from(source).read(Question.of(name, where, columns, bbox, mask, as_of=as_of, **criteria))

        read.__name__ = read.__qualname__ = told.__name__
        read.__doc__ = f"{told.__doc__}\n\nParameters\n{PARAMETERS}"
        return read

    return made


@_layer("leerstaende")
def vacancies() -> None:
    """Return public vacancies: points, as exact as their visibility allows, indexed by their key."""


@_layer("gemeinden")
def towns() -> None:
    """Return the municipalities with population, functions and the access of their middle, indexed by AGS."""


@_layer("haltestellen")
def stops() -> None:
    """Return the stops of the live timetable: mode, departures 6–20 h and per day, category."""


@_layer("einrichtungen")
def facilities() -> None:
    """Return places of daily life: `kind="school_primary"`, `town=…`, `near=(lon, lat, metres)`."""


@_layer("gebiete")
def zones() -> None:
    """Return areas for which something holds: broadband, flood, nature, renewal, monument areas."""


@_layer("beispiele")
def showcases() -> None:
    """Return what became of vacant buildings: `outcome="success"`, `setbacks=True`, `target_use="coworking"`."""


@_layer("wir_raeume")
def wir_spaces() -> None:
    """Return the WIR-Räume, rooms that several use in common: `target_use=…`, `status="open"`."""


def reach(
    what: str = "travel_times", where: str | Mapping[str, Any] = "", *, source: Database | Remote | None = None, **asked: Any
) -> LayerFrame:
    """Return what was computed for the whole country by the live run.

    Parameters
    ----------
    what : str
        `travel_times`: hexagons of 0.5 km² with minutes to a centre, `best_min` and `median_min`; `isochrones`: areas from where
        it is reached in 15 to 90 minutes; `transit_classes`: areas of the access classes. `centre="potsdam"` names another centre
        than Berlin Hbf.
    where, source, **asked
        As in `vacancies`.
    """
    if what not in REACH:
        raise InvalidParameter("what", str(what)[:60], f"expected one of {', '.join(REACH)}")
    return _from(source).read(Question.of(REACH[what], where, **asked))


def _from(source: Database | Remote | None) -> Database | Remote:
    return source or _source or connect()


def __dir__() -> list[str]:
    return list(__all__)
