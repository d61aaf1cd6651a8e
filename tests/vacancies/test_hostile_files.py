"""Files that mean harm: each is refused with a sentence, nothing is written, and nobody is called."""

from __future__ import annotations

import io
import json
import os
import socket
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

from geo.errors import RaumError
from geo.models import Dataset
from vacancies.models import Vacancy
from vacancies.sources.apply import load

pytestmark = pytest.mark.django_db

MARKET = shapely.Point(13.1690, 52.0900)
Maker = Callable[[Path, int], Path | str]
VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1:{port}/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
GML = '<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/a.dtd"><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>'
KML = "<kml><NetworkLink><Link><href>http://127.0.0.1:{port}/a.kml</href></Link></NetworkLink></kml>"
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{port}/e">]>'


def named(text: str) -> Maker:
    """A name that is no file."""
    return lambda folder, port: text.format(port=port, folder=folder)


def written(name: str, content: str | bytes) -> Maker:
    def make(folder: Path, port: int) -> Path:
        data = content.replace("{port}", str(port)).encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return folder / name

    return make


def packed(name: str, *members: tuple[str | zipfile.ZipInfo, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> Maker:
    def make(folder: Path, port: int) -> Path:
        with zipfile.ZipFile(folder / name, "w", method) as archive:
            for inner, content in members:
                archive.writestr(inner, content.replace("{port}", str(port)) if isinstance(content, str) else content)
        return folder / name

    return make


def special(make_it: Callable[[str], None], name: str) -> Maker:
    def make(folder: Path, port: int) -> Path:
        make_it(str(folder / name))
        return folder / name

    return make


def unix_socket(path: str) -> None:
    socket.socket(socket.AF_UNIX).bind(path)


def link(target: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(target)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def shapefile(*without: str, damage: bool = False) -> Maker:
    def make(folder: Path, port: int) -> Path:
        gpd.GeoDataFrame({"Nr": ["1"]}, geometry=[MARKET], crs=4326).to_file(folder / "a.shp")
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            for part in sorted(folder.glob("a.???")):
                if part.suffix not in (".zip", *without):
                    archive.writestr(part.name, b"\xff" * 500 if damage and part.suffix == ".shp" else part.read_bytes())
        return folder / "a.zip"

    return make


def patched(maker: Maker, old: bytes, new: bytes, times: int = -1) -> Maker:
    """The same file with some bytes exchanged."""

    def make(folder: Path, port: int) -> Path:
        path = Path(maker(folder, port))
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, times))
        return path

    return make


def cut(maker: Maker, share: float) -> Maker:
    def make(folder: Path, port: int) -> Path:
        path = Path(maker(folder, port))
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return path

    return make


def workbook(change: Callable[[str], str | bytes] = lambda xml: xml, part: str = "xl/worksheets/sheet1.xml") -> Maker:
    """A good workbook with one part changed."""

    def make(folder: Path, port: int) -> Path:
        book, out = openpyxl.Workbook(), io.BytesIO()
        for row in (("Nr", "lon", "lat"), ("1", 13.169, 52.09)):
            book.active.append(row)  # type: ignore[union-attr]
        book.save(out)
        with zipfile.ZipFile(out) as given, zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as made:
            for name in given.namelist():
                content: str | bytes = given.read(name)
                if name == part:
                    content = change(given.read(name).decode())
                    content = content.replace("{port}", str(port)) if isinstance(content, str) else content
                made.writestr(name, content)
        return folder / "a.xlsx"

    return make


def geopackage(*statements: str) -> Maker:
    def make(folder: Path, port: int) -> Path:
        gpd.GeoDataFrame({"Nr": ["1"]}, geometry=[MARKET], crs=4326).to_file(folder / "a.gpkg", driver="GPKG", layer="a")
        with sqlite3.connect(folder / "a.gpkg") as database:
            for statement in statements:
                database.execute(statement.replace("{port}", str(port)))
        database.close()
        return folder / "a.gpkg"

    return make


def geojson(**members: object) -> Maker:
    feature = {"type": "Feature", "properties": {"Nr": "1"}, "geometry": {"type": "Point", "coordinates": [13.169, 52.09]}}
    return written("a.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]} | members))


def bare_sqlite(path: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t(a)")
    database.close()


def sparse(path: str) -> None:
    with Path(path).open("wb") as file:
        file.truncate(200_000_001)


ADDRESS = {"properties": {"href": "http://127.0.0.1:{port}/crs", "url": "http://127.0.0.1:{port}/crs"}}
GEOCODE = "ogr_geocode('x', 'raw', 'QUERY_TEMPLATE=http://127.0.0.1:{port}/%s', 'READ_CACHE=NO', 'WRITE_CACHE=NO')"
SHP = ("a.shp", b"x"), ("a.shx", b"x"), ("a.dbf", b"x")
ENCRYPTED = (b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
CASES: dict[str, tuple[Maker, str]] = {
    # names that are no files
    "address": (named("http://127.0.0.1:{port}/liste.csv"), "only files on this machine"),
    "address of a secure server": (named("https://127.0.0.1:{port}/liste.xlsx"), "only files on this machine"),
    "address that osmium would fetch": (named("http:127.0.0.1:{port}/a.osm.pbf"), "only files on this machine"),
    "vsicurl": (named("/vsicurl/http://127.0.0.1:{port}/a.geojson"), "only files on this machine"),
    "vsizip around vsicurl": (named("/vsizip//vsicurl/http://127.0.0.1:{port}/a.zip"), "only files on this machine"),
    "vsistdin": (named("/vsistdin/a.csv"), "only files on this machine"),
    "connection to PostGIS": (named("PG:host=127.0.0.1 port={port} dbname=x"), "only files on this machine"),
    "connection to a WFS": (named("WFS:http://127.0.0.1:{port}/wfs"), "only files on this machine"),
    "driver before the name": (named("GPKG:{folder}/a.gpkg:a"), "only files on this machine"),
    "VRT as a name": (named(VRT), "only files on this machine"),
    "zero byte in the name": (named("a.csv\x00.png"), "only files on this machine"),
    "terminal codes in the name": (named("\x1b[2J.csv"), "only files on this machine"),
    "name without end": (named("{folder}/" + "a" * 5_000 + ".csv"), "no such file"),
    "no such file": (named("{folder}/nicht-da.csv"), "no such file"),
    # things that are no plain files
    "folder": (special(os.mkdir, "a.gpkg"), "not a plain file"),
    "pipe": (special(os.mkfifo, "a.csv"), "not a plain file"),
    "socket": (special(unix_socket, "a.geojson"), "not a plain file"),
    "device": (special(lambda path: Path(path).symlink_to("/dev/zero"), "a.csv"), "not a plain file"),
    "memory of the process": (special(lambda path: Path(path).symlink_to("/proc/self/environ"), "a.csv"), "the file is empty"),
    "empty": (written("a.csv", ""), "the file is empty"),
    "too large": (special(sparse, "a.csv"), "200 MB; at most 200 MB"),
    # other kinds, with their own and with wrong names
    "VRT": (written("a.vrt", VRT), "files of this kind are not read"),
    "GML": (written("a.gml", GML), "files of this kind are not read"),
    "KML": (written("a.kml", KML), "files of this kind are not read"),
    "old Excel": (written("a.xls", b"\xd0\xcf\x11\xe0" * 200), "save it as .xlsx"),
    "VRT called GeoJSON": (written("a.geojson", VRT), "not GeoJSON"),
    "GML called GeoJSON": (written("a.geojson", GML), "not GeoJSON"),
    "KML called JSON": (written("a.json", KML), "not GeoJSON"),
    "VRT called GeoPackage": (written("a.gpkg", VRT), "not a GeoPackage"),
    "picture called workbook": (written("a.xlsx", b"\x89PNG\r\n\x1a\n" * 50), "not a readable zip file"),
    "old Excel or password, called XLSX": (written("a.xlsx", b"\xd0\xcf\x11\xe0" * 200), "old Excel file or protected by a password"),
    "web page called CSV": (
        written("a.csv", "<html><script src='http://127.0.0.1:{port}/'></script>\n</html>"),
        "no column for coordinates",
    ),
    "program called CSV": (written("a.csv", b"\x7fELF\x02\x01\x01\x00\x00" * 90), "not a text file"),
    "OSM XML with an entity called PBF": (written("a.osm.pbf", ENTITY + "<osm/>"), "not readable as OpenStreetMap PBF"),
    "PBF that ends early": (written("a.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"x" * 90), "not readable as OpenStreetMap PBF"),
    # CSV
    "UTF-16 cut in half": (written("a.csv", b"\xff\xfeN\x00r\x00;\x00\x00\xd8"), "UTF-16 and is damaged at byte"),
    "UTF-32": (written("a.csv", "Nr;lon;lat\n1;13;52".encode("utf-32")), "not a text file"),
    "UTF-8 with a broken byte": (written("a.csv", "Nr;Straße\n1;".encode() + b"\xff"), "UTF-8 that is damaged at byte"),
    "quote without end": (written("a.csv", 'Nr;lon;lat\n1;"13;52\n' + "2;13;52\n" * 1_200), "opened in row 2 is not closed"),
    "quote without end near the end": (written("a.csv", 'Nr;lon;lat\n1;13;52\n2;"13;52\n3;13;52\n'), "near the end is not closed"),
    "cell without end": (written("a.csv", "Nr;lon;lat\n1;13;" + "5" * 1_000_001), "not readable as CSV"),
    "thousands of columns": (written("a.csv", ";".join(f"c{i}" for i in range(501)) + "\n"), "501 columns; at most 500"),
    "rows of commas": (written("a.csv", "Nr;lon;lat\n" + ";" * 6_000 + "x"), "row 2 has 6,001 cells"),
    "half a million rows": (written("a.csv", "Nr;lon;lat\n" + "1;13;52\n" * 500_001), "more than 500,000 rows"),
    "more cells than memory": (
        written("a.csv", ";".join(f"c{i}" for i in range(500)) + "\n" + "1;2\n" * 40_001),
        "more than 20,000,000 cells",
    ),
    # zip
    "zip bomb": (packed("a.zip", ("a.shp", b"\0" * 150_000_000)), "times its size; refused"),
    "zip bomb of many": (packed("a.zip", *((f"{i}.shp", b"\0" * 9_000_000) for i in range(20))), "times its size; refused"),
    "zip in a zip": (packed("a.zip", ("a.zip", b"PK")), "an archive inside an archive"),
    "KMZ in a zip": (packed("a.zip", ("a.kmz", b"PK")), "an archive inside an archive"),
    "path upwards": (packed("a.zip", ("../../evil.shp", b"x")), "is not allowed"),
    "path upwards, backslashes": (packed("a.zip", ("..\\evil.shp", b"x")), "is not allowed"),
    "absolute path": (packed("a.zip", ("/tmp/evil.shp", b"x")), "is not allowed"),
    "link": (packed("a.zip", (link("a.shp"), "/etc/passwd")), "is not allowed"),
    "thousands of members": (packed("a.zip", *((f"{i}.txt", b"") for i in range(3_000))), "more than 200 files inside"),
    "password": (patched(packed("a.zip", *SHP), *ENCRYPTED), "protected by a password"),
    "cut": (cut(packed("a.zip", *SHP), 0.7), "not a readable zip file"),
    "checksum wrong": (patched(packed("a.zip", *SHP, method=zipfile.ZIP_STORED), b"a.shpx", b"a.shpy", 1), "not a readable zip file"),
    "KML called Shapefile": (packed("a.zip", ("doc.kml", KML)), "0 Shapefiles fit"),
    "VRT in a zip": (packed("a.zip", ("a.vrt", VRT)), "0 Shapefiles fit"),
    "two Shapefiles": (packed("a.zip", *SHP, ("b.shp", b"x")), "2 Shapefiles fit; exactly one is read (a, b); --layer names one"),
    "Shapefile without table": (shapefile(".dbf"), "lacks its .dbf"),
    "Shapefile of garbage": (shapefile(damage=True), "a.zip: "),
    "VRT called Shapefile": (packed("a.zip", ("a.shp", VRT), ("a.shx", VRT), ("a.dbf", VRT)), "a.zip: "),
    # XLSX
    "entity": (workbook(lambda xml: xml.replace("<worksheet", ENTITY + "<worksheet", 1)), "declares entities"),
    "entity in UTF-16": (workbook(lambda xml: (ENTITY + xml).encode("utf-16")), "declares entities"),
    "entity after a long comment": (workbook(lambda xml: f"<!--{' ' * 200_000}-->{ENTITY}{xml.partition('?>')[2]}"), "declares entities"),
    "entity in the list of types": (workbook(lambda xml: ENTITY + xml, "[Content_Types].xml"), "declares entities"),
    "bomb of a workbook": (workbook(lambda xml: xml + " " * 150_000_000), "times its size; refused"),
    "workbook without XML": (workbook(lambda _xml: "nonsense"), "not readable as XLSX"),
    "row ten billion": (workbook(lambda xml: xml.replace('<row r="1"', '<row r="9999999999"')), "no header row"),
    "column XFD": (workbook(lambda xml: xml.replace('r="C1"', 'r="XFD1"')), "no column for coordinates"),
    # GeoJSON
    "CRS is a link": (geojson(crs={"type": "link"} | ADDRESS), "its CRS is an address on the network"),
    "CRS is a URL": (geojson(crs={"type": "URL"} | ADDRESS), "its CRS is an address on the network"),
    "nesting": (written("a.geojson", '{"type":"FeatureCollection","features":' + "[" * 200_000), "a.geojson: "),
    "GeoJSON cut": (cut(geojson(), 0.6), "a.geojson: "),
    "JSON of another kind": (written("a.json", '{"a": 1}'), "a.json: "),
    "TopoJSON": (written("a.json", '{"type":"Topology","objects":{},"arcs":[]}'), "a.json: "),
    # GeoPackage
    "SQLite without layers": (special(bare_sqlite, "a.gpkg"), "a.gpkg: "),
    "view that asks the network": (geopackage(f"CREATE VIEW v AS SELECT fid, geom, {GEOCODE} AS a FROM a"), "a.gpkg: "),
    "GeoPackage cut": (cut(geopackage(), 0.1), "a.gpkg: "),
    "GeoPackage of garbage": (written("a.gpkg", b"SQLite format 3\x00" + b"\xff" * 4_000), "a.gpkg: "),
}


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_a_sentence_and_nothing_else_happens(
    name: str, tmp_path: Path, called: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, message = CASES[name]
    port, heard = called
    (tmp_path / "in").mkdir()
    given = maker(tmp_path / "in", port)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    here = sorted(tmp_path.rglob("*"))
    before = Vacancy.objects.count(), Dataset.objects.count()
    with pytest.raises(RaumError) as refusal:
        load(given, Dataset(key="fremd", title="Fremd", licence="intern", attribution="?"), write=True)
    sentence = str(refusal.value)
    assert message in sentence
    assert not [w for w in ("Traceback", "raum-", "\x00", "\x1b", "object at 0x") if w in sentence]
    assert 15 < len(sentence) < 700
    assert (Vacancy.objects.count(), Dataset.objects.count()) == before
    assert sorted(tmp_path.rglob("*")) == here, "nothing is left behind"
    assert heard == [], "somebody called"
