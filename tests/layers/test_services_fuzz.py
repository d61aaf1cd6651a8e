"""Random requests to every operation of every service: never a crash, a page, the whole layer by mistake, or an outgoing request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.publish.collection import collections
from tests.layers.services import needs_mapserver

pytestmark = [needs_mapserver, pytest.mark.django_db]
NAMES = [c.name for c in collections()]
ODD = st.sampled_from(
    ["", " ", "'", '"', "';--", "%", "%00", "\x01", "NaN", "inf", "-1", "1e309", "9" * 20, "../../etc/passwd", "<a>", "ä\u202e", "{}", "["]
)
TEXT = ODD | st.text(max_size=12)
NUMBER = st.integers(-5, 5000).map(str) | st.floats().map(str) | ODD
BOX = st.lists(NUMBER, min_size=3, max_size=6).map(",".join) | st.just("240000,5690000,480000,5940000") | st.just("51,11,54,15")
CRS = st.sampled_from(["EPSG:25833", "EPSG:4326", "urn:ogc:def:crs:EPSG::25833", "EPSG:0", "CRS:84", "http://example.org/crs"]) | TEXT
LAYER = st.sampled_from([*NAMES, *(f"raum:{n}" for n in NAMES), "register", "vacancies_vacancy", "pg_user"]) | TEXT
VERSION = st.sampled_from(["1.0.0", "1.1.0", "1.1.1", "1.3.0", "2.0.0", "9.9", ""]) | TEXT
FILTER = (
    st.sampled_from(
        [
            '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsEqualTo><fes:ValueReference>notes</fes:ValueReference>'
            "<fes:Literal>x</fes:Literal></fes:PropertyIsEqualTo></fes:Filter>",
            '<Filter xmlns="http://www.opengis.net/ogc"><PropertyIsLike><PropertyName>title</PropertyName><Literal>*</Literal></PropertyIsLike></Filter>',
            "<Filter><And/></Filter>",
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Filter>&e;</Filter>',
            "title LIKE '%' OR 1=1",
            '{"op":"=","args":[{"property":"notes"},"x"]}',
        ]
    )
    | TEXT
)
WORDS = {
    "service": st.sampled_from(["WMS", "WFS", "CSW", ""]) | TEXT,
    "version": VERSION,
    "layers": st.lists(LAYER, max_size=3).map(",".join),
    "query_layers": LAYER,
    "layer": LAYER,
    "typenames": st.lists(LAYER, max_size=3).map(",".join),
    "typename": LAYER,
    "styles": TEXT,
    "crs": CRS,
    "srs": CRS,
    "srsname": CRS,
    "bbox": BOX,
    "bbox-crs": CRS,
    "width": NUMBER,
    "height": NUMBER,
    "i": NUMBER,
    "j": NUMBER,
    "x": NUMBER,
    "y": NUMBER,
    "count": NUMBER,
    "maxfeatures": NUMBER,
    "startindex": NUMBER,
    "limit": NUMBER,
    "offset": NUMBER,
    "feature_count": NUMBER,
    "format": st.sampled_from(["image/png", "image/jpeg", "image/svg+xml", "text/html"]) | TEXT,
    "info_format": st.sampled_from(["text/html", "application/json", "text/plain"]) | TEXT,
    "outputformat": st.sampled_from(["geojson", "text/xml; subtype=gml/3.2", "text/csv", "shape-zip"]) | TEXT,
    "exceptions": st.sampled_from(["XML", "INIMAGE", "BLANK"]) | TEXT,
    "filter": FILTER,
    "filter-lang": st.sampled_from(["cql2-text", "cql2-json", "ecql"]) | TEXT,
    "sortby": st.sampled_from(["key", "-key", "notes", "key DESC", "title A,notes D"]) | TEXT,
    "propertyname": st.sampled_from(["key", "notes", "raum:title", "*"]) | TEXT,
    "valuereference": st.sampled_from(["key", "notes", "@gml:id", "//x"]) | TEXT,
    "resourceid": st.sampled_from(["leerstaende.1", "register.1", "x"]) | TEXT,
    "storedquery_id": st.sampled_from(["urn:ogc:def:query:OGC-WFS::GetFeatureById", "x"]) | TEXT,
    "resulttype": st.sampled_from(["hits", "results"]) | TEXT,
    "sld": st.just("http://192.0.2.1/style.sld") | TEXT,
    "sld_body": st.just('<StyledLayerDescriptor><NamedLayer><Name>x</Name></NamedLayer></StyledLayerDescriptor>') | TEXT,
    "map": st.just("/etc/passwd") | TEXT,
    "transit": st.sampled_from(["A", "F", "Z"]) | TEXT,
    "near": BOX,
    "extent": BOX,
    "datetime": st.sampled_from(["2021-01-01", "../..", "2026-01-01/2020-01-01"]) | TEXT,
}  # fmt: skip
OPERATIONS = {
    "/ogc/wms": ["GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic", "GetStyles", "DescribeLayer", "PutStyles", "x"],
    "/ogc/wfs": ["GetCapabilities", "DescribeFeatureType", "GetFeature", "GetPropertyValue", "ListStoredQueries", "Transaction", "x"],
}
USUAL = {
    "/ogc/wms": {"service": "WMS", "version": "1.3.0", "layers": "gemeinden", "styles": "", "crs": "EPSG:25833", "width": "40",
                 "height": "40", "bbox": "240000,5690000,480000,5940000", "format": "image/png", "query_layers": "gemeinden",
                 "layer": "gemeinden", "i": "1", "j": "1"},
    "/ogc/wfs": {"service": "WFS", "version": "2.0.0", "typenames": "raum:gemeinden", "count": "2", "valuereference": "name"},
}  # fmt: skip
SETTINGS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Sockets lead to the database and to MapServer, both on this machine; any other address is a find."""
    called: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith("127."):
            called.append(address)
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield called
    assert called == []


def fine(answer: Any, query: str) -> None:
    body = answer.getvalue()
    assert answer.status_code < 500 or answer.status_code in (501, 503), (answer.status_code, query, body[:300])
    assert b"Traceback" not in body, query
    for secret in (b"vacancies_vacancy", b"root:x:", b"psycopg", b"/etc/"):
        assert secret not in body.replace(query.encode(), b"")[:20_000] or answer.status_code == 400, (secret, query)


@SETTINGS
@given(data=st.data())
@pytest.mark.parametrize("address", list(OPERATIONS))
def test_wms_and_wfs_never_crash(client: Client, address: str, data: st.DataObject) -> None:
    changed = data.draw(st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=4, unique=True))
    keys = {**USUAL[address], "request": data.draw(st.sampled_from(OPERATIONS[address]))}
    keys |= {name: data.draw(WORDS[name]) for name in changed}
    dropped = data.draw(st.sets(st.sampled_from(sorted(keys)), max_size=1))
    query = urlencode({k: v for k, v in keys.items() if k not in dropped}, errors="replace")
    answer = client.get(f"{address}?{query}")
    fine(answer, query)
    if answer.status_code >= 400:
        assert "html" not in answer["Content-Type"], query


@SETTINGS
@given(data=st.data())
def test_ogc_api_never_crashes(client: Client, data: st.DataObject) -> None:
    layer = data.draw(st.sampled_from(["gemeinden", "leerstaende", "register", "x"]))
    changed = data.draw(st.lists(st.sampled_from(sorted(WORDS)), max_size=3, unique=True))
    query = urlencode({"f": "json", "limit": "2"} | {name: data.draw(WORDS[name]) for name in changed}, errors="replace")
    answer = client.get(f"/ogc/features/collections/{layer}/items?{query}")
    fine(answer, query)
    assert "html" not in answer["Content-Type"] or answer.status_code == 404, query


@SETTINGS
@given(
    body=st.binary(max_size=200)
    | FILTER.map(str.encode)
    | st.text(max_size=80).map(lambda t: f"<wfs:GetFeature>{t}</wfs:GetFeature>".encode())
)
@pytest.mark.parametrize("address", list(OPERATIONS))
def test_bodies_never_crash(client: Client, address: str, body: bytes) -> None:
    fine(client.post(address, body, content_type="text/xml"), "")
