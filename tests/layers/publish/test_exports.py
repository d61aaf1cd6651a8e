"""Every layer in every format, read back by the programs people use, against the rows themselves."""

from __future__ import annotations

import csv
import datetime
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from django.db import connection
from django.test import Client

from geo import crs
from geo.errors import Busy
from layers.publish import files, views
from layers.publish.collection import Collection, collection, collections
from layers.publish.exports import building
from layers.publish.exports.writers import short_names
from layers.publish.files import place
from layers.publish.ows.gate import Gate
from tests.layers.publish.conftest import HARD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hard_rows")]
# a small part of each layer
QUERIES = {
    "leerstaende": "town=luckenwalde",
    "gemeinden": "district=12070",
    "haltestellen": "town=luckenwalde",
    "reisezeit": "bbox=13.1,52.05,13.3,52.15",
    "isochronen": "minutes_max=30",
}
GEODATA = ("gpkg", "parquet", "fgb", "shp.zip")
NAMES = [c.name for c in collections()]


def fetch(client: Client, name: str, extension: str, query: str | None = None) -> bytes:
    response = client.get(f"/{name}.{extension}?{QUERIES.get(name, '') if query is None else query}")
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    return response.getvalue()


def read(raw: bytes, extension: str, folder: Path) -> gpd.GeoDataFrame:
    path = folder / f"file.{extension}"
    path.write_bytes(raw)
    if extension == "parquet":
        return gpd.read_parquet(path)
    source = f"/vsizip/{path}" if extension == "shp.zip" else path
    return pyogrio.read_dataframe(source, layer=pyogrio.list_layers(source)[0, 0])


def expected(layer: Collection, query: str) -> list[dict[str, Any]]:
    names = [f.name for f in layer.fields]
    return list(layer.matching(layer.parse(query)).order_by(layer.key).values(*names, layer.geometry))


def plain(value: Any, kind: str) -> Any:
    """A value as a table holds it."""
    if value is None:
        return None
    if kind == "list":
        return "|".join(value)
    if kind == "object":
        return value
    return float(value) if kind == "decimal" else value


def found(value: Any, kind: str, extension: str) -> Any:
    """A value as it was read, made comparable."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if kind == "date":
        return pd.Timestamp(value).date()
    if kind == "object":
        return json.loads(value)
    if kind == "flag":
        return bool(value)
    return value


@pytest.mark.parametrize("extension", GEODATA)
@pytest.mark.parametrize("name", NAMES)
def test_files_hold_the_same_rows_values_and_places(client: Client, tmp_path: Path, name: str, extension: str) -> None:
    layer, query = collection(name), QUERIES.get(name, "")
    rows = expected(layer, query)
    assert rows
    frame = read(fetch(client, name, extension), extension, tmp_path)
    assert frame.crs.to_epsg() == crs.STORAGE
    short = short_names(layer) if extension == "shp.zip" else {f.name: f.name for f in layer.fields}
    assert [c for c in frame.columns if c not in ("bbox", "geometry", "geom")] == list(short.values())
    frame = frame.sort_values(short[layer.key], key=lambda c: c.map({row[layer.key]: n for n, row in enumerate(rows)}))
    assert len(frame) == len(rows)
    for f in layer.fields:
        seen = [found(v, f.kind, extension) for v in frame[short[f.name]]]
        wanted = [plain(row[f.name], f.kind) for row in rows]
        if extension == "shp.zip":  # an empty text and none are the same there; long ones are cut
            wanted = [(v.encode()[:254].decode(errors="ignore") or None) if isinstance(v, str) else v for v in wanted]
        if f.kind == "object" and extension == "shp.zip":
            continue
        assert seen == wanted, f.name
    shapes = [shapely.from_wkb(bytes(row[layer.geometry].wkb)) for row in rows]
    for read_back, shape in zip(frame.geometry, shapes, strict=True):
        corners, wanted_corners = (shapely.get_coordinates(shapely.normalize(s)) for s in (read_back, shape))
        assert corners.shape == wanted_corners.shape
        assert np.abs(corners - wanted_corners).max() <= 0.001


@pytest.mark.parametrize("name", NAMES)
def test_tables_hold_the_same_rows_and_values(client: Client, name: str) -> None:
    layer, query = collection(name), QUERIES.get(name, "")
    rows = expected(layer, query)
    book = openpyxl.load_workbook(io.BytesIO(fetch(client, name, "xlsx")))
    assert book.sheetnames == [str(layer.title), "Quellen"]
    head, *cells = list(book.worksheets[0].values)
    assert list(head) == [*(f.name for f in layer.fields), "lon", "lat", "x", "y"]
    assert [row[0] for row in cells] == [row[layer.key] for row in rows]
    for row, told in zip(rows, cells, strict=True):
        for f, value in zip(layer.fields, told, strict=False):
            wanted = plain(row[f.name], f.kind)
            if isinstance(wanted, str):
                assert (value or "").removeprefix("'") == wanted
                assert not (value or "").startswith(("=", "+", "-", "@"))
            elif f.kind == "object":
                assert json.loads(value) == wanted
            else:
                assert found(value, f.kind, "xlsx") == wanted, f.name
    listed = list(csv.DictReader(io.StringIO(fetch(client, name, "csv").decode("utf-8-sig")), delimiter=";"))
    assert [row[layer.key] for row in listed] == [row[layer.key] for row in rows]
    features = json.loads(fetch(client, name, "geojson"))["features"]
    assert [f["id"] for f in features] == [row[layer.key] for row in rows]
    spots = layer.matching(layer.parse(query)).order_by(layer.key).annotate(spot=place(layer)).values_list("spot", flat=True)
    for row, spot, told in zip(listed, spots, cells, strict=True):
        lon, lat = crs.transform_xy(spot.x, spot.y, crs.STORAGE, crs.WEB)
        wanted = [lon, lat, spot.x, spot.y]
        for seen in ([float(row[n]) for n in ("lon", "lat", "x", "y")], list(told[-4:])):
            assert seen[:2] == pytest.approx(wanted[:2], abs=1e-6)
            assert seen[2:] == pytest.approx(wanted[2:], abs=0.06)


def test_hard_values_arrive_as_they_are(client: Client, tmp_path: Path, hard_rows: list[str]) -> None:
    frame = read(fetch(client, "leerstaende", "gpkg"), "gpkg", tmp_path).set_index("key")
    full, bare = (frame.loc[key] for key in hard_rows)
    assert (full.title, full.postcode, full.target_uses) == (HARD, "01968", "workshop|studio")
    assert full.vacant_since.date() == datetime.date(2019, 3, 1)
    info = pyogrio.read_info(tmp_path / "file.gpkg", layer="leerstaende")
    types = dict(zip(info["fields"], zip(info["ogr_types"], info["ogr_subtypes"], strict=True), strict=True))
    assert types["postcode"] == ("OFTString", "OFSTNone")
    assert types["vacant_since"] == ("OFTDate", "OFSTNone")
    assert types["electricity"] == ("OFTInteger", "OFSTBoolean")
    assert types["usable_m2"][0] == "OFTInteger"
    assert types["rent_eur_m2"][0] == "OFTReal"
    nullable = [f.name for f in collection("leerstaende").model._meta.concrete_fields if f.null and f.name != "footprint"]
    reach = {n for n in nullable if n.endswith(("_min", "_name", "_distance_m")) or n in ("departures_per_day", "last_from_berlin")}
    empty = set(nullable) - reach - {"town_population"}
    assert len(empty) > 20
    assert {n for n in empty if not pd.isna(bare[n])} == set()


def test_every_file_tells_its_sources(client: Client, tmp_path: Path) -> None:
    query = "town=luckenwalde&target_use=workshop"
    needed = ("Datenquelle: VBB", "© GeoBasis-DE / BKG 2016", "erfundene Beispiele", "Luckenwalde", "testserver/leerstaende.", "CC0 1.0")

    def told(text: str, extension: str) -> None:
        assert [word for word in needed if word not in text] == [], extension

    (tmp_path / "a.gpkg").write_bytes(fetch(client, "leerstaende", "gpkg", query))
    with sqlite3.connect(tmp_path / "a.gpkg") as file:
        told(file.execute("SELECT description FROM gpkg_contents WHERE table_name = 'leerstaende'").fetchone()[0], "gpkg")
        joined = "gpkg_metadata m JOIN gpkg_metadata_reference r ON r.md_file_id = m.id WHERE r.table_name = 'leerstaende'"
        told(file.execute(f"SELECT metadata FROM {joined} AND mime_type = 'text/plain'").fetchone()[0], "gpkg")
        label = "SELECT title FROM gpkg_data_columns WHERE column_name = 'postcode'"
        assert file.execute(label).fetchone() == ("Postleitzahl",)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (tmp_path / "a.parquet").write_bytes(fetch(client, "leerstaende", "parquet", query))
    kept = pq.read_schema(tmp_path / "a.parquet").metadata
    told(kept[b"description"].decode(), "parquet")
    assert json.loads(kept[b"geo"])["columns"]["geom"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert json.loads(kept[b"columns"])[0]["label"] == "Kennung"
    (tmp_path / "a.fgb").write_bytes(fetch(client, "leerstaende", "fgb", query))
    about = pyogrio.read_info(tmp_path / "a.fgb")["layer_metadata"]
    assert about["TITLE"] == "Leerstände"
    told(about["DESCRIPTION"], "fgb")
    book = openpyxl.load_workbook(io.BytesIO(fetch(client, "leerstaende", "xlsx", query)))
    told("\n".join(str(v) for row in book["Quellen"].values for v in row if v), "xlsx")
    with zipfile.ZipFile(io.BytesIO(fetch(client, "leerstaende", "shp.zip", query))) as archive:
        told(archive.read("LIESMICH.txt").decode(), "shp.zip")
        assert archive.read("leerstaende.cpg") == b"UTF-8"
        assert {Path(n).suffix for n in archive.namelist()} >= {".shp", ".shx", ".dbf", ".prj", ".cpg", ".txt", ".qml"}
    assert "erfundene Beispiele" in fetch(client, "leerstaende", "geojson", query).decode()
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in client.head("/leerstaende.csv")["Link"]
    assert '<http://testserver/metadaten/leerstaende.xml>; rel="describedby"' in client.head("/leerstaende.csv")["Link"]


def test_english_addresses_give_english_files(client: Client) -> None:
    book = openpyxl.load_workbook(io.BytesIO(client.get("/en/gemeinden.xlsx?district=12070").getvalue()))
    assert book.sheetnames == ["Municipalities", "Sources"]
    assert book.worksheets[0]["A2"].value == client.get("/gemeinden.csv?district=12070").getvalue().decode("utf-8-sig").split("\r\n")[1][:8]


def test_a_geopackage_carries_its_style(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(fetch(client, "leerstaende", "gpkg"))
    with sqlite3.connect(tmp_path / "a.gpkg") as file:
        ((table, column, default, qml, sld),) = file.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML, styleSLD FROM layer_styles"
        )
    assert (table, column, default) == ("leerstaende", "geom", 1)
    assert "\"transit_class\" = 'A'" in qml.replace("&quot;", '"')
    assert "keine ÖV-Güteklasse" in sld


@pytest.mark.parametrize("name", NAMES)
def test_column_names_of_a_shapefile_are_short_and_differ(name: str) -> None:
    names = short_names(collection(name))
    assert len(set(names.values())) == len(names)
    assert max(map(len, names.values())) <= 10
    assert all(n.isascii() and n.replace("_", "a").isalnum() for n in names.values())


def test_the_rule_for_short_names_holds() -> None:
    names = short_names(collection("leerstaende"))
    assert names["title"] == "title"
    assert names["gross_floor_m2"] == "grss_flr_m"
    assert names["berlin_best_min"] != names["berlin_median_min"]


def test_no_cell_of_a_csv_is_a_formula_a_list_neither() -> None:
    for value in ('=HYPERLINK("http://x","y")', "@SUM(1)", "\t=1", "-1+1"):
        assert files.cell(value) == f"'{value}"
        assert files.cell([value, "b"]) == f"'{value}|b"
    assert files.cell(["a", "=1"]) == "a|=1"
    assert files.cell(-1) == "-1", "a number is one"


@pytest.mark.parametrize("extension", views.FORMATS)
def test_an_invalid_filter_is_refused_by_name(client: Client, extension: str) -> None:
    response = client.get(f"/leerstaende.{extension}?transit=Z&farbe=rot", headers={"Accept": "text/html"})
    assert response.status_code == 400
    assert {e["parameter"] for e in response.json()["errors"]} == {"transit", "farbe"}


@pytest.mark.parametrize("extension", views.FORMATS)
def test_parameters_of_the_page_are_passed_over(client: Client, extension: str) -> None:
    assert fetch(client, "leerstaende", extension, "town=luckenwalde&sort=area&view=map")
    assert client.get(f"/gemeinden.{extension}?sort=area").status_code == 400


@pytest.mark.parametrize("extension", views.FORMATS)
def test_an_empty_answer_is_a_file_without_rows(client: Client, tmp_path: Path, extension: str) -> None:
    raw = fetch(client, "leerstaende", extension, "town_size=rural&central=oberzentrum")
    if extension in GEODATA:
        assert len(read(raw, extension, tmp_path)) == 0
    assert raw


@pytest.mark.parametrize("extension", views.FORMATS)
def test_who_has_the_file_is_told_so(client: Client, extension: str) -> None:
    address = f"/leerstaende.{extension}?town=luckenwalde"
    first = client.get(address)
    tag = first["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    other = client.head(address + "&target_use=workshop")
    assert other["ETag"] != tag
    assert other.content == b""
    from vacancies.models import Vacancy

    Vacancy.objects.filter(publication="published", town__slug="luckenwalde").update(summary="neu")
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_what_counts_from_today_is_new_every_day(client: Client) -> None:
    response = client.head("/leerstaende.gpkg?vacant_months_min=12")
    midnight = datetime.datetime.combine(datetime.date.today(), datetime.time()).astimezone()
    told = pd.Timestamp(response["Last-Modified"])
    assert told >= pd.Timestamp(midnight).floor("D")


def test_hidden_rows_and_columns_are_in_no_file(client: Client, hard_rows: list[str]) -> None:
    from vacancies.models import Vacancy

    Vacancy.objects.filter(key=hard_rows[0]).update(notes="streng geheim", visibility="internal")
    Vacancy.objects.filter(key=hard_rows[1]).update(notes="streng geheim", visibility="coarse", street="Geheimweg")
    for extension in views.FORMATS:
        raw = fetch(client, "leerstaende", extension)
        parts = [raw]
        if extension in ("xlsx", "shp.zip"):
            archive = zipfile.ZipFile(io.BytesIO(raw))
            parts = [archive.read(n) for n in archive.namelist()]
        if extension == "parquet":
            parts = [pq.read_table(io.BytesIO(raw)).to_pandas().to_csv().encode()]
        whole = b"".join(parts)
        assert hard_rows[1].encode() in whole, extension
        for word in ("streng geheim", "Geheimweg", hard_rows[0]):
            assert word.encode() not in whole, (extension, word)


def test_rows_are_read_as_the_reader(client: Client) -> None:
    seen = []

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        if '"public_town"' in sql:
            with connection.connection.cursor() as cursor:
                seen.append(cursor.execute("SELECT current_user").fetchone()[0])
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        for extension in views.FORMATS:
            fetch(client, "gemeinden", extension)
    assert set(seen) == {"raum_reader"}


def test_who_downloads_holds_a_place_until_the_last_byte_and_never_all_threads(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "GATE", Gate(slots=2, line=1, seconds=0.05))
    slow = [client.get("/gemeinden.geojson"), client.get("/gemeinden.gpkg?district=12070")]
    assert [r.status_code for r in slow] == [200, 200]
    for extension in ("csv", "gpkg"):
        refused = client.get(f"/gemeinden.{extension}")
        assert (refused.status_code, refused["Retry-After"]) == (503, "30")
        assert "zu viele Dateien" in refused.json()["errors"][0]["message"]
    assert client.get("/gemeinden.csv", headers={"If-None-Match": client.head("/gemeinden.csv")["ETag"]}).status_code == 304
    assert client.get("/gemeinden.csv?district=nix").status_code == 400
    for response in slow:
        assert response.getvalue()
        assert fetch(client, "gemeinden", "csv")


def test_a_download_that_fails_gives_its_place_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "GATE", Gate(slots=1, line=0))
    with monkeypatch.context() as broken:
        broken.setattr(building, "built", lambda *_: (_ for _ in ()).throw(Busy("zu viel", 30)))
        assert client.get("/gemeinden.gpkg").status_code == 503
    assert fetch(client, "gemeinden", "gpkg", "district=12070")


def test_nothing_is_left_in_the_temporary_folder(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for extension in views.FORMATS:
        assert fetch(client, "leerstaende", extension)
    assert list(tmp_path.iterdir()) == []
