"""The DCAT-AP.de catalogue against what the official rules ask (tests/schemas), and the rules against what must not pass."""

from __future__ import annotations

import datetime
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from django.db import connection
from django.test import Client
from rdflib import DCAT, DCTERMS, PROV, RDF, SH, SKOS, XSD, Graph, URIRef
from rdflib.compare import to_isomorphic

from geo import crs
from geo.models import Dataset
from layers.publish.collection import collection, collections
from layers.publish.describe.about import CENTROID, SERVICES, Site
from layers.publish.describe.catalogue import DCATDE, LICENCES, catalogue, open_licence
from layers.publish.views import FORMATS
from tests.layers.publish.dcat_cases import ADMS, CASES, CONTRIBUTOR, EXAMPLES, FORMAT, MODELS, SPDX

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
OURS = "urn:raumwohlstand:shapes:"
Found = dict[URIRef, set[tuple[str, str, str, str]]]


@pytest.fixture(scope="module")
def shapes() -> Graph:
    graph = Graph()
    for name in ("dcat-ap-de", "dcat-ap-de-parts"):
        graph.parse(SCHEMAS / f"{name}.shapes.ttl")
    return graph


def faults(graph: Graph, shapes: Graph) -> Found:
    """Return what the rules say of each thing: severity, name of the rule's shape, property, kind of the rule."""
    found: Found = defaultdict(set)
    _fine, report, _text = pyshacl.validate(graph, shacl_graph=shapes)
    assert isinstance(report, Graph)
    for result in report.subjects(RDF.type, SH.ValidationResult):
        rule = report.value(result, SH.sourceShape)
        parent = rule if isinstance(rule, URIRef) else shapes.value(predicate=SH.property, object=rule)
        severity = str(report.value(result, SH.resultSeverity)).removeprefix(str(SH))
        kind = str(report.value(result, SH.sourceConstraintComponent)).removeprefix(str(SH)).removesuffix("ConstraintComponent")
        path = str(report.value(result, SH.resultPath) or "")
        found[URIRef(str(report.value(result, SH.focusNode)))].add((severity, str(parent).removeprefix(OURS), path, kind))
    return found


def seen(found: Found, severity: str) -> set[tuple[str, str, str]]:
    return {told[1:] for all_told in found.values() for told in all_told if told[0] == severity}


# --- the catalogue as it is sent --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("hard_rows")
def test_the_catalogue_keeps_every_rule(client: Client, shapes: Graph, settings: Any) -> None:
    settings.CONTRIBUTOR_ID, settings.PUBLISHER_TYPE = CONTRIBUTOR, "http://purl.org/adms/publishertype/LocalAuthority"
    settings.CATALOGUE_LICENCE, settings.PUBLIC_SINCE = str(LICENCES["cc-zero"]), datetime.date(2026, 1, 1)
    turtle = Graph().parse(data=client.get("/dcat.ttl").content, format="turtle")
    xml = Graph().parse(data=client.get("/dcat.rdf").content, format="xml")
    assert to_isomorphic(turtle) == to_isomorphic(xml)
    found = faults(turtle, shapes)
    assert seen(found, "Violation") == set()
    assert seen(found, "Warning") == {
        ("Dataset", str(DCTERMS.issued), "MinCount"),  # nobody notes when a layer was first public
        ("Dataset", str(DCTERMS.temporal), "MinCount"),  # two layers whose lists name no day
        ("Distribution", str(FORMAT), "MinCount"),  # FlatGeobuf is in no list
        ("Outdated", str(DCATDE.politicalGeocodingURI), "MaxCount"),  # 2.0 recommends it
    }
    lacking = {node for node, told in found.items() if ("Warning", "Distribution", str(FORMAT), "MinCount") in told}
    assert {str(node).rpartition("-")[2] for node in lacking} == {"fgb"}

    listed = set(turtle.subjects(RDF.type, DCAT.Dataset))
    assert listed == {URIRef(f"http://testserver/metadaten/{c.name}.xml#daten") for c in collections()}
    assert listed == set(turtle.objects(None, DCAT.dataset)) == set(turtle.objects(None, DCAT.servesDataset))
    town = URIRef("http://testserver/metadaten/gemeinden.xml#daten")
    assert len(list(turtle.objects(town, DCAT.distribution))) == len(FORMATS) + len(SERVICES)
    for address in (*turtle.objects(town, DCAT.landingPage), *turtle.objects(None, DCAT.endpointDescription)):
        assert client.get(str(address).removeprefix("http://testserver"), headers={"Accept": "text/html"}).status_code == 200, address


@pytest.mark.django_db
def test_without_an_operator_only_what_an_operator_must_say_is_missing(client: Client, shapes: Graph) -> None:
    found = faults(Graph().parse(data=client.get("/dcat.ttl").content, format="turtle"), shapes)
    assert seen(found, "Violation") == {("Dataset", str(DCATDE.contributorID), "QualifiedMinCount")}
    for missing in (("Agent", DCTERMS.type), ("Catalog", DCTERMS.license), ("Catalog", DCTERMS.issued)):
        assert (missing[0], str(missing[1]), "MinCount") in seen(found, "Warning")


@pytest.mark.django_db
def test_the_centroid_is_that_of_all_municipalities() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Centroid(ST_Collect(geom)), %s) AS p FROM geo_town) AS state", [crs.WEB]
        )
        assert cursor.fetchone() == pytest.approx(CENTROID, abs=0.001)


@pytest.mark.django_db
@pytest.mark.usefixtures("hard_rows")
def test_a_layer_without_an_open_licence_is_not_in_the_catalogue(client: Client) -> None:
    Dataset.objects.filter(key="liste").update(licence="nur intern")
    graph = Graph().parse(data=client.get("/dcat.ttl").content, format="turtle")
    names = {str(s).rpartition("/")[2] for s in graph.subjects(RDF.type, DCAT.Dataset)}
    assert "gemeinden.xml#daten" in names
    assert not names & {"einrichtungen.xml#daten", "gebiete.xml#daten"}
    assert {str(s).rpartition("/")[2] for s in graph.objects(None, DCAT.servesDataset)} == names


def test_the_licence_with_the_most_duties_holds() -> None:
    made = [Dataset(licence=name) for name in ("CC0 1.0", "CC BY 4.0", "GeoNutzV (Bund)")]
    assert str(open_licence(made)).endswith("/cc-by/4.0")
    assert open_licence([*made, Dataset(licence="LGPL")]) is None
    assert open_licence([]) is None


@pytest.mark.django_db
def test_the_catalogue_is_not_sent_twice_unless_it_says_something_else(client: Client, settings: Any) -> None:
    tag = client.get("/dcat.ttl")["ETag"]
    assert client.get("/dcat.ttl", headers={"If-None-Match": tag}).status_code == 304
    settings.CONTRIBUTOR_ID = CONTRIBUTOR
    assert client.get("/dcat.ttl", headers={"If-None-Match": tag}).status_code == 200


# --- the rules see what breaks them -----------------------------------------------------------------------------------


def copy_of(number: int) -> URIRef:
    return URIRef(f"urn:fall:{number}")


@pytest.fixture(scope="module")
def found(shapes: Graph) -> Found:
    """What the rules say of a fully described catalogue with one layer, and of a copy of its things for each case, changed in one place."""
    site = Site("http://testserver/", "Stadt", "geo@example.org", "Weg 1", "14943", "Luckenwalde", CONTRIBUTOR)
    source = Dataset(licence="CC BY 4.0", attribution="Stadt Luckenwalde", valid_on=datetime.date(2026, 1, 1))
    graph = catalogue(site, [(collection("gemeinden"), [source], datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))])
    for prefix, space in (("adms", ADMS), ("spdx", SPDX), ("prov", PROV), ("skos", SKOS), ("xsd", XSD)):
        graph.bind(prefix, space, override=True)
    prefixes = "".join(f"@prefix {prefix}: <{space}> ." for prefix, space in graph.namespaces())
    graph.parse(data=prefixes + EXAMPLES, format="turtle")
    for number, (_severity, shape, changes, _path, _kind) in enumerate(CASES):
        for predicate, value in list(graph.predicate_objects(MODELS[shape])):
            if predicate not in changes:
                graph.add((copy_of(number), predicate, value))
        for predicate, values in changes.items():
            for changed in values:
                graph.add((copy_of(number), predicate, changed))
        if shape == "Contact":
            graph.add((URIRef("urn:beispiel:zeiger"), DCAT.contactPoint, copy_of(number)))
    return faults(graph, shapes)


def test_what_the_cases_start_from_keeps_every_rule(found: Found) -> None:
    for node in MODELS.values():
        assert [told for told in found[node] if told[0] == "Violation"] == []


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c[1]}-{(c[3] or 'several').rpartition('/')[2]}-{c[4]}" for c in CASES])
def test_a_broken_rule_is_seen(found: Found, number: int) -> None:
    severity, shape, changes, path, kind = CASES[number]
    told = found[copy_of(number)]
    assert (severity, shape, path, kind) in told
    assert (severity, shape, path, kind) not in found[MODELS[shape]]
    assert {where for grade, _shape, where, _kind in told if grade == "Violation"} <= {"", *map(str, changes)}
