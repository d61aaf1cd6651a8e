"""Brings the facilities and zones of a data set up to what its source says now, in one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from typing import Any

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction

from geo import crs
from geo.copying import copy_in
from geo.errors import ImportRefused
from geo.importing import LoadReport
from geo.models import Dataset
from layers.facilities.rows import Row
from layers.models import Facility, Zone, ZoneKind

LOSS, FEW = 0.5, 20  # a source that loses more than half of at least so many rows is looked at by a person first
BATCH = 1_000
SHAPE = {Facility: "point", Zone: "geom"}
FIELDS: dict[type[Facility] | type[Zone], tuple[str, ...]] = {Facility: ("name", "detail", "point"), Zone: ("name", "value", "geom")}
TOWNS = """
UPDATE layers_facility f SET town_id = found.town
FROM (
    SELECT id, (SELECT t.id FROM geo_town t WHERE t.merged_into_id IS NULL AND ST_Covers(t.geom, point) ORDER BY t.id LIMIT 1) AS town
    FROM layers_facility WHERE dataset_id = %s
) AS found
WHERE f.id = found.id AND f.town_id IS DISTINCT FROM found.town
"""
Key = tuple[str, str]


def bring_up_to_date(
    rows: list[Row], source: Dataset, report: LoadReport, *, kinds: Collection[str] = (), force: bool = False, write: bool = False
) -> Counter[str]:
    """Compare rows with those of the data set; with `write` make the data set equal to them.

    Parameters
    ----------
    rows : list of Row
        All rows that the source has now. What is not among them vanishes: nobody edits these rows by hand.
    source : Dataset
        Saved only with `write`, and only when something changes.
    kinds : collection of str
        The only kinds that the rows speak of; rows of other kinds stay. Empty: all.
    force : bool
        Take it although more than half of the rows vanish.

    Returns
    -------
    Counter of str
        Rows by kind, as they are afterwards.

    Raises
    ------
    ImportRefused
        When more than half of the known rows would vanish.
    """
    taken = _without_duplicates(rows, report)
    with transaction.atomic():
        if write and source.pk:
            Dataset.objects.select_for_update().get(pk=source.pk)  # one at a time
        work = [_compare(model, taken, source, kinds, report) for model in (Facility, Zone)]
        known = report.unchanged + report.changed + len(report.vanished)
        if len(report.vanished) > LOSS * known and known >= FEW and not force:
            raise ImportRefused(
                f"{report.source}: {len(report.vanished)} of {known} known rows are missing; is it complete? --force takes it all the same"
            )
        if write:
            _write(work, source, report)
    return Counter(r.kind for r in taken.values())


def _without_duplicates(rows: list[Row], report: LoadReport) -> dict[Key, Row]:
    taken: dict[Key, Row] = {}
    for row in rows:
        first = taken.setdefault((row.kind, row.ref), row)
        if first is not row:
            report.duplicates += 1
            report.add(row.number, "ref", row.ref, f"the same as row {first.number}; left out", "warning")
    return taken


Work = tuple[type[Facility] | type[Zone], list[Any], list[Any], list[int]]


def _compare(
    model: type[Facility] | type[Zone], taken: dict[Key, Row], source: Dataset, kinds: Collection[str], report: LoadReport
) -> Work:
    """Return the model's new and changed instances and the numbers of those that vanish."""
    mine = {key: row for key, row in taken.items() if (row.kind in ZoneKind.values) == (model is Zone)}
    there = model._default_manager.filter(dataset__key=source.key)
    there = there.filter(kind__in=kinds) if kinds else there
    known = {(o.kind, o.ref): o for o in there.annotate(shape=AsWKB(SHAPE[model])).defer(SHAPE[model])}
    new, changed = [], []
    for key, row in mine.items():
        values = {"name": row.name, "value": row.value} if model is Zone else {"name": row.name, "detail": row.detail}
        old = known.get(key)
        if old is not None:
            same_place = shapely.equals_exact(shapely.from_wkb(bytes(old.shape)), row.shape)
            if same_place and all(getattr(old, n) == v for n, v in values.items()):
                report.unchanged += 1
                continue
        geometry = GEOSGeometry(memoryview(shapely.to_wkb(row.shape)), srid=crs.STORAGE)
        if old is None:
            new.append(model(kind=row.kind, ref=row.ref, **values, **{SHAPE[model]: geometry}))
            report.created += 1
            continue
        for name, value in {**values, SHAPE[model]: geometry}.items():
            setattr(old, name, value)
        changed.append(old)
        report.changed += 1
    gone = {key: o.pk for key, o in known.items() if key not in mine}
    report.vanished += sorted(ref for _kind, ref in gone)
    return model, new, changed, list(gone.values())


def _write(work: list[Work], source: Dataset, report: LoadReport) -> None:
    changes = report.created + report.changed + len(report.vanished)
    before = Dataset.objects.filter(pk=source.pk).values().first() if source.pk else None
    shown = {f.attname: getattr(source, f.attname) for f in Dataset._meta.concrete_fields if f.name not in ("loaded_at", "row_count")}
    if changes or before is None or any(before[name] != value for name, value in shown.items()):
        source.save()
    for model, new, changed, gone in work:
        for instance in new:
            instance.dataset = source
        copy_in(model, new)
        model._default_manager.bulk_update(changed, FIELDS[model], batch_size=BATCH)
        model._default_manager.filter(pk__in=gone).delete()
    if changes:
        _assign_towns(source)
        count = Facility.objects.filter(dataset=source).count() + Zone.objects.filter(dataset=source).count()
        Dataset.objects.filter(pk=source.pk).update(row_count=count)
        source.row_count = count
    report.written = True


def _assign_towns(source: Dataset) -> None:
    """Give every facility of the data set the town it lies in; none outside Brandenburg."""
    with connection.cursor() as cursor:
        cursor.execute(TOWNS, [source.pk])


def fingerprint(rows: list[Row]) -> str:
    """Return a SHA-256 over what rows say, whatever their order."""
    lines = sorted(f"{r.kind}|{r.ref}|{r.name}|{r.value}|{sorted(r.detail.items())}|{shapely.to_wkt(r.shape, 2)}" for r in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
