"""A layer's rows as SQL text for MapServer, which binds no values: every literal is written so that nothing can break out.

Text is quoted only when it is short and plain; any other goes as hexadecimal digits that the database decodes. So the
statement never holds a quote, backslash, bracket or blank that came from a client, neither for SQL nor for the map file.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from decimal import Decimal
from typing import Any

from django.contrib.gis.db.backends.postgis.adapter import PostGISAdapter
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from psycopg.types.json import Jsonb

from geo.filtering import FilterSet
from layers.publish.collection import Collection, Field

PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?")
ROW = "row_no"  # MapServer finds rows again by a whole number; ours have texts as keys


def select(collection: Collection, wanted: FilterSet, order: str = "") -> str:
    """Return the statement for the layer's rows that meet the filter: its fields as text-safe columns, the geometry, a row number.

    Parameters
    ----------
    order : str
        A column, with `-` before it downwards; costs a sort. By the key, pages are without gaps.
    """
    columns = [f"{_column(collection, field)} AS {field.name}" for field in collection.fields]
    key, shape = f"{collection.view}.{_name(collection, collection.key)}", f"{collection.view}.{_name(collection, collection.geometry)}"
    columns += [f"hashtextextended({key}, 0) AS {ROW}", f"{shape} AS geom"]
    down = " DESC" if order.startswith("-") else ""
    sort = f" ORDER BY {collection.view}.{_name(collection, order.lstrip('-'))}{down}" if order else ""
    return f"SELECT {', '.join(columns)} FROM {_source(collection, wanted)}{sort}"  # noqa: S608 - literals are made harmless below


def literal(value: Any) -> str:
    """Return a value as SQL without any character that ends a string, in SQL or in a map file.

    Raises
    ------
    TypeError
        For a type that is not known here.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float | Decimal):
        text = str(value).lower()
        if not math.isfinite(value) or not NUMBER.fullmatch(text):
            raise TypeError(f"{value!r} is no number for SQL")
        return f"({text})" if text.startswith("-") else text
    if isinstance(value, datetime.datetime):
        return f"'{value.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%S.%f}Z'::timestamptz"
    if isinstance(value, datetime.date):
        return f"'{value:%Y-%m-%d}'::date"
    if isinstance(value, PostGISAdapter):
        made = f"ST_GeomFromEWKB(decode('{bytes(value.ewkb).hex()}', 'hex'))"
        return f"{made}::geography" if value.geography else made
    if isinstance(value, Jsonb):
        return f"{literal(json.dumps(value.obj))}::jsonb"
    if isinstance(value, list | tuple):
        return f"ARRAY[{', '.join(map(literal, value))}]" if value else "'{}'"
    if isinstance(value, str):
        return f"'{value}'" if PLAIN.fullmatch(value) else f"convert_from(decode('{value.encode().hex()}', 'hex'), 'UTF8')"
    raise TypeError(f"{type(value).__name__} has no literal for MapServer")


def _source(collection: Collection, wanted: FilterSet) -> str:
    """Return what stands after FROM: Django's own statement with its values written in."""
    rows = collection.matching(wanted).order_by().values_list(collection.key)
    try:
        statement, values = rows.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return f"{collection.view} WHERE FALSE"
    except FullResultSet:  # pragma: no cover - Django resolves it itself
        return collection.view
    head, _from, source = statement.partition(" FROM ")
    assert "FROM" not in head.upper().split(), head  # one column of one view
    parts = source.replace('"', "").split("%s")
    assert len(parts) == len(values) + 1, statement
    made = parts[0] + "".join(literal(value) + part for value, part in zip(values, parts[1:], strict=True))
    return made.replace("%%", "%")


def _name(collection: Collection, name: str) -> str:
    return str(collection.model._meta.get_field(name).column)  # type: ignore[union-attr]


def _column(collection: Collection, field: Field) -> str:
    column = f"{collection.view}.{_name(collection, field.name)}"
    if field.kind == "list":
        return f"array_to_string({column}, '|')"
    if field.kind == "decimal":
        return f"{column}::float8"  # compared with the number of a filter, which MapServer writes as one
    return f"{column}::text" if field.kind in ("object", "flag") else column
