"""The layers as a DCAT-AP.de catalogue, for portals of open data. Layers that also rest on data without an open licence stay out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, BNode, Graph, Literal, Namespace, URIRef

from geo.models import Dataset
from layers.publish.collection import Collection
from layers.publish.describe.about import BRANDENBURG, SERVICES, Site
from layers.publish.views import FORMATS

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
LICENCES = Namespace("http://dcat-ap.de/def/licenses/")
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
GEO_AREA = Namespace("http://dcat-ap.de/def/politicalGeocoding/")
# licences that are open, the one with the most duties first: it holds for a layer made from several
OPEN = (
    ("ODbL", LICENCES["odbl"]),
    ("CC BY-SA 4.0", LICENCES["cc-by-sa/4.0"]),
    ("CC BY 4.0", LICENCES["cc-by/4.0"]),
    ("Datenlizenz Deutschland – Namensnennung 2.0", LICENCES["dl-by-de/2.0"]),
    ("GeoNutzV", LICENCES["geonutz/20130319"]),
    ("amtliche Festlegung", LICENCES["officialWork"]),
    ("Datenlizenz Deutschland – Zero 2.0", LICENCES["dl-zero-de/2.0"]),
    ("CC0 1.0", LICENCES["cc-zero"]),
)
THEMES = {"transportation": "TRAN", "boundaries": "GOVE", "structure": "SOCI", "planningCadastre": "REGI"}
FILE_TYPES = {"gpkg": "GPKG", "shp.zip": "SHP", "xlsx": "XLSX", "geojson": "GEOJSON", "csv": "CSV", "parquet": "PARQUET"}
Described = tuple[Collection, Sequence[Dataset], datetime.datetime]


def open_licence(datasets: Iterable[Dataset]) -> URIRef | None:
    """Return the licence that holds for a layer made from the data sets; None when one of them is not open, or there is none."""
    ranks = []
    for d in datasets:
        rank = next((n for n, (start, _uri) in enumerate(OPEN) if d.licence.startswith(start)), None)
        if rank is None:
            return None
        ranks.append(rank)
    return OPEN[min(ranks)][1] if ranks else None


def catalogue(site: Site, layers: Iterable[Described]) -> Graph:
    """Return the catalogue; texts in German.

    Parameters
    ----------
    layers : iterable of (Collection, data sets, time of the last change)
    """
    graph = Graph()
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("dcatde", DCATDE), ("foaf", FOAF), ("vcard", VCARD)):
        graph.bind(prefix, space, override=True)
    root, agent = URIRef(site.link("dcat.rdf#katalog")), URIRef(site.link("dcat.rdf#herausgeber"))
    graph.add((agent, RDF.type, FOAF.Agent))
    graph.add((agent, FOAF.name, Literal(site.organisation, lang="de")))
    graph.add((root, RDF.type, DCAT.Catalog))
    graph.add((root, DCTERMS.title, Literal("Raumwohlstand Brandenburg", lang="de")))
    about = "Leerstände in Brandenburg und was von ihnen aus mit Bus, Bahn und zu Fuß erreicht wird."
    graph.add((root, DCTERMS.description, Literal(about, lang="de")))
    graph.add((root, DCTERMS.publisher, agent))
    graph.add((root, DCTERMS.language, AUTHORITY["language/DEU"]))
    graph.add((root, FOAF.homepage, URIRef(site.address)))
    for layer, datasets, changed_at in layers:
        licence = open_licence(datasets)
        if licence is not None:
            node = _dataset(graph, site, layer, datasets, changed_at, agent, licence)
            graph.add((root, DCAT.dataset, node))
    return graph


def _dataset(
    graph: Graph,
    site: Site,
    layer: Collection,
    datasets: Sequence[Dataset],
    changed_at: datetime.datetime,
    agent: URIRef,
    licence: URIRef,
) -> URIRef:
    node, record = URIRef(site.link(f"metadaten/{layer.name}.xml#daten")), URIRef(site.link(f"metadaten/{layer.name}.xml"))
    abstract = " ".join(str(text) for text in (layer.description, layer.note) if text)
    modified = Literal(changed_at.isoformat(), datatype=XSD.dateTime)
    contact = BNode()
    for subject, predicate, value in (
        (node, RDF.type, DCAT.Dataset),
        (node, DCTERMS.title, Literal(f"{layer.title} in Brandenburg", lang="de")),
        (node, DCTERMS.description, Literal(abstract, lang="de")),
        (node, DCTERMS.identifier, Literal(site.identifier(layer.name))),
        (node, DCTERMS.modified, modified),
        (node, DCTERMS.publisher, agent),
        (node, DCTERMS.language, AUTHORITY["language/DEU"]),
        (node, DCAT.theme, AUTHORITY[f"data-theme/{THEMES.get(layer.topic, 'REGI')}"]),
        (node, DCAT.contactPoint, contact),
        (node, FOAF.page, record),
        (record, RDF.type, FOAF.Document),
        (node, DCATDE.politicalGeocodingURI, GEO_AREA["stateKey/12"]),
        (node, DCATDE.politicalGeocodingLevelURI, GEO_AREA["Level/state"]),
        (contact, RDF.type, VCARD.Organization),
        (contact, VCARD.fn, Literal(site.organisation)),
        (contact, VCARD.hasEmail, URIRef(f"mailto:{site.mail}")),
    ):
        graph.add((subject, predicate, value))
    if site.contributor:
        graph.add((node, DCATDE.contributorID, URIRef(site.contributor)))
    for word in layer.keywords:
        graph.add((node, DCAT.keyword, Literal(word, lang="de")))
    place = BNode()
    west, south, east, north = BRANDENBURG
    box = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
    wkt = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
    graph.add((node, DCTERMS.spatial, place))
    graph.add((place, RDF.type, DCTERMS.Location))
    graph.add((place, DCAT.bbox, Literal(box, datatype=wkt)))
    _distributions(graph, site, layer, node, licence, "; ".join(dict.fromkeys(d.attribution for d in datasets)))
    return node


def _distributions(graph: Graph, site: Site, layer: Collection, node: URIRef, licence: URIRef, attribution: str) -> None:
    def add(name: str, title: str, address: str) -> URIRef:
        made = URIRef(site.link(f"dcat.rdf#{layer.name}-{name}"))
        graph.add((node, DCAT.distribution, made))
        graph.add((made, RDF.type, DCAT.Distribution))
        graph.add((made, DCTERMS.title, Literal(f"{layer.title} ({title})", lang="de")))
        graph.add((made, DCAT.accessURL, URIRef(address)))
        graph.add((made, DCTERMS.license, licence))
        graph.add((made, DCATDE.licenseAttributionByText, Literal(attribution, lang="de")))
        graph.add((made, URIRef("http://data.europa.eu/r5r/availability"), AUTHORITY["planned-availability/STABLE"]))
        return made

    for extension, kind in FORMATS.items():
        address = site.link(f"{layer.name}.{extension}")
        made = add(extension.replace(".", "-"), kind.title, address)
        graph.add((made, DCAT.downloadURL, URIRef(address)))
        media = kind.media_type.partition(";")[0]
        graph.add((made, DCAT.mediaType, URIRef(f"http://www.iana.org/assignments/media-types/{media}")))
        if extension in FILE_TYPES:
            graph.add((made, DCTERMS["format"], AUTHORITY[f"file-type/{FILE_TYPES[extension]}"]))
    for service in SERVICES:
        add(service.name, service.title, site.link(service.path + service.capabilities))
