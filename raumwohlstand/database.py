"""The database as a source: public rows by COPY, which is several times faster than fetching them one by one."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pyarrow as pa
import shapely
from pyarrow import csv

from geo import crs
from geo.errors import RemoteFailed
from raumwohlstand.frames import GEOMETRY, TYPES, LayerFrame, frame_of
from raumwohlstand.question import Question

TIMEOUT_MS = 600_000
BLOCK_BYTES = 1_000_000  # that the reader takes at once; a line must fit in


class Database:
    """The database of DATABASE_URL, or of the Django settings where they are set up; asked as the role that sees public rows alone."""

    def __init__(self) -> None:
        import django
        from django.apps import apps

        if not apps.ready:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # notebooks run in an event loop
            django.setup()

    def read(self, question: Question) -> LayerFrame:
        """Return the rows that a question asks for; raises `RemoteFailed` where no database answers."""
        from django.contrib.gis.geos import GEOSGeometry

        from layers.publish.collection import collection
        from layers.publish.exports import provenance
        from layers.publish.rights import as_reader

        _reached()
        given: dict[str, list[str]] = {}
        for name, text in question.pairs:
            given.setdefault(name, []).append(text)
        with question.in_its_words():
            layer = collection(question.layer).as_asked(given)
            wanted = layer.parse(given, ignore=layer.ignored)
        names = question.names(f.name for f in layer.fields)
        rows = layer.matching(wanted)
        if question.mask is not None:
            area = GEOSGeometry(memoryview(shapely.to_wkb(question.mask)), srid=crs.STORAGE)
            rows = rows.filter(**{f"{layer.geometry}__intersects": area})
        described = provenance.described(layer, provenance.datasets_of(layer), wanted.sentence(), layer.run())
        with as_reader(TIMEOUT_MS):
            return frame_of(_copied(layer, rows, names), described)


def _reached() -> None:
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        more = "set DATABASE_URL to the address of one, or read from a platform elsewhere by connect('https://…')"
        raise RemoteFailed(f"no database answers at {connection.settings_dict['HOST'] or 'its usual place'}; {more} ({error})") from None


def _copied(layer: Any, rows: Any, names: list[str]) -> pa.Table:
    """Return columns of rows in the order of the key, and `geom` as WKB.

    CSV tells NULL (nothing) from an empty text (two quotation marks), and the reader of pyarrow is told to, as well.
    """
    from django.contrib.gis.db.models.functions import AsWKB
    from django.core.exceptions import EmptyResultSet
    from django.db import connection
    from django.db.models import F, Func, TextField, Value

    made: dict[str, Any] = {}
    for f in layer.fields:
        if f.name in names and f.kind == "list":
            made[f"plain_{f.name}"] = Func(F(f.name), Value("|"), function="array_to_string", output_field=TextField())
    made["shape_"] = Func(AsWKB(F(layer.geometry)), Value("hex"), function="encode", output_field=TextField())
    asked = [f"plain_{n}" if f"plain_{n}" in made else n for n in names]
    lines: list[bytes] = []
    with suppress(EmptyResultSet):  # a question that no row can answer, as a box on the other side of the world
        sql, values = rows.order_by(layer.key).annotate(**made).values_list(*asked, "shape_").query.sql_with_params()
        with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT WITH (FORMAT csv)", values) as copy:
            lines = [bytes(line) for line in copy]
    kinds = {f.name: f.kind for f in layer.fields}
    schema = pa.schema([*((n, TYPES.get(kinds[n], pa.string())) for n in names), (GEOMETRY, pa.string())])
    if not lines:
        return schema.empty_table()
    table = csv.read_csv(
        pa.BufferReader(b"".join(lines)),
        csv.ReadOptions(column_names=schema.names, block_size=max(BLOCK_BYTES, 2 * max(map(len, lines)))),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    shapes = pa.array([bytes.fromhex(text) for text in table[GEOMETRY].to_pylist()], pa.binary())
    return table.set_column(len(names), GEOMETRY, shapes)
