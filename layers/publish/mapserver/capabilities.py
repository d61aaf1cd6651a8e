"""GetCapabilities: MapServer's own answer, mended where it is imprecise, kept until the rows, the filter or the address change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from lxml import etree

from geo import crs
from geo.clients import connection_of
from layers.publish import asking
from layers.publish.collection import Collection, collections, is_internal
from layers.publish.extents import Box, digits_of, extent, moved
from layers.publish.mapserver import engine
from layers.publish.mapserver.mapfile import Drawn, mapfile
from layers.publish.ows.question import Question
from layers.publish.ows.reports import OwsError
from layers.publish.version import sequence_of, versions

MOST_KEPT = 200
_kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
_lock = threading.Lock()


def about(layers: Sequence[Collection]) -> dict[str, object]:
    """Return what the service says of itself: title, abstract, conditions, key words."""
    keywords = dict.fromkeys(k for c in layers for k in c.keywords)
    return {
        "title": _("{product}: Leerstände und Erreichbarkeit in Brandenburg").format(product=settings.PRODUCT),
        "abstract": _(
            "Leerstehende Gebäude der Städte und Gemeinden Brandenburgs mit Größe und Anbindung ihres Ortes; dazu Gemeinden, "
            "Haltestellen, ÖV-Güteklassen, Isochronen und Reisezeiten. Die Parameter des Filters der Karte gelten auch hier."
        ),
        "fees": _("Keine. Die Quellenangaben der Datensätze stehen in den Metadaten und sind mitzuführen."),
        "constraints": _("Nur für die angemeldete Person; nicht zur Weitergabe.")
        if is_internal()
        else _("Es gelten keine Zugriffsbeschränkungen."),
        "keywords": tuple(keywords),
    }


def wms(asked: Question, request: HttpRequest, number: str) -> HttpResponse:
    """Return the description of the WMS in a version."""
    kind = ("TC211", "text/xml") if number == "1.1.1" else ("ISO19115:2003", "application/xml")

    def mended(body: bytes, layers: Sequence[Drawn]) -> bytes:
        return mend_wms(body, {d.collection.name: d.box for d in layers}, number)

    return described(asked, request, ("WMS", number), kind, mended)


def described(
    asked: Question,
    request: HttpRequest,
    service: tuple[str, str],
    metadata: tuple[str, str],
    mended: Callable[[bytes, Sequence[Drawn]], bytes],
) -> HttpResponse:
    """Return a service's description, from memory when it is there; 304 when the client has it.

    Raises
    ------
    OwsError
        CurrentUpdateSequence or InvalidUpdateSequence, as the standards have it for UPDATESEQUENCE.
    """
    layers = collections()
    filters = asking.read(asked.pairs, layers)
    states = versions(layers)
    sequence = sequence_of(max(v.changed_at for v in states.values()))
    given = asked.root.get("updateSequence", "") if asked.root is not None else asked.keys.get("updatesequence", "")
    _check_sequence(given, sequence)
    address = request.build_absolute_uri(request.path)
    tag = engine.tag(states.values(), *service, filters.query, filters.counted_from, address, sequence)
    name = " ".join((tag, *(v.state for v in states.values())))
    known = get_conditional_response(request, etag=tag)
    if known is None:
        with _lock:
            held = _kept.get(name)
        if held is None:
            said = engine.service(request, filters.query, **about(layers), sequence=sequence, metadata=metadata)
            rows = [replace(engine.drawn(c, filters.of(c)), box=extent(c, filters.of(c)) or crs.EXTENT) for c in layers]
            told = [("service", service[0]), ("version", service[1]), ("request", "GetCapabilities")]
            answer = engine.ask(mapfile(said, rows), told, connection_of(request), path=request.path)
            held = mended(answer.body, rows), answer.content_type
            with _lock:
                _kept[name] = held
                while len(_kept) > MOST_KEPT:
                    _kept.popitem(last=False)
        known = HttpResponse(held[0], content_type=held[1])
        known["ETag"] = tag
    known["Access-Control-Allow-Origin"] = "*"
    known["Cache-Control"] = "public, no-cache"
    return known


def _check_sequence(given: str, now: str) -> None:
    if given == now:
        raise OwsError("CurrentUpdateSequence", f"UPDATESEQUENCE={now} is the current one", "updatesequence", status=200)
    if given > now:
        raise OwsError("InvalidUpdateSequence", f"UPDATESEQUENCE={given[:40]} is later than the current one, {now}", "updatesequence")


def mend_wms(body: bytes, boxes: dict[str, Box], number: str) -> bytes:
    """Return the description with exact boxes, without names of mere headings and without the program's remarks."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True))
    tag = "{http://www.opengis.net/wms}" if number == "1.3.0" else ""
    for layer in root.iter(f"{tag}Layer"):
        name = layer.find(f"{tag}Name")
        inner = [n.text for n in layer.iterfind(f".//{tag}Layer/{tag}Name")]
        if layer.find(f"{tag}Layer") is not None:
            inner = [n for n in inner if n in boxes]
            if name is not None:
                layer.remove(name)
        else:
            inner = [name.text]
        _set_boxes(layer, tag, _around([boxes[n] for n in inner]), number)
    head = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    return bytes(head)


def _set_boxes(layer: etree._Element, tag: str, box: Box, number: str) -> None:
    west, south, east, north = moved(box, crs.WEB)
    globe = layer.find(f"{tag}EX_GeographicBoundingBox")
    if globe is not None:
        for name, value in (
            ("westBoundLongitude", west),
            ("eastBoundLongitude", east),
            ("southBoundLatitude", south),
            ("northBoundLatitude", north),
        ):
            globe.find(f"{tag}{name}").text = f"{value:.6f}"
    old = layer.find("LatLonBoundingBox")
    if old is not None:
        for name, value in zip(("minx", "miny", "maxx", "maxy"), (west, south, east, north), strict=True):
            old.set(name, f"{value:.6f}")
    for element in layer.iterfind(f"{tag}BoundingBox"):
        system = int((element.get("CRS") or element.get("SRS")).rpartition(":")[2])
        x1, y1, x2, y2 = moved(box, system)
        values = (y1, x1, y2, x2) if number == "1.3.0" and crs.north_first(system) else (x1, y1, x2, y2)
        for name, value in zip(("minx", "miny", "maxx", "maxy"), values, strict=True):
            element.set(name, f"{value:.{digits_of(system)}f}")


def _around(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
