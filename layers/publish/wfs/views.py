"""WFS at one address: 2.0 by the engine in here, 1.0 and 1.1 by MapServer.

A request is read and checked (`ows.question`), then the map's filter (`asking`), then it is answered as the reader's role.
Whatever goes wrong is reported in the words of the version that was asked for.
"""

from __future__ import annotations

import hashlib
import logging
import re
import traceback
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException
from django.core.exceptions import FieldError, SuspiciousOperation, ValidationError
from django.db import DataError, InternalError, NotSupportedError, OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from gisserver.exceptions import OWSException
from gisserver.parsers.ows import KVPRequest, resolve_kvp_parser_class, resolve_xml_parser_class
from gisserver.parsers.xml import parse_xml_from_string
from gisserver.views import WFSView

from geo.clients import connection_of
from geo.errors import RaumError
from layers.publish import asking, version
from layers.publish.collection import Collection, collections
from layers.publish.describe.about import site
from layers.publish.kept import kept
from layers.publish.ows.gate import Gate
from layers.publish.ows.question import Question, check_depth, read
from layers.publish.ows.reports import OwsError, report
from layers.publish.rights import as_reader
from layers.publish.wfs import engine
from layers.publish.wfs.about import about
from layers.publish.wfs.feature_types import NAMESPACE, PREFIX, LayerType, layer_type
from layers.publish.wfs.operations import OPERATIONS

log = logging.getLogger(__name__)
engine.mend()
VERSION = "2.0.0"
COUNT_DEFAULT = 1000
gate = Gate(slots=4)
# What the engine, the ORM or the database say of input they cannot use.
BAD_INPUT = (
    ArithmeticError, AttributeError, DataError, FieldError, GDALException, GEOSException, InternalError, LookupError, NotSupportedError,
    ProgrammingError, RuntimeError, SuspiciousOperation, TypeError, ValidationError, ValueError,
)  # fmt: skip


class Service(WFSView):
    """The engine's view, handed a checked question."""

    xml_namespace = NAMESPACE
    xml_namespace_aliases = {PREFIX: NAMESPACE}
    accept_operations = {"WFS": OPERATIONS}
    max_page_size = COUNT_DEFAULT
    use_html_templates = False
    comparisons = (
        "PropertyIsEqualTo", "PropertyIsNotEqualTo", "PropertyIsLessThan", "PropertyIsGreaterThan", "PropertyIsLessThanOrEqualTo",
        "PropertyIsGreaterThanOrEqualTo", "PropertyIsLike", "PropertyIsNull", "PropertyIsNil", "PropertyIsBetween",
    )  # fmt: skip
    geometries = ("Envelope", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "MultiSurface")
    spatial = (
        "BBOX", "Equals", "Disjoint", "Intersects", "Touches", "Crosses", "Within", "Contains", "Overlaps", "Beyond", "DWithin",
    )  # fmt: skip
    wfs_filter_capabilities = WFSView.wfs_filter_capabilities | {"ImplementsFunctions": False}

    def __init__(self, request: HttpRequest, question: Question, layers: tuple[Collection, ...]) -> None:
        super().__init__()
        self.request, self.question, self.layers = request, question, layers
        self.asked = asking.read(question.pairs, layers)
        self.filter_names = {c.name for layer in layers for c in layer.filter.criteria} - {"bbox"} | {asking.EXTENT}
        base = request.build_absolute_uri(request.path)
        self.address = f"{base}?{self.asked.query}" if self.asked.query else base
        known, day = version.versions(layers).values(), self.asked.counted_from
        self.state = hashlib.sha256(" ".join((*(v.state for v in known), day)).encode()).hexdigest()
        self.shown = " ".join((*(f"{v.name} {v.digest}" for v in known), day))
        changed = max(v.changed_at for v in known)
        self.update_sequence = version.sequence_of(changed)
        self.changed = version.since(changed, counted_from=day)
        self.site = site(request).address
        self.get_address = f"{self.address}{'&' if self.asked.query else '?'}"
        self.about, self.prefix, self.versions = about(), PREFIX, (VERSION, "1.1.0", "1.0.0")

    @property
    def server_url(self) -> str:
        return self.address

    def get_feature_types(self) -> list[LayerType]:
        return [layer_type(layer.name).asking(self.asked.of(layer)) for layer in self.layers]

    def get_xml_schema_url(self, feature_types: list[LayerType]) -> str:
        names = ",".join(f"{PREFIX}:{t.name}" for t in feature_types)
        return f"{self.get_address}SERVICE=WFS&VERSION={VERSION}&REQUEST=DescribeFeatureType&TYPENAMES={names}"

    def answer(self) -> HttpResponseBase:
        """Return the engine's answer to the question."""
        aliases = self.get_xml_namespace_aliases()
        if self.question.root is None:
            keys = {"SERVICE": "WFS", "VERSION": VERSION} | {name.upper(): value for name, value in self.question.keys.items()}
            if self.question.request.lower() == "getcapabilities":
                del keys["VERSION"]
            if not keys.get("PROPERTYNAME", "").strip("(), "):  # names no column: as if it were not given
                keys.pop("PROPERTYNAME", None)
            given: Any = KVPRequest(keys, ns_aliases=aliases)
            operation = self.get_operation_class("WFS", self.question.request)
            self.ows_request = resolve_kvp_parser_class(given).from_kvp_request(given)
        else:
            given = parse_xml_from_string(self.question.body, extra_ns_aliases=aliases)
            given.attrib.setdefault("service", "WFS")
            if self.question.request != "GetCapabilities":
                given.attrib.setdefault("version", VERSION)
            operation = self.get_operation_class("WFS", self.question.request)
            self.ows_request = resolve_xml_parser_class(given).from_xml(given)
        return self.call_operation(operation)


@csrf_exempt
def wfs(request: HttpRequest) -> HttpResponseBase:
    """Answer a request to WFS."""
    spoken = VERSION
    try:
        question = read(request, "WFS")
        spoken = version_of(question)
        response = _older(question, request) if spoken.startswith("1.") else _answer(request, question)
    except RaumError as error:
        return report(error, "WFS", spoken)
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(request: HttpRequest, question: Question) -> HttpResponseBase:
    layers = layers_of(question)
    if "filter" in question.keys:
        _check_filter(question.keys["filter"])
    service = Service(request, question, layers)
    asked = f"{service.shown} {service.address} {get_language()} {sorted(question.keys.items())}"
    tag, changed = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"', service.changed
    head = {"ETag": tag, "Last-Modified": http_date(changed.timestamp()), "Cache-Control": "no-cache"}
    if request.method in ("GET", "HEAD"):
        known = get_conditional_response(request, etag=tag, last_modified=int(changed.timestamp()), response=HttpResponse(headers=head))
        if known is not None and known.status_code == 304:
            return known
    else:
        head = {"Cache-Control": "no-store"}
    try:
        if question.request.lower() == "getcapabilities":
            response = service.answer()  # reads extents as the reader, if it reads at all
        else:
            with gate.passage(connection_of(request)):
                response = _read(service)
    except (OWSException, OperationalError, *BAD_INPUT) as error:
        raise _refusal(error) from error
    for name, value in head.items():
        response[name] = value
    return response


def _read(service: Service) -> HttpResponseBase:
    """Return the answer, read to its end as the reader's role; what is large waits in a file for a slow client."""
    with as_reader():
        made = service.answer()
        if not made.streaming:
            return made
        response = kept(made.streaming_content, made["Content-Type"])  # type: ignore[attr-defined]
    for name in ("Content-Disposition",):
        if made.has_header(name):
            response[name] = made[name]
    return response


def _refusal(error: Exception) -> OwsError:
    """Return what the client is told of an error: what the engine says of its input, never what the database says."""
    if isinstance(error, OWSException):
        if isinstance(error.__cause__, ProgrammingError | InternalError | FieldError | DataError):
            return OwsError("InvalidParameterValue", "the filter cannot be applied to these columns and values", "filter", 400)
        status = 404 if error.status_code == 404 else 400
        if "gml:boundedBy" in str(error.text):  # the standard's own word for a property that cannot be compared
            return OwsError("OperationProcessingFailed", "gml:boundedBy cannot be compared; ask with BBOX", "filter", 400)
        return OwsError(error.code, str(error.text)[:500], error.locator or "", status)
    if isinstance(error, OperationalError):
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # query_canceled
            raise error
        return OwsError("OperationProcessingFailed", "the question takes too long; please narrow it", "", 400)
    last = traceback.extract_tb(error.__traceback__)[-1]
    log.warning("WFS: input that the engine cannot use: %s at %s:%s", type(error).__name__, last.filename, last.lineno)
    log.debug("WFS: where it came from", exc_info=error)
    said = str(error)[:200] if isinstance(error, ValueError | NotImplementedError) and error.__cause__ is None else ""
    return OwsError("OperationParsingFailed", f"the request cannot be used as it is; {said}".rstrip("; "), "request", 400)


def version_of(question: Question) -> str:
    """Return the version to answer in: the highest that client and server know."""
    offered = question.keys.get("acceptversions", "").split(",") if question.keys.get("acceptversions") else []
    if question.root is not None:
        offered = [e.text or "" for e in question.root.iter() if e.tag.endswith("}Version")] if not question.version else []
        if not offered and not question.version and question.root.tag.startswith("{http://www.opengis.net/wfs}"):
            return "1.1.0"
    if question.request.lower() == "getcapabilities" and offered:
        known = [v.strip() for v in offered if v.strip() in (VERSION, "2.0.2", "1.1.0", "1.0.0")]
        if not known:
            text = f"AcceptVersions={','.join(offered)[:60]}: expected 2.0.0, 1.1.0 or 1.0.0"
            raise OwsError("VersionNegotiationFailed", text, "AcceptVersions", 400)
        return VERSION if max(known) >= VERSION else max(known)
    given = question.version or VERSION
    if given in ("1.0.0", "1.1.0"):
        return given
    if not given.startswith("2.0") and question.request.lower() != "getcapabilities":
        raise OwsError("InvalidParameterValue", f"VERSION={given[:20]}: expected 2.0.0, 1.1.0 or 1.0.0", "version", 400)
    return "1.1.0" if given < "2" and given.startswith("1.1") else VERSION


def _older(question: Question, request: HttpRequest) -> HttpResponseBase:
    if find_spec("layers.publish.mapserver") is None:
        raise OwsError("VersionNegotiationFailed", "this server speaks WFS 2.0.0", "version", 400)
    return import_module("layers.publish.mapserver").wfs1(question, request)


def layers_of(question: Question) -> tuple[Collection, ...]:
    """Return the layers a question names; all where it names none that is known."""
    keys, told = question.keys, ""
    told += ",".join(keys.get(name, "") for name in ("typenames", "typename", "resourceid", "id"))
    if question.root is not None:
        for element in question.root.iter():
            told += "," + ",".join(v for n, v in element.attrib.items() if n in ("typeNames", "typeName", "rid"))
            if element.tag.endswith(("}TypeName", "}Parameter")):
                told += f",{element.text}"
    words = {w.rpartition(":")[2].partition(".")[0] for w in re.split(r"[\s,()]+", told)}
    named = tuple(c for c in collections() if c.name in words)
    return named or collections()


def _check_filter(text: str) -> None:
    """Refuse a filter that is deep or declares entities before the engine reads it."""
    from defusedxml.ElementTree import fromstring

    for part in text[1:-1].split(")(") if text.startswith("(") else [text]:
        if "<!" in part and "<![CDATA[" not in part:
            raise OwsError("InvalidParameterValue", "a document type or entities in XML are not read", "filter", 400)
        try:
            spaces = "" if "xmlns" in part else ' xmlns:fes="f" xmlns:gml="g" xmlns:ogc="o" xmlns:raum="r"'
            check_depth(fromstring(f"<all{spaces}>{re.sub(r'^<[?].*?[?]>', '', part.strip())}</all>", forbid_dtd=True))
        except OwsError:
            raise
        except Exception:
            raise OwsError("OperationParsingFailed", "FILTER is no well-formed XML", "filter", 400) from None
