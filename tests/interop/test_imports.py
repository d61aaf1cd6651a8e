"""Import trials with large real lists. The files are not part of the repository; without them the tests are skipped.

Baltimore and Berlin lie outside Brandenburg. Read as they are, every row is refused by name and accounted for; to see
the rest of the way, a town that covers them is made inside the test's transaction.
"""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from pyproj import Geod, Transformer

from geo import addresses, crs
from geo.models import Dataset, District, Town
from vacancies.models import Vacancy
from vacancies.sources.apply import load

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT.parent / "shared" / "data" / "testonly", ROOT / "data" / "raw" / "testonly")


def given(name: str) -> Path:
    path = next((f / name for f in FOLDERS if (f / name).is_file()), None)
    if path is None:
        pytest.skip(f"{name} is not here; it may be put into data/raw/testonly")
    return path


def source(key: str) -> Dataset:
    return Dataset.objects.filter(key=key).first() or Dataset(key=key, title=key, licence="intern", attribution="Versuch")


def town_over(name: str, west: float, south: float, east: float, north: float) -> Town:
    """Make a town of the box (degrees) in the running transaction."""
    box = shapely.segmentize(shapely.box(west, south, east, north), 0.01)
    area = GEOSGeometry(memoryview(shapely.to_wkb(shapely.MultiPolygon([crs.transform(box, crs.WEB, crs.STORAGE)]))), srid=crs.STORAGE)
    like = Town.objects.get(name="Luckenwalde")
    fixed = {"district": District.objects.first(), "population": 1, "population_date": "2020-12-31", "area_km2": 1, "dataset": like.dataset}
    return Town.objects.create(ags8="12999999", slug="versuch", name=name, size_class="rural", geom=area, centre=area.centroid, **fixed)


def baltimore() -> tuple[Path, list[dict[str, str]]]:
    path = given("baltimore_vacants.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return path, list(csv.DictReader(file))


def test_baltimore_as_it_is_lies_outside_and_every_row_is_accounted_for() -> None:
    path, rows = baltimore()
    report = load(path, source("baltimore"), write=True)
    assert (report.read, report.created, report.adds_up) == (len(rows), 0, True)
    without = sum(not re.search(r"\d", r["location"]) for r in rows)
    rules = Counter(f.rule for f in report.findings if f.severity == "error")
    assert rules["lies in no municipality of Brandenburg"] == len(rows) - without
    assert report.refused == len(rows)
    assert Vacancy.objects.filter(dataset__key="baltimore").count() == 0


def test_baltimore_with_a_town_of_its_own_goes_in_once_and_adds_up() -> None:
    path, rows = baltimore()
    town = town_over("Baltimore", -77.2, 38.9, -76.2, 39.7)
    start = time.perf_counter()
    report = load(path, source("baltimore"), write=True)
    seconds = time.perf_counter() - start
    print(f"\n{report.read:,} rows: {report.created:,} new, {report.duplicates:,} duplicates, {report.refused:,} refused; {seconds:.1f} s")
    assert report.read == len(rows) == 16_747
    assert report.adds_up
    stored = Vacancy.objects.filter(dataset__key="baltimore", town=town)
    assert stored.count() == report.created
    assert report.duplicates == _repeated(rows)
    assert report.created > 0.9 * len(rows)
    _places_agree(stored, rows)
    again = load(path, source("baltimore"), write=True)
    assert (again.created, again.changed, again.unchanged) == (0, 0, report.created)


def _repeated(rows: list[dict[str, str]]) -> int:
    """Count, apart from the importer, rows with a reference that came before, or an address that came before within 30 m."""
    globe, references = Geod(ellps="WGS84"), set()
    kept: dict[str, list[tuple[float, float]]] = {}
    count = 0
    for r in rows:
        lat, lon = map(float, re.findall(r"-?\d+\.\d+", r["location"]))
        there = kept.setdefault(" ".join(r["buildingaddress"].lower().split()), [])
        if r["referenceid"] in references or any(globe.inv(lon, lat, *other)[2] <= 30 for other in there):
            count += 1
        else:
            there.append((lon, lat))
        references.add(r["referenceid"])
    return count


def _places_agree(stored: object, rows: list[dict[str, str]]) -> None:
    """Compare the stored places of a sample with the file's degrees, transformed apart from the importer."""
    back = Transformer.from_crs(25833, 4326, always_xy=True)
    wanted = {
        r["referenceid"]: tuple(map(float, re.findall(r"-?\d+\.\d+", r["location"]))) for r in rows if re.search(r"\d", r["location"])
    }
    for v in stored.order_by("source_ref")[:200]:  # type: ignore[attr-defined]
        lon, lat = back.transform(v.point.x, v.point.y)
        assert (lat, lon) == pytest.approx(wanted[v.source_ref], abs=1e-4)


def test_berlin_mitte_gives_its_vacant_and_disused_shops(tmp_path: Path) -> None:
    path = given("berlin_mitte.osm.pbf")
    expected = _vacant_by_gdal(path)
    report = load(path, source("berlin"))
    assert (report.read, report.created, report.refused) == (len(expected), 0, len(expected)), "outside of Brandenburg, all accounted for"
    town_over("Berlin", 13.0, 52.3, 13.8, 52.7)
    report = load(path, source("berlin"), write=True)
    assert report.adds_up
    assert report.created + report.duplicates == len(expected)
    stored = {v.source_ref: v for v in Vacancy.objects.filter(dataset__key="berlin")}
    assert stored.keys() <= expected.keys()
    for ref, v in stored.items():
        east, north = Transformer.from_crs(4326, 25833, always_xy=True).transform(*expected[ref])
        assert np.hypot(v.point.x - east, v.point.y - north) < 0.2
    print(f"\n{report.read} objects: " + ", ".join(sorted(v.former_use for v in stored.values())))


def _vacant_by_gdal(path: Path) -> dict[str, tuple[float, float]]:
    """Return what is vacant by another reader (GDAL) and a rule written anew: reference → longitude, latitude."""
    frame = pyogrio.read_dataframe(path, layer="points")
    found = {}
    for row in frame.itertuples():
        tags = dict(re.findall(r'"([^"]+)"=>"([^"]*)"', row.other_tags if isinstance(row.other_tags, str) else ""))
        was_shop = [k for k in tags if re.fullmatch(r"(disused|abandoned|was|vacant):(shop|amenity|office|craft|tourism)", k)]
        in_use = any(tags.get(k) not in (None, "vacant", "no") for k in ("shop", "amenity", "office", "craft", "tourism", "healthcare"))
        if tags.get("shop") == "vacant" or (was_shop and not in_use):
            found[f"n{row.osm_id}"] = (row.geometry.x, row.geometry.y)
    return found


def test_addresses_place_themselves_again_with_and_without_slips_of_the_pen() -> None:
    """All are loaded as they are; asked for with typical slips, they must come out where they are."""
    path = given("addresses_brandenburg.csv")
    read, left_out = addresses.load(path, source("addresses"))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["street"] and r["housenumber"]]
    assert (read, left_out < 0.02 * read) == (6_000, True)
    to_metres = Transformer.from_crs(4326, 25833, always_xy=True)
    slips = {
        "as it is": lambda text: text,
        "Straße → Str.": lambda text: re.sub("traße", "tr.", text).replace("tr. ", "tr."),
        "a letter lost": lambda text: text[:4] + text[5:] if len(text) > 8 else text,
    }
    for name, slip in slips.items():
        start = time.perf_counter()
        asked = [(f"{slip(r['street'])} {r['housenumber']}", r["postcode"], r["city"]) for r in rows]
        found = addresses.find(asked)
        errors = [
            float(np.hypot(p.x - x, p.y - y))
            for p, (x, y) in zip(found, (to_metres.transform(float(r["lon"]), float(r["lat"])) for r in rows), strict=True)
            if isinstance(p, addresses.Place)
        ]
        share, median, far = len(errors) / len(rows), float(np.median(errors)), float(np.mean(np.array(errors) > 100))
        print(f"\n{name}: {share:.1%} placed, median {median:.2f} m, {far:.2%} more than 100 m away, {time.perf_counter() - start:.1f} s")
        assert share > (0.97 if name != "a letter lost" else 0.85)
        assert median < 0.1
        assert far < 0.01
