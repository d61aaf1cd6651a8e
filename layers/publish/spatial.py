"""Geometries that clients send, made ready for the question to the database."""

from __future__ import annotations

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry

from geo import crs
from geo.errors import InvalidParameter
from layers.publish.extents import moved

PARTS = 32  # of the longer side of a geometry: the longest straight piece that is carried over
MARGIN_M = 100_000.0
MOST_POINTS = 50_000
FARTHEST = 1e9  # a coordinate, in any CRS


def stored(geometry: GEOSGeometry) -> GEOSGeometry:
    """Return a geometry (x first, in the CRS of its number) in the storage CRS, its edges densified before.

    What lies far outside Brandenburg is cut off: half the world cannot be expressed in UTM metres.

    Raises
    ------
    InvalidParameter
        For coordinates that are no numbers or outside the CRS, and for rings that do not close.
    """
    source = int(geometry.srid)
    given = shapely.from_wkb(bytes(geometry.wkb))
    coordinates = shapely.get_coordinates(given)
    fits = 0 < len(coordinates) <= MOST_POINTS and np.isfinite(coordinates).all() and np.abs(coordinates).max() <= FARTHEST
    if not fits:
        raise InvalidParameter("geometry", str(geometry.geom_type), f"1 to {MOST_POINTS:,} corners of numbers up to {FARTHEST:,.0f}")
    if source == crs.STORAGE:
        return geometry
    try:
        return _moved(given, source)
    except shapely.errors.ShapelyError:
        raise InvalidParameter("geometry", str(geometry.geom_type), "a valid geometry") from None


def _moved(given: shapely.Geometry, source: int) -> GEOSGeometry:
    near = around(source)
    if not near.contains(given):
        given = shapely.intersection(shapely.make_valid(given), near)
    if given.is_empty:
        return _geos(shapely.Point(0, 0))  # nowhere near
    west, south, east, north = given.bounds
    longest = max(east - west, north - south) / PARTS
    dense = shapely.segmentize(given, longest) if longest > 0 else given
    return _geos(crs.transform(dense, source, crs.STORAGE))


def _geos(geometry: shapely.Geometry) -> GEOSGeometry:
    return GEOSGeometry(memoryview(shapely.to_wkb(geometry)), srid=crs.STORAGE)


def around(number: int) -> shapely.Polygon:
    """Return the part of a CRS in which rows can lie, with a wide margin."""
    west, south, east, north = crs.EXTENT
    return shapely.box(*moved((west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M), number))
