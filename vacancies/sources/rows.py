"""From a table to candidates: values mapped, places found, contradictions named. Nothing is written here."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geo import crs, placing
from geo.addresses import Place, address_key, find, split_address
from geo.files import Table, plain_text
from geo.importing import LoadReport
from geo.models import Town
from geo.scope import Scope
from vacancies import choices as c
from vacancies.models import TOWN_TOLERANCE_M
from vacancies.sources import mapping

MAX_VERTICES = 10_000
MAX_AREA_M2 = 5_000_000
NEAR_M = 30.0
UNTITLED_REF = "h-"


@dataclass
class Candidate:
    """A row on its way into the register: model values, and where it lies (metres, storage CRS).

    `blank` names the fields that have a column and no content in this row. `ref` is the row's own number, or one made of
    address and place that begins with `UNTITLED_REF`.
    """

    row: int
    values: dict[str, Any]
    x: float = float("nan")
    y: float = float("nan")
    footprint: Any = None
    address: str = ""
    postcode: str = ""
    town_text: str = ""
    town: Town | None = None
    refused: bool = False
    ref: str = field(default="")
    blank: set[str] = field(default_factory=set)


def candidates(
    table: Table,
    column_of: dict[str, str],
    report: LoadReport,
    given_crs: int | None,
    town: Town | None,
    within: Scope | None,
    today: datetime.date,
) -> list[Candidate]:
    """Return one candidate per row; what is wrong with it stands in the report."""
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        if number in table.broken:  # whose cells may stand under the wrong headings: nothing of it is shown
            report.add(number, "row", "", table.broken[number])
            found.append(Candidate(number, {}, refused=True))
        else:
            found.append(_candidate(number, row, column_of, report, today))
    if table.shapes is not None:
        _place_by_shape(found, table, report, given_crs)
    else:
        _place_by_numbers(found, table, column_of, report, given_crs)
    _place_by_address(found, report)
    _assign_towns(found, report, town, within)
    for candidate in found:
        candidate.ref = str(candidate.values.pop("source_ref", "")) or _hash(candidate)
        _contradictions(candidate, report)
    return found


def _candidate(number: int, row: dict[str, Any], column_of: dict[str, str], report: LoadReport, today: datetime.date) -> Candidate:
    candidate = Candidate(number, {})
    for name, column in column_of.items():
        value = row.get(column)
        if name in mapping.PLACE:
            continue
        if value is None or str(value).strip() == "":
            candidate.blank.add(name)
            continue
        try:
            candidate.values |= mapping.convert(name, value, today)
        except KeyError as word:
            report.unmapped[name, str(word.args[0])[:60]] += 1
            report.add(number, name, word.args[0], "not a known word; the field stays unknown", "warning")
        except ValueError as rule:
            report.add(number, name, value, str(rule))
            candidate.refused = True

    def text(name: str) -> str:
        return plain_text(str(row.get(column_of.get(name, ""), "") or "").strip())

    street, house_no = candidate.values.get("street", ""), candidate.values.get("house_no", "")
    head, postcode, place = split_address(text("address")) if text("address") else ("", "", "")
    if head and not street:
        match = re.match(r"^(.*?\D)\s*(\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+\s?[a-zA-Z]?)?)$", head)
        candidate.values["street"], candidate.values["house_no"] = (match[1].strip()[:120], match[2][:12]) if match else (head[:120], "")
        street, house_no = candidate.values["street"], candidate.values["house_no"]
    candidate.address = f"{street} {house_no}".strip()
    candidate.postcode = candidate.values.get("postcode", "") or postcode
    if candidate.postcode:
        candidate.values["postcode"] = candidate.postcode[:5]
    candidate.town_text = text("town") or place
    if text("parcels"):
        candidate.values["parcels"] = [p.strip()[:40] for p in re.split(r"[,;]", text("parcels")) if p.strip()]
    return candidate


def _place_by_shape(found: list[Candidate], table: Table, report: LoadReport, given_crs: int | None) -> None:
    """Place rows by their geometries: points as they are, areas by a point on them."""
    raw = table.shapes or []
    shapes = [shapely.from_wkb(r, on_invalid="ignore") if r is not None else None for r in raw]
    source = given_crs or placing.crs_of(table, shapes, report)
    for candidate, shape, given in zip(found, shapes, raw, strict=True):
        if given is None or candidate.row in table.broken:
            continue
        rule = placing.shape_rule(shape, MAX_VERTICES)
        moved = crs.transform(shapely.force_2d(shape), source, crs.STORAGE) if not rule else None
        if not rule and not np.isfinite(shapely.get_coordinates(moved)).all():
            rule = f"cannot be placed with EPSG:{source}; give --crs"
        if not rule and shapely.get_dimensions(moved) == 2:
            moved = shapely.make_valid(moved)
            if moved.area > MAX_AREA_M2:
                rule = f"{moved.area / 1e6:,.1f} km²; a footprint has at most {MAX_AREA_M2 / 1e6:.0f} km²"
            parts = [g for g in shapely.get_parts(shapely.get_parts(moved)) if g.geom_type == "Polygon"]
            candidate.footprint = shapely.MultiPolygon(parts) if parts else None
        if rule:
            report.add(candidate.row, "geometry", "" if shape is None else shape.geom_type, rule)
            candidate.refused = True
            continue
        spot = moved if moved.geom_type == "Point" else shapely.point_on_surface(candidate.footprint or moved)
        candidate.x, candidate.y = round(spot.x, 1), round(spot.y, 1)


def _place_by_numbers(found: list[Candidate], table: Table, column_of: dict[str, str], report: LoadReport, given_crs: int | None) -> None:
    """Read coordinates from two columns or one, and say what was assumed."""
    x_name, y_name = next(((a, b) for a, b in (("lon", "lat"), ("x", "y")) if a in column_of and b in column_of), ("", ""))
    one = column_of.get("coordinates", "")
    if not x_name and not one:
        return
    pairs: list[tuple[float, float] | None] = []
    for candidate, row in zip(found, table.rows, strict=True):
        texts = [row.get(column_of[n]) for n in (x_name, y_name)] if x_name else [row.get(one)]
        if candidate.row in table.broken or any(t is None or str(t).strip() == "" for t in texts):
            pairs.append(None)
            continue
        try:
            pair = (mapping.number(_degrees(texts[0])), mapping.number(_degrees(texts[1]))) if x_name else placing.pair(str(texts[0]))
        except ValueError:
            pair = None
        if pair is None or not all(np.isfinite(pair)):
            report.add(candidate.row, x_name or "coordinates", " ".join(map(str, texts)), "not readable as coordinates")
            candidate.refused = True
            pair = None
        pairs.append(pair)
    east, north = placing.from_pairs(pairs, given_crs, report)
    for candidate, x, y in zip(found, east, north, strict=True):
        if not np.isnan(x):
            candidate.x, candidate.y = float(x), float(y)


def _degrees(text: Any) -> Any:
    """Keep dots that separate thousands apart from those of degrees: "412.345,6" is metres, "52.123456" degrees."""
    return float(text) if isinstance(text, str) and re.fullmatch(r"-?\d+(\.\d+)?", text.strip()) else text


def _place_by_address(found: list[Candidate], report: LoadReport) -> None:
    """Look up what has no coordinates in the loaded addresses."""
    lost = [k for k in found if not k.refused and np.isnan(k.x)]
    for candidate, place in zip(lost, find((k.address, k.postcode, k.town_text) for k in lost), strict=True):
        shown = ", ".join(p for p in (candidate.address, f"{candidate.postcode} {candidate.town_text}".strip()) if p)
        if not isinstance(place, Place):
            report.add(candidate.row, "address", shown, f"no coordinates, and {place}")
            candidate.refused = True
        else:
            candidate.x, candidate.y = round(place.x, 1), round(place.y, 1)
            if place.similarity < 1:
                report.add(candidate.row, "address", shown, f"placed at {place.label} ({place.similarity:.0%} alike)", "warning")


def _assign_towns(found: list[Candidate], report: LoadReport, only: Town | None, within: Scope | None) -> None:
    """Give every candidate the town it lies in; what lies in none, or not in the one asked for, is refused."""
    towns = list(Town.objects.current())
    shapes = [shapely.from_wkb(bytes(t.geom.wkb)) for t in towns]
    tree = shapely.STRtree(shapes)
    for candidate in found:
        if np.isinf(candidate.x) or np.isinf(candidate.y):
            report.add(candidate.row, "coordinates", "", "cannot be placed with this CRS; give --crs")
            candidate.refused, candidate.x = True, float("nan")
    placed = [k for k in found if not k.refused and not np.isnan(k.x)]
    points = shapely.points([k.x for k in placed], [k.y for k in placed]) if placed else np.array([])
    which = np.full(len(placed), -1)
    if placed:
        rows, hits = tree.query(points, predicate="within")
        which[rows] = hits
        outside = np.flatnonzero(which < 0)
        if len(outside):
            near, hits = tree.query_nearest(points[outside], max_distance=TOWN_TOLERANCE_M, all_matches=False)
            which[outside[near]] = hits
    by_name = {mapping.plain(t.name): t.pk for t in towns}
    for candidate, index in zip(placed, which, strict=True):
        if index < 0:
            report.add(
                candidate.row, "point", f"{candidate.x:.0f} {candidate.y:.0f} (EPSG:25833)", "lies in no municipality of Brandenburg"
            )
            candidate.refused = True
            continue
        candidate.town = towns[index]
        named = by_name.get(mapping.plain(candidate.town_text))
        if only and candidate.town.pk != only.pk:
            report.add(candidate.row, "point", candidate.town.name, f"lies outside {only.name}")
            candidate.refused = True
        elif within is not None and not within.covers(candidate.town.ags8):
            report.add(candidate.row, "point", candidate.town.name, "lies outside your municipalities")
            candidate.refused = True
        elif named and named != candidate.town.pk:
            report.add(candidate.row, "town", candidate.town_text, f"the point lies in {candidate.town.name}", "warning")


def _contradictions(candidate: Candidate, report: LoadReport) -> None:
    """Refuse what the register's constraints would refuse."""
    for name, value, rule in contradictions(candidate.values):
        report.add(candidate.row, name, value, rule)
        candidate.refused = True


def contradictions(v: dict[str, Any]) -> list[tuple[str, Any, str]]:
    """Return field, value and rule for values that exclude each other."""
    found: list[tuple[str, Any, str]] = []
    if v.get("occupancy") in c.NOT_EMPTY and v.get("vacant_since"):
        found.append(("occupancy", v["occupancy"], "a building in use is not vacant since a date"))
    usable, smallest = v.get("usable_m2"), v.get("smallest_divisible_m2")
    if usable and smallest and smallest > usable:
        found.append(("smallest_divisible_m2", smallest, "larger than the usable area"))
    return found


def _hash(candidate: Candidate) -> str:
    """Return an identity for a row without one: its address and place."""
    text = f"{address_key(candidate.address)} {candidate.postcode} {candidate.x:.0f} {candidate.y:.0f}"
    return UNTITLED_REF + hashlib.sha256(text.encode()).hexdigest()[:16]
