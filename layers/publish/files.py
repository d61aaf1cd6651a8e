"""Collections as files: GeoJSON and CSV, streamed in the order of the key."""

from __future__ import annotations

import csv as csv_module
import io
import json
from collections.abc import Iterator
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON, PointOnSurface, Transform
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, QuerySet

from geo import crs
from geo.models import Dataset
from geo.positions import X, Y
from layers.publish.collection import Collection

BATCH = 2_000  # rows at once where a file is built
PIECE = 500  # where it is sent while it is read
DIGITS = 6  # of a degree: a tenth of a metre
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
ENCODER = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":"))


def attribution(collection: Collection) -> str:
    """Return the prescribed source lines of the collection's data sets."""
    keys = collection.source_keys
    known = dict(Dataset.objects.filter(key__in=keys).values_list("key", "attribution"))
    return "; ".join(dict.fromkeys(known[key] for key in keys if key in known))


def geojson(collection: Collection, rows: QuerySet[Any], attribution: str) -> Iterator[bytes]:
    """Yield a FeatureCollection in pieces (RFC 7946: EPSG:4326, longitude first); `attribution` and `note` stand at the top.

    The rows are read while the pieces are taken.
    """
    head = {"attribution": attribution, "note": str(collection.note)}
    yield f'{{"type":"FeatureCollection",{ENCODER.encode(head)[1:-1]},"features":['.encode()
    names = [f.name for f in collection.fields]
    shape = AsGeoJSON(Transform(F(collection.geometry), crs.WEB), precision=DIGITS)
    found = rows.order_by(collection.key).annotate(shape=shape).values_list("shape", *names)
    first = True
    for batch in _batches(found):
        parts = []
        for geometry, key, *rest in batch:
            properties = ENCODER.encode(dict(zip(names, (key, *rest), strict=True)))
            parts.append(f'{{"type":"Feature","id":{json.dumps(key)},"geometry":{geometry},"properties":{properties}}}')
        yield (("" if first else ",") + ",".join(parts)).encode()
        first = False
    yield b"]}"


def csv(collection: Collection, rows: QuerySet[Any], _attribution: str) -> Iterator[bytes]:
    """Yield UTF-8 with byte order mark, semicolons, and the position twice: lon, lat (EPSG:4326) and x, y (EPSG:25833).

    The position of an area is a point on it. Lists are joined by `|`. Text that a spreadsheet would take for a formula
    gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv_module.writer(out, delimiter=";", lineterminator="\r\n")
    names = [f.name for f in collection.fields]
    out.write("\ufeff")
    writer.writerow([*names, "lon", "lat", "x", "y"])
    spot = place(collection)
    web = Transform(spot, crs.WEB)
    position = {"lon": X(web), "lat": Y(web), "east": X(spot), "north": Y(spot)}
    found = rows.order_by(collection.key).annotate(**position).values_list(*names, "lon", "lat", "east", "north")
    for batch in _batches(found):
        for row in batch:
            *values, lon, lat, x, y = row
            writer.writerow([*(cell(v) for v in values), f"{lon:.{DIGITS}f}", f"{lat:.{DIGITS}f}", f"{x:.1f}", f"{y:.1f}"])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    if out.tell():
        yield out.getvalue().encode()


def place(collection: Collection) -> Any:
    """Return the position of a row in a table: its point, or a point on its area (storage CRS)."""
    return F(collection.geometry) if collection.geometry_type == "Point" else PointOnSurface(F(collection.geometry))


def cell(value: Any) -> str:
    """Return a value as a cell of a CSV file: no formula, lists joined by `|`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(value)
    if isinstance(value, dict):
        return ENCODER.encode(value) if value else ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(DANGEROUS) else text


def _batches(rows: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=PIECE):
        batch.append(row)
        if len(batch) == PIECE:
            yield batch
            batch = []
    if batch:
        yield batch
