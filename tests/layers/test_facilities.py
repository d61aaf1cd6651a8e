"""Facilities and zones: tags and words to kinds, files to rows, rows to the database and out again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import osmium
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.test import Client

from geo import crs
from geo.importing import LoadReport
from geo.models import Dataset
from layers.facilities import rows as reading
from layers.facilities.store import bring_up_to_date
from layers.models import Facility, Zone

pytestmark = pytest.mark.django_db

MARKET = (13.1690, 52.0900)  # Luckenwalde, longitude and latitude read off a map
WITTENBERGE = (11.7515, 52.9955)
RIGHTS = ("--licence", "CC0 1.0", "--attribution", "Erfunden für den Test")


def told(*args: Any) -> str:
    out = io.StringIO()
    call_command("load_facilities", *map(str, args), stdout=out)
    return out.getvalue()


# --- OpenStreetMap ----------------------------------------------------------------------------------------------------


def write_osm(path: Path, leave_out: set[int] = frozenset(), rename: dict[int, str] | None = None) -> None:
    """A piece of Luckenwalde, one facility in Hamburg, a school as an area with a hole, and a nature reserve."""
    lon, lat = MARKET
    single: dict[int, tuple[tuple[float, float], dict[str, str]]] = {
        1: (
            (lon, lat),
            {"amenity": "pharmacy", "name": "Markt-Apotheke", "addr:street": "Markt", "addr:housenumber": "1", "phone": "1"},
        ),
        2: ((lon + 0.001, lat), {"shop": "supermarket", "brand": "Konsum", "post_office": "post_partner"}),
        3: ((lon + 0.002, lat), {"disused:amenity": "bank"}),
        4: ((9.99, 53.55), {"amenity": "library", "name": "in Hamburg"}),
        5: ((lon + 0.003, lat), {"amenity": "bench"}),
        6: (WITTENBERGE, {"amenity": "theatre", "name": "Kultur- und Festspielhaus"}),
    }
    path.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(str(path))
    for n, (place, tags) in single.items():
        if n not in leave_out:
            named = {"name": rename[n]} if rename and n in rename else {}
            writer.add_node(osmium.osm.mutable.Node(id=n, location=place, tags=tags | named))
    rings = {100: [(0, 0), (40, 0), (40, 40), (0, 40)], 200: [(10, 10), (30, 10), (30, 30), (10, 30)], 300: [(60, 0), (90, 0), (60, 40)]}
    for first, ring in rings.items():
        for i, (x, y) in enumerate(ring):
            writer.add_node(osmium.osm.mutable.Node(id=first + i, location=(lon + x * 1e-4, lat + 0.01 + y * 1e-4)))
    way = osmium.osm.mutable.Way
    writer.add_way(way(id=20, nodes=[100, 101, 102, 103, 100]))
    writer.add_way(way(id=21, nodes=[200, 201, 202, 203, 200]))
    writer.add_way(way(id=22, nodes=[300, 301, 302, 300], tags={"leisure": "nature_reserve", "name": "Kleines Moor"}))
    writer.add_way(way(id=23, nodes=[100, 300], tags={"amenity": "kindergarten", "name": "offene Linie"}))
    school = {"type": "multipolygon", "amenity": "school", "name": "Grundschule am Ring"}
    writer.add_relation(osmium.osm.mutable.Relation(id=30, members=[("w", 20, "outer"), ("w", 21, "inner")], tags=school))
    writer.close()


def test_osm_gives_points_and_areas_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    said = told(path, "--write")
    found = {(f.kind, f.ref): f for f in Facility.objects.select_related("town", "dataset")}
    assert set(found) == {
        ("pharmacy", "n1"),
        ("supermarket", "n2"),
        ("post", "n2"),
        ("culture", "n6"),
        ("school_primary", "r30"),
    }
    assert {key: f.town.name for key, f in found.items()} == dict.fromkeys(found, "Luckenwalde") | {("culture", "n6"): "Wittenberge"}
    assert found["pharmacy", "n1"].name == "Markt-Apotheke"
    assert found["pharmacy", "n1"].detail == {"street": "Markt", "house_no": "1"}  # no telephone number
    assert found["supermarket", "n2"].name == "Konsum"
    zone = Zone.objects.get()
    assert (zone.kind, zone.ref, zone.name) == ("nature", "w22", "Kleines Moor")
    # a right triangle with legs of 0.003° of longitude and 0.004° of latitude at 52.1° north: half of 205.5 m × 445.1 m
    assert zone.geom.area == pytest.approx(0.5 * 205.5 * 445.1, rel=0.01)
    # the point of the ring-shaped school lies on the ring, not in its hole: the hole is the middle half
    lon, lat = crs.transform_xy(*found["school_primary", "r30"].point.coords, crs.STORAGE, crs.WEB)
    assert not (0.001 < lon - MARKET[0] < 0.003 and 0.011 < lat - MARKET[1] < 0.013)
    source = Dataset.objects.get(key="openstreetmap")
    assert source.licence.startswith("Open Database License")
    assert source.attribution == "© OpenStreetMap-Mitwirkende"
    assert source.row_count == 6
    assert "8 read, 6 new, 0 changed, 0 unchanged, 0 removed, 0 duplicates, 1 refused, 1 outside" in " ".join(said.split())
    assert "offene Linie" in said


def test_the_same_file_twice_changes_nothing_and_a_newer_one_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    told(path, "--write")
    before = list(Facility.objects.order_by("id").values()), list(Zone.objects.values()), Dataset.objects.values().get(key="openstreetmap")
    assert "0 new, 0 changed, 6 unchanged, 0 removed" in " ".join(told(path, "--write").split())
    after = list(Facility.objects.order_by("id").values()), list(Zone.objects.values()), Dataset.objects.values().get(key="openstreetmap")
    assert after == before
    write_osm(path, leave_out={6}, rename={1: "Löwen-Apotheke"})
    assert "0 new, 1 changed, 4 unchanged, 1 removed" in " ".join(told(path).split())
    assert Facility.objects.count() == 5  # a dry run
    told(path, "--write")
    assert dict(Facility.objects.values_list("ref", "name").filter(kind__in=("pharmacy", "culture"))) == {"n1": "Löwen-Apotheke"}
    assert Facility.objects.get(kind="pharmacy").pk == next(r["id"] for r in before[0] if r["kind"] == "pharmacy")
    assert Dataset.objects.get(key="openstreetmap").row_count == 5


def test_only_the_wanted_kinds_are_read_and_touched(tmp_path: Path) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    told(path, "--write")
    write_osm(path, leave_out={1, 6})
    said = " ".join(told(path, "--kind", "pharmacy", "--write").split())
    assert "0 read, 0 new, 0 changed, 0 unchanged, 1 removed" in said
    assert set(Facility.objects.values_list("kind", flat=True)) == {"supermarket", "post", "culture", "school_primary"}
    assert Zone.objects.count() == 1


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_a_file_cut_in_the_middle_is_refused_whole(tmp_path: Path, share: float) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    told(path, "--write")
    before = list(Facility.objects.order_by("id").values())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CommandError, match=r"^auszug\.osm\.pbf: not readable as .* PBF: it ends in the middle; .* fetch it again"):
        told(path, "--write")
    assert list(Facility.objects.order_by("id").values()) == before


def test_a_source_that_lost_most_of_its_rows_is_looked_at_first() -> None:
    source = Dataset.objects.create(key="viele", title="viele", licence="CC0", attribution="Test")
    many = [reading.Row(n, "bank", str(n), "", shapely.Point(390_000 + n, 5_770_000)) for n in range(30)]
    bring_up_to_date(many, source, LoadReport("viele"), write=True)
    with pytest.raises(Exception, match="viele: 20 of 30 known rows are missing; is it complete"):
        bring_up_to_date(many[:10], source, LoadReport("viele"), write=True)
    assert source.facilities.count() == 30
    bring_up_to_date(many[:15], source, LoadReport("viele"), write=True)  # half is not more than half
    bring_up_to_date(many[:2], source, LoadReport("viele"), force=True, write=True)
    assert source.facilities.count() == 2


def test_a_place_that_moves_by_ten_metres_is_a_change() -> None:
    source = Dataset.objects.create(key="umzug", title="umzug", licence="CC0", attribution="Test")
    bring_up_to_date([reading.Row(1, "bank", "1", "", shapely.Point(390_000, 5_770_000))], source, LoadReport("umzug"), write=True)
    report = LoadReport("umzug")
    bring_up_to_date([reading.Row(1, "bank", "1", "", shapely.Point(390_010, 5_770_000))], source, report, write=True)
    assert (report.changed, report.unchanged) == (1, 0)
    assert source.facilities.get().point.coords == (390_010, 5_770_000)


def test_what_breaks_while_writing_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Dataset.objects.create(key="heil", title="heil", licence="CC0", attribution="Test")
    bring_up_to_date([reading.Row(1, "bank", "1", "alt", shapely.Point(390_000, 5_770_000))], source, LoadReport("heil"), write=True)

    def broken(_source: Dataset) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("layers.facilities.store._assign_towns", broken)
    new = [reading.Row(1, "bank", "1", "neu", shapely.Point(390_000, 5_770_000)), reading.Row(2, "bank", "2", "", shapely.Point(1, 1))]
    with pytest.raises(RuntimeError, match="on purpose"):
        bring_up_to_date(new, source, LoadReport("heil"), write=True)
    assert list(source.facilities.values_list("ref", "name")) == [("1", "alt")]


# --- lists ------------------------------------------------------------------------------------------------------------

ROWS = (
    ("100", "Grundschule", "Grundschule Mitte", *MARKET),
    ("101", "Grund- und Oberschule", "Schule am Wald", MARKET[0] + 0.01, MARKET[1]),
    ("007", "Apotheke", "Adler", *WITTENBERGE),
    ("102", "Raumhafen", "unbekannt", *MARKET),
    ("103", "Bücherei", "ohne Lage", None, None),
    ("104", "Bank", "in Hamburg", 9.99, 53.55),
    ("100", "Grundschule", "noch einmal", *MARKET),
    ("105", "Denkmal", "Bodendenkmal Burgwall", *MARKET),
)
EXPECTED = {
    ("school_primary", "100", "Luckenwalde"),
    ("school_primary", "101", "Luckenwalde"),
    ("school_secondary", "101", "Luckenwalde"),
    ("pharmacy", "007", "Wittenberge"),
}


def as_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("Nr", "Art", "Name", "Länge", "Breite"))
        for ref, kind, name, lon, lat in ROWS:
            writer.writerow((ref, kind, name, *("" if v is None else str(v).replace(".", ",") for v in (lon, lat))))


def as_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Nr", "Art", "Name", "Rechtswert", "Hochwert"])
    for ref, kind, name, lon, lat in ROWS:
        place = (None, None) if lon is None else crs.transform_xy(lon, lat, crs.WEB, crs.STORAGE)
        sheet.append([ref, kind, name, *place])
    book.save(path)


def as_shapes(path: Path) -> None:
    geometry = [shapely.Point(r[3], r[4]) if r[3] is not None else None for r in ROWS]
    columns = {"Nr": [r[0] for r in ROWS], "Art": [r[1] for r in ROWS], "Name": [r[2] for r in ROWS]}
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs.WEB)
    if path.suffix == ".geojson":
        frame.to_file(path, driver="GeoJSON")
    elif path.suffix == ".gpkg":
        frame.to_crs(crs.UTM32).to_file(path, driver="GPKG")
    else:
        folder = path.parent / "shape"
        folder.mkdir()
        frame.to_crs(crs.STORAGE).to_file(folder / "liste.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.iterdir():
                archive.write(part, part.name)


@pytest.mark.parametrize("name", ["liste.csv", "liste.xlsx", "liste.geojson", "liste.gpkg", "liste.zip"])
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    {".csv": as_csv, ".xlsx": as_xlsx}.get(path.suffix, as_shapes)(path)
    said = " ".join(told(path, "--write", *RIGHTS, "--dataset", "liste", "--title", "Liste").split())
    assert {(f.kind, f.ref, f.town.name) for f in Facility.objects.select_related("town")} == EXPECTED
    # nine by kinds: the school that is two counts twice
    assert "9 read, 4 new, 0 changed, 0 unchanged, 0 removed, 1 duplicates, 3 refused, 1 outside" in said
    assert "Raumhafen" in said
    assert "archaeological" in said
    assert "Burgwall" not in said


def test_a_mapping_and_a_fixed_kind(tmp_path: Path) -> None:
    path, mapping = tmp_path / "liste.csv", tmp_path / "m.yaml"
    path.write_text("schluessel,wie,ost,nord\n9,Kita Sonne,374500.0,5772900.0\n", encoding="utf-8")
    mapping.write_text("ref: schluessel\nname: wie\nx: ost\ny: nord\n", encoding="utf-8")
    told(path, "--write", *RIGHTS, "--kind", "childcare", "--mapping", mapping, "--crs", crs.STORAGE)
    found = Facility.objects.get()
    assert (found.kind, found.ref, found.name, found.point.coords) == ("childcare", "9", "Kita Sonne", (374500.0, 5772900.0))
    mapping.write_text("ref: nummer\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"m\.yaml: there is no column 'nummer'; there are schluessel, wie, ost, nord"):
        told(path, "--kind", "childcare", "--mapping", mapping)
    mapping.write_text("farbe: wie\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"'farbe' is no field; there are ref, kind"):
        told(path, "--kind", "childcare", "--mapping", mapping)


def test_zones_keep_value_and_area(tmp_path: Path) -> None:
    path = tmp_path / "breitband.gpkg"
    x, y = crs.transform_xy(*MARKET, crs.WEB, crs.STORAGE)
    shapes = [shapely.box(x, y, x + 100, y + 100), shapely.box(x + 100, y, x + 200, y + 50), shapely.Point(x, y)]
    frame = gpd.GeoDataFrame({"Kennung": ["a", "b", "c"], "Mbit": [100, 1000, 50]}, geometry=shapes, crs=crs.STORAGE)
    frame.to_file(path, driver="GPKG")
    said = told(path, "--kind", "broadband", "--write", *RIGHTS)
    assert {(z.ref, z.value, round(z.geom.area)) for z in Zone.objects.all()} == {("a", 100, 10_000), ("b", 1000, 5_000)}
    assert "a zone needs an area" in " ".join(said.split())


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("Nr;Name\n1;a\n", (), "no column says what the rows are; give --kind"),
        ("Nr;Art\n1;Bank\n", (), "no column with coordinates was recognised among Nr, Art"),
        ("Nr;Art;lon;lat\n1;Bank;13,1;52,1\n", ("--write",), "--write needs --licence and --attribution"),
        ("Nr;Art;lon;lat\n1;Bank;13,1;52,1\n", ("--kind", "bank", "--kind", "post"), "the rows of a list are of one kind"),
        ("Nr;Art;lon;lat\n1;Bank;13,1;52,1\n", ("--crs", "999999"), "EPSG has no CRS"),
        ("Nr;Art;lon;lat\n1;Bank;13,1;52,1\n", ("--dataset", "municipal-figures"), "holds something else"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, text: str, options: tuple[str, ...], message: str) -> None:
    path = tmp_path / "liste.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        told(path, *options)


# --- out again --------------------------------------------------------------------------------------------------------


@pytest.fixture
def loaded(tmp_path: Path) -> None:
    path = tmp_path / "auszug.osm.pbf"
    write_osm(path)
    told(path, "--write")


def features(client: Client, address: str) -> list[dict[str, Any]]:
    response = client.get(address)
    assert response.status_code == 200
    found = json.loads(response.getvalue())
    assert found["attribution"] == "© OpenStreetMap-Mitwirkende"
    return found["features"]


@pytest.mark.usefixtures("loaded")
def test_facilities_as_geojson_carry_their_source(client: Client) -> None:
    assert len(features(client, "/einrichtungen.geojson")) == 5
    (theatre,) = features(client, "/einrichtungen.geojson?kind=culture")
    assert theatre["geometry"]["coordinates"] == pytest.approx(WITTENBERGE, abs=2e-6)
    assert theatre["properties"]["name"] == "Kultur- und Festspielhaus"
    assert theatre["properties"]["town_name"] == "Wittenberge"
    assert theatre["properties"]["source"] == "openstreetmap"
    assert {f["properties"]["kind"] for f in features(client, "/einrichtungen.geojson?town=luckenwalde&kind=post,pharmacy")} == {
        "post",
        "pharmacy",
    }
    assert len(features(client, "/einrichtungen.geojson?district=12070")) == 1
    assert len(features(client, "/einrichtungen.geojson?bbox=11.7,52.9,11.8,53.1")) == 1
    assert len(features(client, f"/einrichtungen.geojson?near={MARKET[0]},{MARKET[1]},100")) == 3  # the second is 68 m east, twice


@pytest.mark.usefixtures("loaded")
def test_zones_and_the_csv(client: Client) -> None:
    (zone,) = features(client, "/gebiete.geojson?zone=nature")
    assert zone["geometry"]["type"] == "MultiPolygon"
    assert features(client, "/gebiete.geojson?zone=flood") == []
    text = client.get("/einrichtungen.csv?kind=pharmacy").getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert (row["kind"], row["ref"], row["name"], row["town_name"]) == ("pharmacy", "n1", "Markt-Apotheke", "Luckenwalde")
    assert (float(row["lon"]), float(row["lat"])) == pytest.approx(MARKET, abs=2e-6)


@pytest.mark.parametrize("address", ["/einrichtungen.geojson?kind=pub", "/gebiete.geojson?zone=bank", "/einrichtungen.csv?farbe=rot"])
def test_an_invalid_filter_is_named(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] in ("kind", "zone", "farbe")
