"""WFS 2.0 as programs ask it: counts, values, coordinates, pages, formats, and the schemas of the standards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from django.contrib.gis.geos import GEOSGeometry, Point
from django.core.cache import cache
from django.db import connection
from django.test import Client
from lxml import etree
from shapely.geometry import shape

from geo import crs
from geo.models import Town
from layers.publish.collection import collections
from layers.publish.wfs.feature_types import id_of, key_of
from layers.published import STOPS, TOWNS
from tests.layers.ogc_schemas import check
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db
WFS, GML, OWS = "{http://www.opengis.net/wfs/2.0}", "{http://www.opengis.net/gml/3.2}", "{http://www.opengis.net/ows/1.1}"
XLINK, RAUM = "{http://www.w3.org/1999/xlink}", "{urn:x-raumwohlstand:layers}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
URN = "urn:ogc:def:crs:EPSG::{}"
FILTERS = (
    "",
    "town=wittenberge",
    "transit=C",
    "town_size=rural&transit=D",
    "extent=11.7,52.9,11.9,53.1",
    "near=13.06,52.40,5000",
    "q=Haus",
    "target_use=workshop",
    "possible_use=residential&town_size=small_town_s",
)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def ask(client: Client, query: str = "", status: int = 200, **keys: Any) -> bytes:
    given = "&".join(f"{k}={v}" for k, v in ({"SERVICE": "WFS", "VERSION": "2.0.0"} | keys).items())
    response = client.get(f"/ogc/wfs?{given}&{query}".replace("+", "%2B").replace(" ", "%20"))
    made = body_of(response)
    assert response.status_code == status, made[:500]
    assert response["Access-Control-Allow-Origin"] == "*"
    return made


def features(client: Client, layer: str = "leerstaende", query: str = "", **keys: Any) -> etree._Element:
    return etree.fromstring(ask(client, query, REQUEST="GetFeature", TYPENAMES=f"raum:{layer}", **keys))


def post(client: Client, xml: str, status: int = 200, address: str = "/ogc/wfs") -> bytes:
    response = client.post(address, xml, content_type="text/xml")
    made = body_of(response)
    assert response.status_code == status, made[:500]
    return made


# --- counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", FILTERS)
def test_hits_pages_and_sql_agree(client: Client, query: str) -> None:
    expected = set(VACANCIES.matching(VACANCIES.parse(query.replace("extent=", "bbox="))).values_list("key", flat=True))
    hits = features(client, query=query, RESULTTYPE="hits")
    assert (hits.get("numberMatched"), hits.get("numberReturned"), len(hits)) == (str(len(expected)), "0", 0)
    found = features(client, query=query, COUNT=5000, PROPERTYNAME="key")
    assert {e.text for e in found.iter(f"{RAUM}key")} == expected
    assert found.get("numberReturned") == str(len(expected))


def test_every_layer_answers_in_every_format(client: Client) -> None:
    for layer in collections():
        rows = layer.matching(layer.parse(""))
        number = min(rows.count(), 3)
        for format_ in ("application/gml+xml; version=3.2", "text/xml; subtype=gml/3.2.1"):
            assert len(features(client, layer.name, COUNT=3, OUTPUTFORMAT=format_)) == number
        made = json.loads(ask(client, REQUEST="GetFeature", TYPENAMES=layer.name, COUNT=3, OUTPUTFORMAT="application/geo+json"))
        assert [f["id"] for f in made["features"]] == [
            f"{layer.name}.{id_of(k)}" for k in rows.order_by(layer.key).values_list(layer.key, flat=True)[:3]
        ]
        assert all(shape(f["geometry"]).geom_type == layer.geometry_type for f in made["features"])
        lines = ask(client, REQUEST="GetFeature", TYPENAMES=layer.name, COUNT=3, OUTPUTFORMAT="csv").decode().splitlines()
        assert lines[0].startswith(f'"{layer.key}"')


# --- values -----------------------------------------------------------------------------------------------------------


def test_values_arrive_as_they_are(client: Client) -> None:
    row = Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key")).order_by("key").first()
    Vacancy.objects.filter(pk=row.pk).update(title='Mühle & <Söhne> "Öl"', postcode="03046", former_use="school")
    found = features(client, FILTER=f"<Filter><ResourceId rid='leerstaende.{row.key}'/></Filter>")
    values = {e.tag.removeprefix(RAUM): e.text for e in found[0][0]}
    public = PublicVacancy.objects.get(key=row.key)
    assert values["title"] == 'Mühle & <Söhne> "Öl"' or not public.is_exact
    assert values["former_use"] == "school"
    assert values["postcode"] in ("03046", None)
    assert (values["possible_uses"] or "") == "|".join(public.possible_uses)
    assert json.loads(values["nearby"]) == public.nearby
    assert values["is_example"] in ("true", "false")
    assert found[0][0].get(f"{GML}id") == f"leerstaende.{row.key}"


def test_a_column_that_is_empty_says_so(client: Client) -> None:
    row = PublicVacancy.objects.filter(price_eur=None).order_by("key").first()
    found = features(client, RESOURCEID=f"leerstaende.{row.key}")
    empty = found.find(f".//{RAUM}price_eur")
    assert (empty.get(NIL), empty.text) == ("true", None)
    assert found.find(f".//{RAUM}is_exact").text in ("true", "false")


def test_one_feature_by_its_identifier(client: Client) -> None:
    key = STOPS.rows().order_by("stop_id").values_list("stop_id", flat=True)[0]
    stored = {"REQUEST": "GetFeature", "STOREDQUERY_ID": "urn:ogc:def:query:OGC-WFS::GetFeatureById"}
    one = etree.fromstring(ask(client, ID=f"haltestellen.{id_of(key)}", **stored))
    assert one.tag == f"{RAUM}haltestellen"
    assert one.find(f"{RAUM}stop_id").text == key
    ask(client, status=404, ID="haltestellen.nirgends", **stored)


@pytest.mark.parametrize("key", ["de:12060:900", "a_x3A_b", "é ü:/x.y", "_x", "", "x_xx"])
def test_every_key_survives_its_identifier(key: str) -> None:
    assert key_of(id_of(key)) == key
    assert re.fullmatch(r"[\w-]*", id_of(key))  # as xs:ID allows


def test_property_values(client: Client) -> None:
    found = etree.fromstring(ask(client, REQUEST="GetPropertyValue", TYPENAMES="raum:gemeinden", VALUEREFERENCE="name", COUNT=5))
    assert [e[0].text for e in found] == list(TOWNS.rows().order_by("ags").values_list("name", flat=True)[:5])
    geometry = etree.fromstring(ask(client, REQUEST="GetPropertyValue", TYPENAMES="raum:gemeinden", VALUEREFERENCE="geom", COUNT=1))
    assert geometry[0][0][0].tag == f"{GML}MultiSurface"


def test_the_sorting_of_a_client_is_kept_and_complete(client: Client) -> None:
    found = features(client, "gemeinden", SORTBY="population DESC,name", COUNT=500, PROPERTYNAME="population")
    numbers = [int(e.text) for e in found.iter(f"{RAUM}population")]
    assert numbers == sorted(numbers, reverse=True)
    pages = [features(client, "gemeinden", SORTBY="size_class", COUNT=50, STARTINDEX=s, PROPERTYNAME="ags") for s in range(0, 450, 50)]
    keys = [e.text for page in pages for e in page.iter(f"{RAUM}ags")]
    assert len(keys) == len(set(keys)) == TOWNS.rows().count()


# --- coordinates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", crs.KNOWN)
def test_a_row_lies_in_its_town_in_every_crs(client: Client, number: int) -> None:
    town = Town.objects.current().get(slug="wittenberge")
    found = features(client, query="town=wittenberge", SRSNAME=URN.format(number), COUNT=3)
    positions = [list(map(float, e.text.split())) for e in found.iter(f"{GML}pos")]
    assert positions
    for first, second in positions:
        east, north = (second, first) if number in (crs.WEB, crs.ETRS89, crs.LAEA) else (first, second)
        x, y = crs.transform_xy(east, north, number, crs.STORAGE)
        assert town.geom.contains(Point(x, y, srid=crs.STORAGE))


def test_geojson_is_rfc_7946(client: Client) -> None:
    made = json.loads(ask(client, "town=wittenberge", REQUEST="GetFeature", TYPENAMES="leerstaende", OUTPUTFORMAT="geojson"))
    assert "crs" not in made
    assert all(11.6 < f["geometry"]["coordinates"][0] < 12.0 and 52.9 < f["geometry"]["coordinates"][1] < 53.1 for f in made["features"])
    towns = json.loads(ask(client, "town=wittenberge", REQUEST="GetFeature", TYPENAMES="gemeinden", OUTPUTFORMAT="geojson"))
    outer = shape(towns["features"][0]["geometry"]).geoms[0].exterior
    assert outer.is_ccw


@pytest.mark.parametrize(
    ("number", "swapped"), [(crs.WEB, True), (crs.STORAGE, False), (crs.UTM32, False), (crs.MERCATOR, False), (crs.LAEA, True)]
)
def test_a_box_finds_what_a_dense_box_finds(client: Client, number: int, swapped: bool) -> None:
    import numpy as np
    import shapely

    corners = crs.transformer(crs.WEB, number).transform_bounds(11.9, 52.0, 14.2, 53.2)
    box = shapely.segmentize(shapely.box(*corners), (corners[2] - corners[0]) / 200)
    ring = shapely.transform(box, lambda xy: np.column_stack(crs.transform_xy(xy[:, 0], xy[:, 1], number, crs.STORAGE)))
    expected = STOPS.rows().filter(point__intersects=GEOSGeometry(memoryview(ring.wkb), srid=crs.STORAGE)).count()
    west, south, east, north = corners
    sent = (south, west, north, east) if swapped else corners
    found = features(client, "haltestellen", BBOX=",".join(map(str, [*sent, URN.format(number)])), RESULTTYPE="hits")
    assert 0 < expected < STOPS.rows().count()
    assert abs(int(found.get("numberMatched")) - expected) <= 1  # a stop may lie within a metre of the edge


def test_the_whole_world_is_a_box_too(client: Client) -> None:
    found = features(client, "gemeinden", BBOX=f"-90,-180,90,180,{URN.format(crs.WEB)}", RESULTTYPE="hits")
    assert found.get("numberMatched") == str(TOWNS.rows().count())


# --- pages ------------------------------------------------------------------------------------------------------------


def test_links_lead_through_every_page_and_keep_the_filter(client: Client) -> None:
    page, seen, pages = features(client, query="town_size=rural", COUNT=100, PROPERTYNAME="key"), [], 0
    total = VACANCIES.matching(VACANCIES.parse("town_size=rural")).count()
    while True:
        seen += [e.text for e in page.iter(f"{RAUM}key")]
        pages += 1
        assert page.get("numberMatched") == str(total)
        link = page.get("next")
        if link is None:
            break
        assert "town_size=rural" in link
        page = etree.fromstring(body_of(client.get(link)))
    assert page.get("previous") is not None
    assert (len(seen), len(set(seen)), seen) == (total, total, sorted(seen))
    assert pages == -(-total // 100)


def test_a_page_in_the_middle_is_that_page(client: Client) -> None:
    keys = list(STOPS.rows().order_by("stop_id").values_list("stop_id", flat=True))
    for start in (0, 99, 100, 101, 5_050, 12_800, len(keys) - 1, len(keys), 100_000):
        found = features(client, "haltestellen", STARTINDEX=start, COUNT=70, PROPERTYNAME="stop_id")
        assert [e.text for e in found.iter(f"{RAUM}stop_id")] == keys[start : start + 70]


def test_filters_of_a_post_are_kept_in_the_links(client: Client) -> None:
    made = etree.fromstring(post(client, QUERY.format(more='count="5"', filter=NAME_FILTER)))
    assert made.get("next")
    following = etree.fromstring(body_of(client.get(made.get("next"))))
    assert following.get("numberMatched") == made.get("numberMatched")
    assert {e.text for e in made.iter(f"{RAUM}stop_id")} & {e.text for e in following.iter(f"{RAUM}stop_id")} == set()


QUERY = """<wfs:GetFeature service="WFS" version="2.0.0" {more} xmlns:wfs="http://www.opengis.net/wfs/2.0"
 xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:raum="urn:x-raumwohlstand:layers">
 <wfs:Query typeNames="raum:haltestellen">{filter}</wfs:Query></wfs:GetFeature>"""
NAME_FILTER = """<fes:Filter><fes:PropertyIsLike wildCard="*" singleChar="?" escapeChar="\\">
 <fes:ValueReference>raum:name</fes:ValueReference>
 <fes:Literal>*Markt*</fes:Literal></fes:PropertyIsLike></fes:Filter>"""


def test_a_filter_is_the_same_by_get_post_and_keys_in_a_body(client: Client) -> None:
    expected = str(STOPS.rows().filter(name__contains="Markt").count())
    assert etree.fromstring(post(client, QUERY.format(more="", filter=NAME_FILTER))).get("numberMatched") == expected
    plain = re.sub(r"\s+", " ", NAME_FILTER).replace("<fes:Filter>", '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0">')
    keys = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": "raum:haltestellen",
        "FILTER": plain,
        "resultType": "hits",
    }
    assert etree.fromstring(body_of(client.get("/ogc/wfs", keys))).get("numberMatched") == expected
    assert (
        etree.fromstring(body_of(client.post("/ogc/wfs", urlencode(keys), content_type="application/x-www-form-urlencoded"))).get(
            "numberMatched"
        )
        == expected
    )


def test_one_condition_on_the_joined_text_of_a_list(client: Client) -> None:
    text = "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'><fes:PropertyIsLike wildCard='*' singleChar='?' escapeChar='!'>"
    text += "<fes:ValueReference>target_uses</fes:ValueReference><fes:Literal>*workshop*</fes:Literal></fes:PropertyIsLike></fes:Filter>"
    hits = etree.fromstring(
        body_of(client.get("/ogc/wfs", {"REQUEST": "GetFeature", "TYPENAMES": "raum:leerstaende", "FILTER": text, "RESULTTYPE": "hits"}))
    )
    assert hits.get("numberMatched") == str(PublicVacancy.objects.filter(target_uses__contains=["workshop"]).count())


# --- description ------------------------------------------------------------------------------------------------------


def test_capabilities_say_what_planners_programs_need(client: Client) -> None:
    root = check(ask(client, "transit=C", REQUEST="GetCapabilities"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root.get("updateSequence"))
    names = [e.text for e in root.iter(f"{WFS}Name")]
    assert names == [f"raum:{c.name}" for c in collections()]
    assert [e.text for e in root.iter(f"{WFS}DefaultCRS")] == [URN.format(crs.STORAGE)] * len(names)
    assert all("transit=C" in e.get(f"{XLINK}href") for kind in ("Get", "Post") for e in root.iter(f"{OWS}{kind}"))
    limits = {e.get("name"): e.findtext(f"{OWS}DefaultValue") for e in root.iter(f"{OWS}Constraint")}
    assert (limits["ImplementsResultPaging"], limits["CountDefault"]) == ("TRUE", "1000")
    links = [e.get(f"{XLINK}href") for e in root.iter(f"{WFS}MetadataURL")]
    assert links[0].endswith("/metadaten/leerstaende.xml")
    text = etree.tostring(root, encoding="unicode")
    assert "<inspire_common:URL>http://testserver/metadaten/wfs.xml</inspire_common:URL>" in text
    assert text.count("SpatialDataSetIdentifier metadataURL") == len(names)
    title = root.findtext(f".//{WFS}FeatureType/{WFS}Title")
    assert title == "Leerstände"


def test_extents_hold_every_row(client: Client) -> None:
    root = etree.fromstring(ask(client, REQUEST="GetCapabilities"))
    for type_ in root.iter(f"{WFS}FeatureType"):
        name = type_.findtext(f"{WFS}Name").removeprefix("raum:")
        low, high = type_.findtext(f".//{OWS}LowerCorner"), type_.findtext(f".//{OWS}UpperCorner")
        if low is None:
            continue
        west, south, east, north = *map(float, low.split()), *map(float, high.split())
        box = f"{south},{west},{north},{east},{URN.format(crs.WEB)}"
        within = features(client, name, BBOX=box, RESULTTYPE="hits").get("numberMatched")
        assert within == features(client, name, RESULTTYPE="hits").get("numberMatched"), name
        assert 11 < west < east < 15
        assert 51 < south < north < 54


def test_rows_with_empty_columns_validate(client: Client) -> None:
    columns = [f.name for f in VACANCIES.fields if f.name != VACANCIES.key]
    described = ask(client, REQUEST="DescribeFeatureType", TYPENAMES="raum:leerstaende")
    rows = features(client, COUNT=50)
    check(etree.tostring(rows), described)
    with connection.cursor() as cursor:  # a view in which everything but key and place is empty
        nulls = ", ".join(f"NULL::{t} AS {n}" if n in columns else n for n, t in _types("public_vacancy"))
        cursor.execute(f"CREATE TEMP VIEW public_vacancy AS SELECT {nulls} FROM public.public_vacancy ORDER BY key LIMIT 3")
        cursor.execute("GRANT SELECT ON pg_temp.public_vacancy TO raum_reader")
    cache.clear()
    root = check(ask(client, REQUEST="GetFeature", TYPENAMES="leerstaende", COUNT=3), described)
    assert len(root) == 3
    assert {sum(c.get(NIL) != "true" for c in e[0]) for e in root} == {2}, "key and place alone are there"
    made = json.loads(ask(client, REQUEST="GetFeature", TYPENAMES="leerstaende", COUNT=3, OUTPUTFORMAT="geojson"))
    assert {v for f in made["features"] for k, v in f["properties"].items() if k != "key"} == {None}
    check(ask(client, REQUEST="GetPropertyValue", TYPENAMES="leerstaende", VALUEREFERENCE="price_eur", COUNT=3), described)


def _types(view: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [view]
        )
        return cursor.fetchall()


def test_answers_of_every_layer_validate(client: Client) -> None:
    described = ask(client, REQUEST="DescribeFeatureType")
    for layer in collections():
        check(ask(client, REQUEST="GetFeature", TYPENAMES=layer.name, COUNT=3), described)
        check(ask(client, REQUEST="GetFeature", TYPENAMES=layer.name, RESULTTYPE="hits"), described)
        geometry = layer.geometry
        check(ask(client, REQUEST="GetPropertyValue", TYPENAMES=layer.name, VALUEREFERENCE=geometry, COUNT=2), described)
    check(ask(client, REQUEST="GetFeature", TYPENAMES="(gemeinden)(haltestellen)", COUNT=2), described)
    check(ask(client, REQUEST="ListStoredQueries"))
    check(ask(client, REQUEST="DescribeStoredQueries"))
    check(ask(client, status=400, REQUEST="GetFeature", TYPENAMES="raum:nichts"))


# --- the map's filter, state, versions --------------------------------------------------------------------------------


def test_a_wrong_filter_is_an_error_in_the_standards_words(client: Client) -> None:
    root = check(ask(client, "transit=Z", status=400, REQUEST="GetFeature", TYPENAMES="leerstaende"))
    assert root[0].get("locator") == "transit"
    root = check(ask(client, "tranzit=C", status=400, REQUEST="GetCapabilities"))
    assert "transit" in root[0][0].text


def test_nothing_is_sent_twice(client: Client) -> None:
    address = "/ogc/wfs?REQUEST=GetFeature&TYPENAMES=leerstaende&COUNT=2"
    first = client.get(address)
    assert first["ETag"].startswith("W/")
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key")[:1]).update(title="neu", former_use="mill")
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_older_versions_are_handed_on_or_refused(client: Client, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    from django.http import HttpResponse

    module = types.ModuleType("layers.publish.mapserver")
    module.wfs1 = lambda question, request: HttpResponse(f"older {question.version}")  # type: ignore[attr-defined]
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "layers.publish.mapserver", module)
    assert ask(client, VERSION=version, REQUEST="GetCapabilities") == f"older {version}".encode()
    old = f'<GetCapabilities service="WFS" version="{version}" xmlns="http://www.opengis.net/wfs"/>'
    assert post(client, old) == f"older {version}".encode()


def test_versions_are_negotiated(client: Client) -> None:
    response = client.get("/ogc/wfs?SERVICE=WFS&REQUEST=GetCapabilities&ACCEPTVERSIONS=9.9.9,2.0.0,1.0.0")
    assert etree.fromstring(response.content).get("version") == "2.0.0"
    response = client.get("/ogc/wfs?SERVICE=WFS&REQUEST=GetCapabilities&ACCEPTVERSIONS=9.9.9")
    assert response.status_code == 400
    assert b"VersionNegotiationFailed" in response.content


# --- programs ---------------------------------------------------------------------------------------------------------


def test_parallel_pages_lose_and_repeat_nothing(site: str) -> None:
    lock, seen = threading.Lock(), []

    def read(start: int) -> None:
        query = (
            f"SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=raum:haltestellen&COUNT=1000&STARTINDEX={start}&PROPERTYNAME=stop_id"
        )
        with urlopen(f"{site}/ogc/wfs?{query}") as answer:
            keys = re.findall(r"<raum:stop_id>([^<]+)<", answer.read().decode())
        with lock:
            seen.extend(keys)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(0, 13_000, 1000)))
    assert (len(seen), len(set(seen))) == (12_889, 12_889)


def test_owslib_reads(site: str) -> None:
    from owslib.wfs import WebFeatureService

    service = WebFeatureService(f"{site}/ogc/wfs", version="2.0.0")
    assert list(service.contents) == [f"raum:{c.name}" for c in collections()]
    assert service.contents["raum:leerstaende"].title == "Leerstände"
    fields = service.get_schema("raum:leerstaende")["properties"]
    assert (fields["postcode"], fields["vacant_since"], fields["is_exact"], fields["price_eur"]) == ("string", "date", "boolean", "integer")
    found = service.getfeature("raum:gemeinden", maxfeatures=3, outputFormat="application/geo+json")
    assert len(json.loads(found.read())["features"]) == 3


def gdal(code: str) -> Any:
    """Return what a program with GDAL prints as JSON; a program of its own, because GDAL holds Python's lock while it waits."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import json, pyogrio\n{code}"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_gdal_reads_types_and_pages(site: str) -> None:
    info = gdal(
        f"""
address = "WFS:{site}/ogc/wfs?town_size=rural"
info = pyogrio.read_info(address, layer="raum:leerstaende")
frame = pyogrio.read_dataframe(address, layer="raum:leerstaende")
stops = pyogrio.read_dataframe("WFS:{site}/ogc/wfs", layer="raum:haltestellen", columns=["stop_id"])
print(json.dumps(dict(types=dict(zip(info["fields"], info["ogr_types"])), subtypes=dict(zip(info["fields"], info.get("ogr_subtypes", []))),
    shape=info["geometry_type"], keys=list(frame["key"]), crs=frame.crs.to_epsg(), stops=[len(stops), stops["stop_id"].nunique()])))
"""
    )
    types = info["types"]
    assert types["postcode"] == types["possible_uses"] == "OFTString"
    assert types["vacant_since"] == "OFTDate"
    assert types["price_eur"].startswith("OFTInteger")
    assert types["rent_eur_m2"] == "OFTReal"
    assert (types["is_exact"], info["subtypes"].get("is_exact")) == ("OFTInteger", "OFSTBoolean")
    assert info["shape"] == "Point"
    assert sorted(info["keys"]) == sorted(VACANCIES.matching(VACANCIES.parse("town_size=rural")).values_list("key", flat=True))
    assert info["crs"] == crs.STORAGE
    assert info["stops"] == [12_889, 12_889]
