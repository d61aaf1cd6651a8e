"""Towns and districts: from the files the project carries; stored, compared and merged. `geo.official` reads newer ones."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from geo import crs
from geo.copying import copy_over
from geo.errors import ImportRefused
from geo.models import UMLAUTS, Dataset, District, PlanningRegion, Town, size_class

DATA = Path(settings.BASE_DIR) / "data"
REGIONS = {
    PlanningRegion.PRIGNITZ_OBERHAVEL: ("12065", "12068", "12070"),
    PlanningRegion.UCKERMARK_BARNIM: ("12060", "12073"),
    PlanningRegion.ODERLAND_SPREE: ("12053", "12064", "12067"),
    PlanningRegion.LAUSITZ_SPREEWALD: ("12052", "12061", "12062", "12066", "12071"),
    PlanningRegion.HAVELLAND_FLAEMING: ("12051", "12054", "12063", "12069", "12072"),
}
SUCCESSOR_SHARE = 0.9  # a vanished town belongs to the town that covers so much of it


def own_keys() -> set[str]:
    """Return the keys of the data sets that the project carries."""
    return set(tomllib.loads((DATA / "datasets.toml").read_text(encoding="utf-8")))


def dataset(key: str, **changed: Any) -> Dataset:
    """Return the Dataset row for an entry of data/datasets.toml, created or brought up to date."""
    entry = tomllib.loads((DATA / "datasets.toml").read_text(encoding="utf-8"))[key]
    return Dataset.objects.update_or_create(key=key, defaults=entry | changed)[0]


def checksum(*paths: Path) -> str:
    """Return the SHA-256 over the files' bytes in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def multi(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Return a polygon as a multipolygon of one, as it is stored."""
    return geometry if geometry.geom_type == "MultiPolygon" else shapely.MultiPolygon([geometry])


def geos(geometry: shapely.Geometry) -> GEOSGeometry:
    """Return a shapely (multi)polygon as a GeoDjango MultiPolygon in the storage CRS."""
    return GEOSGeometry(memoryview(shapely.to_wkb(multi(geometry))), srid=crs.STORAGE)


@dataclass
class TownReport:
    """What loading did or would do."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    merged: list[tuple[str, str]] = field(default_factory=list)
    moved: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        yield f"{len(self.created)} new, {len(self.changed)} changed, {self.unchanged} unchanged"
        for old, new in self.merged:
            yield f"merged: {old} -> {new}"
        if self.merged:
            yield f"{self.moved} rows moved to the successors"
        yield from self.notes


def own_rows() -> list[dict[str, Any]]:
    """Return the 413 towns of the project's own files; geometry as shapely, storage CRS."""
    with (DATA / "municipalities.csv").open(encoding="utf-8") as file:
        figures = {row["ags"]: row for row in csv.DictReader(file)}
    with (DATA / "centres.csv").open(encoding="utf-8") as file:
        centres = {row["ags"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}
    found = json.loads(gzip.decompress((DATA / "towns.geojson.gz").read_bytes()))
    rows = []
    for feature in found["features"]:
        f = figures[feature["properties"]["ags"]]
        rows.append(
            {
                "ags8": f["ags"],
                "ars12": f["ars"],
                "name": f["name"],
                "kind": f["kind"],
                "district_ags": f["district_ags"],
                "district_name": f["district"],
                "admin_union": feature["properties"]["admin_union"],
                "population": int(f["population"]),
                "population_date": f["population_date"],
                "area_km2": f["area_km2"],
                "postcode": f["postcode"],
                "central_function": f["central_function"] or "none",
                "central_partner": f["central_partner"],
                "central_plan": f["central_plan"],
                "central_confirmed": f["central_confidence"] != "probable",
                "structure_area": f["structure_area"],
                "geom": shapely.geometry.shape(feature["geometry"]),
                "centre": Point(*crs.transform_xy(*centres[f["ags"]], crs.WEB, crs.STORAGE), srid=crs.STORAGE),
            }
        )
    return rows


def slugs(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return AGS → slug, with the district's number appended where two towns share a name."""
    plain = {r["ags8"]: slugify(r["name"].translate(UMLAUTS))[:40] for r in rows}
    taken = list(plain.values())
    return {ags: slug if taken.count(slug) == 1 else f"{slug}-{ags[:5]}" for ags, slug in plain.items()}


def load_own() -> TownReport | None:
    """Load the project's own towns and districts; None when they are there already, or an operator's newer files are."""
    if operator_is_newer():
        return None
    digest = checksum(*(DATA / name for name in ("municipalities.csv", "towns.geojson.gz", "centres.csv", "datasets.toml")))
    if Dataset.objects.filter(key="municipal-boundaries", sha256=digest).exists():
        return None
    rows = own_rows()
    with transaction.atomic():
        source = dataset("municipal-boundaries", sha256=digest, row_count=len(rows))
        for key in ("municipal-figures", "central-places", "places", "waters", "timetable-vbb-2021"):
            dataset(key)
        names = {r["district_ags"]: r["district_name"] for r in rows}
        shapes = _outlines((r["district_ags"], r["geom"]) for r in rows)
        for ags, geom in shapes.items():
            region = next(region for region, members in REGIONS.items() if ags in members)
            kind = "Kreisfreie Stadt" if ags < "12060" else "Landkreis"
            values = {"name": names[ags], "kind": kind, "planning_region": region, "geom": geom}
            District.objects.update_or_create(ags5=ags, defaults=values)
        return store(rows, source)


def operator_is_newer() -> bool:
    """Whether boundaries or figures that an operator loaded describe a later day than the project's own."""
    own = tomllib.loads((DATA / "datasets.toml").read_text(encoding="utf-8"))
    keys = ("municipal-boundaries", "municipal-figures")
    return any(d.valid_on and d.valid_on > own[d.key]["valid_on"] for d in Dataset.objects.filter(key__in=keys))


def _outlines(areas: Iterable[tuple[str, shapely.Geometry]]) -> dict[str, GEOSGeometry]:
    """Return district → union of its towns, on a grid of 0.1 m so that no slivers stay between them."""
    parts: dict[str, list[shapely.Geometry]] = {}
    for ags, geom in areas:
        parts.setdefault(ags, []).append(geom)
    return {ags: geos(shapely.union_all(shapely.set_precision(np.array(p), 0.1))) for ags, p in parts.items()}


def redraw_districts() -> None:
    """Give every district the outline of its current towns."""
    towns = Town.objects.current().select_related("district")
    for ags, geom in _outlines((t.district.ags5, shapely.from_wkb(bytes(t.geom.wkb))) for t in towns).items():
        District.objects.filter(ags5=ags).update(geom=geom)


def store(rows: list[dict[str, Any]], source: Dataset) -> TownReport:
    """Write rows to the database; towns that are no longer there merge into the town that covers them.

    Raises
    ------
    ImportRefused
        For a town in a district that is not known, and a vanished town without a successor.
    """
    report = TownReport()
    districts = {d.ags5: d for d in District.objects.all()}
    for r in rows:
        if r["ags8"][:5] not in districts:
            raise ImportRefused(
                f"{r['name']} ({r['ags8']}): there is no district {r['ags8'][:5]}; known are {', '.join(sorted(districts))}"
            )
    known = {t.ags8: t for t in Town.objects.all()}
    named = slugs(rows)
    new, old = [], []
    for r in rows:
        values = {k: v for k, v in r.items() if k not in ("district_ags", "district_name", "geom")}
        town = known.get(r["ags8"])
        if town is None:
            missing = {"central_function", "structure_area", "area_km2", "population_date"} - values.keys()
            if missing:
                values |= {"central_function": "none", "structure_area": "wider_metro", "central_confirmed": False}
                values.setdefault("area_km2", f"{r['geom'].area / 1e6:.2f}")
                values.setdefault("population_date", source.valid_on)
            town = Town(slug=named[r["ags8"]], dataset=source)
        values["merged_into"] = None
        before = {k: str(getattr(town, k)) for k in values}
        for k, v in values.items():
            setattr(town, k, v)
        town.district = districts[r["ags8"][:5]]
        town.size_class = size_class(town.population)
        same_shape = town.pk and shapely.equals_exact(shapely.from_wkb(bytes(town.geom.wkb)), multi(r["geom"]), 0.05)
        if not same_shape:
            town.geom = geos(r["geom"])
            if "centre" not in r:
                centre = shapely.centroid(r["geom"])
                middle = centre if r["geom"].contains(centre) else shapely.point_on_surface(r["geom"])
                town.centre = GEOSGeometry(memoryview(shapely.to_wkb(middle)), srid=crs.STORAGE)
        if town.pk is None:
            new.append(town)
            report.created.append(town.name)
        elif not same_shape or before != {k: str(getattr(town, k)) for k in values}:
            old.append(town)
            report.changed.append(town.name)
        else:
            report.unchanged += 1
    Town.objects.bulk_create(new)
    copy_over(Town, old, [f.name for f in Town._meta.concrete_fields if not f.primary_key])
    merge_vanished(rows, report)
    return report


def merge_vanished(rows: list[dict[str, Any]], report: TownReport) -> None:
    """Move what belongs to a vanished town to its successor and keep the old row as merged."""
    wanted = {r["ags8"] for r in rows}
    gone = [t for t in Town.objects.current() if t.ags8 not in wanted]
    if not gone:
        return
    tree = shapely.STRtree([r["geom"] for r in rows])
    for town in gone:
        shape = shapely.from_wkb(bytes(town.geom.wkb))
        shares = {i: shapely.intersection(rows[i]["geom"], shape).area / shape.area for i in tree.query(shape)}
        best = max(shares, key=lambda i: shares[i], default=None)
        if best is None or shares[best] < SUCCESSOR_SHARE:
            raise ImportRefused(
                f"{town.name} ({town.ags8}) is missing in the file and no town covers {SUCCESSOR_SHARE:.0%} of it; "
                "add the successor to the file"
            )
        successor = Town.objects.get(ags8=rows[best]["ags8"])
        for relation in Town._meta.related_objects:
            if relation.related_model is Town or relation.one_to_one or relation.related_model.__name__ == "TownReach":
                continue
            moved = relation.related_model._base_manager.filter(**{relation.field.name: town})
            if relation.many_to_many:
                for row in moved:
                    getattr(row, relation.field.name).add(successor)
                    getattr(row, relation.field.name).remove(town)
                    report.moved += 1
                continue
            report.moved += moved.update(**{relation.field.name: successor})
        Town.objects.filter(Q(pk=town.pk) | Q(merged_into=town)).update(merged_into=successor)
        report.merged.append((town.name, successor.name))
