"""For analysts: the public layers as GeoDataFrames, from the database or from a remote Raumwohlstand by the same call.

>>> import raumwohlstand as rw
>>> rw.vacancies(town_size="rural", transit="C", minutes_to_berlin=60, use="workshop")  # doctest: +SKIP
>>> rw.vacancies("https://raum.example/?transit=C&sort=town", columns=["town_name", "usable_m2"])  # doctest: +SKIP

Every function takes the criteria of the map's filter, by their names in its address or by the words in `question.WORDS`, and
returns a `LayerFrame` in EPSG:25833 (metres), indexed by the layer's key and in its order. What it holds is told in `.attrs`:
`labels`, `units`, `descriptions` and `values` of the columns, `question`, `attribution`, `note`, `run` (the timetable and the
method behind its minutes) and `style`. Only what is public is there.

Parameters that all of them have
--------------------------------
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
    and reach of today (docs/decisions/20261126-as-of.md). `.attrs["as_of"]` tells the day.
source : Database or Remote
    Where to read; without it what `connect` named last, and the database of DATABASE_URL when nothing was named.
**criteria
    Several values of one criterion (a list) are alternatives, several criteria narrow. `None` is no criterion.

Raises
------
geo.errors.InvalidParameter, geo.errors.InvalidParameters
    Naming each criterion or column that is unknown or has a value that is not allowed, and what is allowed.
geo.errors.RemoteFailed, geo.errors.Busy
    When a remote platform does not answer as it must, or is at work for others.
"""

from __future__ import annotations

from typing import Any

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


def vacancies(where: Any = "", **asked: Any) -> LayerFrame:
    """Return public vacancies: points, as exact as their visibility allows, indexed by their key."""
    return _read("leerstaende", where, **asked)


def towns(where: Any = "", **asked: Any) -> LayerFrame:
    """Return the municipalities with population, functions and the access of their middle, indexed by AGS."""
    return _read("gemeinden", where, **asked)


def stops(where: Any = "", **asked: Any) -> LayerFrame:
    """Return the stops of the live timetable: mode, departures 6–20 h and per day, category."""
    return _read("haltestellen", where, **asked)


def facilities(where: Any = "", **asked: Any) -> LayerFrame:
    """Return places of daily life: `kind="school_primary"`, `town=…`, `near=(lon, lat, metres)`."""
    return _read("einrichtungen", where, **asked)


def zones(where: Any = "", **asked: Any) -> LayerFrame:
    """Return areas for which something holds: broadband, flood, nature, renewal, monument areas."""
    return _read("gebiete", where, **asked)


def showcases(where: Any = "", **asked: Any) -> LayerFrame:
    """Return what became of vacant buildings: `outcome="success"`, `setbacks=True`, `target_use="coworking"`."""
    return _read("beispiele", where, **asked)


def wir_spaces(where: Any = "", **asked: Any) -> LayerFrame:
    """Return the WIR-Räume, rooms that several use in common: `target_use=…`, `status="open"`."""
    return _read("wir_raeume", where, **asked)


def reach(what: str = "travel_times", where: Any = "", **asked: Any) -> LayerFrame:
    """Return what was computed for the whole country by the live run.

    Parameters
    ----------
    what : str
        `travel_times`: hexagons of 0.5 km² with minutes to a centre, `best_min` and `median_min`; `isochrones`: areas from where
        it is reached in 15 to 90 minutes; `transit_classes`: areas of the access classes. `centre="potsdam"` names another centre
        than Berlin Hbf.
    """
    if what not in REACH:
        raise InvalidParameter("what", str(what)[:60], ", ".join(REACH))
    return _read(REACH[what], where, **asked)


def _read(layer: str, where: Any, *, source: Database | Remote | None = None, **asked: Any) -> LayerFrame:
    return (source or _source or connect()).read(Question.of(layer, where, **asked))
