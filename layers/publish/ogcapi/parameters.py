"""The parameters of OGC API Features, read and checked before the database is asked."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import F, Q, lookups
from django.utils.dateparse import parse_date, parse_datetime

from geo import crs
from geo.time_criteria import day_of
from layers.publish import asking
from layers.publish.collection import Collection, Field
from layers.publish.ows.question import NUMBER
from layers.publish.ows.reports import OwsError
from layers.publish.spatial import stored

LIMIT, LARGEST_LIMIT, FARTHEST = 100, 10_000, 100_000_000
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS_URIS = {CRS84: crs.WEB, **{f"{EPSG}{n}": n for n in crs.KNOWN}}
STORAGE_URI = f"{EPSG}{crs.STORAGE}"
NORTH_FIRST = {f"{EPSG}{n}" for n in (crs.WEB, crs.ETRS89, crs.LAEA)}
OWN = (
    "f",
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "skipGeometry",
)
LANGUAGES = ("cql2-text", "cql2-json")
FORMATS = ("json", "html")


@dataclass(frozen=True)
class Wanted:
    """What a request for items asks: rows in order, and how they are shown. `query` is the whole, to be kept in links."""

    collection: Collection
    rows: Any
    columns: tuple[Field, ...]
    limit: int = LIMIT
    offset: int = 0
    crs: str = CRS84
    geometry: bool = True
    query: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    counted_from: str = ""


def refuse(name: str, value: object, allowed: str) -> OwsError:
    return OwsError("InvalidParameterValue", f"{name}={str(value)[:60]}: {allowed}", name, 400)


def read(collection: Collection, pairs: list[tuple[str, str]], most: int = LARGEST_LIMIT) -> Wanted:
    """Return what the parameters of an items request ask, at most so many rows; raises `OwsError` or `InvalidParameters`."""
    criteria = filter_names(collection)
    given = only(pairs, {*OWN, *criteria, *(f.name for f in collection.fields)}, several=criteria)
    asked = asking.read([(n, v) for n, v in pairs if n in criteria], [collection])
    rows = collection.matching(asked.of(collection))
    for f in collection.fields:
        if f.name in given and f.name not in criteria:
            rows = rows.filter(_equal(f, given[f.name]))
    if "bbox" in given:
        rows = rows.filter(_box(collection, given["bbox"], given.get("bbox-crs", CRS84)))
    if "datetime" in given:
        rows = rows.filter(_time(collection, given["datetime"]))
    if "filter" in given:
        rows = rows.filter(_filter(collection, given))
    names = [f.name for f in collection.fields]
    chosen = given["properties"].split(",") if "properties" in given else names
    for name in chosen:
        if name not in names:
            raise refuse("properties", name, ", ".join(names))
    return Wanted(
        collection,
        rows.order_by(*_order(given.get("sortby", ""), names)),
        tuple(f for f in collection.fields if f.name in chosen),
        min(_whole("limit", given.get("limit", str(LIMIT)), 1, FARTHEST), most),
        _whole("offset", given.get("offset", "0"), 0, FARTHEST),
        known_crs("crs", given.get("crs", CRS84)),
        not _flag("skipGeometry", given.get("skipGeometry", "false")),
        tuple(pairs),
        asked.counted_from,
    )


def only(pairs: list[tuple[str, str]], names: set[str], several: Iterable[str] = ()) -> dict[str, str]:
    """Return parameters by name; an unknown one is an error, as the standard demands, and so is one given twice if not of `several`."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in names:
            raise refuse(name[:40], value, f"unknown parameter; expected {', '.join(sorted(names))}")
        if name in given and name not in several:
            raise refuse(name, value, "given twice")
        if "\0" in value:
            raise refuse(name, value.replace("\0", "␀"), "a NUL character")
        given[name] = value
    return given


def filter_names(collection: Collection) -> set[str]:
    """Return the map's parameters for a layer."""
    return {c.name for c in collection.filter.criteria} - {"bbox"} | {asking.EXTENT}


def known_crs(name: str, uri: str) -> str:
    if uri not in CRS_URIS:
        raise refuse(name, uri, ", ".join(CRS_URIS))
    return uri


def placed(geometry: Any, uri: str, name: str = "bbox") -> GEOSGeometry:
    """Return a shapely geometry, axes as its CRS has them, in the storage CRS."""
    try:
        if uri in NORTH_FIRST:
            geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
        return stored(GEOSGeometry(memoryview(shapely.to_wkb(geometry)), srid=CRS_URIS[uri]))
    except (ValueError, shapely.errors.GEOSException) as error:
        raise refuse(name, geometry.geom_type, str(error)[:100]) from None


def _box(collection: Collection, text: str, uri: str) -> Q:
    known_crs("bbox-crs", uri)
    parts = [p.strip() for p in text.split(",")]
    if len(parts) not in (4, 6) or not all(NUMBER.fullmatch(p) and math.isfinite(float(p)) for p in parts):
        raise refuse("bbox", text, "four or six numbers parted by commas")
    numbers = [float(p) for p in parts]
    a, b, c, d = numbers if len(numbers) == 4 else (numbers[0], numbers[1], numbers[3], numbers[4])
    if b > d or (a > c and uri != CRS84):
        raise refuse("bbox", text, "the lower corner comes first")
    boxes = [(a, b, c, d)] if a <= c else [(a, b, 180.0, d), (-180.0, b, c, d)]  # over the 180th meridian
    return reduce(or_, (Q(**{f"{collection.geometry}__intersects": placed(shapely.box(*box), uri)}) for box in boxes))


def time_field(collection: Collection) -> str:
    """Return the column that `datetime` asks of; empty when rows have no time."""
    return next((f.name for f in collection.fields if f.kind == "date"), "")


def _time(collection: Collection, text: str) -> Q:
    ends = text.split("/")
    if len(ends) > 2 or (len(ends) == 2 and all(e in ("", "..") for e in ends)):
        raise refuse("datetime", text, "a time, or two parted by a slash, one of them perhaps open (..)")
    days = [None if len(ends) == 2 and e in ("", "..") else _day(text, e) for e in ends]
    if len(days) == 2 and days[0] and days[1] and days[0] > days[1]:
        raise refuse("datetime", text, "the earlier time comes first")
    name = time_field(collection)
    if not name:
        return Q()
    if len(days) == 1:
        return Q(**{name: days[0]})
    low, high = days
    return (Q(**{f"{name}__gte": low}) if low else Q()) & (Q(**{f"{name}__lte": high}) if high else Q())


def _day(text: str, part: str) -> datetime.date:
    try:
        moment = parse_datetime(part.upper()) if "t" in part.lower() else None
        day = day_of(moment) if moment else parse_date(part) if re.fullmatch(r"\d{4}-\d\d-\d\d", part) else None
    except ValueError:
        day = None
    if day is None:
        raise refuse("datetime", text, "as in 2020-01-31, 2020-01-31T12:00:00Z, 2020-01-31/..")
    return day


def _filter(collection: Collection, given: dict[str, str]) -> Q:
    language = given.get("filter-lang", "cql2-json" if given["filter"].lstrip().startswith("{") else "cql2-text")
    if language not in LANGUAGES:
        raise refuse("filter-lang", language, ", ".join(LANGUAGES))
    uri = known_crs("filter-crs", given.get("filter-crs", CRS84))
    from layers.publish.ogcapi import cql  # its parser is large, and not every question has a filter

    return cql.condition(collection, given["filter"], language, lambda shape: placed(shape, uri, "filter"))


def _equal(f: Field, text: str) -> Q:
    """Return the condition of a column named as a parameter."""
    if f.kind in ("text",):
        return Q(**{f.name: text})
    if f.kind == "flag":
        return Q(**{f.name: _flag(f.name, text)})
    if f.kind in ("number", "decimal") and NUMBER.fullmatch(text):
        from layers.publish.ogcapi import cql

        return Q(lookups.Exact(F(f.name), cql.literal(float(text) if re.search("[.eE]", text) else int(text)).expression))
    if f.kind == "date":
        return Q(**{f.name: _day(text, text)})
    if f.kind == "list":
        return Q(**{f"{f.name}__contains": [text]})
    raise refuse(f.name, text, "a number" if f.kind in ("number", "decimal") else "not asked by equality")


def _order(text: str, names: list[str]) -> list[str]:
    wished = []
    for part in filter(None, text.split(",")):
        name = part.lstrip("+- ")
        if name not in names or len(part) - len(name) > 1:
            raise refuse("sortby", part, f"+ or - and one of {', '.join(names)}")
        wished.append(f"-{name}" if part.startswith("-") else name)
    return wished


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"\d{1,12}", text) or not low <= int(text) <= high:
        raise refuse(name, text, f"a whole number from {low:,} to {high:,}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse(name, text, "true, false")
    return text == "true"
