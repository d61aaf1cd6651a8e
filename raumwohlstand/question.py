"""What is asked of a layer, before anybody answers it: criteria as the map's address has them, columns, an area. No Django."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas as gpd
import shapely

from geo import crs
from geo.errors import InvalidParameter, InvalidParameters

# words for a notebook → the criterion in the map's address
WORDS = {
    "use": "target_use",
    "minutes_to_berlin": "berlin_max",
    "usual_minutes_to_berlin": "berlin_usual_max",
    "minutes_to_oberzentrum": "oz_max",
    "minutes_to_mittelzentrum": "mz_max",
    "minutes": "minutes_max",
    "metres_to_stop": "stop_distance_max",
    "metres_to_station": "rail_distance_max",
    "departures_per_day": "departures_min",
    "usable_m2": "area",
}
JOINED = {"near": ",", "bbox": ",", "area": "-"}  # several numbers are one value
MARGIN_DEGREES = 1e-4  # around a mask: about ten metres; what lies between is cut off by it
ONE_PLACE = re.compile(r"/(leerstaende|orte|landkreise)/[^/]")  # paths of pages that are no question
CORNERS = "west, south, east, north in degrees (EPSG:4326), or a GeoDataFrame or GeoSeries with a CRS"


@dataclass(frozen=True)
class Question:
    """What is asked of a layer.

    `pairs` are parameters as in the map's address, `spoken` the caller's word for those that have one, `mask` is in EPSG:25833;
    the box around it is asked for as well, where no other is.
    """

    layer: str
    pairs: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] | None = None
    mask: Any = None
    spoken: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, layer: str, where: Any = "", columns: Iterable[str] | None = None, bbox: Any = None, mask: Any = None, **criteria: Any
    ) -> Question:
        """Return the question of a call; its parameters are described in `raumwohlstand`."""
        pairs = _pairs_of(where)
        by_name: dict[str, list[str]] = {}
        spoken: dict[str, str] = {}
        for word, value in {**criteria, "bbox": None if bbox is None else _corners(bbox)}.items():
            name = WORDS.get(word, word)
            if name in by_name:
                raise InvalidParameter(word, str(value)[:60], f"given as {spoken.get(name, name)}, too; expected one of them")
            if value is not None:
                by_name[name] = _texts(name, value)
                if name != word:
                    spoken[name] = word
        area = _area(mask)
        if area is not None and "bbox" not in {*by_name, *dict(pairs)}:
            by_name["bbox"] = _texts("bbox", _around(area))
        kept = [(name, text) for name, text in pairs if name not in by_name]
        named = [(name, text) for name, texts in by_name.items() for text in texts]
        if isinstance(columns, str):
            columns = [columns]
        return cls(layer, (*kept, *named), None if columns is None else tuple(dict.fromkeys(columns)), area, spoken)

    def names(self, known: Iterable[str]) -> list[str]:
        """Return the columns wanted, the key (the first known) always among them; raises `InvalidParameter`."""
        key, *rest = known
        if self.columns is None:
            return [key, *rest]
        for name in self.columns:
            if name not in (key, *rest):
                raise InvalidParameter("columns", str(name)[:60], f"expected some of {', '.join((key, *rest))}")
        return [key, *(n for n in self.columns if n != key)]

    @contextmanager
    def in_its_words(self) -> Any:
        """Let errors name a criterion as the caller did."""
        try:
            yield
        except InvalidParameters as error:
            raise InvalidParameters([InvalidParameter(self.spoken.get(e.name, e.name), e.value, e.allowed) for e in error.errors]) from None


def _pairs_of(where: Any) -> list[tuple[str, str]]:
    """Return the parameters of an address, of the text behind its question mark, or of a mapping."""
    if isinstance(where, Mapping):
        return [(name, text) for name, value in where.items() for text in _texts(name, value)]
    if not isinstance(where, str):
        raise InvalidParameter("where", str(where)[:60], "an address of the map, its query string, or names and values")
    text = where.strip()
    query = urlsplit(text).query if "?" in text or "://" in text or text.startswith("/") else text
    if query is not text and ONE_PLACE.search(urlsplit(text).path):
        raise InvalidParameter(
            "where", text[:60], "the page of one vacancy, town or district asks nothing; expected the map's or the list's"
        )
    return parse_qsl(query, keep_blank_values=True)


def _texts(name: str, value: Any) -> list[str]:
    """Return a value as the address writes it, one text per alternative."""
    if value is False:
        raise InvalidParameter(name, "False", "expected True, or None for all rows; for the others, drop the rows of True from all")
    if isinstance(value, datetime.datetime):  # pandas' time stamps are such, too
        value = value.date()
    if isinstance(value, list | tuple | set | frozenset):
        texts = ["" if v is None else str(v) for v in value]
        return [JOINED[name].join(texts)] if name in JOINED else texts
    return ["1" if value is True else str(value)]


def _corners(bbox: Any) -> Any:
    """Return west, south, east, north; of rows that have a CRS, those of their extent with its curved edges."""
    if not isinstance(bbox, gpd.GeoDataFrame | gpd.GeoSeries):
        return bbox
    if bbox.crs is None or not len(bbox):
        raise InvalidParameter("bbox", f"{len(bbox)} rows, CRS {bbox.crs}", CORNERS)
    return in_degrees(tuple(bbox.total_bounds), bbox.crs.to_wkt())


def in_degrees(bounds: tuple[float, ...], source: int | str) -> tuple[float, ...]:
    """Return west, south, east, north (EPSG:4326) around a box in another CRS, its curved edges included."""
    return tuple(round(float(v), 6) for v in crs.transformer(source, crs.WEB).transform_bounds(*bounds, densify_pts=21))


def _around(area: shapely.Geometry) -> tuple[str, ...]:
    west, south, east, north = in_degrees(area.bounds, crs.STORAGE)
    edges = (west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES)
    return tuple(f"{v:.6f}" for v in edges)


def _area(mask: Any) -> Any:
    if mask is None or isinstance(mask, shapely.Geometry):
        area = mask
    elif isinstance(mask, gpd.GeoDataFrame | gpd.GeoSeries) and mask.crs is not None:
        area = mask.to_crs(crs.STORAGE).union_all()
    else:
        raise InvalidParameter("mask", str(type(mask).__name__), "a GeoDataFrame or GeoSeries with a CRS, or a geometry in EPSG:25833")
    if area is not None and (area.is_empty or not area.is_valid):
        raise InvalidParameter("mask", area.wkt[:60], "an area that is not empty and whose edges do not cross")
    return area
