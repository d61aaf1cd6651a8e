"""Layers and services as ISO 19139 records (ISO 19115:2003, ISO 19119), in the way INSPIRE and GDI-DE want them. No database."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence

from lxml import etree
from lxml.builder import ElementMaker

from geo import crs
from geo.models import Dataset
from layers.publish.collection import Collection
from layers.publish.describe.about import BRANDENBURG, SERVICES, Service, Site
from layers.publish.views import FORMATS

GMD, GCO, GMX, SRV = (f"http://www.isotc211.org/2005/{name}" for name in ("gmd", "gco", "gmx", "srv"))
XLINK = "http://www.w3.org/1999/xlink"
SPACES = {"gmd": GMD, "gco": GCO, "gmx": GMX, "srv": SRV, "xlink": XLINK}
CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
THEMES = ("GEMET - INSPIRE themes, version 1.0", "2008-06-01")
GEMET = ("GEMET - Concepts, version 4.2", "2021-12-06")
SERVICE_KINDS = ("ISO - 19119 geographic services taxonomy", "2010-01-19")
REGULATION = (
    "VERORDNUNG (EG) Nr. 1089/2010 DER KOMMISSION vom 23. November 2010 zur Durchführung der Richtlinie 2007/2/EG des Europäischen "
    "Parlaments und des Rates hinsichtlich der Interoperabilität von Geodatensätzen und -diensten",
    "2010-12-08",
)
NO_LIMITS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations"
g, srv = ElementMaker(namespace=GMD, nsmap=SPACES), ElementMaker(namespace=SRV, nsmap=SPACES)
gco = ElementMaker(namespace=GCO, nsmap=SPACES)
Element = etree._Element
Box = tuple[float, float, float, float]


def layer_record(
    layer: Collection, site: Site, datasets: Sequence[Dataset], changed_at: datetime.datetime, box: Box | None = None
) -> bytes:
    """Return the record of a layer as UTF-8 XML; all texts in German.

    Parameters
    ----------
    datasets : sequence of Dataset
        What the layer is made from: gives constraints and lineage.
    changed_at : datetime
        When the public rows last changed.
    box : (west, south, east, north), optional
        Around the rows, in degrees (EPSG:4326); the state where there are none.
    """
    title, day = f"{layer.title} in Brandenburg", changed_at.date()
    abstract = " ".join(str(text) for text in (layer.description, layer.note) if text)
    identification = g.MD_DataIdentification(
        _citation(title, day, site.link(f"metadaten/{layer.name}.xml#daten")),
        g.abstract(_text(abstract)),
        g.pointOfContact(_party(site)),
        *([_keywords((layer.theme,), THEMES)] if layer.theme else []),
        _keywords(layer.keywords or (str(layer.title),), GEMET),
        _keywords(("opendata", "Brandenburg", "Raumwohlstand")),
        *_constraints(datasets),
        g.spatialRepresentationType(_code("MD_SpatialRepresentationTypeCode", "vector")),
        g.spatialResolution(
            g.MD_Resolution(
                g.equivalentScale(
                    g.MD_RepresentativeFraction(g.denominator(gco.Integer("250000" if layer.name == "gemeinden" else "10000")))
                )
            )
        ),
        g.language(_language()),
        g.characterSet(_code("MD_CharacterSetCode", "utf8")),
        g.topicCategory(g.MD_TopicCategoryCode(layer.topic)),
        g.extent(_extent(box or BRANDENBURG)),
    )
    files = [(site.link(f"{layer.name}.{extension}"), kind.title) for extension, kind in FORMATS.items()]
    links = [(address, title, "download", "WWW:DOWNLOAD-1.0-http--download") for address, title in files]
    links += [(site.link(s.path + s.capabilities), s.title, "download", s.versions[0]) for s in SERVICES]
    formats = [kind.title for kind in FORMATS.values()]
    return _record(site, layer.name, "dataset", day, identification, _distribution(links, formats), _quality("dataset", _lineage(datasets)))


def service_record(
    service: Service, layers: Iterable[Collection], site: Site, datasets: Sequence[Dataset], changed_at: datetime.datetime
) -> bytes:
    """Return the record of a service over the layers as UTF-8 XML; all texts in German."""
    layers, address = tuple(layers), site.link(service.path)
    names = ", ".join(str(layer.title) for layer in layers)
    operation = srv.SV_OperationMetadata(
        srv.operationName(_text(service.operation)),
        srv.DCP(srv.DCPList(codeList=f"{CODES}#DCPList", codeListValue="WebServices")),
        srv.connectPoint(g.CI_OnlineResource(g.linkage(g.URL(address + service.capabilities)))),
    )
    identification = srv.SV_ServiceIdentification(
        _citation(f"{service.title} Raumwohlstand Brandenburg", changed_at.date(), site.link(f"metadaten/{service.name}.xml#dienst")),
        g.abstract(_text(f"{service.title} mit den Ebenen {names}. Die Filter der Karte gelten als Parameter der Adresse.")),
        g.pointOfContact(_party(site)),
        _keywords((service.classification,), SERVICE_KINDS),
        _keywords(("opendata", "Brandenburg", "Raumwohlstand", "Leerstand")),
        *_constraints(datasets),
        srv.serviceType(gco.LocalName(service.role)),
        *(srv.serviceTypeVersion(_text(version)) for version in service.versions),
        srv.extent(_extent(BRANDENBURG)),
        srv.couplingType(srv.SV_CouplingType(codeList=f"{CODES}#SV_CouplingType", codeListValue="tight")),
        srv.containsOperations(operation),
    )
    for layer in layers:
        coupled = {"uuidref": site.link(f"metadaten/{layer.name}.xml#daten"), f"{{{XLINK}}}href": site.link(f"metadaten/{layer.name}.xml")}
        identification.append(srv.operatesOn(**coupled))
    links = [(address + service.capabilities, service.title, "information", service.versions[0])]
    distribution = _distribution(links, [])
    return _record(site, service.name, "service", changed_at.date(), identification, distribution, _quality("service", ""))


def _record(site: Site, name: str, level: str, day: datetime.date, *parts: Element) -> bytes:
    identification, distribution, quality = parts
    numbers = (crs.STORAGE, crs.UTM32, crs.WEB, crs.MERCATOR, crs.ETRS89, crs.LAEA)
    root = g.MD_Metadata(
        g.fileIdentifier(_text(site.identifier(name))),
        g.language(_language()),
        g.characterSet(_code("MD_CharacterSetCode", "utf8")),
        g.hierarchyLevel(_code("MD_ScopeCode", level)),
        *([g.hierarchyLevelName(_text("Dienst"))] if level == "service" else []),
        g.contact(_party(site)),
        g.dateStamp(gco.Date(day.isoformat())),
        g.metadataStandardName(_text("ISO 19115/19119 - GDI-DE")),
        g.metadataStandardVersion(_text("1.0")),
        *(g.referenceSystemInfo(_system(number)) for number in numbers),
        g.identificationInfo(identification),
        g.distributionInfo(distribution),
        g.dataQualityInfo(quality),
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _text(text: str) -> Element:
    return gco.CharacterString(text)


def _anchor(text: str, address: str) -> Element:
    made = etree.Element(f"{{{GMX}}}Anchor", {f"{{{XLINK}}}href": address})
    made.text = text
    return made


def _code(name: str, value: str) -> Element:
    return g(name, value, codeList=f"{CODES}#{name}", codeListValue=value)


def _language() -> Element:
    return g.LanguageCode("Deutsch", codeList="http://www.loc.gov/standards/iso639-2/", codeListValue="ger")


def _date(day: str, kind: str) -> Element:
    return g.date(g.CI_Date(g.date(gco.Date(day)), g.dateType(_code("CI_DateTypeCode", kind))))


def _citation(title: str, day: datetime.date, identifier: str) -> Element:
    named = g.identifier(g.MD_Identifier(g.code(_text(identifier))))
    return g.citation(g.CI_Citation(g.title(_text(title)), _date(day.isoformat(), "revision"), named))


def _party(site: Site) -> Element:
    address = g.CI_Address(
        g.deliveryPoint(_text(site.street)),
        g.city(_text(site.city)),
        g.administrativeArea(_text("Brandenburg")),
        g.postalCode(_text(site.postcode)),
        g.country(_text("DE")),
        g.electronicMailAddress(_text(site.mail)),
    )
    contact = g.CI_Contact(g.address(address), g.onlineResource(g.CI_OnlineResource(g.linkage(g.URL(site.address)))))
    return g.CI_ResponsibleParty(
        g.organisationName(_text(site.organisation)), g.contactInfo(contact), g.role(_code("CI_RoleCode", "pointOfContact"))
    )


def _keywords(words: Iterable[str], thesaurus: tuple[str, str] | None = None) -> Element:
    made = g.MD_Keywords(*(g.keyword(_text(word)) for word in words))
    if thesaurus:
        title, day = thesaurus
        made.append(g.thesaurusName(g.CI_Citation(g.title(_text(title)), _date(day, "publication"))))
    return g.descriptiveKeywords(made)


def _constraints(datasets: Iterable[Dataset]) -> list[Element]:
    """Return access without limits, and for use the licence and source line of each data set, as text and as GDI-DE's JSON."""
    other = _code("MD_RestrictionCode", "otherRestrictions")
    access = g.MD_LegalConstraints(
        g.accessConstraints(other), g.otherConstraints(_anchor("Es gelten keine Zugriffsbeschränkungen", NO_LIMITS))
    )
    use = g.MD_LegalConstraints(g.useConstraints(_code("MD_RestrictionCode", "otherRestrictions")))
    for d in datasets:
        said = f"Nutzungsbedingungen ({d.title}): {d.licence}. Quellenvermerk: {d.attribution}"
        use.append(g.otherConstraints(_anchor(said, d.licence_url) if d.licence_url else _text(said)))
        named = {"name": d.licence, "url": d.licence_url, "quelle": d.attribution}
        use.append(g.otherConstraints(_text(json.dumps(named, ensure_ascii=False))))
    if len(use) == 1:
        use.append(g.otherConstraints(_text("Es ist noch kein Datensatz geladen.")))
    return [g.resourceConstraints(access), g.resourceConstraints(use)]


def _extent(box: Box) -> Element:
    west, south, east, north = (gco.Decimal(f"{value}") for value in box)
    named = g.EX_GeographicDescription(g.geographicIdentifier(g.MD_Identifier(g.code(_text("Brandenburg")))))
    box = g.EX_GeographicBoundingBox(
        g.westBoundLongitude(west), g.eastBoundLongitude(east), g.southBoundLatitude(south), g.northBoundLatitude(north)
    )
    return g.EX_Extent(g.geographicElement(named), g.geographicElement(box))


def _system(number: int) -> Element:
    address = f"http://www.opengis.net/def/crs/EPSG/0/{number}"
    return g.MD_ReferenceSystem(g.referenceSystemIdentifier(g.RS_Identifier(g.code(_anchor(f"EPSG:{number}", address)))))


def _distribution(links: Iterable[tuple[str, str, str, str]], formats: Iterable[str]) -> Element:
    listed = [g.distributionFormat(g.MD_Format(g.name(_text(name)), g.version(_text("unbekannt")))) for name in formats]
    online = [
        g.onLine(
            g.CI_OnlineResource(
                g.linkage(g.URL(address)),
                g.protocol(_text(protocol)),
                g.name(_text(name)),
                g.function(_code("CI_OnLineFunctionCode", function)),
            )
        )
        for address, name, function, protocol in links
    ]
    return g.MD_Distribution(*listed, g.transferOptions(g.MD_DigitalTransferOptions(*online)))


def _lineage(datasets: Iterable[Dataset]) -> str:
    said = []
    for d in datasets:
        date = f", Stand {d.valid_on.isoformat()}" if d.valid_on else ""
        said.append(f"{d.title} ({d.publisher or 'ohne Herausgeber'}{date})." + (f" {d.note}" if d.note else ""))
    return "Hergestellt aus: " + " ".join(said) if said else "Es ist noch kein Datensatz geladen."


def _quality(level: str, lineage: str) -> Element:
    title, day = REGULATION
    result = g.DQ_ConformanceResult(
        g.specification(g.CI_Citation(g.title(_text(title)), _date(day, "publication"))),
        g.explanation(_text("Die Konformität wurde nicht geprüft.")),
        etree.Element(f"{{{GMD}}}pass", {f"{{{GCO}}}nilReason": "unknown"}),
    )
    made = g.DQ_DataQuality(
        g.scope(g.DQ_Scope(g.level(_code("MD_ScopeCode", level)), *_level_description(level))),
        g.report(g.DQ_DomainConsistency(g.result(result))),
    )
    if lineage:
        made.append(g.lineage(g.LI_Lineage(g.statement(_text(lineage)))))
    return made


def _level_description(level: str) -> list[Element]:
    return [g.levelDescription(g.MD_ScopeDescription(g.other(_text("Dienst"))))] if level == "service" else []
