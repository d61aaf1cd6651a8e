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
from django.db import transaction
from scipy.spatial import cKDTree

from geo import crs
from geo.addresses import address_key
from geo.copying import copy_in
from geo.errors import ImportRefused
from geo.files import local_file, read_table
from geo.importing import LoadReport, diff
from geo.models import Dataset, Town
from vacancies.models import Vacancy, new_key, slug_for
from vacancies.sources import mapping
from vacancies.sources.osm import read_osm
from vacancies.sources.rows import NEAR_M, Candidate, candidates

BATCH = 1_000
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
    rights : Rights, optional
        For new rows; rows that exist keep theirs.

    Raises
    ------
    InvalidFile, ImportRefused
    """
    path = local_file(name)
    progress("reading")
    table = read_osm(path) if path.suffix.lower() == ".pbf" else read_table(path, layer, sheet)
    report = LoadReport(path.name, read=len(table.rows))
    column_of = mapping.read_mapping(column_file, table.columns) if column_file else mapping.recognise(table.columns)
    report.used_columns = column_of
    rest = [c for c in table.columns if c not in column_of.values()]
    report.private_columns = [c for c in rest if mapping.is_private(c)]
    report.unused_columns = [c for c in rest if c not in report.private_columns]
    if table.shapes is None and not {"coordinates", "address", "street"} & column_of.keys() and not {"x", "lon"} & column_of.keys():
        raise ImportRefused(f"{path.name}: no column for coordinates or address was recognised among {', '.join(table.columns[:30])}")
    progress("checking")
    found = candidates(table, column_of, report, given_crs, town, today or datetime.date.today())
    progress("comparing")
    known = {v.source_ref: v for v in Vacancy.objects.filter(dataset__key=source.key)}
    taken = _without_duplicates(found, known, source, report)
    new, changed = _compare(taken, known, rights or Rights(), report)
    report.vanished = sorted(known.keys() - {k.ref for k in found})
    report.refused = sum(k.refused for k in found)
    if write:
        progress("writing")
        _write(new, changed, source, report)
        report.written = True
    return report


def _without_duplicates(found: list[Candidate], known: dict[str, Vacancy], source: Dataset, report: LoadReport) -> list[Candidate]:
    """Return the candidates that stand for themselves: not a second row of one identity, not a building that is there."""
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
    others = Vacancy.objects.real().exclude(dataset__key=source.key, source_ref__in=list(known))
    there = [
        (v.point.x, v.point.y, address_key(v.street, v.house_no), v.key, v.pk) for v in others.only("point", "street", "house_no", "key")
    ]
    own = {v.pk for v in known.values()}
    there = [t for t in there if t[4] not in own]
    twins = _twins(kept, there)
    report.duplicates += len(twins)
    for row, (address, of) in twins.items():
        report.add(row, "address", address, f"within {NEAR_M:.0f} m of {of} with the same address; left out", "warning")
    result = [k for k in kept if k.row not in twins]
    if there and result:
        tree = cKDTree(np.array([t[:2] for t in there]))
        distance, index = tree.query([(k.x, k.y) for k in result], distance_upper_bound=NEAR_M)
        for k, metres, i in zip(result, distance, index, strict=True):
            if np.isfinite(metres) and k.ref not in known:
                report.add(k.row, "point", k.address, f"{metres:.0f} m from {there[i][3]}: the same building?", "warning")
    return result


def _twins(kept: list[Candidate], there: list[tuple[float, float, str, str, int]]) -> dict[int, tuple[str, str]]:
    """Return row → (address, what it repeats) for rows with the address of an earlier row or of a vacancy within 30 m."""
    by_address: dict[str, list[tuple[float, float, str]]] = {}
    for x, y, address, key, _pk in there:
        if address:
            by_address.setdefault(address, []).append((x, y, key))
    found: dict[int, tuple[str, str]] = {}
    for k in kept:
        address = address_key(k.address)
        if not any(ch.isdigit() for ch in address):
            continue
        near = next((o for o in by_address.get(address, []) if np.hypot(o[0] - k.x, o[1] - k.y) <= NEAR_M), None)
        if near:
            found[k.row] = (k.address, near[2])
        else:
            by_address.setdefault(address, []).append((k.x, k.y, f"row {k.row}"))
    return found


def _spell(value: Any) -> Any:
    """Return a value as JSON has it, so that the register, the file and the last import compare."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple | set):
        return sorted(value)
    if isinstance(value, GEOSGeometry):
        return [round(value.x, 1), round(value.y, 1)] if value.geom_type == "Point" else round(value.area, 1)
    return str(value) if isinstance(value, str) else value


def _model_values(k: Candidate) -> dict[str, Any]:
    """Return the model fields of a candidate, place included."""
    values = {n: v for n, v in k.values.items() if v is not None}
    values["point"] = Point(k.x, k.y, srid=crs.STORAGE)
    if k.footprint is not None:
        values["footprint"] = GEOSGeometry(memoryview(shapely.to_wkb(k.footprint)), srid=crs.STORAGE)
    return values


def _compare(
    taken: Iterable[Candidate], known: dict[str, Vacancy], rights: Rights, report: LoadReport
) -> tuple[list[Vacancy], list[Vacancy]]:
    """Return new and changed vacancies, not yet saved."""
    new, changed = [], []
    for k in taken:
        values = _model_values(k)
        incoming = {n: _spell(v) for n, v in values.items()}
        vacancy = known.get(k.ref)
        assert k.town is not None  # what lies in no town was refused
        if vacancy is None:
            key = new_key()
            slug = slug_for(values.get("former_use", "unknown"), k.town.name, key)
            fixed = {"source": "import", "source_ref": k.ref, "imported": incoming, "town": k.town, **vars(rights)}
            new.append(Vacancy(key=key, slug=slug, **values, **fixed))
            report.created += 1
            continue
        current = {n: _spell(getattr(vacancy, n)) for n in values}
        changes, kept = diff(current, incoming, vacancy.imported)
        for name in kept:
            report.add(k.row, name, incoming[name], f"edited by hand to {current[name]}; the edit stays", "warning")
        report.kept_edits += len(kept)
        if not changes and not kept:
            report.unchanged += 1
            continue
        for name in changes:
            setattr(vacancy, name, values[name])
        if "point" in changes:
            vacancy.town = k.town
        vacancy.imported = vacancy.imported | incoming
        changed.append(vacancy)
        report.changed += 1
    return new, changed


def _write(new: list[Vacancy], changed: list[Vacancy], source: Dataset, report: LoadReport) -> None:
    from layers.reach import runs

    with transaction.atomic():
        source.row_count = report.created + report.changed + report.unchanged
        source.save()
        for vacancy in new:
            vacancy.dataset = source
        copy_in(Vacancy, new)
        skipped = {"id", "key", "slug", "created_at", "dataset", "source", "source_ref"}
        fields = [f.name for f in Vacancy._meta.concrete_fields if f.name not in skipped and not f.generated]
        Vacancy.objects.bulk_update(changed, fields, batch_size=BATCH)
        refs = [v.source_ref for v in (*new, *changed)]
        runs.refresh(list(Vacancy.objects.filter(dataset=source, source_ref__in=refs).values_list("pk", flat=True)))
