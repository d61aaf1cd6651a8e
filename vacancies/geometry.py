"""Coarse positions: the centre of a fixed grid cell, in Python and in SQL alike."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Func, Value

from geo import crs

GRID_M = 500  # cell width in metres; a coarse position tells no more than the cell


class GridCentre(Func):
    """SQL: centre of the grid cell a point (storage CRS) lies in; always the same, so repeats cannot be averaged."""

    output_field = models.PointField(srid=crs.STORAGE)

    def __init__(self, point: object, cell_m: int = GRID_M, **extra: object) -> None:
        super().__init__(point, Value(cell_m), **extra)

    def as_sql(self, compiler, connection, **kwargs):  # type: ignore[no-untyped-def]
        point, params = compiler.compile(self.source_expressions[0])
        if params:
            raise ValueError("GridCentre takes a column")
        cell = int(self.source_expressions[1].value)
        x, y = (f"floor(ST_{axis}({point}) / {cell}) * {cell} + {cell // 2}" for axis in "XY")
        return f"ST_SetSRID(ST_MakePoint({x}, {y}), {crs.STORAGE})", []


def grid_centre(x: float, y: float, cell_m: int = GRID_M) -> tuple[float, float]:
    """Return the centre of the grid cell that holds (x, y), metres in the storage CRS."""
    return (x // cell_m * cell_m + cell_m // 2, y // cell_m * cell_m + cell_m // 2)
