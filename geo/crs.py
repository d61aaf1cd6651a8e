"""Coordinate reference systems by name: the only place that writes an EPSG number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

STORAGE = 25833  # ETRS89 / UTM zone 33N: Brandenburg's standard, metres, east/north
UTM32 = 25832  # ETRS89 / UTM zone 32N: what federal files (BKG) come in
WEB = 4326  # WGS 84, longitude/latitude here (x, y), never latitude first
MERCATOR = 3857  # web map tiles
ETRS89 = 4258
LAEA = 3035

KNOWN = (STORAGE, UTM32, WEB, MERCATOR, ETRS89, LAEA)

# Brandenburg and Berlin with a margin, in STORAGE metres: (min_x, min_y, max_x, max_y)
EXTENT = (190_000.0, 5_670_000.0, 510_000.0, 5_960_000.0)


@lru_cache(maxsize=64)
def transformer(source: int | str, target: int | str) -> Transformer:
    """Return the cached pyproj transformer, always in x, y order (east, north)."""
    return Transformer.from_crs(source, target, always_xy=True)


def transform(geometry: Any, source: int | str, target: int | str) -> Any:
    """Transform a shapely geometry or an array of them.

    Parameters
    ----------
    geometry : shapely geometry or ndarray of geometries
    source, target : EPSG number or any CRS text pyproj knows

    Raises
    ------
    pyproj.exceptions.CRSError
        For a CRS that is not known.
    """
    if source == target:
        return geometry
    t = transformer(source, target)
    return shapely.transform(geometry, lambda xy: np.column_stack(t.transform(xy[:, 0], xy[:, 1])))


def transform_xy(x: Any, y: Any, source: int | str, target: int | str) -> tuple[Any, Any]:
    """Transform coordinate numbers or arrays, x (east) first in every CRS."""
    if source == target:
        return x, y
    return transformer(source, target).transform(x, y)
