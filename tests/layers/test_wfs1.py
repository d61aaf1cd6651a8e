"""WFS 1.0.0 and 1.1.0 as older programs see them: counts, types, pages and filters, answered by a real MapServer."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pyogrio
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from lxml import etree
from owslib.wfs import WebFeatureService

from geo.errors import RaumError
from layers.publish.collection import collections
from layers.publish.mapserver import wfs1
from layers.publish.ows import question
from layers.publish.ows.reports import report
from tests.layers.services import is_report, needs_mapserver
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = [needs_mapserver, pytest.mark.django_db]
NAMES = {c.name for c in collections()}
GML = {"1.0.0": "{http://www.opengis.net/gml}", "1.1.0": "{http://www.opengis.net/gml}"}
RAUM = "{urn:x-raumwohlstand:layers}"


def answered(request: HttpRequest) -> HttpResponse:
    """What the address /ogc/wfs does with a request to an older version."""
    try:
        return wfs1(question.read(request, "WFS"), request)
    except RaumError as error:
        return report(error, "WFS", "1.1.0")


def wfs(request: str, version: str = "1.1.0", **keys: Any) -> HttpResponse:
    given = {"SERVICE": "WFS", "VERSION": version, "REQUEST": request} | keys
    return answered(RequestFactory().get("/ogc/wfs?" + urlencode({k: v for k, v in given.items() if v is not None})))


def features(version: str = "1.1.0", **keys: Any) -> list[dict[str, str]]:
    """The features of an answer, each as its columns."""
    answer = wfs("GetFeature", version, **{"TYPENAME": "raum:leerstaende", **keys})
    assert answer.status_code == 200, answer.content[:500]
    root = etree.fromstring(answer.content)
    found = [f[0] for f in root.iter(f"{GML[version]}featureMember")]
    return [{e.tag.removeprefix(RAUM): e.text for e in f if e.tag.startswith(RAUM)} for f in found]


def condition(name: str, value: str, operator: str = "PropertyIsEqualTo", extra: str = "") -> str:
    inner = f"<{operator}{extra}><PropertyName>{name}</PropertyName><Literal>{value}</Literal></{operator}>"
    return f'<Filter xmlns="http://www.opengis.net/ogc">{inner}</Filter>'


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_capabilities(version: str) -> None:
    answer = wfs("GetCapabilities", version, town_size="rural")
    service = WebFeatureService("http://testserver/ogc/wfs", version=version, xml=answer.content)
    assert {name.rpartition(":")[2] for name in service.contents} == NAMES
    assert service.identification.title.startswith("Raumwohlstand")
    text = answer.content.decode()
    assert "town_size=rural" in text
    assert "/metadaten/leerstaende.xml" in text
    assert "updateSequence=" in text
    assert "<!--" not in text
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_types_are_described_as_they_are(version: str) -> None:
    root = etree.fromstring(wfs("DescribeFeatureType", version, TYPENAME="leerstaende").content)
    types = {e.get("name"): e.get("type") for e in root.iter("{*}element")}
    assert types["postcode"] == "string"
    assert types["is_example"] == "boolean"
    assert types["vacant_since"] == "date"
    assert types["usable_m2"] == "integer"
    assert types["rent_eur_m2"] == "double"
    assert types["geom"].startswith("gml:Point")
    assert "search_text" not in types


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_values_are_those_of_the_rows(version: str) -> None:
    rows = {r.key: r for r in VACANCIES.matching(VACANCIES.parse("town=wittenberge"))}
    given = {f["key"]: f for f in features(version, town="wittenberge")}
    assert given.keys() == rows.keys()
    for key, f in given.items():
        row = rows[key]
        assert f.get("usable_m2") == (None if row.usable_m2 is None else str(row.usable_m2))
        assert f.get("vacant_since") == (None if row.vacant_since is None else row.vacant_since.isoformat())
        assert f.get("barrier_free") == (None if row.barrier_free is None else str(row.barrier_free).lower())
        assert f.get("title", "") == row.title
        assert f.get("target_uses", "") == "|".join(row.target_uses)


def test_signs_of_xml_and_umlauts_come_through() -> None:
    for f in features(town="luebben-spreewald", MAXFEATURES=1):
        assert f["town_name"] == "Lübben (Spreewald)"
    assert features(FILTER=condition("title", "O'Brien &lt;&amp;&gt; &quot;x&quot;")) == []


def test_gdal_reads_the_right_types(tmp_path: Any) -> None:
    made = tmp_path / "answer.gml"
    made.write_bytes(wfs("GetFeature", TYPENAME="leerstaende", district="12062").content)
    (tmp_path / "answer.xsd").write_bytes(wfs("DescribeFeatureType", TYPENAME="leerstaende").content)
    table = pyogrio.read_dataframe(made)
    assert len(table) == PublicVacancy.objects.filter(district_ags="12062").count()
    assert table["postcode"].str.fullmatch(r"0\d{4}").any()
    assert table["is_example"].dtype == bool or str(table["is_example"].dtype) in ("bool", "boolean", "object")
    assert str(table["vacant_since"].dtype).startswith("datetime64") or isinstance(table["vacant_since"].dropna().iloc[0], datetime.date)
    assert table["town_population"].dtype.kind in "if"
    assert table.crs.to_epsg() == 25833
    assert table.geometry.x.between(300_000, 480_000).all()


def test_pages_lose_nothing() -> None:
    keys: list[str] = []
    for start in range(0, 5_000, 500):
        keys += [f["key"] for f in features(MAXFEATURES=500, STARTINDEX=start, PROPERTYNAME="key")]
    assert keys == list(PublicVacancy.objects.order_by("key").values_list("key", flat=True))


def test_the_filter_of_the_map_holds() -> None:
    query = {"town_size": "rural", "transit": "C", "berlin_max": "90"}
    wanted = set(VACANCIES.matching(VACANCIES.parse(query)).values_list("key", flat=True))
    assert {f["key"] for f in features(**query)} == wanted
    assert is_report(wfs("GetFeature", TYPENAME="leerstaende", town_size="riesig"), "InvalidParameterValue")
    assert is_report(wfs("GetFeature", TYPENAME="leerstaende", town_sise="rural"), "InvalidParameterValue")


@pytest.mark.parametrize(
    ("name", "value", "operator", "lookup"),
    [
        ("town_name", "Wittenberge", "PropertyIsEqualTo", ""),
        ("postcode", "03149", "PropertyIsEqualTo", ""),
        ("is_exact", "true", "PropertyIsEqualTo", ""),
        ("usable_m2", "400", "PropertyIsGreaterThan", "__gt"),
        ("rent_eur_m2", "8.69", "PropertyIsEqualTo", ""),
        ("vacant_since", "2020-01-01", "PropertyIsLessThan", "__lt"),
        ("vacant_since", "2023-01-21", "PropertyIsEqualTo", ""),
    ],
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_filters_of_the_standard_count_right(version: str, name: str, value: str, operator: str, lookup: str) -> None:
    wanted = PublicVacancy.objects.filter(**{name + lookup: {"true": True}.get(value, value)}).count()
    assert wanted > 0
    assert len(features(version, FILTER=condition(name, value, operator), PROPERTYNAME="key")) == wanted


@pytest.mark.parametrize("literal", ["x' OR 1=1 --", 'x" OR 1=1', "x\\", "[key]", "%", "'; DROP TABLE vacancies_vacancy; --", "ä'"])
def test_filters_cannot_be_broken_out_of(literal: str) -> None:
    escaped = literal.replace('"', "&quot;")
    for name in ("title", "usable_m2", "vacant_since", "is_exact"):
        answer = wfs("GetFeature", TYPENAME="leerstaende", FILTER=condition(name, escaped))
        assert is_report(answer) or b"featureMember" not in answer.content, answer.content[:500]
        assert b"Query" not in answer.content
    assert Vacancy.objects.exists()


def test_requests_as_xml() -> None:
    body = (
        '<wfs:GetFeature xmlns:wfs="http://www.opengis.net/wfs" service="WFS" version="1.1.0"{more}><wfs:Query '
        'xmlns:raum="urn:x-raumwohlstand:layers" typeName="raum:{name}">{filter}</wfs:Query></wfs:GetFeature>'
    )

    def post(name: str = "leerstaende", more: str = "", filter_: str = "", head: str = "") -> HttpResponse:
        text = head + body.format(name=name, more=more, filter=filter_)
        return answered(RequestFactory().post("/ogc/wfs?town_size=rural", text, content_type="text/xml"))

    wanted = VACANCIES.matching(VACANCIES.parse("town_size=rural")).filter(transit_class="F").count()
    assert post(filter_=condition("raum:transit_class", "F")).content.count(b"<gml:featureMember>") == wanted > 0
    assert post(more=' maxFeatures="2"').content.count(b"<gml:featureMember>") == 2
    assert is_report(post("geheim"), "InvalidParameterValue")
    assert is_report(post(more=' maxFeatures="-1"'), "InvalidParameterValue")
    assert is_report(post(filter_=condition("owner_name", "x")), "InvalidParameterValue")
    assert is_report(post(head='<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'))


@pytest.mark.parametrize(
    "keys",
    [
        {"TYPENAME": "geheim"},
        {"TYPENAME": None},
        {"TYPENAME": "leerstaende", "MAXFEATURES": "-1"},
        {"TYPENAME": "leerstaende", "MAXFEATURES": "1e9"},
        {"TYPENAME": "leerstaende", "STARTINDEX": "abc"},
        {"TYPENAME": "leerstaende", "BBOX": "NaN,0,1,1"},
        {"TYPENAME": "leerstaende", "OUTPUTFORMAT": "../../x"},
        {"TYPENAME": "leerstaende", "SRSNAME": "EPSG:9999999"},
        {"TYPENAME": "leerstaende", "PROPERTYNAME": "publication"},
        {"TYPENAME": "leerstaende", "FILTER": "<Filter"},
        {"TYPENAME": "leerstaende", "FILTER": '<!DOCTYPE x [<!ENTITY e "e">]><Filter/>'},
        {"TYPENAME": "leerstaende", "FILTER": condition("owner_name", "x")},
        {"TYPENAME": "leerstaende", "FILTER": "<a>" * 100 + "</a>" * 100},
        {"TYPENAME": "leerstaende", "map": "/etc/passwd"},
    ],
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_what_is_wrong_is_reported(version: str, keys: dict[str, Any]) -> None:
    answer = wfs("GetFeature", version, **keys)
    assert is_report(answer), (answer.status_code, answer.content[:300])
    assert "/tmp" not in answer.content.decode()


@pytest.mark.parametrize("request_name", ["Transaction", "LockFeature", "Steal"])
def test_nothing_can_be_changed(request_name: str) -> None:
    assert is_report(wfs(request_name), "OperationNotSupported")


def test_all_layers_answer_and_numbers_are_never_empty() -> None:
    for name in NAMES:
        text = wfs("GetFeature", TYPENAME=name, MAXFEATURES=3).content.decode()
        assert "FeatureCollection" in text, name
        assert not re.search(r"<raum:\w+></raum", text), name


SCRIPT = """
import json, sys, pyogrio
source = sys.argv[1]
layer = next(name for name, _kind in pyogrio.list_layers(source) if name.endswith("leerstaende"))
keys = list(pyogrio.read_dataframe(source, layer=layer)["key"])
fewer = list(pyogrio.read_dataframe(source, layer=layer, where="transit_class = 'F' AND usable_m2 > 200")["key"])
print(json.dumps([keys, fewer]))
"""


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_gdal_as_a_client_keeps_the_filter_and_adds_its_own(site: str, version: str) -> None:
    source = f"WFS:{site}/ogc/wfs?SERVICE=WFS&VERSION={version}&town_size=rural"
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    # a process of its own: GDAL would hold the lock that the server's thread needs
    done = subprocess.run([sys.executable, "-c", SCRIPT, source], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-1000:]
    keys, fewer = (set(part) for part in json.loads(done.stdout))
    wanted = VACANCIES.matching(VACANCIES.parse("town_size=rural"))
    assert keys == set(wanted.values_list("key", flat=True))
    assert fewer == set(wanted.filter(transit_class="F", usable_m2__gt=200).values_list("key", flat=True)) != set()
