"""Harm inside files that are read: rows are refused one by one, and what calls out is not heard."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

from geo import shapes
from geo.errors import InvalidFile
from geo.files import read_table
from geo.importing import LoadReport
from geo.models import Dataset
from vacancies.models import Vacancy
from vacancies.sources.apply import load

pytestmark = pytest.mark.django_db

X, Y = 374_558.3, 5_772_630.0  # the market square of Luckenwalde, EPSG:25833
Called = tuple[int, list[bytes]]


def run(path: Path) -> LoadReport:
    report = load(path, Dataset(key="fremd", title="Fremd", licence="intern", attribution="?"), write=True)
    assert report.adds_up
    return report


def refusals(report: LoadReport) -> dict[int, str]:
    return {f.row: f.rule for f in report.findings if f.severity == "error"}


def link(port: int, key: str = "crs") -> str:
    feature = {"type": "Feature", "properties": {"Nr": "1"}, "geometry": {"type": "Point", "coordinates": [13.169, 52.09]}}
    made = {
        "type": "FeatureCollection",
        "crs": {"type": "link", "properties": {"href": f"http://127.0.0.1:{port}/"}},
        "features": [feature],
    }
    return json.dumps(made).replace('"crs"', f'"{key}"')


def test_gdal_by_itself_would_call(tmp_path: Path, called: Called) -> None:
    """Without this, the tests that hear nothing would prove nothing."""
    port, heard = called
    (tmp_path / "a.geojson").write_text(link(port))
    pyogrio.read_info(tmp_path / "a.geojson")
    assert heard
    assert heard[0].startswith(b"GET / HTTP/1.1")


def test_the_reader_cannot_call_whatever_the_file_says(tmp_path: Path, called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    port, heard = called
    (tmp_path / "a.geojson").write_text(link(port, "cr\\u0073"))  # spelled so that no search for "crs" finds it
    assert run(tmp_path / "a.geojson").created == 1
    for name in ("GDAL_HTTP_PROXY", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS"):
        monkeypatch.delitem(shapes.QUIET, name)  # even without GDAL's own bolts
    (tmp_path / "b.geojson").write_text(link(port, "cr\\u0073"))
    read_table(tmp_path / "b.geojson")
    assert heard == []


def test_the_kernel_refuses_sockets_and_programs_to_the_reader() -> None:
    tries = "import os, socket, subprocess"
    for call in ("socket.socket()", "socket.socket(socket.AF_INET6)", "subprocess.run(['/bin/true'])", "os.execv('/bin/true', ['true'])"):
        tries += f"\ntry:\n    {call}\n    print('done')\nexcept PermissionError:\n    print('refused')"
    head = "import sys; sys.path.insert(0, '.'); from geo import ogr_reader; print(ogr_reader.go_offline())\n"
    done = subprocess.run([sys.executable, "-c", head + tries], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "refused", "refused", "refused", "refused"]


def test_a_workbook_with_links_to_elsewhere_is_read_and_they_are_not(tmp_path: Path, called: Called) -> None:
    port, heard = called
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Nr", "x", "y", "Titel"), ("1", X, Y, f'=WEBSERVICE("http://127.0.0.1:{port}/")'), ("2", X, Y, "=[1]A!A1")):
        sheet.append(row)
    sheet["A2"].hyperlink = f"http://127.0.0.1:{port}/"
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a") as archive:
        archive.writestr(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            f'<Relationships><Relationship Target="http://127.0.0.1:{port}/x.xlsx"/></Relationships>',
        )
    assert run(tmp_path / "a.xlsx").created == 2
    assert set(Vacancy.objects.filter(dataset__key="fremd").values_list("title", flat=True)) == {""}, "formulas are not computed"
    assert heard == []


def test_triggers_of_a_geopackage_do_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"Nr": ["1"]}, geometry=[shapely.Point(X, Y)], crs=25833).to_file(path, driver="GPKG", layer="a")
    with sqlite3.connect(path) as database:
        database.execute("CREATE TRIGGER t AFTER INSERT ON gpkg_contents BEGIN DELETE FROM a; END")
        database.execute("INSERT INTO gpkg_extensions VALUES ('a', NULL, 'evil_extension', 'http://example.org', 'read-write')")
    database.close()
    before = path.read_bytes()
    assert run(path).created == 1
    assert path.read_bytes() == before, "the operator's file is as it was"


def test_a_view_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "CPU_SECONDS", 2)
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"Nr": ["1"]}, geometry=[shapely.Point(X, Y)], crs=25833).to_file(path, driver="GPKG", layer="a")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, geom FROM n, a WHERE i < 0"
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE VIEW v AS {endless}")
        database.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v', 'features', 'v', 25833)")
        database.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 25833, 0, 0)")
    database.close()
    with pytest.raises(InvalidFile, match="damaged or too large; the reader gave up"):
        read_table(path, "v")


def test_impossible_coordinates_are_refused_row_by_row(tmp_path: Path) -> None:
    wrong = (
        "NaN;NaN",
        "inf;52",
        "1e999;52",
        "13;-inf",
        "1e308;1e308",
        "0;0",
        "181;91",
        "13,1690;52,0900,1",
        "13.169;'; DROP TABLE vacancies_vacancy; --",
    )
    (tmp_path / "a.csv").write_text("\n".join(["lon;lat", "13.1690;52.0900", *wrong]))
    report = run(tmp_path / "a.csv")
    assert (report.created, report.refused) == (1, len(wrong))
    assert set(refusals(report)) == set(range(3, 3 + len(wrong)))
    assert {refusals(report)[n] for n in (3, 4, 6)} == {"not readable as coordinates"}


def test_impossible_geometries_are_refused_row_by_row(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 10_001)
    circle = shapely.Polygon(np.column_stack([X + 30 * np.cos(angles), Y + 30 * np.sin(angles)]))
    given = {
        1: (shapely.Point(X, Y), None),
        2: (shapely.box(X, Y, X + 2_300, Y + 2_300), "5.3 km²; a footprint has at most 5 km²"),
        3: (circle, "10,001 vertices; at most 10,000 are read"),
        4: (shapely.Point(np.nan, np.nan), "the geometry is empty or damaged"),
        5: (shapely.Point(np.inf, Y), "coordinates must be numbers"),
        6: (shapely.Polygon(), "the geometry is empty or damaged"),
        7: (shapely.Point(1e300, 1e300), "lies in no municipality of Brandenburg"),
        8: (None, "no coordinates, and the address is not among the loaded ones"),
        9: (shapely.Polygon([(X, Y), (X + 20, Y + 20), (X + 20, Y), (X, Y + 20)]), None),  # a bow tie is mended
        10: (shapely.LineString([(X, Y), (X + 9, Y)]), None),
        11: (shapely.MultiPoint(np.full((70_000, 2), (X, Y))), "the geometry takes 1.5 MB; at most 1 MB are read"),
    }
    frame = gpd.GeoDataFrame({"Nr": [str(n) for n in given]}, geometry=[g for g, _rule in given.values()], crs=25833)
    frame.to_file(tmp_path / "a.gpkg", driver="GPKG")
    report = run(tmp_path / "a.gpkg")
    assert refusals(report) == {n: rule for n, (_g, rule) in given.items() if rule}
    assert report.created == 3


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u202eb", "a\x07b", "a\u0085b", "a\x00b", "a\ud800b"])
def test_characters_that_steer_terminals_or_databases_do_not_come_in(text: str, tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {"Nr": "1", "Titel": text}, "geometry": {"type": "Point", "coordinates": [13.169, 52.09]}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    report = run(tmp_path / "a.geojson")
    titles = list(Vacancy.objects.filter(dataset__key="fremd").values_list("title", flat=True))
    assert not [f for f in report.findings if text[1] in f.value]
    if text[1] in "\x1b\u202e\x07\u0085":
        assert refusals(report) == {1: "holds control characters"}
        assert titles == []
    else:  # GDAL ends the text there or puts a mark of its own
        assert titles[0] in ("a", "a\ufffdb")
