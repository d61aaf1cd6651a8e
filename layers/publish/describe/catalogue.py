"""The layers as a DCAT-AP.de catalogue, for portals of open data. Layers that also rest on data without an open licence stay out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, Graph, Literal, Namespace, URIRef

from geo.models import Dataset
from layers.publish.collection import Collection
from layers.publish.describe.about import BRANDENBURG, CENTROID, SERVICES, Service, Site
from layers.publish.views import FORMATS

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
DCATAP = Namespace("http://data.europa.eu/r5r/")
LICENCES = Namespace("http://dcat-ap.de/def/licenses/")
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
GEO_AREA = Namespace("http://dcat-ap.de/def/politicalGeocoding/")
STATE = GEO_AREA["stateKey/12"]
WKT = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
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
# the EU's list of file types; FlatGeobuf is not in it
FILE_TYPES = {"gpkg": "GPKG", "shp.zip": "SHP", "xlsx": "XLSX", "geojson": "GEOJSON", "csv": "CSV", "parquet": "PARQUET"}
SERVICE_TYPES = {"wms": "WMS_SRVC", "wfs": "WFS_SRVC", "ogcapi": "REST"}
Described = tuple[Collection, Sequence[Dataset], datetime.datetime]
Said = Iterable[tuple[URIRef, Any]]


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
    spaces = (("dcat", DCAT), ("dct", DCTERMS), ("dcatde", DCATDE), ("dcatap", DCATAP), ("foaf", FOAF), ("vcard", VCARD))
    for prefix, space in spaces:
        graph.bind(prefix, space, override=True)
    root = URIRef(site.link("dcat.rdf#katalog"))
    listed = [(layer, datasets, at, licence) for layer, datasets, at in layers if (licence := open_licence(datasets)) is not None]
    _say(graph, root, _of_catalogue(site))
    _say(graph, _agent(site), _of_agent(site))
    _say(graph, _contact(site), _of_contact(site))
    _say(graph, STATE, _of_state())
    if listed:
        _say(graph, root, [(DCTERMS.modified, _moment(max(at for _layer, _datasets, at, _licence in listed)))])
    for layer, datasets, at, licence in listed:
        node = _layer(site, layer)
        _say(graph, root, [(DCAT.dataset, node)])
        _say(graph, node, _of_layer(site, layer, at))
        _period(graph, site, layer, datasets, at)
        _distributions(graph, site, layer, licence, "; ".join(dict.fromkeys(d.attribution for d in datasets)))
    for service in SERVICES:
        _say(graph, root, [(DCAT.service, _service(site, service))])
        _say(graph, _service(site, service), _of_service(site, service))
        _say(graph, _service(site, service), [(DCAT.servesDataset, _layer(site, layer)) for layer, *_more in listed])
    return graph


def _say(graph: Graph, subject: URIRef, said: Said) -> None:
    for predicate, value in said:
        graph.add((subject, predicate, value))


def _layer(site: Site, layer: Collection) -> URIRef:
    return URIRef(site.link(f"metadaten/{layer.name}.xml#daten"))


def _service(site: Site, service: Service) -> URIRef:
    return URIRef(site.link(f"metadaten/{service.name}.xml#dienst"))


def _agent(site: Site) -> URIRef:
    return URIRef(site.link("dcat.rdf#herausgeber"))


def _contact(site: Site) -> URIRef:
    return URIRef(site.link("dcat.rdf#kontakt"))


def _text(text: str) -> Literal:
    return Literal(text, lang="de")


def _moment(at: datetime.datetime) -> Literal:
    return Literal(at.isoformat(), datatype=XSD.dateTime)


def _of_catalogue(site: Site) -> Said:
    yield RDF.type, DCAT.Catalog
    yield DCTERMS.title, _text("Raumwohlstand Brandenburg")
    yield DCTERMS.description, _text("Leerstände in Brandenburg und was von ihnen aus mit Bus, Bahn und zu Fuß erreicht wird.")
    yield DCTERMS.publisher, _agent(site)
    yield DCTERMS.language, AUTHORITY["language/DEU"]
    yield DCTERMS.spatial, STATE
    yield DCAT.themeTaxonomy, AUTHORITY["data-theme"]
    yield FOAF.homepage, URIRef(site.address)
    if site.catalogue_licence:
        yield DCTERMS.license, URIRef(site.catalogue_licence)
    if site.public_since:
        yield DCTERMS.issued, Literal(site.public_since)


def _of_agent(site: Site) -> Said:
    yield RDF.type, FOAF.Agent
    yield FOAF.name, _text(site.organisation)
    if site.kind:
        yield DCTERMS.type, URIRef(site.kind)


def _of_contact(site: Site) -> Said:
    yield RDF.type, VCARD.Kind
    yield RDF.type, VCARD.Organization
    yield VCARD.fn, Literal(site.organisation)
    yield VCARD.hasEmail, URIRef(f"mailto:{site.mail}")


def _of_state() -> Said:
    west, south, east, north = BRANDENBURG
    box = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
    yield RDF.type, DCTERMS.Location
    yield DCAT.bbox, Literal(box, datatype=WKT)
    yield DCAT.centroid, Literal(f"POINT({CENTROID[0]} {CENTROID[1]})", datatype=WKT)


def _of_layer(site: Site, layer: Collection, changed_at: datetime.datetime) -> Said:
    yield RDF.type, DCAT.Dataset
    yield DCTERMS.title, _text(f"{layer.title} in Brandenburg")
    yield DCTERMS.description, _text(" ".join(str(text) for text in (layer.description, layer.note) if text))
    yield DCTERMS.identifier, Literal(site.identifier(layer.name))
    yield DCTERMS.modified, _moment(changed_at)
    yield DCTERMS.publisher, _agent(site)
    yield DCTERMS.language, AUTHORITY["language/DEU"]
    yield DCTERMS.accessRights, AUTHORITY["access-right/PUBLIC"]
    yield DCTERMS.spatial, STATE
    yield DCAT.theme, AUTHORITY[f"data-theme/{THEMES.get(layer.topic, 'REGI')}"]
    yield DCAT.contactPoint, _contact(site)
    yield DCAT.landingPage, URIRef(site.link(f"ogc/features/collections/{layer.name}"))
    yield FOAF.page, URIRef(site.link(f"metadaten/{layer.name}.xml"))
    # 2.0 recommends this, 3.0 calls it outdated for dct:spatial: portals of both find the state
    yield DCATDE.politicalGeocodingURI, STATE
    yield DCATDE.politicalGeocodingLevelURI, GEO_AREA["Level/state"]
    if site.contributor:
        yield DCATDE.contributorID, URIRef(site.contributor)
    for word in layer.keywords:
        yield DCAT.keyword, _text(word)


def _period(graph: Graph, site: Site, layer: Collection, datasets: Sequence[Dataset], changed_at: datetime.datetime) -> None:
    """Say which days the sources tell of; a layer that keeps its earlier states tells of everything up to its last change."""
    days = [d.valid_on for d in datasets if d.valid_on]
    if days:
        period = URIRef(site.link(f"metadaten/{layer.name}.xml#zeitraum"))
        end = max(*days, changed_at.date()) if layer.past else max(days)
        _say(graph, _layer(site, layer), [(DCTERMS.temporal, period)])
        _say(graph, period, [(RDF.type, DCTERMS.PeriodOfTime), (DCAT.startDate, Literal(min(days))), (DCAT.endDate, Literal(end))])


def _of_service(site: Site, service: Service) -> Said:
    address = site.link(service.path)
    yield RDF.type, DCAT.DataService
    yield DCTERMS.title, _text(f"Raumwohlstand Brandenburg ({service.title})")
    yield DCTERMS.description, _text(f"Alle öffentlichen Ebenen als Dienst: {', '.join(service.versions)}.")
    yield DCTERMS.publisher, _agent(site)
    yield DCTERMS.accessRights, AUTHORITY["access-right/PUBLIC"]
    yield DCAT.contactPoint, _contact(site)
    yield DCAT.endpointURL, URIRef(address)
    yield DCAT.endpointDescription, URIRef(address + (service.capabilities or "api"))
    yield FOAF.page, URIRef(site.link(f"metadaten/{service.name}.xml"))


def _distributions(graph: Graph, site: Site, layer: Collection, licence: URIRef, attribution: str) -> None:
    def add(name: str, title: str, about: str, address: str, file_type: str | None) -> URIRef:
        made = URIRef(site.link(f"dcat.rdf#{layer.name}-{name}"))
        _say(graph, _layer(site, layer), [(DCAT.distribution, made)])
        said = (
            (RDF.type, DCAT.Distribution),
            (DCTERMS.title, _text(f"{layer.title} ({title})")),
            (DCTERMS.description, _text(about)),
            (DCAT.accessURL, URIRef(address)),
            (DCTERMS.license, licence),
            (DCATDE.licenseAttributionByText, _text(attribution)),
            (DCATAP.availability, AUTHORITY["planned-availability/STABLE"]),
        )
        _say(graph, made, said)
        if file_type:
            _say(graph, made, [(DCTERMS["format"], AUTHORITY[f"file-type/{file_type}"])])
        return made

    for extension, kind in FORMATS.items():
        address = site.link(f"{layer.name}.{extension}")
        about = f"Alle Objekte der Ebene „{layer.title}“ als Datei im Format {kind.title}, mit Quellen und Lizenzen."
        made = add(extension.replace(".", "-"), kind.title, about, address, FILE_TYPES.get(extension))
        media = URIRef(f"http://www.iana.org/assignments/media-types/{kind.media_type.partition(';')[0]}")
        _say(graph, made, [(DCAT.downloadURL, URIRef(address)), (DCAT.mediaType, media)])
    for service in SERVICES:
        about = f"Die Ebene „{layer.title}“ über den Dienst {service.title}, mit Filtern und in mehreren Koordinatensystemen."
        made = add(service.name, service.title, about, site.link(service.path + service.capabilities), SERVICE_TYPES[service.name])
        _say(graph, made, [(DCAT.accessService, _service(site, service))])
