"""Public rows as Arrow tables in batches: what GeoPackage, FlatGeobuf, Shapefile and GeoParquet are written from."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from django.contrib.gis.db.models.functions import AsWKB, Transform
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, FloatField, Func, IntegerField, Max, QuerySet, TextField
from django.db.models.functions import Cast

from geo import crs
from geo.positions import X, Y
from layers.publish.collection import Collection, Field
from layers.publish.files import BATCH, ENCODER, Joined, place

GEOMETRY = "geom"
POSITION = ("lon", "lat", "x", "y")
TYPES = {"number": pa.int32(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32()}


class _Bytes(Func):
    function = "octet_length"
    output_field = IntegerField()


def schema(collection: Collection) -> pa.Schema:
    """Return the columns: the fields in order, each with label, unit and description, then `geom` as WKB in the storage CRS.

    text → string, number → int32, decimal → double, flag → bool, date → date32; a list is its texts joined by `|`, an
    object its JSON text.
    """
    columns = [pa.field(f.name, TYPES.get(f.kind, pa.string()), metadata=_told(f)) for f in collection.fields]
    return pa.schema([*columns, pa.field(GEOMETRY, pa.binary(), nullable=False)])


def _told(field: Field) -> dict[str, str]:
    told = {"label": str(field.label), "unit": field.unit, "description": str(field.description)}
    return {name: text for name, text in told.items() if text}


def _values(collection: Collection, rows: QuerySet[Any], **more: Any) -> Iterator[tuple[Any, ...]]:
    """Yield plain values in the order of the key: lists joined, decimals as floats, objects as they are, then `more`."""
    made: dict[str, Any] = {f"plain_{f.name}": plain for f in collection.fields if (plain := _plain(collection, f)) is not None}
    names = [f"plain_{f.name}" if f"plain_{f.name}" in made else f.name for f in collection.fields]
    found = rows.order_by(collection.key).annotate(**made, **more).values_list(*names, *more)
    return iter(found.iterator(chunk_size=BATCH))


def _plain(collection: Collection, field: Field) -> Any:
    if field.kind == "decimal":
        return Cast(F(field.name), FloatField())
    if isinstance(collection.model._meta.get_field(field.name), ArrayField):
        return Joined(F(field.name))
    return None


def batches(collection: Collection, rows: QuerySet[Any]) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of `BATCH`, as `schema` says."""
    return _in_batches(collection, rows, schema(collection), geom_=AsWKB(F(collection.geometry)))


def placed_batches(collection: Collection, rows: QuerySet[Any]) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches with their position in place of the shape: lon, lat (EPSG:4326) and x, y (EPSG:25833)."""
    spot = place(collection)
    web = Transform(spot, crs.WEB)
    columns = pa.schema([*list(schema(collection))[:-1], *(pa.field(name, pa.float64()) for name in POSITION)])
    return _in_batches(collection, rows, columns, lon_=X(web), lat_=Y(web), x_=X(spot), y_=Y(spot))


def _in_batches(collection: Collection, rows: QuerySet[Any], columns: pa.Schema, **more: Any) -> Iterator[pa.RecordBatch]:
    objects = [i for i, f in enumerate(collection.fields) if f.kind == "object"]
    found = _values(collection, rows, **more)
    while waiting := list(itertools.islice(found, BATCH)):
        turned: list[Any] = list(zip(*waiting, strict=True))
        for i in objects:
            turned[i] = [None if value is None else ENCODER.encode(value) for value in turned[i]]
        yield pa.RecordBatch.from_arrays([pa.array(c, f.type) for c, f in zip(turned, columns, strict=True)], schema=columns)


def text_widths(collection: Collection, rows: QuerySet[Any]) -> dict[str, int]:
    """Return the bytes of the longest text of each column that is one in `schema`; 0 where there is none."""
    columns = [f for f in collection.fields if f.kind not in TYPES]
    longest = {f"longest_{f.name}": Max(_Bytes(_plain(collection, f) or Cast(F(f.name), TextField()))) for f in columns}
    found = rows.order_by().aggregate(**longest)
    return {f.name: found[f"longest_{f.name}"] or 0 for f in columns}


def reader(collection: Collection, rows: QuerySet[Any]) -> pa.RecordBatchReader:
    """Return the rows as a stream; a batch is asked for when the one before is written."""
    return pa.RecordBatchReader.from_batches(schema(collection), batches(collection, rows))


def column_list(collection: Collection) -> str:
    """Return name, label, unit and allowed values of the columns as JSON text, for formats that have no place for them."""
    listed = []
    for f in collection.fields:
        entry: dict[str, Any] = {"name": f.name, "kind": f.kind, **_told(f)}
        if f.choices:
            entry["values"] = {value: str(label) for value, label in f.choices}
        listed.append(entry)
    return json.dumps(listed, ensure_ascii=False)
