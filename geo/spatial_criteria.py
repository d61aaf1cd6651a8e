"""Search criteria on the map: around a point, in a box, in a drawn area. Coordinates are longitude, latitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.gis.geos import GEOSGeometry, Point, Polygon
from django.db.models import Q
from django.utils.translation import gettext as _

from geo import crs
from geo.criteria import Criterion
from geo.figures import brief, figure

MAX_VERTICES = 500


def _lonlat(criterion: Criterion, parts: list[str], whole: str, example: str) -> list[float]:
    try:
        numbers = [float(p) for p in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(math.isfinite(n) and abs(n) <= 1_000_000 for n in numbers):
        raise criterion.refuse(whole[:60], _("Zahlen wie {example}").format(example=example))
    return numbers


def _check_lonlat(criterion: Criterion, lon: float, lat: float, whole: str) -> None:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise criterion.refuse(whole[:60], _("Länge von -180 bis 180 und Breite von -90 bis 90, zuerst die Länge"))


def _stored(geometry: GEOSGeometry) -> Any:
    geometry.transform(crs.STORAGE)
    return geometry


def _short(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True)
class Near(Criterion):
    """Within so many metres of a point: `lon,lat,metres`."""

    highest: int = 100_000
    kind: ClassVar[str] = "near"
    example: ClassVar[str] = "13.06,52.40,5000"

    def parse(self, raw: list[str]) -> tuple[float, float, int]:
        text = self.single(raw)
        numbers = _lonlat(self, text.split(","), text, self.example)
        if len(numbers) != 3 or not 1 <= numbers[2] <= self.highest:
            raise self.refuse(
                text[:60], _("Länge,Breite,Meter (1 bis {high}), zum Beispiel {example}").format(high=self.highest, example=self.example)
            )
        lon, lat, metres = numbers
        _check_lonlat(self, lon, lat, text)
        return round(lon, 6), round(lat, 6), int(metres)

    def centre(self, value: tuple[float, float, int]) -> Point:
        """Return the point in the storage CRS."""
        return _stored(Point(*value[:2], srid=crs.WEB))

    def q(self, value: tuple[float, float, int]) -> Q:
        return Q(**{f"{self.column}__dwithin": (self.centre(value), value[2])})

    def dump(self, value: tuple[float, float, int]) -> list[str]:
        return [f"{_short(value[0])},{_short(value[1])},{value[2]}"]

    def spoken(self, value: tuple[float, float, int]) -> str:
        lon, lat, metres = value
        distance = f"{brief(metres / 1000)}\u00a0km" if metres >= 1000 else f"{figure(metres)}\u00a0m"
        return _("{distance} um {lat}°\u00a0N, {lon}°\u00a0O").format(distance=distance, lat=brief(lat), lon=brief(lon))


@dataclass(frozen=True, kw_only=True)
class BBox(Criterion):
    """Within a box: `min_lon,min_lat,max_lon,max_lat`; edges are densified before they are transformed."""

    kind: ClassVar[str] = "bbox"
    example: ClassVar[str] = "12.9,52.3,13.2,52.5"

    def parse(self, raw: list[str]) -> tuple[float, float, float, float]:
        text = self.single(raw)
        numbers = _lonlat(self, text.split(","), text, self.example)
        if len(numbers) != 4:
            raise self.refuse(text[:60], _("West,Süd,Ost,Nord, zum Beispiel {example}").format(example=self.example))
        west, south, east, north = (round(n, 6) for n in numbers)
        for lon, lat in ((west, south), (east, north)):
            _check_lonlat(self, lon, lat, text)
        if west >= east or south >= north:
            raise self.refuse(text[:60], _("West muss kleiner als Ost sein und Süd kleiner als Nord"))
        return west, south, east, north

    def area(self, value: tuple[float, float, float, float]) -> Polygon | None:
        """Return the box in the storage CRS; None where it lies wholly elsewhere."""
        west, south, east, north = value
        # Brandenburg with a wide margin: a box over half the world cannot be expressed in UTM metres
        west, east = max(west, 5.0), min(east, 25.0)
        south, north = max(south, 45.0), min(north, 60.0)
        if west >= east or south >= north:
            return None
        steps = 16
        xs = [west + (east - west) * i / steps for i in range(steps + 1)]
        ys = [south + (north - south) * i / steps for i in range(steps + 1)]
        ring = [(x, south) for x in xs] + [(east, y) for y in ys[1:]] + [(x, north) for x in xs[-2::-1]]
        ring += [(west, y) for y in ys[-2::-1]]
        return _stored(Polygon(ring, srid=crs.WEB))

    def q(self, value: tuple[float, float, float, float]) -> Q:
        area = self.area(value)
        return Q(**{f"{self.column}__intersects": area}) if area else Q(pk__in=[])

    def dump(self, value: tuple[float, float, float, float]) -> list[str]:
        return [",".join(_short(v) for v in value)]


@dataclass(frozen=True, kw_only=True)
class Within(Criterion):
    """Within a drawn area: `lon,lat;lon,lat;lon,lat…` (3 to 500 corners, no crossing edges)."""

    kind: ClassVar[str] = "polygon"
    example: ClassVar[str] = "13.0,52.3;13.2,52.3;13.1,52.5"

    def parse(self, raw: list[str]) -> tuple[tuple[float, float], ...]:
        text = self.single(raw)
        pairs = [p.split(",") for p in text.strip(";").split(";")]
        if any(len(p) != 2 for p in pairs) or not 3 <= len(pairs) <= MAX_VERTICES:
            raise self.refuse(
                text[:60], _("3 bis {n} Ecken als Länge,Breite;…, zum Beispiel {example}").format(n=MAX_VERTICES, example=self.example)
            )
        corners = []
        for pair in pairs:
            lon, lat = _lonlat(self, pair, text, self.example)
            _check_lonlat(self, lon, lat, text)
            corners.append((round(lon, 6), round(lat, 6)))
        if corners[0] == corners[-1]:
            corners.pop()
        if len(set(corners)) < 3 or not Polygon([*corners, corners[0]]).valid:
            raise self.refuse(text[:60], _("ein Gebiet, dessen Ränder sich nicht kreuzen"))
        return tuple(corners)

    def area(self, value: tuple[tuple[float, float], ...]) -> Polygon:
        """Return the area in the storage CRS."""
        return _stored(Polygon([*value, value[0]], srid=crs.WEB))

    def q(self, value: tuple[tuple[float, float], ...]) -> Q:
        return Q(**{f"{self.column}__intersects": self.area(value)})

    def dump(self, value: tuple[tuple[float, float], ...]) -> list[str]:
        return [";".join(f"{_short(x)},{_short(y)}" for x, y in value)]

    def spoken(self, value: tuple[tuple[float, float], ...]) -> str:
        return _("{n} Ecken").format(n=figure(len(value)))
