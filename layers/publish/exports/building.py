"""Files that must be whole before they are sent, built in a process of their own: their libraries take 100 MB and keep it."""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import replace
from pathlib import Path

from geo.beside import Beside
from geo.filtering import FilterSet
from geo.scope import Scope
from layers.publish.collection import Collection, collection, collections, internal_collections, is_internal, offering, scope
from layers.publish.rights import as_reader

AT_ONCE = 1  # for each process of the server; who comes meanwhile waits
IDLE_S = 30.0
BUILD_MS, LONGEST_S = 60_000, 120
BUILDERS = Beside(AT_ONCE, IDLE_S, LONGEST_S)
Offer = tuple[str, ...]


def built(layer: Collection, wanted: FilterSet, extension: str, link: str, folder: Path) -> Path:
    """Return the file, in a folder that is empty, with the rows of a layer that meet a filter; `link` is its own address."""
    offer: Offer = tuple(c.name for c in collections()) if is_internal() else ()
    day = layer.day.isoformat() if layer.day else ""
    return Path(BUILDERS.read(write, offer, scope(), layer.name, day, wanted.query_string(), extension, link, str(folder)))


def write(offer: Offer, seen: Scope, name: str, day: str, query: str, extension: str, link: str, folder: str) -> str:
    """Write the file and return its path.

    `offer` names the internal layers on offer, of which one sees the rows in `seen`; none: the public ones are. No `day` is now.
    """
    from layers.publish.exports import provenance, workbook, writers

    formats = {
        "gpkg": writers.geopackage,
        "parquet": writers.geoparquet,
        "fgb": writers.flatgeobuf,
        "shp.zip": writers.shapefile,
        "xlsx": workbook.workbook,
    }
    known = tuple(c for c in internal_collections() if c.name in offer)
    with offering(known, seen) if offer else contextlib.nullcontext():
        layer = replace(collection(name), day=datetime.date.fromisoformat(day) if day else None)
        wanted = layer.parse(query)
        told = provenance.of(layer, wanted, link)
        with as_reader(BUILD_MS):
            return str(formats[extension](told, layer.matching(wanted), Path(folder)))
