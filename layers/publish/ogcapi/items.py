"""Features as GeoJSON, written by the database, in the order of the key."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import AsGeoJSON, Transform
from django.db.models import F, Func

from geo import crs
from layers.publish.collection import Collection
from layers.publish.ogcapi.parameters import CRS84, CRS_URIS, NORTH_FIRST, Wanted
from layers.publish.paging import Order

Links = list[dict[str, Any]]


def shape(collection: Collection, uri: str) -> AsGeoJSON:
    """Return the geometry as GeoJSON in a CRS, axes as it has them; outer rings counter-clockwise."""
    number = CRS_URIS[uri]
    moved: Any = F(collection.geometry) if number == crs.STORAGE else Transform(F(collection.geometry), number)
    if uri == CRS84:
        moved = Func(moved, function="ST_ForcePolygonCCW", output_field=GeometryField(srid=number))
    if uri in NORTH_FIRST:
        moved = Func(moved, function="ST_FlipCoordinates", output_field=GeometryField(srid=number))
    return AsGeoJSON(moved, precision=7 if number in (crs.WEB, crs.ETRS89) else 3)


def page(wanted: Wanted, state: str, address: str, links: Links) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Return what heads a page of features, and the features; the latter are read while they are taken."""
    order = Order.of(wanted.rows, wanted.collection.key, state, wanted.collection.rows())
    names = [f.name for f in wanted.columns]
    shapes = {"_shape": shape(wanted.collection, wanted.crs)} if wanted.geometry else {}
    rows = order.rows.annotate(**shapes).values_list(wanted.collection.key, *shapes, *names)
    part = order.part(rows, wanted.offset, wanted.limit)
    kept = [(n, v) for n, v in wanted.query if n not in ("offset", "limit")]

    def to(offset: int) -> str:
        return f"{address}?{urlencode([*kept, ('limit', wanted.limit), ('offset', offset)], safe=',:/')}"

    around = []
    if part.more and part.returned:
        around.append({"rel": "next", "type": "application/geo+json", "href": to(wanted.offset + wanted.limit)})
    if wanted.offset:
        around.append({"rel": "prev", "type": "application/geo+json", "href": to(max(0, wanted.offset - wanted.limit))})
    head = {
        "type": "FeatureCollection",
        "timeStamp": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({} if part.matched is None else {"numberMatched": part.matched}),
        "numberReturned": part.returned,
        "links": [*links, *around],
    }
    return head, features(order.page(rows, wanted.offset, part) if part.returned else (), names, bool(shapes))


def features(rows: Iterable[tuple[Any, ...]], names: list[str], has_shape: bool) -> Iterator[bytes]:
    """Yield each feature of rows that hold the key, perhaps the geometry as GeoJSON, and the columns."""
    for key, *row in rows:
        geometry = row.pop(0) if has_shape else None
        yield feature(key, geometry, dict(zip(names, row, strict=True)))


def feature(key: Any, geometry: str | None, values: dict[str, Any], **more: Any) -> bytes:
    """Return one feature; `more` are members beside geometry and properties."""
    rest = orjson.dumps(more)[1:-1]
    return b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b%b}' % (
        orjson.dumps(str(key)),
        b"null" if geometry is None else geometry.encode(),
        orjson.dumps(values, default=float),
        b"," + rest if rest else b"",
    )


def written(head: dict[str, Any], found: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the page as JSON."""
    yield orjson.dumps(head)[:-1] + b',"features":['
    first = True
    for one in found:
        yield one if first else b",\n" + one
        first = False
    yield b"]}"
