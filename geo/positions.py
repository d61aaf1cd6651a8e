"""The coordinates of a point as numbers, in the database."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db.models.functions import Transform
from django.db.models import F, FloatField, Func


class X(Func):
    """East or longitude of a point column or expression."""

    function = "ST_X"
    output_field = FloatField()


class Y(Func):
    """North or latitude of a point column or expression."""

    function = "ST_Y"
    output_field = FloatField()


def xy_in(column: str, crs_number: int) -> dict[str, Any]:
    """Return annotations `x` and `y` of a point column in the given CRS."""
    moved = Transform(F(column), crs_number)
    return {"x": X(moved), "y": Y(moved)}
