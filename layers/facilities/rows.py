"""From files to rows: what each is, what it is called and where it lies. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml

from geo import crs, placing
from geo.errors import ImportRefused, InvalidFile
from geo.files import Table, local_file, plain_text
from geo.importing import LoadReport
from geo.osm import Extract, read_objects
from layers.facilities.kinds import kinds
from layers.models import FacilityKind, ZoneKind

MAX_VERTICES = 100_000
MAX_OSM = 20_000_000_000  # bytes; all of Germany has some 4 GB
MAX_AREA_M2 = 5e9  # a nature park has some 1,300 km²
REF_LENGTH, NAME_LENGTH, DETAIL_LENGTH = 120, 160, 200
BOX = shapely.box(*crs.EXTENT)
Progress = Callable[[str], None]


@dataclass
class Row:
    """A facility (shape: point) or zone (shape: multipolygon) in the storage CRS; `number` is its row in the file."""

    number: int
    kind: str
    ref: str
    name: str
    shape: shapely.Geometry
    detail: dict[str, str] = field(default_factory=dict)
    value: int | None = None


@dataclass
class Raw:
    """A row whose place is not yet checked."""

    number: int
    kinds: list[str]
    ref: str
    name: str
    detail: dict[str, str]
    value: int | None = None


def from_osm(path: Path, wanted: Collection[str], report: LoadReport, progress: Progress) -> tuple[list[Row], Extract]:
    """Return the rows of an OSM PBF whose kind is wanted (all when empty).

    Raises
    ------
    InvalidFile
    """

    def kinds_of(tags: dict[str, str]) -> list[str]:
        return [k for k in kinds().of_tags(tags) if not wanted or k in wanted]

    extract = read_objects(path, kinds().keys, lambda tags: bool(kinds_of(tags)), progress)
    found = []
    for number, thing in enumerate(extract.objects, 1):
        name = thing.tags.get("name:de") or thing.tags.get("name") or thing.tags.get("brand") or thing.tags.get("operator") or ""
        detail = {k: _short(v, DETAIL_LENGTH) for k, v in kinds().details(thing.tags).items()}
        found.append(Raw(number, kinds_of(thing.tags), thing.ref, _short(name, NAME_LENGTH), detail))
    report.read = sum(len(r.kinds) for r in found)
    shapes = [shapely.from_wkb(o.shape, on_invalid="ignore") if o.shape else None for o in extract.objects]
    return placed(found, shapes, crs.WEB, report), extract


def from_table(
    table: Table, column_of: dict[str, str], only: str, report: LoadReport, given_crs: int | None = None, *, by_word: bool = False
) -> list[Row]:
    """Return the rows of a table.

    Parameters
    ----------
    column_of : dict
        Field → column.
    only : str
        The kind of every row, or '' when a column says it.
    by_word : bool
        Whether a known word in the column goes before `only`.

    Raises
    ------
    ImportRefused
        When no column says the kind or the place.
    """
    if not only and "kind" not in column_of:
        raise ImportRefused(f"{report.source}: no column says what the rows are; give --kind, or name a column 'Art'")
    has_numbers = {"lon", "lat"} <= column_of.keys() or {"x", "y"} <= column_of.keys() or "coordinates" in column_of
    if table.shapes is None and not has_numbers:
        raise ImportRefused(f"{report.source}: no column with coordinates was recognised among {', '.join(table.columns[:30])}")
    found: list[Raw] = []
    picked: list[int] = []
    for i, (number, row) in enumerate(zip(table.numbers, table.rows, strict=True)):
        raw = _raw(number, row, column_of, only, by_word, report) if number not in table.broken else None
        if number in table.broken:
            report.add(number, "row", "", table.broken[number])
        report.read += len(raw.kinds) if raw else 1
        if raw is None:
            report.refused += 1
            continue
        found.append(raw)
        picked.append(i)
    if table.shapes is not None:
        shapes = [shapely.from_wkb(s, on_invalid="ignore") if s else None for s in (table.shapes[i] for i in picked)]
        return placed(found, shapes, given_crs or placing.crs_of(table, shapes, report), report)
    pairs = [_pair(found[n].number, table.rows[i], column_of, report) for n, i in enumerate(picked)]
    east, north = placing.from_pairs(pairs, given_crs, report)
    points = [shapely.Point(x, y) if np.isfinite(x) and np.isfinite(y) else None for x, y in zip(east, north, strict=True)]
    return placed(found, points, crs.STORAGE, report)


def _raw(number: int, row: dict[str, Any], column_of: dict[str, str], only: str, by_word: bool, report: LoadReport) -> Raw | None:
    """Return a row's values; None, with a finding, for a row that is refused."""

    def text(name: str) -> str:
        value = row.get(column_of.get(name, ""))
        whole = isinstance(value, float) and value.is_integer()
        return plain_text(" ".join(str(int(value) if whole else value).split())) if value is not None else ""  # type: ignore[arg-type]

    if kinds().is_secret(v for v in row.values() if isinstance(v, str)):
        report.add(number, "row", "", "an archaeological site; their places are not published")
        return None
    found = kinds().of_word(text("kind"), text("name")) if by_word or not only else []
    found = found or ([only] if only else [])
    if not found:
        report.unmapped["kind", text("kind")[:60]] += 1
        report.add(number, "kind", text("kind"), f"not a known kind; known are {', '.join((*FacilityKind.values, *ZoneKind.values))}")
        return None
    value = None
    if text("value"):
        try:
            value = round(float(text("value").replace(",", ".")))
        except ValueError:
            value = -1
        if not 0 <= value <= 2_000_000_000:
            report.add(number, "value", text("value"), "must be a whole number, not negative")
            return None
    detail = {n: _short(text(n), DETAIL_LENGTH) for n in kinds().detail_fields if text(n)}
    return Raw(number, found, text("ref"), _short(text("name"), NAME_LENGTH), detail, value)


def _pair(number: int, row: dict[str, Any], column_of: dict[str, str], report: LoadReport) -> tuple[float, float] | None:
    """Return a row's coordinates as two finite numbers; what is wrong stands in the report, what is missing is found later."""
    names = next(((a, b) for a, b in (("lon", "lat"), ("x", "y")) if a in column_of and b in column_of), ("coordinates",))
    texts = [str(row.get(column_of[n]) if row.get(column_of[n]) is not None else "").strip() for n in names]
    if not all(texts):
        return None
    try:
        first, second = (_number(t) for t in texts) if len(texts) == 2 else placing.pair(texts[0]) or (np.nan, np.nan)
    except ValueError:
        first = second = np.nan
    if not (np.isfinite(first) and np.isfinite(second)):
        report.add(number, names[0], " ".join(texts), "not readable as coordinates")
        return None
    return first, second


def _number(text: str) -> float:
    """Return "13,06", "13.06" or "412.345,6" as a number."""
    return float(text.replace(".", "").replace(",", ".") if "," in text and "." in text else text.replace(",", "."))


def placed(found: list[Raw], shapes: Iterable[Any], source: int, report: LoadReport) -> list[Row]:
    """Bring geometries into the storage CRS and give every row its point or area; count what lies elsewhere as outside."""
    rows: list[Row] = []
    given = np.array([None, *shapes], dtype=object)[1:]  # the first keeps numpy from looking into the others
    everywhere = crs.transform(shapely.force_2d(given), source, crs.STORAGE)
    for raw, shape, moved in zip(found, given, everywhere, strict=True):
        rule = placing.shape_rule(shape, MAX_VERTICES)
        if not rule and not np.isfinite(shapely.get_coordinates(moved)).all():
            rule = f"cannot be placed with EPSG:{source}"
        if not rule and not shapely.make_valid(moved).intersects(BOX):
            report.outside += len(raw.kinds)
            continue
        for kind in raw.kinds:
            made, why = (None, rule) if rule else (_area if kind in ZoneKind.values else _point)(moved)
            if made is None:
                report.add(raw.number, "geometry", raw.name or raw.ref, why)
                report.refused += 1
                continue
            ref = raw.ref if 0 < len(raw.ref) <= REF_LENGTH else _made_ref(raw, kind, made)
            rows.append(Row(raw.number, kind, ref, raw.name, made, raw.detail, raw.value))
    return rows


def _point(shape: Any) -> tuple[Any, str]:
    spot = shape if shape.geom_type == "Point" else shapely.point_on_surface(shapely.make_valid(shape))
    return shapely.Point(round(spot.x, 1), round(spot.y, 1)), ""


def _area(shape: Any) -> tuple[Any, str]:
    if shapely.get_dimensions(shape) < 2:
        return None, "a zone needs an area"
    if shape.area > MAX_AREA_M2:
        return None, f"{shape.area / 1e6:,.0f} km²; at most {MAX_AREA_M2 / 1e6:,.0f} km²"
    tidy = shapely.make_valid(shapely.set_precision(shapely.make_valid(shape), 0.01))
    parts = [g for g in shapely.get_parts(shapely.get_parts(tidy)) if g.geom_type == "Polygon"]
    return (shapely.normalize(shapely.MultiPolygon(parts)), "") if parts else (None, "the area is empty")


def _made_ref(raw: Raw, kind: str, shape: Any) -> str:
    """Return an identity for a row without one: what it is called and where it lies."""
    spot = shapely.centroid(shape)
    text = f"{raw.ref} {kind} {raw.name} {spot.x:.0f} {spot.y:.0f}"
    return "h-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def _short(text: str, length: int) -> str:
    clean = " ".join(plain_text(text).split())
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def read_mapping(path: Path, columns: list[str]) -> dict[str, str]:
    """Read a YAML file `field: column`.

    Raises
    ------
    InvalidFile
        When it is no such mapping, names an unknown field, or a column that the file does not have.
    """
    try:
        given = yaml.safe_load(local_file(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidFile(f"{path.name}: not readable as YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(given, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in given.items()):
        raise InvalidFile(f"{path.name}: expected lines like 'name: Bezeichnung'")
    check_mapping(given, columns, path.name)
    return dict(given)


def check_mapping(given: dict[str, str], columns: Collection[str], source: str) -> None:
    """Refuse fields that do not exist and columns that are not there.

    Raises
    ------
    InvalidFile
    """
    for name, column in given.items():
        if name not in kinds().fields:
            raise InvalidFile(f"{source}: {name!r} is no field; there are {', '.join(kinds().fields)}")
        if column not in columns:
            raise InvalidFile(f"{source}: there is no column {column!r}; there are {', '.join(list(columns)[:40])}")
