"""Coordinate reference systems by name: the only place that writes an EPSG number."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

STORAGE = 25833  # ETRS89 / UTM zone 33N: Brandenburg's standard, metres, east/north
UTM32 = 25832  # ETRS89 / UTM zone 32N: what federal files (BKG) come in
WEB = 4326  # WGS 84, longitude/latitude here (x, y), never latitude first
MERCATOR = 3857  # web map tiles
MERCATOR_HALF_M = 20_037_508.342789244  # from its middle to its edge
ETRS89 = 4258
LAEA = 3035

KNOWN = (STORAGE, UTM32, WEB, MERCATOR, ETRS89, LAEA)

# Brandenburg and Berlin with a margin, in STORAGE metres: (min_x, min_y, max_x, max_y)
EXTENT = (190_000.0, 5_670_000.0, 510_000.0, 5_960_000.0)

SPELLED = re.compile(r"^(EPSG|ESRI|OGC|IGNF):\w{1,20}$|^[A-Z_]{5,20}\[", re.IGNORECASE)  # code or WKT, never a path or a PROJ pipeline


@lru_cache(maxsize=64)
def number_of(given: int | str) -> int:
    """Return the EPSG number of a CRS with coordinates in the plane or on the globe.

    Parameters
    ----------
    given : EPSG number, or "EPSG:25833", or WKT as files carry it

    Raises
    ------
    ValueError
        With a sentence, when it is no such CRS or is not listed by EPSG.
    """
    allowed = "expected an EPSG number such as 25833 (ETRS89 / UTM 33N) or 4326 (WGS 84)"
    if isinstance(given, str) and given.upper() == "OGC:CRS84":
        return WEB
    if isinstance(given, str) and not SPELLED.match(given.strip()):
        raise ValueError(f"{given[:60]!r} names no CRS; {allowed}")
    try:
        found = CRS.from_user_input(given)
        if found.is_compound:
            found = found.sub_crs_list[0]
        if found.is_bound and found.source_crs is not None:
            found = found.source_crs
        number = found.to_epsg(min_confidence=70)
    except CRSError as error:
        raise ValueError(f"EPSG has no CRS {str(given)[:60]!r}; {allowed}") from error
    if number is None or not (found.is_projected or found.is_geographic):
        raise ValueError(f"the CRS {found.name[:60]!r} is not one of EPSG's for maps; {allowed}")
    return int(number)


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


@lru_cache(maxsize=64)
def north_first(number: int) -> bool:
    """Whether the authority lists north (latitude) before east: the order of WMS 1.3.0, WFS 1.1 and later."""
    return bool(CRS.from_epsg(number).axis_info[0].direction == "north")


@lru_cache(maxsize=64)
def in_degrees(number: int) -> bool:
    """Whether the coordinates are degrees."""
    return bool(CRS.from_epsg(number).is_geographic)


def accuracy_m(source: int) -> float:
    """Return how exactly coordinates of a CRS come out in the storage CRS, in metres; 0 when nothing is lost, NaN when unknown."""
    if source in KNOWN:
        return 0.0
    around = AreaOfInterest(11.0, 51.0, 15.0, 54.0)  # Brandenburg in degrees
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about grids that are not installed: the accuracy without them is what is asked
        group = TransformerGroup(source, STORAGE, always_xy=True, area_of_interest=around, allow_ballpark=False)  # type: ignore[arg-type]
    best = group.transformers
    return float(best[0].accuracy) if best and best[0].accuracy >= 0 else float("nan")


def transform_xy(x: Any, y: Any, source: int | str, target: int | str) -> tuple[Any, Any]:
    """Transform coordinate numbers or arrays, x (east) first in every CRS."""
    if source == target:
        return x, y
    return transformer(source, target).transform(x, y)
