"""Maps on paper: land, waters, rails, boundaries and names from our own files, and marks on them, as SVG in the storage CRS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import shapely
from django.conf import settings

from geo import crs

FILES = settings.BASE_DIR / "data" / "basemap"
# the same colours as web/static/js/theme.js, lines a little darker for paper
AREAS = {"states": "#eceae0", "brandenburg": "#fbf9f2", "lakes": "#c3dbe5"}
LINES = {"towns": ("#cfc8b4", 0.4, ""), "rivers": ("#a9c9d8", 0.9, ""), "rail": ("#8f8776", 0.7, "3 2"), "districts": ("#a9ad97", 0.7, "")}
SEA, OUTLINE, INK = "#f4f1e8", "#8d9a84", "#414c45"
SIZES = (9.5, 8.5, 7.5, 7, 6.8, 6.8)  # points, by rank of a place
LETTER = 0.55  # mean width of a letter, in its size
BARS_M = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """A place on the map (EPSG:25833): a point, or a square of `side_m` for a position that is known no better."""

    x: float
    y: float
    colour: str
    letter: str = ""
    side_m: float = 0


@dataclass(frozen=True)
class Sheet:
    """A map's frame: its middle (EPSG:25833), its width on the ground, and its size on paper in points."""

    x: float
    y: float
    width_m: float
    width: float
    height: float

    @property
    def scale(self) -> float:
        """Points per metre."""
        return self.width / self.width_m

    @property
    def box(self) -> Box:
        half_w, half_h = self.width_m / 2, self.height / self.scale / 2
        return (self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a position is on paper, from the upper left corner."""
        west, _south, _east, north = self.box
        return (x - west) * self.scale, (north - y) * self.scale


def around(mark: Mark, stations: Sequence[tuple[float, float]], width: float, height: float) -> str:
    """Return the surroundings of one place with the state as a small inset; stations are squares."""
    sheet = Sheet(mark.x, mark.y, 14_000 if mark.side_m else 18_000, width, height)
    inset = _inset(mark, 62, 64)
    corner = (width - 62 - 4, 4, width - 4, 68)
    inner = "".join(_station(sheet, x, y) for x, y in stations)
    drawn = [_ground(sheet, near=True), inner, _mark(sheet, mark)]
    taken = [corner, _room(sheet, mark)]
    drawn += [_names(sheet, 5, taken), _bar(sheet), f'<g transform="translate({corner[0]},{corner[1]})">{inset}</g>']
    return _svg(width, height, drawn)


def overview(marks: Iterable[Mark], width: float, height: float, grain: float) -> str:
    """Return the state, or the part of it where the marks lie; of marks within `grain` points the first is drawn."""
    found = list(marks)
    west, south, east, north = _extent(found)
    wide = max(east - west, (north - south) * width / height) * 1.12
    sheet = Sheet((west + east) / 2, (south + north) / 2, max(wide, 12_000), width, height)
    drawn = [_ground(sheet, near=sheet.width_m < 90_000)]
    seen = {tuple(round(v / grain) for v in sheet.place(m.x, m.y)): m for m in reversed(found)}
    drawn += [_dot(sheet, m) for m in reversed(seen.values())]
    rank = 2 if sheet.width_m > 150_000 else 3 if sheet.width_m > 60_000 else 5
    drawn += [_names(sheet, rank, []), _bar(sheet)]
    return _svg(width, height, drawn)


def _extent(marks: Sequence[Mark]) -> Box:
    if not marks:
        return tuple(shapely.total_bounds(_shapes("brandenburg")))
    return (min(m.x for m in marks), min(m.y for m in marks), max(m.x for m in marks), max(m.y for m in marks))


# --- the ground -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _shapes(name: str) -> Any:
    """Return the parts of a file of the basemap as an array of shapes in the storage CRS."""
    found = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    shapes = shapely.from_geojson([json.dumps(f["geometry"]) for f in found["features"]])
    return crs.transform(shapely.get_parts(shapes), crs.WEB, crs.STORAGE)


@lru_cache(maxsize=1)
def _places() -> tuple[tuple[str, float, float, int], ...]:
    """Return name, position (storage CRS) and rank of the places, the larger first."""
    found = json.loads((FILES / "places.json").read_text(encoding="utf-8"))["places"]
    x, y = crs.transform_xy([p[1] for p in found], [p[2] for p in found], crs.WEB, crs.STORAGE)
    return tuple(sorted(((p[0], x[i], y[i], p[3]) for i, p in enumerate(found)), key=lambda p: p[3]))


def _ground(sheet: Sheet, near: bool) -> str:
    margin = 4 / sheet.scale
    west, south, east, north = sheet.box
    cut = (west - margin, south - margin, east + margin, north + margin)
    drawn = [f'<rect width="{sheet.width:.1f}" height="{sheet.height:.1f}" fill="{SEA}"/>']
    drawn += [_path(sheet, name, cut, f'fill="{colour}" stroke="none"') for name, colour in AREAS.items()]
    for name, (colour, width, dashes) in LINES.items():
        if near or name != "towns":
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            drawn.append(_path(sheet, name, cut, f'fill="none" stroke="{colour}" stroke-width="{width}"{dash}'))
    drawn.append(_path(sheet, "brandenburg", cut, f'fill="none" stroke="{OUTLINE}" stroke-width="1"', edge=True))
    return "".join(drawn)


def _path(sheet: Sheet, name: str, cut: Box, look: str, edge: bool = False) -> str:
    shapes = _shapes(name)
    shapes = shapes[shapely.intersects(shapes, shapely.box(*cut))]
    if edge:
        shapes = shapely.boundary(shapes)
    shapes = shapely.clip_by_rect(shapes, *cut)
    shapes = shapely.simplify(shapes, 0.25 / sheet.scale)  # a quarter of a point is not seen
    parts = [_outline(sheet, line) for line in _lines(shapes)]
    return f'<path d="{"".join(parts)}" fill-rule="evenodd" stroke-linejoin="round" {look}/>' if parts else ""


def _lines(shapes: Any) -> Iterable[Any]:
    """Yield lines and rings of shapes."""
    for part in shapely.get_parts(shapes):
        if part.geom_type == "Polygon":
            yield from shapely.get_rings(part)
        elif part.geom_type in ("GeometryCollection", "MultiPolygon", "MultiLineString"):
            yield from _lines(shapely.get_parts(part))
        elif part.geom_type in ("LineString", "LinearRing") and not part.is_empty:
            yield part


def _outline(sheet: Sheet, line: Any) -> str:
    xy = shapely.get_coordinates(line)
    west, _south, _east, north = sheet.box
    points = np.column_stack(((xy[:, 0] - west) * sheet.scale, (north - xy[:, 1]) * sheet.scale)).round(1)
    text = "L".join(f"{x:g} {y:g}" for x, y in points.tolist())
    return f"M{text}Z" if line.is_closed else f"M{text}"


# --- what is on it ----------------------------------------------------------------------------------------------------


def _mark(sheet: Sheet, mark: Mark) -> str:
    x, y = sheet.place(mark.x, mark.y)
    if mark.side_m:
        side = mark.side_m * sheet.scale
        cell = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"'
        return f'<rect {cell} fill="{mark.colour}" fill-opacity="0.3" stroke="{mark.colour}" stroke-width="1.4" stroke-dasharray="3 2"/>'
    letter = escape(mark.letter)
    text = f'<text x="{x:.1f}" y="{y + 3.4:.1f}" {_font(9.5, 700)} text-anchor="middle" fill="#fff">{letter}</text>' if letter else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="{mark.colour}" stroke="#fffdf8" stroke-width="2"/>{text}'


def _room(sheet: Sheet, mark: Mark) -> Box:
    x, y = sheet.place(mark.x, mark.y)
    half = max(mark.side_m * sheet.scale / 2, 10)
    return (x - half, y - half, x + half, y + half)


def _dot(sheet: Sheet, mark: Mark) -> str:
    x, y = sheet.place(mark.x, mark.y)
    if mark.side_m:  # as on the map: a hollow square for what is known by its cell alone
        return (
            f'<rect x="{x - 1.6:.1f}" y="{y - 1.6:.1f}" width="3.2" height="3.2" fill="#fffdf8" stroke="{mark.colour}" stroke-width="0.8"/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.1" fill="{mark.colour}" stroke="#fffdf8" stroke-width="0.5"/>'


def _station(sheet: Sheet, x: float, y: float) -> str:
    left, top = sheet.place(x, y)
    return f'<rect x="{left - 2:.1f}" y="{top - 2:.1f}" width="4" height="4" fill="#fffdf8" stroke="#5c5648" stroke-width="1"/>'


def _names(sheet: Sheet, lowest: int, taken: list[Box]) -> str:
    """Return the names that find room, the larger places first; `taken` is where none may stand."""
    drawn = []
    taken.append((0, sheet.height - 20, sheet.width / 3 + 40, sheet.height))  # the scale bar's
    for name, x, y, rank in _places():
        if rank > lowest:
            break
        left, top = sheet.place(x, y)
        size = SIZES[rank]
        half = len(name) * size * LETTER / 2 + 2
        for dx, dy in ((0, 0), (0, 13), (0, -13), (half + 11, 0), (-half - 11, 0)):
            box = (left + dx - half, top + dy - size * 0.7, left + dx + half, top + dy + size * 0.7)
            inside = box[0] > 0 and box[1] > 0 and box[2] < sheet.width and box[3] < sheet.height
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                drawn.append(_text(left + dx, top + dy + size * 0.35, size, name))
                break
    return "".join(drawn)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _text(x: float, y: float, size: float, name: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" {_font(size, 600)} text-anchor="middle"'
    halo = (
        f'<text {place} fill="none" stroke="#fbf9f2" stroke-opacity="0.9" stroke-width="2.4" stroke-linejoin="round">{escape(name)}</text>'
    )
    return f'{halo}<text {place} fill="{INK}">{escape(name)}</text>'


def _font(size: float, weight: int) -> str:
    return f'font-family="Figtree, Figtree Ext, DejaVu Sans Mono" font-size="{size:g}" font-weight="{weight}"'


def _bar(sheet: Sheet) -> str:
    """Return a scale bar of a round length, at most a third of the map."""
    length = next(m for m in (*BARS_M, 100) if m * sheet.scale <= sheet.width / 3)
    wide, y = length * sheet.scale, sheet.height - 8
    label = f"{length // 1000} km" if length >= 1000 else f"{length} m"
    line = f'<path d="M8 {y - 3:.1f}V{y:.1f}H{8 + wide:.1f}V{y - 3:.1f}" fill="none" stroke="{INK}" stroke-width="1"/>'
    return f'{line}<text x="{12 + wide:.1f}" y="{y:.1f}" {_font(7, 500)} fill="{INK}">{label}</text>'


def _inset(mark: Mark, width: float, height: float) -> str:
    west, south, east, north = shapely.total_bounds(_shapes("brandenburg"))
    sheet = Sheet((west + east) / 2, (south + north) / 2, max(east - west, (north - south) * width / height) * 1.08, width, height)
    x, y = sheet.place(mark.x, mark.y)
    land = _path(sheet, "brandenburg", sheet.box, f'fill="#dfe6d8" stroke="{OUTLINE}" stroke-width="0.6"')
    frame = f'<rect width="{width}" height="{height}" fill="#fffdf8" stroke="#ddd7c8" stroke-width="0.8"/>'
    return f'{frame}{land}<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{mark.colour}" stroke="#fffdf8" stroke-width="0.8"/>'


def _svg(width: float, height: float, drawn: Iterable[str]) -> str:
    frame = f'<rect width="{width:g}" height="{height:g}" fill="none" stroke="#ddd7c8" stroke-width="1.2"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
    clip = f'<clipPath id="sheet"><rect width="{width:g}" height="{height:g}"/></clipPath>'
    return f'{head}{clip}<g clip-path="url(#sheet)">{"".join(drawn)}{frame}</g></svg>'
