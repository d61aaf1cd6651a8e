"""OGC API Features as programs ask it: documents, counts, coordinates, filters, pages, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.test import Client

from geo import crs
from geo.models import Town
from layers.publish.collection import collections
from layers.publish.ogcapi.parameters import CRS84, EPSG, NORTH_FIRST
from layers.published import STOPS, TOWNS
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db
ROOT = "/ogc/features/"
FILTERS = (
    "",
    "town=wittenberge",
    "transit=C",
    "town_size=rural&transit=D",
    "extent=11.7,52.9,11.9,53.1",
    "near=13.06,52.40,5000",
    "q=Haus",
)


def get(client: Client, path: str, status: int = 200, **keys: Any) -> dict[str, Any]:
    response = client.get(f"{ROOT}{path}{'?' if keys else ''}{urlencode(keys, doseq=True)}")
    body = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == status, body[:500]
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "json" in response["Content-Type"]
    return json.loads(body)


def items(client: Client, layer: str = "leerstaende", status: int = 200, **keys: Any) -> dict[str, Any]:
    return get(client, f"collections/{layer}/items", status, **keys)


def links(document: dict[str, Any], rel: str) -> list[str]:
    return [one["href"] for one in document["links"] if one["rel"] == rel]


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_landing_page_leads_everywhere(client: Client) -> None:
    landing = get(client, "")
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        for href in links(landing, rel):
            assert client.get(href).status_code == 200, href
    assert links(landing, "describedby") == ["http://testserver/metadaten/ogcapi.xml"]
    classes = get(client, "conformance")["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in classes
    assert not [c for c in classes if "replace" in c]


def test_collections_are_the_layers(client: Client) -> None:
    made = get(client, "collections", transit="C")
    assert [c["id"] for c in made["collections"]] == [c.name for c in collections()]
    for one in made["collections"]:
        assert one["storageCrs"] == f"{EPSG}{crs.STORAGE}"
        assert one["crs"][0] == CRS84
        assert links(one, "describedby") == [f"http://testserver/metadaten/{one['id']}.xml"]
        assert links(one, "license") == ["http://testserver/datenquellen/"]
        assert json.loads(client.get(links(one, "self")[0]).content)["title"] == one["title"]
    assert all("transit=C" in href for href in links(made["collections"][0], "items"))
    assert made["collections"][0]["title"] == "Leerstände"
    assert 11 < made["collections"][0]["extent"]["spatial"]["bbox"][0][0] < 15


def test_queryables_are_the_published_columns(client: Client) -> None:
    for layer in collections():
        made = get(client, f"collections/{layer.name}/queryables")["properties"]
        assert set(made) == {f.name for f in layer.fields} | {layer.geometry}
    made = get(client, "collections/leerstaende/queryables")["properties"]
    assert made["price_eur"] == {"title": "Kaufpreis in €", "type": "integer", "x-ogc-unit": "€"}
    assert made["vacant_since"]["format"] == "date"
    assert "school" in made["former_use"]["enum"] or made["former_use"]["enum"]


def test_the_definition_names_every_parameter(client: Client) -> None:
    made = get(client, "api")
    assert made["openapi"].startswith("3.0")
    named = {p.get("name") or p["$ref"].rpartition("/")[2] for p in made["paths"]["/collections/leerstaende/items"]["get"]["parameters"]}
    assert {"limit", "bbox", "datetime", "filter", "transit", "town", "extent", "town_name"} <= named
    for name in ("transit", "town", "q"):
        assert items(client, **{name: {"transit": "C", "town": "wittenberge", "q": "Haus"}[name]})


@pytest.mark.parametrize(
    "path",
    [
        "",
        "conformance",
        "api",
        "collections",
        "collections/leerstaende",
        "collections/leerstaende/queryables",
        "collections/leerstaende/items",
        "collections/gemeinden/items/12070424",
    ],
)
def test_pages_speak_to_nobody_else(client: Client, path: str) -> None:
    response = client.get(f"{ROOT}{path}", headers={"Accept": "text/html"})
    page = response.content.decode()
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert re.findall(r'(?:src|<link[^>]+href)="(https?:)?//', page) == []
    assert "script-src" in response["Content-Security-Policy"]
    assert "<h1>" in page


# --- counts and values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", FILTERS)
def test_matched_returned_and_sql_agree(client: Client, query: str) -> None:
    expected = set(VACANCIES.matching(VACANCIES.parse(query.replace("extent=", "bbox="))).values_list("key", flat=True))
    asked = dict(part.split("=") for part in query.split("&") if part)
    made = items(client, **asked, limit=10_000, properties="key", skipGeometry="true")
    assert made["numberMatched"] == made["numberReturned"] == len(expected)
    assert {f["id"] for f in made["features"]} == expected
    assert all(f["geometry"] is None for f in made["features"])


def test_values_keep_their_types(client: Client) -> None:
    row = PublicVacancy.objects.exclude(postcode="").order_by("key").first()
    made = get(client, f"collections/leerstaende/items/{row.key}")
    values = made["properties"]
    assert list(values) == [f.name for f in VACANCIES.fields]
    assert (values["postcode"], values["is_exact"], values["possible_uses"]) == (row.postcode, row.is_exact, row.possible_uses)
    assert values["vacant_since"] == (row.vacant_since.isoformat() if row.vacant_since else None)
    assert made["id"] == row.key
    assert links(made, "collection")[0].endswith("/collections/leerstaende")


def test_what_there_is_not_is_not_found(client: Client) -> None:
    assert get(client, "collections/nichts", 404)["code"] == "NotFound"
    assert get(client, "collections/nichts/items", 404)["code"] == "NotFound"
    assert get(client, "collections/leerstaende/items/nichts", 404)["code"] == "NotFound"


# --- coordinates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [None, *crs.KNOWN])
def test_a_row_lies_in_its_town_in_every_crs(client: Client, number: int | None) -> None:
    town = Town.objects.current().get(slug="wittenberge")
    uri = f"{EPSG}{number}" if number else CRS84
    response = client.get(f"{ROOT}collections/leerstaende/items", {"town": "wittenberge", "crs": uri})
    assert response["Content-Crs"] == f"<{uri}>"
    features = json.loads(b"".join(response.streaming_content))["features"]
    assert features
    for one in features:
        first, second = one["geometry"]["coordinates"]
        east, north = (second, first) if uri in NORTH_FIRST else (first, second)
        assert town.geom.contains(Point(*crs.transform_xy(east, north, number or crs.WEB, crs.STORAGE), srid=crs.STORAGE))


@pytest.mark.parametrize("number", [None, crs.WEB, crs.STORAGE, crs.UTM32, crs.MERCATOR, crs.LAEA])
def test_a_box_is_that_of_sql(client: Client, number: int | None) -> None:
    uri, source = (f"{EPSG}{number}", number) if number else (CRS84, crs.WEB)
    corners = crs.transformer(crs.WEB, source).transform_bounds(11.9, 52.0, 14.2, 53.2)
    box = shapely.segmentize(shapely.box(*corners), (corners[2] - corners[0]) / 200)
    ring = shapely.transform(box, lambda xy: np.column_stack(crs.transform_xy(xy[:, 0], xy[:, 1], source, crs.STORAGE)))
    expected = STOPS.rows().filter(point__intersects=GEOSGeometry(memoryview(ring.wkb), srid=crs.STORAGE)).count()
    sent = (corners[1], corners[0], corners[3], corners[2]) if uri in NORTH_FIRST else corners
    made = items(client, "haltestellen", limit=1, **{"bbox": ",".join(map(str, sent)), "bbox-crs": uri})
    assert 0 < expected < STOPS.rows().count()
    assert abs(made["numberMatched"] - expected) <= 1


def test_the_whole_world_is_a_box_too(client: Client) -> None:
    assert items(client, "gemeinden", bbox="-180,-90,180,90", limit=1)["numberMatched"] == TOWNS.rows().count()
    assert items(client, "gemeinden", bbox="170,-90,20,90", limit=1)["numberMatched"] == TOWNS.rows().count()
    assert items(client, "gemeinden", bbox="10,50,0,20,60,100", limit=1)["numberMatched"] == TOWNS.rows().count()
    assert items(client, "gemeinden", bbox="-100,30,-90,40", limit=1)["numberMatched"] == 0


def test_areas_wind_as_rfc_7946_has_it(client: Client) -> None:
    made = items(client, "gemeinden", town="wittenberge")
    assert shapely.geometry.shape(made["features"][0]["geometry"]).geoms[0].exterior.is_ccw


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'Wittenberge'", {"name": "Wittenberge"}),
        ("population > 100000", {"population__gt": 100_000}),
        ("population BETWEEN 1000 AND 2000", {"population__range": (1000, 2000)}),
        ("name LIKE 'Lucken%'", {"name__startswith": "Lucken"}),
        ("CASEI(name) LIKE 'lucken%'", {"name__istartswith": "Lucken"}),
        ("name IN ('Luckenwalde','Eberswalde')", {"name__in": ["Luckenwalde", "Eberswalde"]}),
        ("oz_best_min IS NULL", {"oz_best_min": None}),
        ("well_connected = TRUE AND population >= 5000", {"well_connected": True, "population__gte": 5000}),
        ("NOT (population < 100000)", {"population__gte": 100_000}),
        ("population_date >= DATE('1990-01-01')", {"population_date__gte": "1990-01-01"}),
        ("S_INTERSECTS(geom, POINT(11.75 53.0))", {"slug": "wittenberge"}),
        ("area_km2 > 100.5", {"area_km2__gt": 100.5}),
    ],
)
def test_cql2_text(client: Client, text: str, expected: dict[str, Any]) -> None:
    made = items(client, "gemeinden", filter=text, limit=1000, properties="ags")
    rows = (
        {t.pk for t in TOWNS.rows().filter(**expected)}
        if "oz_best_min" not in expected
        else {t.pk for t in TOWNS.rows().filter(oz_best_min__isnull=True)}
    )
    assert {f["id"] for f in made["features"]} == rows
    assert rows or "NULL" in text


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"op": "=", "args": [{"property": "name"}, "Wittenberge"]}, {"name": "Wittenberge"}),
        (
            {
                "op": "and",
                "args": [
                    {"op": ">", "args": [{"property": "population"}, 20000]},
                    {"op": "=", "args": [{"property": "well_connected"}, True]},
                ],
            },
            {"population__gt": 20_000, "well_connected": True},
        ),
        ({"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [11.75, 53.0]}]}, {"slug": "wittenberge"}),
        ({"op": "in", "args": [{"property": "name"}, ["Luckenwalde", "Eberswalde"]]}, {"name__in": ["Luckenwalde", "Eberswalde"]}),
    ],
)
def test_cql2_json(client: Client, tree: dict[str, Any], expected: dict[str, Any]) -> None:
    made = items(client, "gemeinden", **{"filter": json.dumps(tree), "filter-lang": "cql2-json", "limit": 1000})
    assert {f["id"] for f in made["features"]} == {t.pk for t in TOWNS.rows().filter(**expected)}


def test_the_axes_of_a_filter_are_those_of_its_crs(client: Client) -> None:
    for uri, text in (
        (f"{EPSG}{crs.WEB}", "POINT(53.0 11.75)"),
        (f"{EPSG}{crs.STORAGE}", "POINT({:.1f} {:.1f})".format(*crs.transform_xy(11.75, 53.0, crs.WEB, crs.STORAGE))),
    ):
        made = items(client, "gemeinden", **{"filter": f"S_INTERSECTS(geom,{text})", "filter-crs": uri})
        assert [f["properties"]["slug"] for f in made["features"]] == ["wittenberge"]


def test_columns_are_parameters_too(client: Client) -> None:
    assert items(client, "gemeinden", name="Wittenberge")["numberMatched"] == 1
    assert items(client, town_ags="12070424", limit=1)["numberMatched"] == PublicVacancy.objects.filter(town_ags="12070424").count()


def test_times(client: Client) -> None:
    rows = PublicVacancy.objects.exclude(vacant_since=None)
    day = rows.order_by("vacant_since").values_list("vacant_since", flat=True)[rows.count() // 2]
    for text, expected in (
        (f"{day}", {"vacant_since": day}),
        (f"{day}/..", {"vacant_since__gte": day}),
        (f"../{day}T00:00:00Z", {"vacant_since__lte": day}),
        (f"{day}/{day}", {"vacant_since": day}),
        (f"{day - timedelta(days=1)}T23:30:00Z", {"vacant_since": day}),  # of which the day has begun here
    ):
        assert items(client, datetime=text, limit=1)["numberMatched"] == PublicVacancy.objects.filter(**expected).count()
    moment = f"vacant_since = TIMESTAMP('{day - timedelta(days=1)}T23:30:00Z')"
    assert items(client, filter=moment, limit=1)["numberMatched"] == PublicVacancy.objects.filter(vacant_since=day).count()
    assert items(client, "haltestellen", datetime="2020-01-01", limit=1)["numberMatched"] == STOPS.rows().count()  # rows without a time


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_page_for_people_passes_over_no_row(client: Client) -> None:
    def page(**keys: Any) -> str:
        return client.get(f"{ROOT}collections/leerstaende/items?{urlencode({'f': 'html'} | keys)}").content.decode()

    shown = [set(re.findall(r"items/(\w+)\?f=html", page(limit=1000, offset=offset))) for offset in (0, 100)]
    assert [len(keys) for keys in shown] == [100, 100]
    assert not shown[0] & shown[1]
    assert "offset=100" in page(limit=1000)
    assert "offset=1000" not in page(limit=1000)


def test_links_lead_through_every_page_and_keep_the_filter(client: Client) -> None:
    text = "town_name LIKE '%e%'"
    page, seen = items(client, town_size="rural", filter=text, limit=70, properties="key"), []
    while True:
        seen += [f["id"] for f in page["features"]]
        following = links(page, "next")
        if not following:
            break
        assert "town_size=rural" in following[0]
        page = json.loads(b"".join(client.get(following[0]).streaming_content))
    expected = VACANCIES.matching(VACANCIES.parse("town_size=rural")).filter(town_name__contains="e")
    assert seen == sorted(seen) == sorted(expected.values_list("key", flat=True))
    assert links(page, "prev")


def test_sorting(client: Client) -> None:
    made = items(client, "gemeinden", sortby="-population,name", limit=20)
    numbers = [f["properties"]["population"] for f in made["features"]]
    assert numbers == list(TOWNS.rows().order_by("-population").values_list("population", flat=True)[:20])


def test_nothing_is_sent_twice(client: Client) -> None:
    address = f"{ROOT}collections/leerstaende/items?limit=2"
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key")[:1]).update(former_use="mill", title="neu")
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


# --- programs ---------------------------------------------------------------------------------------------------------


def test_parallel_pages_lose_and_repeat_nothing(site: str) -> None:
    lock, seen = threading.Lock(), []

    def read(start: int) -> None:
        with urlopen(f"{site}{ROOT}collections/haltestellen/items?f=json&limit=1000&offset={start}&properties=stop_id") as answer:
            keys = [f["id"] for f in json.load(answer)["features"]]
        with lock:
            seen.extend(keys)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(0, 13_000, 1000)))
    assert (len(seen), len(set(seen))) == (12_889, 12_889)


def test_owslib_reads(site: str) -> None:
    from owslib.ogcapi.features import Features

    service = Features(f"{site}{ROOT}")
    assert set(service.feature_collections()) == {c.name for c in collections()}
    assert service.collection_items("gemeinden", limit=3)["numberReturned"] == 3
    assert "population" in service.collection_queryables("gemeinden")["properties"]


def test_gdal_reads_types_and_pages(site: str) -> None:
    code = f"""
import json, pyogrio
address = "OAPIF:{site}{ROOT}"
frame = pyogrio.read_dataframe(address, layer="haltestellen", columns=["stop_id"])
info = pyogrio.read_info(address, layer="leerstaende")
print(json.dumps(dict(layers=[n for n, _ in pyogrio.list_layers(address)], types=dict(zip(info["fields"], info["ogr_types"])),
    stops=[len(frame), frame["stop_id"].nunique()])))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    made = json.loads(done.stdout.strip().splitlines()[-1])
    assert made["layers"] == [c.name for c in collections()]
    assert made["stops"] == [12_889, 12_889]
    assert (made["types"]["postcode"], made["types"]["vacant_since"]) == ("OFTString", "OFTDate")
    assert made["types"]["price_eur"].startswith("OFTInteger")
