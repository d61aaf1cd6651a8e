"""Metadata against the schemas of their standards; for the catalogue of portals see test_dcat.py."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from geo.models import Dataset
from layers.publish import version
from layers.publish.collection import collection, collections
from layers.publish.describe.about import SERVICES
from layers.publish.views import FORMATS
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
SPACES = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "srv": "http://www.isotc211.org/2005/srv",
    "xlink": "http://www.w3.org/1999/xlink",
}
NAMES = [*(c.name for c in collections()), *(s.name for s in SERVICES)]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "iso19139" / "all.xsd"))


def fetch(client: Client, name: str) -> etree._Element:
    response = client.get(f"/metadaten/{name}.xml")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    return etree.fromstring(response.content)


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(t) for t in root.xpath(f"{path}//text()", namespaces=SPACES) if t.strip()]


@pytest.mark.usefixtures("hard_rows")
@pytest.mark.parametrize("name", NAMES)
def test_every_record_is_valid_by_its_schema(client: Client, schema: etree.XMLSchema, name: str) -> None:
    root = fetch(client, name)
    assert schema.validate(root), schema.error_log


def test_a_record_without_data_sets_is_valid_too(client: Client, schema: etree.XMLSchema) -> None:
    assert schema.validate(fetch(client, "einrichtungen")), schema.error_log


def test_the_schema_does_find_faults(client: Client, schema: etree.XMLSchema) -> None:
    root = fetch(client, "leerstaende")
    root.remove(root.find("gmd:dateStamp", SPACES))
    assert not schema.validate(root)


def test_a_layer_says_what_it_is(client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://leerstand.example.org"
    settings.CONTACT = settings.CONTACT | {"name": "Stadt Müllrose & Amt", "mail": "geo@example.org", "postcode": "01968"}
    root, layer = fetch(client, "leerstaende"), collection("leerstaende")
    address = "https://leerstand.example.org/metadaten/leerstaende.xml"
    assert texts(root, "gmd:fileIdentifier") == [str(uuid.uuid5(uuid.NAMESPACE_URL, address))]
    assert texts(root, "gmd:dateStamp") == [version.changed_at(layer).date().isoformat()]
    assert "Stadt Müllrose & Amt" in texts(root, "gmd:contact")
    assert {"geo@example.org", "01968", "DE"} <= set(texts(root, "gmd:contact"))
    assert texts(root, "//gmd:topicCategory") == ["planningCadastre"]
    assert {"Gebäude", "Leerstand", "ÖPNV"} <= set(texts(root, "//gmd:descriptiveKeywords"))
    constraints = " ".join(texts(root, "//gmd:resourceConstraints"))
    for d in Dataset.objects.filter(key__in=layer.datasets):
        assert d.attribution in constraints
        assert d.licence in constraints
    assert "erfundene Beispiele" in " ".join(texts(root, "//gmd:abstract"))
    assert "VBB" in " ".join(texts(root, "//gmd:lineage"))
    links = texts(root, "//gmd:onLine//gmd:linkage")
    assert [f"https://leerstand.example.org/leerstaende.{extension}" for extension in FORMATS] == links[: len(FORMATS)]
    assert "https://leerstand.example.org/ogc/wfs?SERVICE=WFS&REQUEST=GetCapabilities" in links
    box = [float(t) for t in texts(root, "//gmd:EX_GeographicBoundingBox")]
    lon = [f["geometry"]["coordinates"][0] for f in json.loads(client.get("/leerstaende.geojson").getvalue())["features"]]
    assert (box[0], box[1]) == (pytest.approx(min(lon), abs=0.05), pytest.approx(max(lon), abs=0.05))  # west, east: no axis is swapped
    assert "EPSG:25833" in texts(root, "//gmd:referenceSystemInfo")


def test_every_download_in_a_record_answers(client: Client) -> None:
    for link in texts(fetch(client, "gemeinden"), "//gmd:onLine//gmd:linkage")[: len(FORMATS)]:
        assert client.head(link.removeprefix("http://testserver")).status_code == 200, link


def test_a_service_names_its_layers(client: Client) -> None:
    root = fetch(client, "wms")
    assert texts(root, "//srv:serviceType") == ["view"]
    coupled = root.xpath("//srv:operatesOn/@xlink:href", namespaces=SPACES)
    assert coupled == [f"http://testserver/metadaten/{c.name}.xml" for c in collections()]


def test_what_is_not_there_is_not_described(client: Client) -> None:
    assert client.get("/metadaten/geheim.xml").status_code == 404


def test_the_sitemap_lists_public_pages_in_both_languages(client: Client) -> None:
    index = client.get("/sitemap.xml").content.decode()
    assert "http://testserver/sitemap-leerstaende.xml" in index
    towns = client.get("/sitemap-orte.xml").content.decode()
    assert "<loc>http://testserver/orte/wittenberge/</loc>" in towns
    assert "<loc>http://testserver/en/orte/wittenberge/</loc>" in towns
    from vacancies.models import Vacancy

    hidden = Vacancy.objects.filter(visibility="internal").first()
    rows = client.get("/sitemap-leerstaende.xml").content.decode()
    assert hidden is not None
    assert hidden.slug not in rows
    assert rows.count("<loc>") == 2 * Vacancy.objects.public().count()
    assert client.get("/sitemap-seiten.xml").status_code == 200


def test_a_collection_names_its_files_in_each_language_with_the_filter(client: Client) -> None:
    told = client.get("/ogc/features/collections/leerstaende?f=json&town=wittenberge&extent=11,52,12,53").json()
    files = [one for one in told["links"] if one["rel"] == "enclosure"]
    assert {(one["hreflang"], one["type"]) for one in files} == {
        (lang, kind.media_type) for lang in ("de", "en") for kind in FORMATS.values()
    }
    csv = {one["hreflang"]: one["href"] for one in files if one["type"].startswith("text/csv")}
    assert csv["en"].endswith("/en/leerstaende.csv?town=wittenberge")
    answers = [client.get(csv[lang].partition("testserver")[2]) for lang in ("de", "en")]
    lines = [b"".join(answer.streaming_content).decode("utf-8-sig").splitlines() for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(lines[0]) == len(lines[1]) == PublicVacancy.objects.in_town("wittenberge").count() + 1
