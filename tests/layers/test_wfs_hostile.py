# ruff: noqa: E501
"""Bad and hostile requests to WFS: each is answered with the standard's report and 4xx, nothing is fetched, nothing leaks."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from lxml import etree

from geo.errors import Busy
from layers.publish.collection import collections
from layers.publish.wfs import formats
from tests.layers.ogc_schemas import check
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
FES = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'


def compare(name: str, value: str, kind: str = "PropertyIsEqualTo") -> str:
    return f"<fes:{kind}><fes:ValueReference>{name}</fes:ValueReference><fes:Literal>{value}</fes:Literal></fes:{kind}>"


def filter_of(inside: str) -> str:
    return f"<fes:Filter {FES}>{inside}</fes:Filter>"


def deep(levels: int) -> str:
    return filter_of("<fes:Not>" * levels + compare("key", "a") + "</fes:Not>" * levels)


FEATURES = {"REQUEST": "GetFeature", "TYPENAMES": "raum:leerstaende"}
BAD: dict[str, dict[str, str]] = {
    "no request": {"TYPENAMES": "raum:leerstaende"},
    "unknown request": {"REQUEST": "DropTable"},
    "transaction": {"REQUEST": "Transaction"},
    "other service": {"SERVICE": "WMS", "REQUEST": "GetCapabilities"},
    "unknown version": {"VERSION": "3.0.0", **FEATURES},
    "path as version": {"VERSION": "../../etc/passwd", **FEATURES},
    "no type": {"REQUEST": "GetFeature"},
    "unknown type": {"REQUEST": "GetFeature", "TYPENAMES": "raum:auth_user"},
    "known and unknown type": {"REQUEST": "GetFeature", "TYPENAMES": "(raum:leerstaende)(raum:auth_user)"},
    "join": {"REQUEST": "GetFeature", "TYPENAMES": "raum:leerstaende,raum:gemeinden"},
    "foreign prefix": {"REQUEST": "GetFeature", "TYPENAMES": "x:leerstaende"},
    "injection in type": {"REQUEST": "GetFeature", "TYPENAMES": "leerstaende'; DROP TABLE x;--"},
    "describe unknown": {"REQUEST": "DescribeFeatureType", "TYPENAMES": "raum:nichts"},
    "describe odd format": {"REQUEST": "DescribeFeatureType", "TYPENAMES": "leerstaende", "OUTPUTFORMAT": "exe"},
    "odd format": {**FEATURES, "OUTPUTFORMAT": "application/x-msdownload"},
    "odd CRS": {**FEATURES, "SRSNAME": "EPSG:99999"},
    "path as CRS": {**FEATURES, "SRSNAME": "file:///etc/passwd"},
    "pipeline as CRS": {**FEATURES, "SRSNAME": "+proj=pipeline"},
    "CRS not offered": {**FEATURES, "SRSNAME": "urn:ogc:def:crs:EPSG::2056"},
    "huge CRS": {**FEATURES, "SRSNAME": "urn:ogc:def:crs:EPSG::99999999999999999999"},
    "count negative": {**FEATURES, "COUNT": "-1"},
    "count text": {**FEATURES, "COUNT": "all"},
    "count huge": {**FEATURES, "COUNT": "9" * 30},
    "count fraction": {**FEATURES, "COUNT": "1.5"},
    "count NaN": {**FEATURES, "COUNT": "NaN"},
    "start negative": {**FEATURES, "STARTINDEX": "-5"},
    "start huge": {**FEATURES, "STARTINDEX": "9" * 30},
    "box of NaN": {**FEATURES, "BBOX": "nan,nan,nan,nan"},
    "box of infinity": {**FEATURES, "BBOX": "-inf,-inf,inf,inf"},
    "box swapped": {**FEATURES, "BBOX": "14,53,12,52"},
    "box of three": {**FEATURES, "BBOX": "1,2,3"},
    "box of six": {**FEATURES, "BBOX": "1,2,3,4,5,6"},
    "box with odd CRS": {**FEATURES, "BBOX": "1,2,3,4,urn:ogc:def:crs:EPSG::1"},
    "box with an address": {**FEATURES, "BBOX": "1,2,3,4,http://example.org/crs"},
    "box huge": {**FEATURES, "BBOX": "1e400,2,1e401,4"},
    "box and filter": {**FEATURES, "BBOX": "1,2,3,4", "FILTER": filter_of(compare("key", "a"))},
    "sort by nothing known": {**FEATURES, "SORTBY": "search_text"},
    "sort by hidden column": {**FEATURES, "SORTBY": "owner_name"},
    "sort injection": {**FEATURES, "SORTBY": "key; DROP TABLE x"},
    "sort direction": {**FEATURES, "SORTBY": "key SIDEWAYS"},
    "sort across relations": {**FEATURES, "SORTBY": "units__name"},
    "sort random": {**FEATURES, "SORTBY": "?"},
    "property hidden": {**FEATURES, "PROPERTYNAME": "internal_note"},
    "property of one of two": {**FEATURES, "TYPENAMES": "(raum:leerstaende)(raum:gemeinden)", "PROPERTYNAME": "(key)()"},
    "property path": {**FEATURES, "PROPERTYNAME": "../key"},
    "property injection": {**FEATURES, "PROPERTYNAME": "key,title)--"},
    "value of hidden column": {"REQUEST": "GetPropertyValue", "TYPENAMES": "leerstaende", "VALUEREFERENCE": "contact"},
    "value missing": {"REQUEST": "GetPropertyValue", "TYPENAMES": "leerstaende"},
    "value path": {"REQUEST": "GetPropertyValue", "TYPENAMES": "leerstaende", "VALUEREFERENCE": "//*"},
    "value function": {"REQUEST": "GetPropertyValue", "TYPENAMES": "leerstaende", "VALUEREFERENCE": "valueOf(key)"},
    "stored unknown": {"REQUEST": "GetFeature", "STOREDQUERY_ID": "urn:x"},
    "stored without id": {"REQUEST": "GetFeature", "STOREDQUERY_ID": "urn:ogc:def:query:OGC-WFS::GetFeatureById"},
    "stored foreign id": {"REQUEST": "GetFeature", "STOREDQUERY_ID": "urn:ogc:def:query:OGC-WFS::GetFeatureById", "ID": "auth_user.1"},
    "id of another type": {**FEATURES, "RESOURCEID": "gemeinden.1"},
    "result type": {**FEATURES, "RESULTTYPE": "everything"},
    "resolve remote": {**FEATURES, "RESOLVE": "remote"},
    "resolve odd": {**FEATURES, "RESOLVE": "x"},
    "resolve depth": {**FEATURES, "RESOLVEDEPTH": "deep"},
    "namespaces": {**FEATURES, "NAMESPACES": "xmlns("},
    "aliases": {**FEATURES, "ALIASES": "A,B"},
    "pairs unequal": {"REQUEST": "GetFeature", "TYPENAMES": "(gemeinden)(haltestellen)", "BBOX": "(1,2,3,4)"},
    "many queries": {"REQUEST": "GetFeature", "TYPENAMES": "(gemeinden)" * 50},
    "filter language": {**FEATURES, "FILTER_LANGUAGE": "SQL", "FILTER": "1=1"},
    "filter no XML": {**FEATURES, "FILTER": "1=1"},
    "filter broken": {**FEATURES, "FILTER": "<Filter><PropertyIsEqualTo>"},
    "filter empty": {**FEATURES, "FILTER": "<Filter/>"},
    "filter of another language": {**FEATURES, "FILTER": "<script xmlns='http://www.w3.org/1999/xhtml'/>"},
    "filter doctype": {**FEATURES, "FILTER": '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + filter_of(compare("key", "&x;"))},
    "filter deep": {**FEATURES, "FILTER": deep(200)},
    "filter very deep": {**FEATURES, "FILTER": deep(2_000)[:90_000]},
    "filter on hidden column": {**FEATURES, "FILTER": filter_of(compare("search_text", "a"))},
    "filter across relations": {**FEATURES, "FILTER": filter_of(compare("units__name", "a"))},
    "filter across relations by path": {**FEATURES, "FILTER": filter_of(compare("units/name", "a"))},
    "filter by lookup": {**FEATURES, "FILTER": filter_of(compare("key__regex", ".*"))},
    "filter by attribute": {**FEATURES, "FILTER": filter_of(compare("key[@a='b']", "a"))},
    "filter without operand": {**FEATURES, "FILTER": filter_of("<fes:PropertyIsEqualTo/>")},
    "filter with an empty name": {**FEATURES, "FILTER": filter_of(compare("", "a"))},
    "number as text": {**FEATURES, "FILTER": filter_of(compare("price_eur", "viel"))},
    "number NaN": {**FEATURES, "FILTER": filter_of(compare("rent_eur_m2", "NaN"))},
    "date impossible": {**FEATURES, "FILTER": filter_of(compare("vacant_since", "2020-13-45"))},
    "flag odd": {**FEATURES, "FILTER": filter_of(compare("is_exact", "vielleicht"))},
    "literal of odd type": {
        **FEATURES,
        "FILTER": filter_of("<fes:PropertyIsEqualTo><fes:ValueReference>key</fes:ValueReference><fes:Literal type='xs:nix'>1</fes:Literal></fes:PropertyIsEqualTo>"),
    },
    "like on a number": {
        **FEATURES,
        "FILTER": filter_of("<fes:PropertyIsLike wildCard='*' singleChar='?' escapeChar='!'><fes:ValueReference>price_eur</fes:ValueReference><fes:Literal>1*</fes:Literal></fes:PropertyIsLike>"),
    },
    "like without wildcards": {**FEATURES, "FILTER": filter_of(compare("key", "a", "PropertyIsLike"))},
    "comparison of a geometry": {**FEATURES, "FILTER": filter_of(compare("point", "POINT(1 2)"))},
    "unknown function": {**FEATURES, "FILTER": filter_of("<fes:PropertyIsEqualTo><fes:Function name='pg_sleep'><fes:Literal>9</fes:Literal></fes:Function><fes:Literal>1</fes:Literal></fes:PropertyIsEqualTo>")},
    "division by nothing": {
        **FEATURES,
        "FILTER": filter_of("<fes:PropertyIsEqualTo><fes:Div><fes:ValueReference>storeys</fes:ValueReference><fes:Literal>0</fes:Literal></fes:Div><fes:Literal>1</fes:Literal></fes:PropertyIsEqualTo>"),
    },
    "arithmetic without operands": {**FEATURES, "FILTER": filter_of("<fes:PropertyIsEqualTo><fes:Add/><fes:Literal>1</fes:Literal></fes:PropertyIsEqualTo>")},
    "geometry without CRS": {**FEATURES, "FILTER": filter_of("<fes:BBOX><gml:Envelope><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope></fes:BBOX>")},
    "geometry broken": {**FEATURES, "FILTER": filter_of("<fes:Intersects><fes:ValueReference>point</fes:ValueReference><gml:Polygon srsName='EPSG:25833'/></fes:Intersects>")},
    "geometry of text": {**FEATURES, "FILTER": filter_of("<fes:Intersects><fes:ValueReference>point</fes:ValueReference><gml:Point srsName='EPSG:25833'><gml:pos>a b</gml:pos></gml:Point></fes:Intersects>")},
    "distance without unit": {**FEATURES, "FILTER": filter_of("<fes:DWithin><fes:ValueReference>point</fes:ValueReference><gml:Point srsName='EPSG:25833'><gml:pos>1 2</gml:pos></gml:Point><fes:Distance>5</fes:Distance></fes:DWithin>")},
    "distance of text": {**FEATURES, "FILTER": filter_of("<fes:DWithin><fes:ValueReference>point</fes:ValueReference><gml:Point srsName='EPSG:25833'><gml:pos>1 2</gml:pos></gml:Point><fes:Distance uom='m'>weit</fes:Distance></fes:DWithin>")},
    "geometry beyond the world": {**FEATURES, "FILTER": filter_of("<fes:Within><fes:ValueReference>point</fes:ValueReference><gml:LineString srsName='EPSG:3857'><gml:posList>0 0 1e300 1e300</gml:posList></gml:LineString></fes:Within>")},
    "time operator": {**FEATURES, "FILTER": filter_of("<fes:During><fes:ValueReference>vacant_since</fes:ValueReference><gml:TimePeriod gml:id='a'/></fes:During>")},
    "NUL": {**FEATURES, "SORTBY": "key\0"},
    "map filter": {**FEATURES, "transit": "Z"},
    "map filter misspelt": {**FEATURES, "tranzit": "C"},
    "style address": {**FEATURES, "SLD": "http://127.0.0.1:1/x.sld"},
    "map file": {**FEATURES, "map": "/etc/passwd"},
    "accept format": {"REQUEST": "GetCapabilities", "ACCEPTFORMATS": "text/evil"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request may cause one."""

    def refuse(*args: Any) -> None:
        raise AssertionError(f"a connection to {args}")

    kept = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: refuse(address) if isinstance(address, tuple) else kept(self, address)
    )
    cache.clear()


def report_of(response: Any) -> etree._Element:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    assert 400 <= response.status_code < 500, (response.status_code, body[:300])
    assert response["Content-Type"].startswith("text/xml"), body[:300]
    root = check(body)
    assert root.tag.endswith("}ExceptionReport")
    text = body.decode()
    for word in ("Traceback", "SELECT", "public_vacancy", "psycopg", "File &quot;", "vacancies_", "HINT", "/etc/", "LINE 1"):
        assert word not in text.replace("file:///etc/passwd", "").replace("VERSION=../../etc/passwd", ""), text
    return root


@pytest.mark.parametrize("case", BAD)
def test_bad_keys_are_reported(client: Client, case: str) -> None:
    report_of(client.get("/ogc/wfs", {"SERVICE": "WFS", "VERSION": "2.0.0", **BAD[case]}))


@pytest.mark.parametrize("names", ["", " ", ",", "()", "()()"])
def test_no_column_named_is_as_if_none_were_asked_for(client: Client, names: str) -> None:
    keys = {
        "SERVICE": "WFS",
        "VERSION": "2.0.0",
        "REQUEST": "GetFeature",
        "TYPENAMES": "raum:gemeinden",
        "COUNT": "1",
        "PROPERTYNAME": names,
    }
    response = client.get("/ogc/wfs", keys)
    assert b"<raum:population>" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


GET_FEATURE = f'<wfs:GetFeature service="WFS" version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0" {FES} xmlns:raum="urn:x-raumwohlstand:layers"'
QUERY = GET_FEATURE + ">{inside}</wfs:GetFeature>"
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
BODIES = {
    "empty": "",
    "no XML": "nichts",
    "broken": "<wfs:GetFeature",
    "doctype": "<!DOCTYPE x>" + QUERY.format(inside='<wfs:Query typeNames="raum:leerstaende"/>'),
    "XXE": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + QUERY.format(inside='<wfs:Query typeNames="&e;"/>'),
    "XXE by network": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + QUERY.format(inside='<wfs:Query typeNames="raum:leerstaende"/>'),
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>' + QUERY.format(inside='<wfs:Query typeNames="&l9;"/>'),
    "unknown operation": '<wfs:Drop service="WFS" version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"/>',
    "transaction": '<wfs:Transaction service="WFS" version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"/>',
    "without namespace": '<GetFeature service="WFS" version="2.0.0"><Query typeNames="leerstaende"/></GetFeature>',
    "another namespace": '<x:GetFeature xmlns:x="urn:x" service="WFS" version="2.0.0"/>',
    "no query": QUERY.format(inside=""),
    "unknown type": QUERY.format(inside='<wfs:Query typeNames="raum:auth_user"/>'),
    "no type": QUERY.format(inside="<wfs:Query/>"),
    "undeclared prefix": QUERY.format(inside='<wfs:Query typeNames="y:leerstaende"/>'),
    "count negative": GET_FEATURE + ' count="-1"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "count huge": GET_FEATURE + ' count="99999999999999999999"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "count text": GET_FEATURE + ' count="alle"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "start negative": GET_FEATURE + ' startIndex="-1"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "start huge": GET_FEATURE + ' startIndex="99999999999999999999"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "result type": GET_FEATURE + ' resultType="x"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>',
    "two conditions": QUERY.format(inside=f'<wfs:Query typeNames="raum:leerstaende"><fes:Filter>{compare("key", "a") * 2}</fes:Filter></wfs:Query>'),
    "hidden column": QUERY.format(inside=f'<wfs:Query typeNames="raum:leerstaende"><fes:Filter>{compare("raum:search_text", "a")}</fes:Filter></wfs:Query>'),
    "property hidden": QUERY.format(inside='<wfs:Query typeNames="raum:leerstaende"><wfs:PropertyName>raum:search_text</wfs:PropertyName></wfs:Query>'),
    "property empty": QUERY.format(inside='<wfs:Query typeNames="raum:leerstaende"><wfs:PropertyName/></wfs:Query>'),
    "stored unknown": QUERY.format(inside='<wfs:StoredQuery id="urn:x"/>'),
    "stored odd parameter": QUERY.format(inside='<wfs:StoredQuery id="urn:ogc:def:query:OGC-WFS::GetFeatureById"><wfs:Parameter name="x">1</wfs:Parameter></wfs:StoredQuery>'),
    "deep": QUERY.format(inside="<fes:And>" * 500 + "</fes:And>" * 500),
    "wide": QUERY.format(inside="<fes:Or/>" * 30_000),
    "large": QUERY.format(inside=" " * 2_100_000),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_bad_documents_are_reported(client: Client, case: str) -> None:
    report_of(client.post("/ogc/wfs", BODIES[case], content_type="text/xml"))


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "image/png"])
def test_other_content_is_refused(client: Client, kind: str) -> None:
    assert report_of(client.post("/ogc/wfs", "{}", content_type=kind)) is not None


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    report_of(getattr(client, method)("/ogc/wfs"))


def test_references_to_schemas_are_not_followed(client: Client) -> None:
    where = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd"'
    body = GET_FEATURE + f' {where} count="1"><wfs:Query typeNames="raum:leerstaende"/></wfs:GetFeature>'
    response = client.post("/ogc/wfs", body, content_type="text/xml")
    assert response.status_code == 200


def test_no_page_is_larger_than_allowed(client: Client) -> None:
    response = client.get("/ogc/wfs", {"REQUEST": "GetFeature", "TYPENAMES": "haltestellen", "COUNT": "1000000", "PROPERTYNAME": "stop_id"})
    assert etree.fromstring(b"".join(response.streaming_content)).get("numberReturned") == "10000"


def test_values_are_values_and_no_language(client: Client) -> None:
    for value in ("' OR 1=1 --", "%", "'; SELECT pg_sleep(9); --", "\\", "{}", "%s"):
        text = value.replace("&", "&amp;")
        response = client.get("/ogc/wfs", {**FEATURES, "FILTER": filter_of(compare("key", text)), "RESULTTYPE": "hits"})
        assert etree.fromstring(b"".join(response.streaming_content)).get("numberMatched") == "0"
    response = client.get("/ogc/wfs", {**FEATURES, "FILTER": filter_of(compare("price_eur", "9" * 40))})
    assert etree.fromstring(b"".join(response.streaming_content)).get("numberMatched") == "0"


def test_hidden_rows_cannot_be_reached(client: Client) -> None:
    hidden = Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key")).order_by("key").first()
    Vacancy.objects.filter(pk=hidden.pk).update(visibility="internal")
    assert not PublicVacancy.objects.filter(key=hidden.key).exists()
    stored = {"STOREDQUERY_ID": "urn:ogc:def:query:OGC-WFS::GetFeatureById", "ID": f"leerstaende.{hidden.key}"}
    assert client.get("/ogc/wfs", {"REQUEST": "GetFeature", **stored}).status_code == 404
    for more in ({"RESOURCEID": f"leerstaende.{hidden.key}"}, {"FILTER": filter_of(compare("key", hidden.key))}):
        response = client.get("/ogc/wfs", {**FEATURES, **more})
        assert etree.fromstring(b"".join(response.streaming_content)).get("numberMatched") == "0"


def test_no_layer_offers_a_column_that_is_not_declared(client: Client) -> None:
    for layer in collections():
        response = client.get("/ogc/wfs", {"REQUEST": "GetFeature", "TYPENAMES": layer.name, "COUNT": "1", "OUTPUTFORMAT": "geojson"})
        for feature in json.loads(b"".join(response.streaming_content))["features"]:
            assert list(feature["properties"]) == [f.name for f in layer.fields]


def test_who_asks_for_a_file_that_cannot_be_made_in_time_is_told_when_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_given: object) -> str:
        raise Busy("zu lange", 30)

    monkeypatch.setattr(formats.BUILDERS, "do", late)
    keys = {"SERVICE": "WFS", "VERSION": "2.0.0", **FEATURES, "OUTPUTFORMAT": "application/geopackage+sqlite3"}
    answer = client.get("/ogc/wfs", keys)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert b"ExceptionReport" in answer.content
