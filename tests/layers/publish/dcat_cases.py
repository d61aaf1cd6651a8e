"""What must not pass the rules of DCAT-AP.de: a statement left out, replaced or said twice, and the rule that must say so."""

from __future__ import annotations

import datetime

from rdflib import DCAT, DCTERMS, FOAF, ODRL2, OWL, PROV, SKOS, XSD, Literal, Namespace, URIRef

from layers.publish.describe.catalogue import AUTHORITY, DCATAP, DCATDE, GEO_AREA, LICENCES, STATE, VCARD

ADMS, LOCN = Namespace("http://www.w3.org/ns/adms#"), Namespace("http://www.w3.org/ns/locn#")
SPDX, TIME = Namespace("http://spdx.org/rdf/terms#"), Namespace("http://www.w3.org/2006/time#")
FORMAT = DCTERMS["format"]
CONTRIBUTOR = "http://dcat-ap.de/def/contributors/beispiel"
WORD, THING, OTHER = Literal("Wort"), URIRef("urn:beispiel:ding"), URIRef("urn:beispiel:anderes")
DAY, LATER = Literal(datetime.date(2026, 1, 1)), Literal(datetime.date(2026, 2, 1))
METRE, HALF = Literal("1.0", datatype=XSD.decimal), Literal("0.5", datatype=XSD.decimal)
MEDIA = Namespace("https://www.iana.org/assignments/media-types/")
# valid things of the kinds that our catalogue does not hold
EXAMPLES = """
@prefix : <urn:beispiel:> .
:record a dcat:CatalogRecord ; foaf:primaryTopic :dienst ; dct:modified "2026-01-01"^^xsd:date .
:dienst a dcat:DataService ; dct:title "Dienst"@de ; dct:description "Ein Dienst als Beispiel."@de ; dcat:endpointURL :hier .
:reihe a dcat:DatasetSeries ; dct:title "Reihe"@de ; dct:description "Eine Reihe als Beispiel."@de .
:amt1 a foaf:Agent ; foaf:name "Amt 1" . :amt2 a foaf:Agent ; foaf:name "Amt 2" .
:identifier a adms:Identifier ; skos:notation "1" .
:checksum a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue "00ff"^^xsd:hexBinary .
:attribution a prov:Attribution ; prov:agent :amt1 ; dcat:hadRole :rolle .
:relationship a dcat:Relationship ; dct:relation :dienst ; dcat:hadRole :rolle . :rolle a dcat:Role .
:licence a dct:LicenseDocument ; dct:type <http://purl.org/adms/licencetype/PublicDomain> .
"""

MIN, MAX, KIND, CLASS, NODE, TYPE, PATTERN = "MinCount", "MaxCount", "NodeKind", "Class", "Node", "Datatype", "Pattern"
LEAST, MOST, ONE_OF = "QualifiedMinCount", "QualifiedMaxCount", "Or"
AGENTS = (URIRef("urn:beispiel:amt1"), URIRef("urn:beispiel:amt2"))
FRENCH = URIRef("https://example.org/language/FRA")
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
# the same again, many at once: these properties of these things, and what breaks each of them
SPACES = {"dct": DCTERMS, "dcat": DCAT, "dcatap": DCATAP, "dcatde": DCATDE, "adms": ADMS, "foaf": FOAF, "prov": PROV, "spdx": SPDX}
SPACES |= {"owl": OWL, "odrl": ODRL2, "skos": SKOS, "time": TIME, "schema": Namespace("http://schema.org/")}
ALIKE: list[tuple[str, Values, dict[str, str]]] = [
    (MAX, (THING, OTHER), {
        "Catalog": "dcatap:availability dct:isPartOf dct:issued dct:license dct:rights",
        "CatalogRecord": "adms:status dct:conformsTo dct:issued dct:modified dct:source foaf:primaryTopic",
        "Dataset": "dcatap:availability dct:accessRights dct:accrualPeriodicity dct:issued dcat:granularity dcat:version "
        "dcat:spatialResolutionInMeters dcat:temporalResolution",
        "DatasetSeries": "dct:publisher dct:issued dct:modified dct:accrualPeriodicity",
        "DataService": "dcatap:availability dct:accessRights dct:license dct:publisher",
        "Distribution": "dcatap:availability dcatde:plannedAvailability dct:issued dct:modified dct:rights spdx:checksum adms:status "
        "dcat:byteSize dcat:compressFormat dcat:packageFormat dcat:temporalResolution",
        "Agent": "dct:type", "Checksum": "spdx:algorithm spdx:checksumValue", "Identifier": "skos:notation", "Location": "dcat:bbox",
        "PeriodOfTime": "dcat:startDate schema:startDate schema:endDate time:hasBeginning time:hasEnd",
    }),
    (MIN, (), {
        "Attribution": "dcat:hadRole", "Checksum": "spdx:algorithm spdx:checksumValue", "Relationship": "dct:relation dcat:hadRole",
        "DatasetSeries": "dct:title dct:description",
    }),
    (KIND, (THING,), {  # what must be text
        "Catalog": "dct:description", "CatalogRecord": "dct:title dct:description",
        "Dataset": "dct:description dcatde:geocodingDescription owl:versionInfo adms:versionNotes dcat:version",
        "DatasetSeries": "dct:title dct:description dct:issued dct:modified",
        "DataService": "dct:title dct:description dcat:keyword", "Distribution": "dct:title dct:description",
        "Identifier": "skos:notation", "Location": "dcat:centroid",
    }),
    (KIND, (WORD,), {  # what must be no text
        "Catalog": "dcatap:applicableLegislation dct:creator dct:hasPart dct:publisher dct:spatial dct:temporal dcat:catalog dcat:dataset "
        "dcat:record dcat:service dcat:themeTaxonomy",
        "CatalogRecord": "dct:source adms:status foaf:primaryTopic",
        "Dataset": "dcatap:applicableLegislation dcatde:qualityProcessURI dct:accrualPeriodicity dct:creator dct:references dct:relation "
        "dct:source dct:spatial dct:temporal dct:type adms:identifier adms:sample dcat:contactPoint dcat:distribution dcat:granularity "
        "dcat:hasVersion dcat:inSeries dcat:qualifiedRelation prov:qualifiedAttribution prov:wasGeneratedBy",
        "DatasetSeries": "dcatap:applicableLegislation dct:accrualPeriodicity dct:publisher dct:spatial dct:temporal dcat:contactPoint",
        "DataService": "dcatap:applicableLegislation dct:conformsTo dct:format dct:publisher dcat:contactPoint dcat:landingPage "
        "dcat:servesDataset dcat:theme foaf:page",
        "Distribution": "dcatap:applicableLegislation dct:conformsTo spdx:checksum adms:status dcat:accessService odrl:hasPolicy foaf:page",
        "Agent": "dct:type", "Checksum": "spdx:algorithm", "LicenseDocument": "dct:type", "Relationship": "dct:relation dcat:hadRole",
        "PeriodOfTime": "time:hasBeginning time:hasEnd",
    }),
    (CLASS, (THING,), {
        "Catalog": "dct:creator dcat:catalog", "DataService": "dct:publisher",
        "Dataset": "dcatde:maintainer dct:contributor dct:publisher adms:sample dcat:hasVersion dcat:inSeries",
        "DatasetSeries": "dct:publisher dct:spatial dct:temporal dcat:contactPoint", "PeriodOfTime": "time:hasBeginning",
    }),
    (NODE, (WORD,), {
        "Catalog": "dct:modified", "CatalogRecord": "dct:issued dct:language dct:modified", "Dataset": "dcatap:availability",
        "DataService": "dcatap:availability", "Distribution": "dct:issued dct:language dcat:compressFormat dcat:packageFormat",
        "PeriodOfTime": "dcat:endDate schema:startDate schema:endDate",
    }),
    (TYPE, (WORD,), {"Distribution": "dcat:spatialResolutionInMeters dcat:temporalResolution"}),
]  # fmt: skip


def named(short: str) -> URIRef:
    space, _colon, name = short.partition(":")
    return URIRef(f"{SPACES[space]}{name}")


BROKEN += [(shape, named(short), values, kind) for kind, values, those in ALIKE for shape, all_ in those.items() for short in all_.split()]
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
    *((shape, DCTERMS.license, (THING,), PATTERN) for shape in ("Catalog", "DataService")),
    *(("Dataset", path, (THING,), CLASS) for path in (DCTERMS.hasVersion, DCTERMS.isVersionOf)),
    *(("Outdated", path, (THING,), MAX) for path in (DCTERMS.hasVersion, DCTERMS.isVersionOf, DCATDE.originator, DCATDE.maintainer)),
    *(("Outdated", path, (WORD,), MAX) for path in (OWL.versionInfo, DCATDE.geocodingDescription, DCATDE.qualityProcessURI)),
    ("Dataset", DCTERMS.type, (THING,), PATTERN),
    ("PeriodOfTime", DCAT.startDate, (), MIN),
    ("PeriodOfTime", DCAT.endDate, (), MIN),
    ("LicenseDocument", DCTERMS.type, (), MIN),
    ("OutdatedList", ADMS.status, (URIRef("http://purl.org/adms/status/Completed"),), "Not"),
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

# the thing that is copied and changed for each shape
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
    "DatasetSeries": URIRef("urn:beispiel:reihe"),
    "LicenseDocument": URIRef("urn:beispiel:licence"),
    **{name: URIRef(f"urn:beispiel:{name.lower()}") for name in ("Identifier", "Checksum", "Attribution", "Relationship")},
}
MODELS |= {"Outdated": MODELS["Dataset"], "OutdatedList": MODELS["Distribution"], "OurTexts": MODELS["DataService"]}
MODELS |= {"OurDataset": MODELS["Dataset"], "OurDistribution": MODELS["Distribution"]}
