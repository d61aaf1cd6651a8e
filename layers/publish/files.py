"""Collections as files: GeoJSON and CSV, streamed in the order of the key."""

from __future__ import annotations

import csv as csv_module
import io
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.contrib.gis.db.models.functions import AsGeoJSON, PointOnSurface, Transform
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Cast

from geo import crs
from geo.cells import harmless
from geo.positions import X, Y
from layers.publish.collection import Collection

BATCH = 2_000  # rows at once where a file is built
PIECE = 500  # where it is sent while it is read
DIGITS = 6  # of a degree: a tenth of a metre
ENCODER = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Joined(Func):
    """SQL: the texts of a list as one, joined by `|`, as `cell` does."""

    function = "array_to_string"
    template = "%(function)s(%(expressions)s, '|')"
    output_field = TextField()


def geojson(collection: Collection, rows: QuerySet[Any], attribution: str) -> Iterator[bytes]:
    """Yield a FeatureCollection in pieces (RFC 7946: EPSG:4326, longitude first); `attribution` and `note` stand at the top.

    The rows are read while the pieces are taken.
    """
    head = {"attribution": attribution, "note": collection.rows_note}
    yield f'{{"type":"FeatureCollection",{ENCODER.encode(head)[1:-1]},"features":['.encode()
    names = [f.name for f in collection.fields]
    shape = AsGeoJSON(Transform(F(collection.geometry), crs.WEB), precision=DIGITS)
    objects = [i for i, f in enumerate(collection.fields) if f.kind == "object"]
    first = True
    for batch in _batches(_plain(collection, rows, shape_=shape)):
        parts = []
        for *values, geometry in batch:
            for i in objects:
                values[i] = orjson.loads(values[i]) if values[i] is not None else None
            made = {"type": "Feature", "id": values[0], "geometry": orjson.Fragment(geometry)}
            parts.append(orjson.dumps(made | {"properties": dict(zip(names, values, strict=True))}, ENCODER.default))
        yield (b"" if first else b",") + b",".join(parts)
        first = False
    yield b"]}"


def csv(collection: Collection, rows: QuerySet[Any], _attribution: str) -> Iterator[bytes]:
    """Yield UTF-8 with byte order mark, semicolons, and the position twice: lon, lat (EPSG:4326) and x, y (EPSG:25833).

    The position of an area is a point on it. Lists are joined by `|`. Text that a spreadsheet would take for a formula
    gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv_module.writer(out, delimiter=";", lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow([*(f.name for f in collection.fields), "lon", "lat", "x", "y"])
    spot = place(collection)
    web = Transform(spot, crs.WEB)
    formats = (f"%.{DIGITS}f", f"%.{DIGITS}f", "%.1f", "%.1f")
    for batch in _batches(_plain(collection, rows, lon_=X(web), lat_=Y(web), x_=X(spot), y_=Y(spot))):
        columns = list(zip(*batch, strict=True))
        cells = [_cells(f.kind, column) for f, column in zip(collection.fields, columns, strict=False)]
        places = [[form % value for value in column] for form, column in zip(formats, columns[-4:], strict=True)]
        writer.writerows(zip(*cells, *places, strict=True))
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    if out.tell():
        yield out.getvalue().encode()


def _plain(collection: Collection, rows: QuerySet[Any], **more: Any) -> Any:
    """Return the rows in the order of the key as tuples: the fields, objects as their JSON text, then `more`."""
    texts = {f"json_{f.name}": Cast(F(f.name), TextField()) for f in collection.fields if f.kind == "object"}
    names = [f"json_{f.name}" if f.kind == "object" else f.name for f in collection.fields]
    return rows.order_by(collection.key).annotate(**texts, **more).values_list(*names, *more)


def _cells(kind: str, column: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column so that the CSV writer writes them as `cell` does; None, numbers and dates it does by itself."""
    if kind == "list":
        return [cell(value) for value in column]
    if kind == "object":
        return [None if text is None else cell(orjson.loads(text)) for text in column]
    if kind not in ("flag", "text"):
        return column
    made = {value: cell(value) for value in set(column)}
    return [made[value] for value in column]


def place(collection: Collection) -> Any:
    """Return the position of a row in a table: its point, or a point on its area (storage CRS)."""
    return F(collection.geometry) if collection.geometry_type == "Point" else PointOnSurface(F(collection.geometry))


def cell(value: Any) -> str:
    """Return a value as a cell of a CSV file: no formula, lists joined by `|`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ENCODER.encode(value) if value else ""
    if not isinstance(value, str | list):
        return str(value)
    return harmless(value if isinstance(value, str) else "|".join(value))


def _batches(rows: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=PIECE):
        batch.append(row)
        if len(batch) == PIECE:
            yield batch
            batch = []
    if batch:
        yield batch
