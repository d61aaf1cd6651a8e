"""Many new rows at once: COPY, which is several times faster than INSERT and runs the same triggers and constraints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, models
from django.utils import timezone


def copy_in(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Write unsaved instances; the database numbers them. Instances do not learn their primary key.

    Raises
    ------
    django.db.Error
        When a constraint or trigger refuses a row; nothing is written then.
    """
    columns = [f for f in model._meta.concrete_fields if not f.primary_key and not f.generated]
    now = timezone.now()
    for row in rows:
        for f in columns:
            if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False):
                setattr(row, f.attname, now)
    names = ", ".join(connection.ops.quote_name(f.column) for f in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_copied(getattr(row, f.attname), f) for f in columns])


def _copied(value: Any, column: models.Field[Any, Any]) -> Any:
    """Return a value as COPY takes it: geometry as hexadecimal EWKB, objects as JSON."""
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    if isinstance(column, models.JSONField):
        return json.dumps(value)
    return str(value) if isinstance(value, models.TextChoices) else value
