"""Where the rows of a list lie: from geometries, or from pairs of numbers whose CRS and axis order nobody wrote down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from geo import crs
from geo.errors import ImportRefused
from geo.files import Table
from geo.importing import LoadReport

ZONE_32_EAST = (600_000.0, 1_000_000.0)  # where Brandenburg lies in UTM 32; in UTM 33 it lies below 510,000
PREFIX = {crs.STORAGE: 33_000_000, crs.UTM32: 32_000_000}  # zone numbers that surveyors write before the east value


def pair(text: str) -> tuple[float, float] | None:
    """Return the two numbers of "(52.1, 13.2)", "POINT (13.2 52.1)" or "52,1; 13,2" as x, y."""
    wkt = re.fullmatch(r"(?:SRID=\d{4,6};)?\s*POINT\s*(?:Z|M|ZM)?\s*\(\s*(\S+)\s+(\S+?)(?:\s+\S+)*\s*\)", text.strip(), re.IGNORECASE)
    if wkt or "(" in text.lstrip()[1:] or "=" in text:
        try:
            return (float(wkt[1]), float(wkt[2])) if wkt else None
        except ValueError:
            return None
    parts = re.split(r"[;\s]+", text.replace("(", " ").replace(")", " ").strip()) if ";" in text else None
    raw = [p for p in parts if re.search(r"\d", p)] if parts else re.findall(r"-?\d+(?:\.\d+)?", text)
    if len(raw) != 2:
        raw = re.findall(r"-?\d+,\d+|-?\d+", text)
    try:
        first, second = (float(r.replace(",", ".")) for r in raw)
    except ValueError:
        return None
    if abs(first) > 180 or abs(second) > 180:
        return first, second
    return (first, second) if 5 <= first <= 16 and 46 <= second <= 56 else (second, first)  # people write latitude first


def guess(x: float, y: float, given: int | None) -> tuple[int, bool]:
    """Return the CRS of a pair and whether its axes are swapped."""
    if abs(x) <= 180 and abs(y) <= 180:
        return given or crs.WEB, 46 <= x <= 56 and 5 <= y <= 16
    swapped = (x > 5_000_000 and y < 1_000_000) or (5_000_000 < x < 7_000_000 and y > 30_000_000)
    east = y if swapped else x
    if given:
        return given, swapped
    in_zone_32 = 32_000_000 <= east < 33_000_000 or ZONE_32_EAST[0] <= east <= ZONE_32_EAST[1]
    return (crs.UTM32 if in_zone_32 else crs.STORAGE), swapped


def from_pairs(pairs: Sequence[tuple[float, float] | None], given: int | None, report: LoadReport) -> tuple[Any, Any]:
    """Return east and north in the storage CRS of every pair, NaN for None; what was assumed stands in the report.

    Parameters
    ----------
    pairs : sequence of (x, y) or None
        Finite numbers in any of the CRSs that lists come in.
    given : int, optional
        EPSG number that overrules the guess.

    Returns
    -------
    x, y : ndarray of float, shape (n,), metres, rounded to 0.1
    """
    east, north = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, found in enumerate(pairs):
        if found is not None:
            groups.setdefault(guess(*found, given), []).append(i)
    for (source, swapped), rows in groups.items():
        numbers = np.array([pairs[i] for i in rows], dtype=float)
        x, y = (numbers[:, 1], numbers[:, 0]) if swapped else (numbers[:, 0], numbers[:, 1])
        if source in PREFIX:
            x = np.where(x > 30_000_000, x - PREFIX[source], x)
        x, y = crs.transform_xy(x, y, source, crs.STORAGE)
        east[rows], north[rows] = np.round(x, 1), np.round(y, 1)
        how = f"{len(rows)} rows read as EPSG:{source}" + (", axes swapped" if swapped else "")
        severity = "warning" if swapped or not (given or source == crs.WEB) else "info"
        report.add(0, "coordinates", how, "check the places on the map", severity)
    return east, north


def shape_rule(shape: Any, most_vertices: int) -> str:
    """Return the rule a geometry breaks before anything is computed with it; nothing when it is fine."""
    if shape is None or shape.is_empty:
        return "the geometry is empty or damaged"
    count = int(shapely.get_num_coordinates(shape))
    if count > most_vertices:
        return f"{count:,} vertices; at most {most_vertices:,} are read"
    return "" if np.isfinite(shapely.get_coordinates(shape)).all() else "coordinates must be numbers"


def crs_of(table: Table, shapes: Sequence[Any], report: LoadReport) -> int:
    """Return the CRS that the file says, else the one its numbers look like, and report a guess.

    Raises
    ------
    ImportRefused
        When the file names a CRS that is none of EPSG's.
    """
    if table.crs is not None:
        try:
            return crs.number_of(table.crs)
        except ValueError as error:
            raise ImportRefused(f"{report.source}: {error}; --crs says which it is") from error
    first = next((c for s in shapes if s is not None and len(c := shapely.get_coordinates(s)) and np.isfinite(c[0]).all()), None)
    source = guess(float(first[0][0]), float(first[0][1]), None)[0] if first is not None else crs.WEB
    report.add(0, "geometry", f"read as EPSG:{source}", "the file says no CRS; check the places on the map, or give --crs", "warning")
    return source
