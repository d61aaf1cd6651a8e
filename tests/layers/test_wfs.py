"""WFS 2.0 as programs ask it."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def ask(client: Client, **keys: str):
    return client.get("/ogc/wfs", {"SERVICE": "WFS", "VERSION": "2.0.0", **keys})


def text(response) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_capabilities(client: Client) -> None:
    r = ask(client, REQUEST="GetCapabilities")
    print(text(r)[:6000])
    assert r.status_code == 200


@pytest.mark.parametrize("f", ["application/gml+xml; version=3.2", "geojson", "csv", "gpkg"])
def test_features(client: Client, f: str) -> None:
    for t in ("leerstaende", "gemeinden", "haltestellen", "isochronen", "reisezeit", "gebiete", "einrichtungen", "gueteklassen"):
        r = ask(client, REQUEST="GetFeature", TYPENAMES=f"raum:{t}", COUNT="2", STARTINDEX="2", OUTPUTFORMAT=f)
        body = b"".join(r.streaming_content) if r.streaming else r.content
        print(t, r.status_code, r["Content-Type"], body[:1500])
        assert r.status_code == 200


def test_describe(client: Client) -> None:
    r = ask(client, REQUEST="DescribeFeatureType", TYPENAMES="raum:leerstaende")
    print(text(r)[:3000])
    assert r.status_code == 200
