"""Lists of vacancies in every format that offices have: the same rows come out, each where it is on earth."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pytest
import shapely

from geo.errors import ImportRefused, InvalidFile
from geo.importing import LoadReport
from geo.models import Dataset, Town
from vacancies.models import Vacancy
from vacancies.sources.apply import load

pytestmark = pytest.mark.django_db

HEADER = ("Nr.", "Straße", "Hausnr.", "PLZ", "Ort", "Nutzung", "Zustand", "Nutzfläche (m²)", "leer seit", "Strom", "lon", "lat")
MARKET, STATION, WITTENBERGE = (13.1690, 52.0900), (13.1640, 52.0870), (11.7515, 52.9955)
ROWS = (
    ("L-1", "Breite Straße", "10", "14943", "Luckenwalde", "Ladenlokal", "gut", 1250.5, "2019", "ja", *MARKET),
    ("L-2", "Poststraße", "3 a", "14943", "Luckenwalde", "ehem. Bahnhof", "sanierungsbedürftig", 80, "03/2020", "nein", *STATION),
    ("W-1", "Bahnstraße", "7", "19322", "Wittenberge", "Fabrik", "Ruine", 9000, "31.12.2005", "", *WITTENBERGE),
)
# id → town, street, number, use, condition, m², empty since, precision, electricity; east, north by Krüger's series for UTM 33
EXPECTED = {
    "L-1": ("Luckenwalde", "Breite Straße", "10", "retail", "ready", 1250, datetime.date(2019, 1, 1), "year", True),
    "L-2": ("Luckenwalde", "Poststraße", "3 a", "rail", "needs_refurbishment", 80, datetime.date(2020, 3, 1), "month", False),
    "W-1": ("Wittenberge", "Bahnstraße", "7", "industry", "ruin", 9000, datetime.date(2005, 12, 31), "day", None),
}
EAST_NORTH = {"L-1": (374558.3, 5772630.0), "L-2": (374207.3, 5772305.0), "W-1": (282001.4, 5876707.4)}


def source(key: str = "liste") -> Dataset:
    return Dataset.objects.filter(key=key).first() or Dataset(key=key, title="Liste", licence="intern", attribution="Stadt")


def stored(key: str = "liste") -> dict[str, tuple[object, ...]]:
    found = Vacancy.objects.filter(dataset__key=key).select_related("town")
    names = ("street", "house_no", "former_use", "condition", "usable_m2", "vacant_since", "vacant_since_precision", "electricity")
    return {v.source_ref: (v.town.name, *(getattr(v, n) for n in names), v.point.x, v.point.y) for v in found}


def away(found: tuple[object, ...], wanted: tuple[float, float] = EAST_NORTH["L-1"]) -> float:
    """Return the distance in metres."""
    return float(np.hypot(found[0] - wanted[0], found[1] - wanted[1]))  # type: ignore[operator]


def separated(delimiter: str, encoding: str, decimal: str, head: str = "") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        lines = [HEADER, *([str(v).replace(".", decimal) if isinstance(v, float) else str(v) for v in row] for row in ROWS)]
        path = folder / "liste.csv"
        path.write_bytes((head + "\r\n".join(delimiter.join(line) for line in lines)).encode(encoding))
        return path

    return make


def workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Leerstandskataster, Stand 2024"])
    sheet.append([])
    for row in (HEADER, *ROWS):
        sheet.append(row)
    sheet["I4"] = 2019
    sheet["I6"] = datetime.date(2005, 12, 31)
    path = folder / "liste.xlsx"
    book.save(path)
    return path


def frame(crs: int = 4326) -> gpd.GeoDataFrame:
    columns = {name: [str(r[i]) if name != "Nutzfläche (m²)" else float(r[i]) for r in ROWS] for i, name in enumerate(HEADER[:-2])}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*zip(*(r[-2:] for r in ROWS), strict=True)), crs=4326).to_crs(crs)


def geojson(folder: Path) -> Path:
    frame().to_file(folder / "liste.geojson", driver="GeoJSON")
    return folder / "liste.geojson"


def geopackage(folder: Path) -> Path:
    frame(25833).to_file(folder / "liste.gpkg", driver="GPKG", layer="leerstand")
    return folder / "liste.gpkg"


def shapefile(folder: Path) -> Path:
    """In a folder, in UTM 32, with another program's litter, as it comes from an office."""
    short = dict(
        zip(HEADER, ("nr", "strasse", "hausnr", "plz", "ort", "nutzung", "zustand", "flaeche", "leer seit", "strom"), strict=False)
    )
    (folder / "shp").mkdir()
    frame(25832).rename(columns=short).to_file(folder / "shp" / "Leerstand.shp", encoding="cp1252")
    path = folder / "liste.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted((folder / "shp").iterdir()):
            archive.write(part, f"Export 2024/GIS/{part.name}")
            archive.writestr(f"__MACOSX/Export 2024/GIS/._{part.name}", b"litter")
        archive.writestr("Export 2024/Lies mich.txt", "Stand 2024")
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "semicolon, Windows-1252, decimal comma": separated(";", "cp1252", ","),
    "comma, UTF-8 with mark": separated(",", "utf-8-sig", "."),
    "tab, UTF-16": separated("\t", "utf-16", ","),
    "bar, UTF-8": separated("|", "utf-8", ","),
    "caret, UTF-8": separated("^", "utf-8", "."),
    "title above the header": separated(";", "utf-8", ",", "Leerstände, Stadt Luckenwalde, Stand 2024\r\n\r\n"),
    "sep= of Excel": separated("~", "utf-8-sig", ",", "sep=~\r\n"),
    "XLSX": workbook,
    "GeoJSON": geojson,
    "GeoPackage, EPSG:25833": geopackage,
    "Shapefile in a zip, EPSG:25832": shapefile,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_format_gives_the_same_vacancies(name: str, tmp_path: Path) -> None:
    report = load(MAKERS[name](tmp_path), source(), write=True)
    assert (report.read, report.created, report.refused) == (3, 3, 0), report.findings
    found = stored()
    assert {ref: row[:-2] for ref, row in found.items()} == EXPECTED
    for ref, row in found.items():
        assert away(row[-2:], EAST_NORTH[ref]) < 0.2, (ref, row[-2:])
    assert report.adds_up
    hidden = Vacancy.objects.filter(dataset__key="liste", publication="draft", visibility="internal", basis="none")
    assert hidden.count() == 3, "nothing of a list is public by itself"


def test_osm_gives_vacant_disused_and_abandoned_buildings_and_shops(tmp_path: Path) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    report = load(path, source("osm"), write=True)
    found = {v.source_ref: (v.former_use, v.title, v.footprint is not None) for v in Vacancy.objects.filter(dataset__key="osm")}
    assert found == {
        "n1": ("retail", "", False),  # shop=vacant
        "n2": ("retail", "Bäckerei Krause", False),  # disused:shop=bakery
        "w20": ("industry", "Hutfabrik", True),  # building=industrial, abandoned=yes
        "r30": ("education", "", True),  # building=school, disused=yes, as multipolygon with a yard
    }
    assert report.read == report.created == 4
    yard = Vacancy.objects.get(source_ref="r30")
    assert yard.footprint.num_interior_rings if hasattr(yard.footprint, "num_interior_rings") else len(yard.footprint[0]) == 2
    assert yard.footprint.distance(yard.point) == 0, "the point lies on the building, not in its yard"


def write_osm(path: Path) -> None:
    """A piece of Luckenwalde: what is vacant, and what only looks so."""
    lon, lat = MARKET
    writer = osmium.SimpleWriter(str(path))
    node = osmium.osm.mutable.Node
    single = {
        1: {"shop": "vacant"},
        2: {"disused:shop": "bakery", "name": "Bäckerei Krause", "addr:street": "Breite Straße", "addr:housenumber": "11"},
        3: {"shop": "books"},  # in use
        4: {"disused:amenity": "telephone"},  # no room
        5: {"disused:shop": "kiosk", "shop": "florist"},  # something else has moved in
    }
    for n, tags in single.items():
        writer.add_node(node(id=n, location=(lon + n * 1e-3, lat), tags=tags))
    square = [(0, 0), (4, 0), (4, 4), (0, 4)]
    corners = {100: [(x, y) for x, y in square], 200: [(10 + 2 * x, 2 * y) for x, y in square], 300: [(12 + x, 2 + y) for x, y in square]}
    for first, ring in corners.items():
        for i, (x, y) in enumerate(ring):
            writer.add_node(node(id=first + i, location=(lon + x * 1e-4, lat + 1e-3 + y * 1e-4)))
    way = osmium.osm.mutable.Way
    building = {"building": "industrial", "abandoned": "yes", "name": "Hutfabrik"}
    writer.add_way(way(id=20, nodes=[100, 101, 102, 103, 100], tags=building))
    writer.add_way(way(id=21, nodes=[200, 201, 202, 203, 200]))  # outer and inner ring carry no tags
    writer.add_way(way(id=22, nodes=[300, 301, 302, 303, 300]))
    school = {"type": "multipolygon", "building": "school", "disused": "yes"}
    writer.add_relation(osmium.osm.mutable.Relation(id=30, members=[("w", 21, "outer"), ("w", 22, "inner")], tags=school))
    writer.close()


PLACES = {
    "degrees, longitude and latitude": ("lon;lat", "13,1690;52,0900", None),
    "degrees, the wrong way round": ("lon;lat", "52.0900;13.1690", None),
    "UTM 33": ("Ostwert;Nordwert", "374558,3;5772630,0", None),
    "UTM 33, dots between thousands": ("Rechtswert;Hochwert", "374.558,3;5.772.630,0", None),
    "UTM 33, zone before the number": ("x;y", "33374558,3;5772630,0", None),
    "UTM 33, the wrong way round": ("x;y", "5772630.0;374558.3", None),
    "UTM 32, seen from the numbers": ("x;y", "785568,1;5779251,7", None),
    "Gauß-Krüger 4, named": ("Rechtswert;Hochwert", "4580226,7;5773561,8", 31468),
    "one column, latitude first": ("Koordinaten", "52.0900, 13.1690", None),
    "one column, in brackets": ("Standort", "(52.0900, 13.1690)", None),
    "one column, decimal commas": ("Koordinaten", '"52,0900; 13,1690"', None),
    "one column, WKT": ("WKT", "POINT (13.1690 52.0900)", None),
    "one column, EWKT": ("geom", '"SRID=25833;POINT(374558.3 5772630.0)"', None),
}


@pytest.mark.parametrize("name", PLACES)
def test_coordinates_in_every_spelling_lie_on_the_market_square(name: str, tmp_path: Path) -> None:
    header, cells, given = PLACES[name]
    path = tmp_path / "orte.csv"
    path.write_text(f"Nr;{header};Nutzung\n1;{cells};Laden\n", encoding="utf-8")
    report = load(path, source(), given_crs=given, write=True)
    assert report.created == 1, report.findings
    point = Vacancy.objects.get(dataset__key="liste").point
    assert away((point.x, point.y)) < (5 if given else 0.5), (point.x, point.y)  # without a grid GK is good for 3 m
    assert any(f.field == "coordinates" and "read as EPSG:" in f.value for f in report.findings), "what was assumed is said"


def test_a_shapefile_without_prj_is_placed_by_its_numbers_and_says_so(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    bare = tmp_path / "ohne.zip"
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(bare, "w") as made:
        for name in given.namelist():
            if not name.endswith(".prj"):
                made.writestr(name, given.read(name))
    report = load(bare, source(), write=True)
    assert report.created == 3
    assert [f.value for f in report.findings if "says no CRS" in f.rule] == ["read as EPSG:25832"]
    assert away(stored()["L-1"][-2:]) < 0.2


def test_an_area_becomes_footprint_and_a_point_on_it(tmp_path: Path) -> None:
    ring = shapely.Polygon(
        [(374500, 5772600), (374560, 5772600), (374560, 5772610), (374510, 5772610), (374510, 5772660), (374500, 5772660)]
    )
    gpd.GeoDataFrame({"Nr": [7]}, geometry=[ring], crs=25833).to_file(tmp_path / "haus.gpkg")
    load(tmp_path / "haus.gpkg", source(), write=True)
    made = Vacancy.objects.get(dataset__key="liste")
    assert made.footprint.area == pytest.approx(60 * 10 + 10 * 50)
    assert made.footprint.contains(made.point), "the middle of this angle lies outside of it"


def test_a_mapping_file_names_columns_that_nobody_would_recognise(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("a;b;c;d\n5;13.1690;52.0900;Kino\n")
    (tmp_path / "m.yaml").write_text("source_ref: a\nlon: b\nlat: c\nformer_use: d\n")
    with pytest.raises(ImportRefused, match="no column for coordinates or address was recognised among a, b, c, d"):
        load(tmp_path / "l.csv", source())
    load(tmp_path / "l.csv", source(), column_file=tmp_path / "m.yaml", write=True)
    assert stored()["5"][3] == "culture"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("floor: a", "'floor' is no field; there are"),
        ("lon: z", "the file has no column 'z'; it has a"),
        ("- a\n- b", "expected lines like"),
        ("lon: [a, b]", "expected lines like"),
        ("lon: !!python/object/apply:os.system ['true']", "not readable as YAML"),
        ("[" * 20_000, "not readable as YAML"),
        ("lon: 2019-99-99", "not readable as YAML"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_a_sentence(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("a;b\n1;2\n")
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(InvalidFile, match=message):
        load(tmp_path / "l.csv", source(), column_file=tmp_path / "m.yaml")


def test_rows_outside_the_town_or_the_state_are_refused_by_name(tmp_path: Path) -> None:
    path = MAKERS["comma, UTF-8 with mark"](tmp_path)
    with path.open("a") as file:
        file.write("\r\nB-1,Alexanderplatz,1,10178,Berlin,Laden,gut,10,2019,ja,13.4132,52.5219")
    report: LoadReport = load(path, source(), town=Town.objects.get(name="Luckenwalde"))
    assert (report.read, report.created, report.refused) == (4, 2, 2)
    assert [(f.row, f.rule) for f in report.findings if f.severity == "error"] == [
        (4, "lies outside Luckenwalde"),
        (5, "lies in no municipality of Brandenburg"),
    ]
