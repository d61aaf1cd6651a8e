"""One filter on every service and in every file: the same ids as the queryset, from WMS, WFS 1.1 and 2.0, OGC API and files."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import geopandas as gpd
import orjson
import pytest
from django.test import Client

from layers.publish import asking
from tests.contract.test_one_filter import BY_HAND, generated
from tests.layers.services import needs_mapserver
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
WHOLE = "CRS=EPSG:25833&BBOX=190000,5670000,510000,5960000&WIDTH=2&HEIGHT=2&I=1&J=1"
MOST_AT_A_PIXEL = 1000


def expected(query: str) -> list[str]:
    return sorted(PublicVacancy.objects.matching(VacancyFilter.parse(query)).values_list("key", flat=True))


def of_the_service(query: str) -> str:
    """The filter as a service's address carries it."""
    return asking.service_query(VacancyFilter.parse(query).dump())


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.getvalue()[:500]
    return answer.getvalue()


def wfs20(client: Client, query: str) -> list[str]:
    asked = "service=WFS&version=2.0.0&request=GetFeature&typenames=raum:leerstaende&outputFormat=geojson&count=10000&propertyName=key"
    return [f["properties"]["key"] for f in orjson.loads(body(client.get(f"/ogc/wfs?{asked}&{query}")))["features"]]


def wfs11(client: Client, query: str) -> list[str]:
    asked = "service=WFS&version=1.1.0&request=GetFeature&typename=raum:leerstaende&maxFeatures=10000&propertyName=key"
    return re.findall(r"<raum:key>(\w+)</raum:key>", body(client.get(f"/ogc/wfs?{asked}&{query}")).decode())


def wms(client: Client, query: str) -> list[str]:
    asked = "service=WMS&version=1.3.0&request=GetFeatureInfo&layers=leerstaende&query_layers=leerstaende&styles="
    asked += f"&{WHOLE}&feature_count={MOST_AT_A_PIXEL}&info_format=application/json"
    return sorted(f["properties"]["key"] for f in orjson.loads(body(client.get(f"/ogc/wms?{asked}&{query}")))["features"])


def ogc_api(client: Client, query: str) -> list[str]:
    found = orjson.loads(body(client.get(f"/ogc/features/collections/leerstaende/items?f=json&limit=10000&{query}")))
    assert found["numberMatched"] == found["numberReturned"] == len(found["features"])
    return [f["id"] for f in found["features"]]


def parquet(client: Client, query: str) -> list[str]:
    return list(gpd.read_parquet(io.BytesIO(body(client.get(f"/leerstaende.parquet?{query}"))), columns=["key", "geom"])["key"])


@needs_mapserver
@pytest.mark.parametrize("query", BY_HAND)
def test_every_service_gives_the_rows_of_the_queryset(client: Client, query: str) -> None:
    wanted, asked = expected(query), of_the_service(query)
    assert wfs20(client, asked) == wanted
    assert ogc_api(client, asked) == wanted
    assert parquet(client, query) == wanted
    if len(wanted) <= MOST_AT_A_PIXEL:
        assert wms(client, asked) == wanted
        assert sorted(wfs11(client, asked)) == wanted


def _hits(client: Client, query: str) -> Iterator[tuple[str, int]]:
    asked = "service=WFS&version=2.0.0&request=GetFeature&typenames=raum:leerstaende&resultType=hits"
    yield "WFS 2.0", int(re.search(rb'numberMatched="(\d+)"', body(client.get(f"/ogc/wfs?{asked}&{query}")))[1])  # type: ignore[index]
    asked = "service=WFS&version=1.1.0&request=GetFeature&typename=raum:leerstaende&resultType=hits"
    yield "WFS 1.1", int(re.search(rb'numberOfFeatures="(\d+)"', body(client.get(f"/ogc/wfs?{asked}&{query}")))[1])  # type: ignore[index]
    found = json.loads(body(client.get(f"/ogc/features/collections/leerstaende/items?f=json&limit=1&{query}")))
    yield "OGC API", found["numberMatched"]


@needs_mapserver
def test_counts_agree_for_generated_queries(client: Client) -> None:
    for query in generated(60):
        wanted = len(expected(query))
        for service, count in _hits(client, of_the_service(query)):
            assert count == wanted, (service, query)


@needs_mapserver
def test_an_invalid_filter_is_refused_by_every_service_in_its_own_words(client: Client) -> None:
    wrong = urlencode({"transit": "Z"})
    for address, kind in (
        ("/ogc/wms?service=WMS&version=1.3.0&request=GetCapabilities", "xml"),
        ("/ogc/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=raum:leerstaende", "xml"),
        ("/ogc/wfs?service=WFS&version=1.1.0&request=GetFeature&typename=raum:leerstaende", "xml"),
        ("/ogc/features/collections/leerstaende/items?f=json", "json"),
        ("/leerstaende.parquet?", "json"),
    ):
        answer = client.get(f"{address}&{wrong}")
        assert (answer.status_code, kind in answer["Content-Type"]) == (400, True), address
        assert "transit" in answer.getvalue().decode()


def test_a_layer_that_is_added_is_found_everywhere(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One entry, and the layer is on the page, in the services' capabilities, in the catalogue."""
    source = tmp_path / "more_layers.py"
    source.write_text(
        "from dataclasses import replace\nfrom layers.published import TOWNS\n"
        "COLLECTIONS = (replace(TOWNS, name='probe', title='Probeebene', stamp=lambda: 'probe'),)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.PUBLISHED = [*settings.PUBLISHED, "more_layers.COLLECTIONS"]
    for address in (
        "/ogc/",
        "/ogc/wfs?service=WFS&request=GetCapabilities",
        "/ogc/wms?service=WMS&request=GetCapabilities",
        "/ogc/features/collections?f=json",
        "/dcat.ttl",
    ):
        assert "Probeebene" in body(client.get(address)).decode(), address
    assert json.loads(body(client.get("/probe.geojson?town=wittenberge")))["features"][0]["properties"]["name"] == "Wittenberge"
    assert "Probeebene" in body(client.get("/metadaten/probe.xml")).decode()
    asked = "service=WFS&version=2.0.0&request=GetFeature&typenames=raum:probe&resultType=hits"
    assert b'numberMatched="413"' in body(client.get(f"/ogc/wfs?{asked}"))
