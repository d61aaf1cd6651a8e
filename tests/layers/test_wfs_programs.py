"""WFS 2.0 against the schemas of the standards, and read by OWSLib and GDAL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from lxml import etree

from geo import crs
from layers.publish import paging
from layers.publish.collection import collection, collections
from tests.layers.ogc_schemas import check
from tests.layers.test_wfs import OWS, URN, WFS, ask, features
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db
XLINK = "{http://www.w3.org/1999/xlink}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


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


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What the services keep of counts and pages is forgotten before and after: the rows of one test are not those of the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("forgotten")
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


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "key", "more", "page"),
    [("haltestellen", "stop_id", "", 1000), ("reisezeit", "key", "&CENTRE=berlin-hbf,potsdam", 10_000)],
)
def test_parallel_pages_lose_and_repeat_nothing(site: str, layer: str, key: str, more: str, page: int) -> None:
    lock, seen = threading.Lock(), []
    wanted = collection(layer)
    total = wanted.matching(wanted.parse(more.lower().strip("&"))).count()
    assert total > (50_000 if more else 12_000)

    def read(start: int) -> None:
        query = (
            f"SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=raum:{layer}&COUNT={page}&STARTINDEX={start}&PROPERTYNAME={key}{more}"
        )
        with urlopen(f"{site}/ogc/wfs?{query}&OUTPUTFORMAT=geojson") as answer:
            keys = [f["properties"][key] for f in json.load(answer)["features"]]
        with lock:
            seen.extend(keys)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(0, total, page)))
    assert (len(seen), len(set(seen))) == (total, total)


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


def test_gdal_reads_all_pages_where_their_number_is_unknown(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large layers do not count what a filter leaves (test_large_layers.py); here every layer is one, whatever the database plans."""
    monkeypatch.setattr(paging, "SMALL", 10)
    monkeypatch.setattr(paging, "SORTED", re.compile("never"))
    cache.clear()
    address = f"{site}/ogc/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=raum:haltestellen&COUNT=5&FILTER="
    fes = "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'><fes:PropertyIsEqualTo><fes:ValueReference>mode</fes:ValueReference>"
    fes += "<fes:Literal>bus</fes:Literal></fes:PropertyIsEqualTo></fes:Filter>"
    with urlopen(address + quote(fes)) as answer:
        assert b'numberMatched="unknown"' in answer.read(2000)
    found = gdal(
        f"""
stops = pyogrio.read_dataframe("WFS:{site}/ogc/wfs", layer="raum:haltestellen", columns=["stop_id"], where="mode <> 'bus'")
print(json.dumps([len(stops), stops["stop_id"].nunique()]))
"""
    )
    total = collection("haltestellen").rows().exclude(mode="bus").count()
    assert total > 1_000  # rows of a page
    assert found == [total, total]
