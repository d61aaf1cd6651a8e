"""Public rows as Arrow tables in batches: what GeoPackage, FlatGeobuf, Shapefile and GeoParquet are written from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, FloatField, Func, QuerySet, TextField
from django.db.models.functions import Cast

from layers.publish.collection import Collection, Field
from layers.publish.files import BATCH, ENCODER

GEOMETRY = "geom"
TYPES = {"number": pa.int32(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32()}


class _Joined(Func):
    """The texts of an array, joined by `|`."""

    function = "array_to_string"
    template = "%(function)s(%(expressions)s, '|')"
    output_field = TextField()


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


def values(collection: Collection, rows: QuerySet[Any], **more: Any) -> Iterator[tuple[Any, ...]]:
    """Yield plain values in the order of the key: lists joined, decimals as floats, objects as they are, then `more`."""
    made: dict[str, Any] = {f"plain_{f.name}": plain for f in collection.fields if (plain := _plain(collection, f)) is not None}
    names = [f"plain_{f.name}" if f"plain_{f.name}" in made else f.name for f in collection.fields]
    found = rows.order_by(collection.key).annotate(**made, **more).values_list(*names, *more)
    return iter(found.iterator(chunk_size=BATCH))


def _plain(collection: Collection, field: Field) -> Any:
    if field.kind == "decimal":
        return Cast(F(field.name), FloatField())
    if isinstance(collection.model._meta.get_field(field.name), ArrayField):
        return _Joined(F(field.name))
    return None


def batches(collection: Collection, rows: QuerySet[Any]) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of `BATCH`."""
    columns = schema(collection)
    objects = [i for i, f in enumerate(collection.fields) if f.kind == "object"]
    waiting: list[tuple[Any, ...]] = []
    for row in values(collection, rows, shape=AsWKB(F(collection.geometry))):
        waiting.append(row)
        if len(waiting) == BATCH:
            yield _batch(columns, waiting, objects)
            waiting = []
    if waiting:
        yield _batch(columns, waiting, objects)


def _batch(columns: pa.Schema, rows: Sequence[tuple[Any, ...]], objects: list[int]) -> pa.RecordBatch:
    turned: list[Any] = list(zip(*rows, strict=True))
    for i in objects:
        turned[i] = [None if value is None else as_json(value) for value in turned[i]]
    return pa.RecordBatch.from_arrays([pa.array(c, f.type) for c, f in zip(turned, columns, strict=True)], schema=columns)


def as_json(value: Any) -> str:
    """Return an object as JSON text."""
    return value if isinstance(value, str) else ENCODER.encode(value)


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
