"""From candidates to the register: duplicates, the comparison with what is there, and one transaction."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import connection, transaction
from django.utils import timezone
from scipy.spatial import cKDTree

from geo import crs
from geo.addresses import address_key
from geo.copying import copy_in, copy_over
from geo.errors import ImportRefused
from geo.files import local_file, read_table
from geo.importing import LoadReport, diff
from geo.models import Dataset, Town
from geo.scope import Scope
from geo.sources import checksum
from vacancies.models import Vacancy, new_key, slug_for
from vacancies.sources import mapping
from vacancies.sources.osm import read_osm
from vacancies.sources.rows import NEAR_M, UNTITLED_REF, Candidate, candidates, contradictions

MAX_OSM = 5_000_000_000
CONTRADICTING = ("occupancy", "vacant_since", "usable_m2", "smallest_divisible_m2")
LOCK = 20_331  # one import at a time: two would both find their rows new
NEVER_CLEARED = {"source_ref", "street", "house_no", "postcode"}  # the place and identity of a row
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Rights:
    """What new rows may show, and why. The default shows nothing to the public."""

    publication: str = "draft"
    visibility: str = "internal"
    basis: str = "none"
    consent_on: datetime.date | None = None
    consent_text_version: str = ""
    notice_on: datetime.date | None = None


def load(
    name: str | Path,
    source: Dataset,
    *,
    column_file: Path | None = None,
    given_crs: int | None = None,
    town: Town | None = None,
    within: Scope | None = None,
    layer: str | None = None,
    sheet: str | None = None,
    rights: Rights | None = None,
    write: bool = False,
    today: datetime.date | None = None,
    progress: Progress = lambda _text: None,
) -> LoadReport:
    """Read a list of vacancies, check it, and with `write` bring the register up to date in one transaction.

    Parameters
    ----------
    name : path
        CSV, XLSX, GeoJSON, GeoPackage, zipped Shapefile or OSM PBF.
    source : Dataset
        Where the rows come from; the same source and identity is the same vacancy. Saved only with `write`.
    column_file : Path, optional
        YAML `field: column`; without it headers are recognised.
    given_crs : int, optional
        EPSG number of the coordinates, over what the file says.
    town : Town, optional
        Only rows that lie in it are taken.
    within : Scope, optional
        Only rows that lie in its municipalities are taken.
    rights : Rights, optional
        For new rows; rows that exist keep theirs.

    Raises
    ------
    InvalidFile, ImportRefused
    """
    is_osm = Path(str(name)).suffix.lower() == ".pbf"
    path = local_file(name, MAX_OSM) if is_osm else local_file(name)
    progress(f"reading {path.name} ({path.stat().st_size / 1e6:.1f} MB)")
    table = read_osm(path) if is_osm else read_table(path, layer, sheet)
    report = LoadReport(path.name, read=len(table.rows))
    for note in table.notes:
        report.add(0, "file", path.name, note, "info")
    column_of = mapping.read_mapping(column_file, table.columns) if column_file else mapping.recognise(table.columns)
    report.used_columns = column_of
    rest = [c for c in table.columns if c not in column_of.values()]
    report.private_columns = [c for c in rest if mapping.is_private(c)]
    report.unused_columns = [c for c in rest if c not in report.private_columns]
    pairs = ({"x", "y"}, {"lon", "lat"}, {"coordinates"}, {"address"}, {"street"})
    placed_by = any(pair <= column_of.keys() for pair in pairs)
    if table.shapes is None and not placed_by:
        raise ImportRefused(f"{path.name}: no column for coordinates or address was recognised among {', '.join(table.columns[:30])}")
    progress(f"checking {report.read:,} rows")
    found = candidates(table, column_of, report, given_crs, town, within, today or datetime.date.today())
    with transaction.atomic():
        if write:
            _one_at_a_time()
        progress(f"comparing {report.read:,} rows with the register")
        rows = Vacancy.objects.filter(dataset__key=source.key).select_related("town")
        known = {v.source_ref: v for v in (rows.select_for_update(of=("self",)) if write else rows)}
        _adopt_identities(found, known)
        taken = _without_duplicates(found, known, report)
        changes = _compare(taken, known, rights or Rights(), report)
        report.vanished = sorted(known.keys() - {k.ref for k in found})
        report.refused = sum(k.refused for k in found)
        if write:
            progress(f"writing {report.created:,} new and {report.changed:,} changed vacancies")
            source.sha256 = checksum(path)
            _write(changes, source, report)
            report.written = True
    return report


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


class _Near:
    """Finds what lies within 30 m with the same address."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, int, int], list[tuple[float, float, Any]]] = {}

    def add(self, address: str, x: float, y: float, what: Any) -> None:
        if any(ch.isdigit() for ch in address):  # a street without a number is no address
            self.cells.setdefault((address, int(x // NEAR_M), int(y // NEAR_M)), []).append((x, y, what))

    def find(self, address: str, x: float, y: float) -> Any | None:
        column, line = int(x // NEAR_M), int(y // NEAR_M)
        near = (o for i in (-1, 0, 1) for j in (-1, 0, 1) for o in self.cells.get((address, column + i, line + j), []))
        return next((what for ox, oy, what in near if np.hypot(ox - x, oy - y) <= NEAR_M), None)


def _adopt_identities(found: list[Candidate], known: dict[str, Vacancy]) -> None:
    """Let a row without a number of its own be the vacancy it was last time, although its place was mended by some metres."""
    present = {k.ref for k in found}
    near = _Near()
    for ref, v in known.items():
        if ref.startswith(UNTITLED_REF) and ref not in present:
            near.add(address_key(v.street, v.house_no), v.point.x, v.point.y, ref)
    for k in found:
        if not k.refused and k.ref.startswith(UNTITLED_REF) and k.ref not in known:
            ref = near.find(address_key(k.address), k.x, k.y)
            if ref is not None and ref not in present:
                present.add(ref)
                k.ref = ref


def _without_duplicates(found: list[Candidate], known: dict[str, Vacancy], report: LoadReport) -> list[Candidate]:
    """Return the candidates that stand for themselves: not a second row of one identity, not a building that is there.

    A row that is in the register already stays what it is; only new ones can be the second of a building.
    """
    kept: list[Candidate] = []
    first_row: dict[str, int] = {}
    for k in found:
        if k.refused:
            continue
        if k.ref in first_row:
            report.duplicates += 1
            report.add(k.row, "source_ref", k.ref, f"the same as row {first_row[k.ref]}; left out", "warning")
            continue
        first_row[k.ref] = k.row
        kept.append(k)
    own = {v.pk for v in known.values()}
    there = [v for v in Vacancy.objects.real().only("point", "street", "house_no", "key") if v.pk not in own]
    near = _Near()
    for v in there:
        near.add(address_key(v.street, v.house_no), v.point.x, v.point.y, v.key)
    for k in kept:
        if k.ref in known:
            near.add(address_key(k.address), k.x, k.y, f"row {k.row}")
    result, new = [], []
    for k in kept:
        twin = None if k.ref in known else near.find(address_key(k.address), k.x, k.y)
        if twin is None:
            result.append(k)
            if k.ref not in known:
                near.add(address_key(k.address), k.x, k.y, f"row {k.row}")
                new.append(k)
        else:
            report.duplicates += 1
            report.add(k.row, "address", k.address, f"within {NEAR_M:.0f} m of {twin} with the same address; left out", "warning")
    if there and new:
        distance, index = cKDTree([(v.point.x, v.point.y) for v in there]).query([(k.x, k.y) for k in new], distance_upper_bound=NEAR_M)
        for k, metres, i in zip(new, distance, index, strict=True):
            if np.isfinite(metres):
                report.add(k.row, "point", k.address, f"{metres:.0f} m from {there[i].key}: the same building?", "warning")
    return result


PLAIN = {str, int, float, bool}


def _spell(value: Any) -> Any:
    """Return a value as JSON has it, so that the register, the file and the last import compare."""
    if value is None or type(value) in PLAIN:
        return value
    if isinstance(value, Point):
        x, y = value.tuple
        return [round(x, 1), round(y, 1)]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple | set):
        return sorted(value)
    if isinstance(value, GEOSGeometry):
        return [round(value.area, 1), *_spell(value.centroid)]
    return str(value) if isinstance(value, str) else value


def _model_values(k: Candidate) -> dict[str, Any]:
    """Return the model fields of a candidate, place included."""
    values = {n: v for n, v in k.values.items() if v is not None}
    values["point"] = Point(k.x, k.y, srid=crs.STORAGE)
    if k.footprint is not None:
        values["footprint"] = GEOSGeometry(memoryview(shapely.to_wkb(k.footprint)), srid=crs.STORAGE)
    return values


@dataclass
class _Changes:
    """What is to be written: new rows, changed rows, and the fields that changed in any of them."""

    new: list[Vacancy]
    changed: list[Vacancy]
    fields: set[str]


def _compare(taken: Iterable[Candidate], known: dict[str, Vacancy], rights: Rights, report: LoadReport) -> _Changes:
    """Return new and changed vacancies, not yet saved."""
    found = _Changes([], [], set())
    for k in taken:
        values = _model_values(k)
        assert k.town is not None  # what lies in no town was refused
        vacancy = known.get(k.ref)
        if vacancy is None:
            key = new_key()
            slug = slug_for(values.get("former_use", "unknown"), k.town.name, key)
            incoming = {n: _spell(v) for n, v in values.items()}
            fixed = {"source": "import", "source_ref": k.ref, "imported": incoming, "town": k.town, **vars(rights)}
            found.new.append(Vacancy(key=key, slug=slug, **values, **fixed))
            report.created += 1
            continue
        for name in k.blank & vacancy.imported.keys() - NEVER_CLEARED:
            values[name] = Vacancy._meta.get_field(name).get_default()  # the list had a value and has none now
        incoming = {n: _spell(v) for n, v in values.items()}
        current = {n: _spell(getattr(vacancy, n)) for n in values}
        untouched = {n: _spell(Vacancy._meta.get_field(n).get_default()) for n in values}  # what no list and no person said
        changes, kept = diff(current, incoming, untouched | vacancy.imported)
        for name in kept:
            report.add(k.row, name, incoming[name], f"edited by hand to {current[name]}; the edit stays", "warning")
        report.kept_edits += len(kept)
        after = {n: values[n] if n in changes else getattr(vacancy, n) for n in CONTRADICTING}
        if changes and (problems := contradictions(after)):
            for name, value, rule in problems:
                report.add(k.row, name, value, f"{rule}, together with an edit by hand; the row stays as it is", "warning")
            changes = {}
        if not changes:
            report.unchanged += 1
            continue
        for name in changes:
            setattr(vacancy, name, values[name])
        if "point" in changes:
            vacancy.town = k.town
            found.fields.add("town")
        vacancy.imported = vacancy.imported | {n: v for n, v in incoming.items() if n not in kept}
        vacancy.updated_at = timezone.now()
        found.fields |= changes.keys() | {"imported", "updated_at"}
        found.changed.append(vacancy)
        report.changed += 1
    return found


def _write(changes: _Changes, source: Dataset, report: LoadReport) -> None:
    from layers.reach import runs

    source.row_count = report.created + report.changed + report.unchanged
    source.save()
    for vacancy in changes.new:
        vacancy.dataset = source
    copy_in(Vacancy, changes.new)
    copy_over(Vacancy, changes.changed, changes.fields)
    moved = [v.source_ref for v in changes.changed] if "point" in changes.fields else []
    refs = [*(v.source_ref for v in changes.new), *moved]
    runs.refresh(list(Vacancy.objects.filter(dataset=source, source_ref__in=refs).values_list("pk", flat=True)))
