"""Vector tiles of the layers of points, for maps of others and programs that read MVT.

Where the snapshot of the rows as they are now is at hand, its arrays answer; else the database does, with the same features. Below
`ZOOM_OF_POINTS` a tile of many rows holds one point per cell with the number of rows it stands for. The statement of a
filter is compiled once; the database keeps it prepared and answers in binary.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, FloatField, Func, IntegerField, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from psycopg import Cursor

from geo import crs
from geo.filtering import FilterSet
from layers.publish import version
from layers.publish.collection import Collection, collection
from layers.publish.rights import as_reader
from layers.publish.snapshot import mvt, store
from layers.publish.snapshot.mvt import BUFFER, CELL, EXTENT

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
ZOOM_OF_POINTS = 11
MANY = 5_000  # rows in a tile above which those of low zooms are gathered
TIMEOUT_MS = 5_000
PLAIN = "WITH r(NAMES) AS (ROWS) SELECT ST_AsMVT(t, 'LAYER', UNITS, 'geom') FROM (SELECT * FROM r WHERE geom IS NOT NULL) t"
GATHERED = """
WITH r(NAMES) AS MATERIALIZED (ROWS)
SELECT CASE WHEN (SELECT count(geom) FROM r) > %s
  THEN (SELECT ST_AsMVT(t, 'LAYER', UNITS, 'geom')
        FROM (SELECT count(*) AS n, MIDDLE AS geom FROM r WHERE geom IS NOT NULL GROUP BY 2) t)
  ELSE (SELECT ST_AsMVT(t, 'LAYER', UNITS, 'geom') FROM (SELECT * FROM r WHERE geom IS NOT NULL) t) END
"""
Question = tuple[str, list[Any]]
_PLACES = tuple(f"\ue000{n}" for n in range(8))  # stand for the tile's box and what is near it until there is a tile


@require_safe
def vector_tile(request: HttpRequest, name: str, z: int, x: int, y: int) -> HttpResponse:
    """Key and drawn class of the rows in a tile that meet the filter; 304 for those who have it."""
    layer = collection(name)
    if layer.geometry_type != "Point" or z > 22 or x >= 2**z or y >= 2**z:
        raise Http404
    wanted = layer.parse(request.GET, ignore=layer.page_parameters)
    known = version.version(layer)
    snapshot = store.at_hand(layer, known.digest) if layer.snapshot else None
    tag = known.etag(f"{z}/{x}/{y}", wanted.query_string(), wanted.counted_from, "snapshot" if snapshot else "")  # bytes differ
    response = get_conditional_response(request, tag)
    if response is None:
        body = _of_snapshot(snapshot, wanted, z, x, y) if snapshot else _of_database(layer, wanted, z, x, y)
        response = HttpResponse(body, content_type=MEDIA_TYPE)
    for word, value in {"ETag": tag, "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}.items():
        response[word] = value
    response._csp_exempt = True  # type: ignore[attr-defined]  # it is no page
    return response


def _of_snapshot(snapshot: store.Snapshot, wanted: FilterSet, z: int, x: int, y: int) -> bytes:
    layer, table = snapshot.layer, snapshot.table
    rows, across, down = mvt.in_tile(snapshot.world, z, x, y)
    if wanted:
        met = snapshot.counter.mask(wanted)[rows]
        rows, across, down = rows[met], across[met], down[met]
    if z < ZOOM_OF_POINTS and len(rows) > MANY:
        *middles, counts = mvt.gathered(across, down)
        values, places = np.unique(counts, return_inverse=True)
        return mvt.encode(layer.name, *middles, [mvt.Property("n", places, values)])
    drawn = layer.style.column
    classes = np.array(["", *table.values[drawn]]).astype("S")  # unknown is an empty text, as in the view
    codes = table.columns[drawn][rows].astype(np.int64)
    properties = [
        mvt.Property(layer.key, np.arange(len(rows)), snapshot.keys[rows]),
        mvt.Property(drawn, np.where(codes, codes + table.low[drawn], 0), classes),
    ]
    return mvt.encode(layer.name, across, down, properties)


def _of_database(layer: Collection, wanted: FilterSet, z: int, x: int, y: int) -> bytes:
    try:
        sql, values = tile_statement(layer, wanted, z, x, y)
    except EmptyResultSet:
        return b""
    with as_reader(TIMEOUT_MS), Cursor(connection.connection) as cursor:
        return bytes(cursor.execute(sql, values, prepare=True, binary=True).fetchone()[0])


def tile_statement(layer: Collection, wanted: FilterSet, z: int, x: int, y: int) -> Question:
    """Return the statement that makes a tile, and its values; raises `EmptyResultSet` where nothing can meet the filter."""
    sql, values = _compiled(layer.name, wanted.query_string(), wanted.counted_from)
    box = tile_box(z, x, y)
    wide = (box[2] - box[0]) * (BUFFER + 1) / EXTENT
    around = (box[0] - wide, box[1] - wide, box[2] + wide, box[3] + wide)
    near = crs.transformer(crs.MERCATOR, crs.STORAGE).transform_bounds(*around, densify_pts=11)
    known = dict(zip(_PLACES, (*box, *near), strict=True))
    given = [known.get(v, v) if isinstance(v, str) else v for v in values]
    gather = z < ZOOM_OF_POINTS
    return _wrapped(layer, sql, gather), [*given, *([MANY] if gather else [])]


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return x and y of the tile that holds a place."""
    x, y = crs.transformer(crs.WEB, crs.MERCATOR).transform(lon, lat)
    side = 2 * crs.MERCATOR_HALF_M / 2**z
    return int((x + crs.MERCATOR_HALF_M) / side), int((crs.MERCATOR_HALF_M - y) / side)


def tile_box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return (west, south, east, north) of a tile in Web Mercator metres."""
    side = 2 * crs.MERCATOR_HALF_M / 2**z
    west, north = x * side - crs.MERCATOR_HALF_M, crs.MERCATOR_HALF_M - y * side
    return west, north - side, west + side, north


def _box(places: tuple[str, ...], number: int) -> Func:
    numbers = [Func(Value(place), template="(%(expressions)s)::float8", output_field=FloatField()) for place in places]
    return Func(*numbers, Value(number), function="ST_MakeEnvelope", output_field=GeometryField(srid=number))


@lru_cache(maxsize=500)
def _compiled(name: str, query: str, _counted_from: str) -> tuple[str, tuple[Any, ...]]:
    layer = collection(name)
    moved = Func(F(layer.geometry), Value(crs.MERCATOR), function="ST_Transform", output_field=GeometryField(srid=crs.MERCATOR))
    box = _box(_PLACES[:4], crs.MERCATOR)
    shape = Func(moved, box, Value(EXTENT), Value(BUFFER), function="ST_AsMVTGeom", output_field=IntegerField())  # never read by Django
    near = Func(
        F(layer.geometry), _box(_PLACES[4:], crs.STORAGE), template="(%(expressions)s)", arg_joiner=" && ", output_field=BooleanField()
    )
    rows = layer.matching(layer.parse(query)).filter(near).order_by().annotate(shape_=shape)
    return rows.values_list(layer.key, *([layer.style.column] if layer.style.column else []), "shape_").query.sql_with_params()


def _wrapped(layer: Collection, sql: str, gather: bool) -> str:
    names = [layer.key, *([layer.style.column] if layer.style.column else []), "geom"]
    cells = [f"floor(ST_{axis}(geom) / {CELL}) * {CELL} + {CELL // 2}" for axis in "XY"]
    middle = f"ST_MakePoint({cells[0]}, {cells[1]})"
    parts = {"NAMES": ", ".join(names), "ROWS": sql, "LAYER": layer.name, "UNITS": str(EXTENT), "MIDDLE": middle}
    return re.sub("|".join(parts), lambda found: parts[found[0]], GATHERED if gather else PLAIN)
