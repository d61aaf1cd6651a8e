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
from rdflib import DCAT, DCTERMS, FOAF, ODRL2, OWL, PROV, RDF, SH, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.compare import to_isomorphic

from geo import crs
from geo.models import Dataset
from layers.publish.collection import collection, collections
from layers.publish.describe.about import CENTROID, SERVICES, Site
from layers.publish.describe.catalogue import AUTHORITY, DCATAP, DCATDE, GEO_AREA, LICENCES, STATE, VCARD, catalogue, open_licence
from layers.publish.views import FORMATS

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
ADMS, LOCN = Namespace("http://www.w3.org/ns/adms#"), Namespace("http://www.w3.org/ns/locn#")
SPDX, TIME = Namespace("http://spdx.org/rdf/terms#"), Namespace("http://www.w3.org/2006/time#")
OURS = "urn:raumwohlstand:shapes:"
FORMAT = DCTERMS["format"]
CONTRIBUTOR = "http://dcat-ap.de/def/contributors/beispiel"
WORD, THING, OTHER = Literal("Wort"), URIRef("urn:beispiel:ding"), URIRef("urn:beispiel:anderes")
DAY, LATER = Literal(datetime.date(2026, 1, 1)), Literal(datetime.date(2026, 2, 1))
METRE, HALF = Literal("1.0", datatype=XSD.decimal), Literal("0.5", datatype=XSD.decimal)
MEDIA = Namespace("https://www.iana.org/assignments/media-types/")
Found = dict[URIRef, set[tuple[str, str, str, str]]]
# valid things of the kinds that our catalogue does not hold
EXAMPLES = """
@prefix : <urn:beispiel:> .
:record a dcat:CatalogRecord ; foaf:primaryTopic :dienst ; dct:modified "2026-01-01"^^xsd:date .
:dienst a dcat:DataService ; dct:title "Dienst"@de ; dct:description "Ein Dienst als Beispiel."@de ; dcat:endpointURL :hier .
:amt1 a foaf:Agent ; foaf:name "Amt 1" . :amt2 a foaf:Agent ; foaf:name "Amt 2" .
:identifier a adms:Identifier ; skos:notation "1" .
:checksum a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue "00ff"^^xsd:hexBinary .
:attribution a prov:Attribution ; prov:agent :amt1 ; dcat:hadRole :rolle .
:relationship a dcat:Relationship ; dct:relation :dienst ; dcat:hadRole :rolle . :rolle a dcat:Role .
:licence a dct:LicenseDocument ; dct:type <http://purl.org/adms/licencetype/PublicDomain> .
"""


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

MIN, MAX, KIND, CLASS, NODE, TYPE, PATTERN = "MinCount", "MaxCount", "NodeKind", "Class", "Node", "Datatype", "Pattern"
LEAST, MOST, ONE_OF = "QualifiedMinCount", "QualifiedMaxCount", "Or"
AGENTS = (URIRef("urn:beispiel:amt1"), URIRef("urn:beispiel:amt2"))
GERMAN, FRENCH = AUTHORITY["language/DEU"], URIRef("https://example.org/language/FRA")
Values = tuple[URIRef | Literal, ...]
# shape, property, the values it gets instead of its own, the kind of rule that must say so
BROKEN: list[tuple[str, URIRef, Values, str]] = [
    ("Catalog", DCTERMS.title, (), MIN),
    ("Catalog", DCTERMS.title, (THING,), KIND),
    ("Catalog", DCTERMS.description, (), MIN),
    ("Catalog", DCTERMS.publisher, (), MIN),
    ("Catalog", DCTERMS.publisher, AGENTS, MAX),
    ("Catalog", DCTERMS.publisher, (THING,), CLASS),
    ("Catalog", DCTERMS.creator, AGENTS, MAX),
    ("Catalog", DCAT.dataset, (THING,), CLASS),
    ("Catalog", DCAT.service, (THING,), CLASS),
    ("Catalog", DCAT.record, (THING,), CLASS),
    ("Catalog", DCTERMS.hasPart, (THING,), CLASS),
    ("Catalog", DCTERMS.issued, (WORD,), NODE),
    ("Catalog", DCTERMS.modified, (DAY, LATER), MAX),
    ("Catalog", DCTERMS.language, (FRENCH,), NODE),
    ("Catalog", FOAF.homepage, (WORD,), KIND),
    ("Catalog", FOAF.homepage, (THING, OTHER), MAX),
    ("Catalog", DCTERMS.license, (WORD,), KIND),
    ("Catalog", DCTERMS.rights, (WORD,), KIND),
    ("Catalog", DCTERMS.spatial, (THING,), CLASS),
    ("Catalog", DCTERMS.temporal, (THING,), CLASS),
    ("Catalog", DCATAP.availability, (THING,), NODE),
    ("CatalogRecord", FOAF.primaryTopic, (), MIN),
    ("CatalogRecord", FOAF.primaryTopic, (THING,), NODE),
    ("CatalogRecord", DCTERMS.modified, (), MIN),
    ("CatalogRecord", DCTERMS.source, (THING,), CLASS),
    ("CatalogRecord", DCTERMS.conformsTo, (WORD,), KIND),
    ("Dataset", DCTERMS.title, (), MIN),
    ("Dataset", DCTERMS.title, (THING,), KIND),
    ("Dataset", DCTERMS.description, (), MIN),
    ("Dataset", DCTERMS.publisher, (), MIN),  # convention 36
    ("Dataset", DCTERMS.publisher, AGENTS, MAX),
    ("Dataset", DCTERMS.publisher, (WORD,), KIND),
    ("Dataset", DCTERMS.creator, (THING,), CLASS),
    ("Dataset", DCATDE.originator, (THING,), CLASS),
    ("Dataset", DCATDE.contributorID, (), LEAST),  # conventions 12 and 13
    ("Dataset", DCATDE.contributorID, (THING,), LEAST),
    ("Dataset", DCATDE.contributorID, (URIRef(CONTRIBUTOR), URIRef(CONTRIBUTOR + "2")), MOST),
    ("Dataset", DCATDE.contributorID, (Literal(CONTRIBUTOR),), KIND),
    ("Dataset", DCAT.contactPoint, (THING,), CLASS),
    ("Dataset", DCAT.distribution, (THING,), CLASS),
    ("Dataset", DCTERMS.identifier, (THING,), KIND),
    ("Dataset", ADMS.identifier, (THING,), CLASS),
    ("Dataset", DCAT.keyword, (THING,), KIND),
    ("Dataset", DCAT.theme, (WORD,), NODE),
    ("Dataset", DCAT.theme, (AUTHORITY["data-theme/WETTER"],), NODE),
    ("Dataset", DCTERMS.issued, (Literal("01.01.2026"),), NODE),
    ("Dataset", DCTERMS.modified, (Literal("gestern"),), NODE),
    ("Dataset", DCTERMS.modified, (DAY, LATER), MAX),
    ("Dataset", DCTERMS.language, (Literal("de"),), NODE),
    ("Dataset", DCTERMS.accrualPeriodicity, (THING,), PATTERN),
    ("Dataset", DCTERMS.accessRights, (THING,), NODE),
    ("Dataset", DCTERMS.conformsTo, (WORD,), KIND),
    ("Dataset", DCTERMS.provenance, (WORD,), KIND),
    ("Dataset", DCAT.landingPage, (WORD,), KIND),
    ("Dataset", FOAF.page, (WORD,), KIND),
    ("Dataset", DCTERMS.type, (THING, OTHER), MAX),
    ("Dataset", DCTERMS.spatial, (THING,), CLASS),
    ("Dataset", DCTERMS.temporal, (THING,), CLASS),
    ("Dataset", DCTERMS.source, (THING,), CLASS),
    ("Dataset", DCTERMS.isReferencedBy, (WORD,), KIND),
    ("Dataset", DCAT.spatialResolutionInMeters, (Literal(5),), TYPE),
    ("Dataset", DCAT.temporalResolution, (WORD,), TYPE),
    ("Dataset", DCATDE.politicalGeocodingURI, (Literal("12"),), KIND),
    ("Dataset", DCATDE.politicalGeocodingLevelURI, (Literal("state"),), KIND),
    ("Dataset", DCATDE.qualityProcessURI, (THING, OTHER), MAX),
    ("Dataset", DCATDE.legalBasis, (THING,), KIND),
    ("Dataset", OWL.versionInfo, (WORD, Literal("2")), MAX),
    ("Dataset", PROV.qualifiedAttribution, (THING,), CLASS),
    ("Dataset", DCAT.qualifiedRelation, (THING,), CLASS),
    ("DataService", DCTERMS.title, (), MIN),
    ("DataService", DCAT.endpointURL, (), MIN),
    ("DataService", DCAT.endpointURL, (WORD,), KIND),
    ("DataService", DCAT.endpointDescription, (WORD,), KIND),
    ("DataService", DCAT.servesDataset, (THING,), CLASS),
    ("DataService", DCTERMS.license, (WORD,), KIND),
    ("DataService", DCTERMS.accessRights, (THING,), NODE),
    ("DataService", DCAT.contactPoint, (THING,), CLASS),
    ("Distribution", DCAT.accessURL, (), MIN),
    ("Distribution", DCAT.accessURL, (WORD,), KIND),
    ("Distribution", DCAT.downloadURL, (WORD,), KIND),
    ("Distribution", DCTERMS.license, (), LEAST),  # convention 31
    ("Distribution", DCTERMS.license, (URIRef("https://creativecommons.org/licenses/by/4.0/"),), LEAST),
    ("Distribution", DCTERMS.license, (LICENCES["cc-zero"], LICENCES["odbl"]), MAX),
    ("Distribution", DCTERMS.license, (WORD,), KIND),
    ("Distribution", DCATDE.licenseAttributionByText, (THING,), KIND),
    ("Distribution", FORMAT, (Literal("CSV"),), KIND),
    ("Distribution", FORMAT, (MEDIA["text/csv"],), PATTERN),  # convention 32
    ("Distribution", FORMAT, (AUTHORITY["file-type/CSV"], AUTHORITY["file-type/JSON"]), MAX),
    ("Distribution", DCAT.mediaType, (Literal("text/csv"),), NODE),
    ("Distribution", DCAT.mediaType, (MEDIA["text/csv"], MEDIA["text/html"]), MAX),
    ("Distribution", DCAT.byteSize, (WORD,), ONE_OF),
    ("Distribution", DCTERMS.modified, (WORD,), NODE),
    ("Distribution", DCTERMS.rights, (WORD,), KIND),
    ("Distribution", ODRL2.hasPolicy, (THING, OTHER), MAX),
    ("Distribution", ADMS.status, (THING,), PATTERN),
    ("Distribution", DCATAP.availability, (THING,), NODE),
    ("Distribution", DCATDE.plannedAvailability, (WORD,), KIND),
    ("Distribution", DCAT.accessService, (THING,), CLASS),
    ("Distribution", SPDX.checksum, (THING,), CLASS),
    ("Distribution", DCAT.spatialResolutionInMeters, (METRE, HALF), MAX),
    ("Agent", FOAF.name, (), MIN),
    ("Agent", FOAF.name, (THING,), KIND),
    ("Agent", DCTERMS.type, (THING,), PATTERN),
    ("Location", DCAT.bbox, (THING,), KIND),
    ("Location", DCAT.centroid, (Literal("1"), Literal("2")), MAX),
    ("Location", LOCN.geometry, (Literal("1"), Literal("2")), MAX),
    ("PeriodOfTime", DCAT.startDate, (WORD,), NODE),
    ("PeriodOfTime", DCAT.endDate, (DAY, LATER), MAX),
    ("PeriodOfTime", TIME.hasEnd, (THING,), CLASS),
    ("Identifier", SKOS.notation, (), MIN),
    ("Checksum", SPDX.algorithm, (THING,), PATTERN),
    ("Checksum", SPDX.checksumValue, (WORD,), TYPE),
    ("Attribution", PROV.agent, (), MIN),
    ("Relationship", DCAT.hadRole, (THING,), CLASS),
    ("LicenseDocument", DCTERMS.type, (THING,), PATTERN),
]
# the same for rules that look at several properties at once
NEEDED: list[tuple[str, dict[URIRef, Values]]] = [
    ("Catalog", {DCAT.themeTaxonomy: (THING,)}),
    ("Contact", {VCARD.hasEmail: ()}),  # convention 01
    ("Location", {DCAT.bbox: (), DCAT.centroid: ()}),
    ("PeriodOfTime", {DCAT.startDate: (), DCAT.endDate: ()}),
]
LACKING: list[tuple[str, URIRef, Values, str]] = [
    *(("Catalog", p, (), MIN) for p in (DCTERMS.language, DCTERMS.modified, DCTERMS.spatial, DCAT.themeTaxonomy, FOAF.homepage)),
    *(("Dataset", p, (), MIN) for p in (DCAT.theme, DCAT.keyword, DCAT.landingPage, DCTERMS.identifier, DCTERMS.modified)),
    *(("Dataset", p, (), MIN) for p in (DCAT.distribution, DCAT.contactPoint, DCTERMS.spatial, DCTERMS.temporal)),
    *(("Distribution", p, (), MIN) for p in (DCTERMS.title, DCTERMS.description, DCATAP.availability, FORMAT)),
    *(("DataService", p, (), MIN) for p in (DCAT.servesDataset, DCAT.endpointDescription)),
    *(("Location", p, (), MIN) for p in (DCAT.bbox, DCAT.centroid)),
    ("Catalog", DCTERMS.license, (THING,), PATTERN),
    ("Dataset", DCATDE.politicalGeocodingURI, (THING,), PATTERN),
    ("Dataset", DCATDE.politicalGeocodingLevelURI, (GEO_AREA["stateKey/12"],), PATTERN),
    ("Outdated", DCATDE.legalBasis, (WORD,), MAX),
]
OUR_OWN: list[tuple[str, URIRef, Values, str]] = [
    ("OurTexts", DCTERMS.title, (WORD,), TYPE),
    ("OurTexts", DCTERMS.description, (Literal("kurz", lang="de"),), "MinLength"),
    ("OurDataset", DCAT.keyword, (), MIN),
    ("OurDistribution", DCATDE.licenseAttributionByText, (), MIN),
]
Changes = dict[URIRef, Values]
CASES: list[tuple[str, str, Changes, str, str]] = [
    *(("Violation", shape, {path: values}, str(path), kind) for shape, path, values, kind in [*BROKEN, *OUR_OWN]),
    *(("Violation", shape, changes, "", ONE_OF) for shape, changes in NEEDED),
    *(("Warning", shape, {path: values}, str(path), kind) for shape, path, values, kind in LACKING),
]
LAYER = "http://testserver/metadaten/gemeinden.xml"
MODELS = {
    "Catalog": URIRef("http://testserver/dcat.rdf#katalog"),
    "Dataset": URIRef(f"{LAYER}#daten"),
    "Distribution": URIRef("http://testserver/dcat.rdf#gemeinden-csv"),
    "DataService": URIRef("http://testserver/metadaten/wfs.xml#dienst"),
    "Agent": URIRef("http://testserver/dcat.rdf#herausgeber"),
    "Contact": URIRef("http://testserver/dcat.rdf#kontakt"),
    "Location": STATE,
    "PeriodOfTime": URIRef(f"{LAYER}#zeitraum"),
    "CatalogRecord": URIRef("urn:beispiel:record"),
    "LicenseDocument": URIRef("urn:beispiel:licence"),
    **{name: URIRef(f"urn:beispiel:{name.lower()}") for name in ("Identifier", "Checksum", "Attribution", "Relationship")},
}
MODELS |= {"Outdated": MODELS["Dataset"], "OurTexts": MODELS["DataService"]}
MODELS |= {"OurDataset": MODELS["Dataset"], "OurDistribution": MODELS["Distribution"]}


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
