"""The hexagon surface of travel times: cells in the database, minutes per centre, and the picture the map colours."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry

from geo import crs
from geo.copying import copy_in
from geo.models import Town
from layers.models import Centre, HexCell, ReachRun, Surface
from layers.reach.areas import hexgrid
from layers.reach.rows import Place
from layers.reach.transit import travel

PIXEL_M = 1_150.0  # of the picture, metres of EPSG:3857: about 700 m on the ground here, less than a cell's width
NONE, LONGEST = 0, 250  # grey values: no connection; the most minutes the picture can say


def places() -> list[Place]:
    """Return number and centre of every cell (EPSG:25833); the cells are made when the outline of the towns changed."""
    parts = shapely.get_parts(shapely.union_all(shapely.set_precision([shapely.from_wkb(bytes(g.wkb)) for g in _shapes()], 0.1)))
    grid = hexgrid.cells(shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts))))  # with Berlin, which lies within
    if list(HexCell.objects.order_by("number").values_list("cell", flat=True)) != grid.ids.tolist():
        HexCell.objects.all().delete()
        shapes = shapely.to_wkb(grid.polygons())
        rows = [
            HexCell(number=n, cell=int(cell), geom=GEOSGeometry(memoryview(shape), srid=crs.STORAGE))
            for n, (cell, shape) in enumerate(zip(grid.ids, shapes, strict=True))
        ]
        copy_in(HexCell, rows)
    return list(zip(range(len(grid)), grid.x.tolist(), grid.y.tolist(), strict=True))


def _shapes() -> Any:
    return Town.objects.current().values_list("geom", flat=True)


def write(run: ReachRun, centres: list[Centre], minutes: travel.Minutes) -> None:
    """Write one row per centre."""
    rows = [
        Surface(run=run, centre=centre, best_min=best, median_min=median)
        for centre, best, median in zip(centres, minutes.best, minutes.median, strict=True)
    ]
    Surface.objects.bulk_create(rows, batch_size=10)


@lru_cache(maxsize=4)
def _raster(run_id: int) -> tuple[Any, tuple[float, float, float, float], tuple[int, int]]:  # noqa: ARG001 - the cells belong to the run
    """Return for every pixel the number of its cell (-1 outside), the box in EPSG:4326, and (height, width)."""
    cells = np.array(HexCell.objects.order_by("number").values_list("cell", flat=True))
    grid = hexgrid.HexGrid(cells)
    east, north = crs.transform_xy(grid.x, grid.y, crs.STORAGE, crs.MERCATOR)
    low_x, high_x = east.min() - PIXEL_M, east.max() + PIXEL_M
    low_y, high_y = north.min() - PIXEL_M, north.max() + PIXEL_M
    width, height = int((high_x - low_x) // PIXEL_M), int((high_y - low_y) // PIXEL_M)
    xs = low_x + (np.arange(width) + 0.5) * PIXEL_M
    ys = high_y - (np.arange(height) + 0.5) * PIXEL_M
    mx, my = np.meshgrid(xs, ys)
    ux, uy = crs.transform_xy(mx.ravel(), my.ravel(), crs.MERCATOR, crs.STORAGE)
    ids = hexgrid.cell_ids(ux, uy)
    at = np.searchsorted(cells, ids)
    at[at == len(cells)] = 0
    number = np.where(cells[at] == ids, at, -1)
    west, south = crs.transform_xy(low_x, high_y - height * PIXEL_M, crs.MERCATOR, crs.WEB)
    east_deg, north_deg = crs.transform_xy(low_x + width * PIXEL_M, high_y, crs.MERCATOR, crs.WEB)
    return number, (float(west), float(south), float(east_deg), float(north_deg)), (height, width)


def picture(surface: Surface, median: bool = False) -> tuple[bytes, tuple[float, float, float, float]]:
    """Return the surface as a grey PNG in EPSG:3857 and its box (west, south, east, north in EPSG:4326).

    A pixel's grey is its minutes, at most 250; 0 means no connection or outside.
    """
    from PIL import Image

    number, box, size = _raster(surface.run_id)
    minutes = surface.median_min if median else surface.best_min
    known = np.where(minutes == travel.NOT, NONE, np.clip(minutes, 1, LONGEST))
    grey = np.where(number >= 0, known[number], NONE).astype(np.uint8).reshape(size)
    out = io.BytesIO()
    Image.fromarray(grey, "L").save(out, "PNG", optimize=True)
    return out.getvalue(), box
