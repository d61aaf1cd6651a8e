"""The WMS at /ogc/wms: versions 1.1.1 and 1.3.0, drawn by MapServer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from geo import crs
from geo.clients import connection_of
from geo.errors import RaumError
from layers.publish import asking
from layers.publish.collection import Collection, collections
from layers.publish.mapserver import capabilities, engine, info, pictures, sld
from layers.publish.mapserver.mapfile import LARGEST, SYSTEMS, mapfile
from layers.publish.ows import question as questions
from layers.publish.ows.question import Question
from layers.publish.ows.reports import OwsError, report
from layers.publish.version import PublishedVersion, versions

VERSIONS = ("1.1.1", "1.3.0")
OPERATIONS = {n.lower(): n for n in ("GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic", "GetStyles", "DescribeLayer")}
FORMATS = ("image/png", "image/png; mode=8bit", "image/jpeg")
# what MapServer is told; every other word of the request stays here
WORDS = (
    "layers styles crs srs bbox width height format transparent bgcolor query_layers feature_count i j x y sld_body sld_version "
    "layer rule scale style map_resolution dpi"
)
TOLD = frozenset(WORDS.split())
MOST_LAYERS = 40
AGE_S = 60
FARTHEST = 1e9  # metres or degrees
CRS84 = "CRS:84"


@csrf_exempt
def wms(request: HttpRequest) -> HttpResponse:
    """Answer a WMS request; errors in the words of its version, or as a picture where that was asked for."""
    asked = _unread(request)
    try:
        asked = questions.read(request, "WMS")
        response = _answer(asked, request)
    except RaumError as error:
        response = _error(error, asked)
    return response


def _unread(request: HttpRequest) -> Question:
    """Return what an error needs to know when the request cannot be read: version, operation, form of the report."""
    keys = {name.lower(): value for name, value in request.GET.items()}
    return Question("WMS", keys.get("version", ""), keys.get("request", ""), keys)


def _answer(asked: Question, request: HttpRequest) -> HttpResponse:
    operation = OPERATIONS.get(asked.request.lower())
    if operation is None:
        known = ", ".join(OPERATIONS.values())
        raise OwsError("OperationNotSupported", f"REQUEST={asked.request[:40]}: there are {known}", "request", status=400)
    if asked.root is not None:
        raise OwsError("OperationNotSupported", "requests as XML are not read here; send parameters, by GET or POST", "request", status=400)
    if operation == "GetCapabilities":
        return capabilities.wms(asked, request, _version(asked.version))
    plan = _plan(asked, operation)
    if operation == "GetFeatureInfo":
        return _shared(info.answer(plan, request), request)
    return _shared(plan.response(request), request)


@dataclass(frozen=True)
class Plan:
    """A checked request: which layers with which filters, and what MapServer is told."""

    version: str
    operation: str
    layers: tuple[Collection, ...]
    asked: asking.Asked
    told: tuple[tuple[str, str], ...]
    keys: dict[str, str]
    states: dict[str, PublishedVersion]

    def mapfile(self, request: HttpRequest) -> str:
        look = {"styled": "sld_body" in self.keys, "margin": self.margin}
        made = engine.service(request, self.asked.query, **capabilities.about(self.layers), **look)
        return mapfile(made, [engine.drawn(c, self.asked.of(c), c.style.order) for c in self.layers])

    @property
    def margin(self) -> int:
        """How many pixels a map is drawn larger: only where it has signs."""
        signs = self.operation == "GetMap" and any(c.geometry_type == "Point" for c in self.layers)
        return pictures.MARGIN if signs else 0

    def _told_to_draw(self) -> Iterable[tuple[str, str]]:
        if not self.margin:
            return self.told
        system = self.keys.get("crs") or self.keys.get("srs", "")
        upright = self.version == "1.3.0" and system.upper() != CRS84 and crs.north_first(int(system.rpartition(":")[2]))
        return pictures.widened(self.told, upright)

    def response(self, request: HttpRequest) -> HttpResponse:
        """Return MapServer's answer, or 304 when the client has it."""
        text = self.mapfile(request)
        tag = engine.tag(self.states.values(), text, *(f"{k}={v}" for k, v in self.told))
        known = get_conditional_response(request, etag=tag)
        if known is not None:
            return known
        answer = engine.ask(text, self._told_to_draw(), connection_of(request), path=request.path)
        kind = self.keys.get("format", "").lower() or FORMATS[0]
        body, kind = (pictures.cut(answer.body, kind), kind) if self.margin else (answer.body, answer.content_type)
        response = HttpResponse(body, content_type=kind)
        response["ETag"] = tag
        return response


def _plan(asked: Question, operation: str) -> Plan:
    number, keys = _version(asked.version), asked.keys
    if asked.version not in ("", "1.1.0", *VERSIONS):
        raise OwsError("InvalidParameterValue", f"VERSION={asked.version[:20]}: there are {' and '.join(VERSIONS)}", "version")
    named = keys.get("layer") or keys.get("layers") if operation == "GetLegendGraphic" else keys.get("layers")
    layers = _layers(named, "layer" if operation == "GetLegendGraphic" else "layers")
    if operation in ("GetMap", "GetFeatureInfo"):
        _check_map(keys, number)
    if operation in ("GetMap", "GetLegendGraphic"):
        _check_format(keys.get("format", ""))
    if operation == "GetFeatureInfo":
        queried = _layers(keys.get("query_layers"), "query_layers")
        if missing := [c.name for c in queried if c not in layers]:
            raise OwsError("LayerNotDefined", f"QUERY_LAYERS={','.join(missing)}: not among LAYERS", "query_layers")
    if body := keys.get("sld_body"):
        sld.check(body)
    told = [("service", "WMS"), ("version", number), ("request", operation)]
    told += [(k, v) for k, v in keys.items() if k in TOLD and v != ""]
    told += [("format", FORMATS[0])] if operation == "GetMap" and not keys.get("format") else []
    told += [("styles", "")] if "styles" not in dict(told) and operation in ("GetMap", "GetFeatureInfo") else []
    if operation == "DescribeLayer" and "sld_version" not in keys:
        told.append(("sld_version", "1.1.0"))
    if operation == "GetLegendGraphic":
        told = [(k, v) for k, v in told if k not in ("layers", "styles")] + [("sld_version", "1.1.0")] * ("sld_version" not in keys)
        told += [] if keys.get("layer") else [("layer", layers[0].name)]
        told += [] if keys.get("format") else [("format", "image/png")]
    return Plan(number, operation, layers, asking.read(asked.pairs, layers), tuple(told), keys, versions(layers))


def _version(given: str) -> str:
    """Return the version that is spoken: the older only when it was asked for."""
    return "1.1.1" if given and given < "1.3.0" else "1.3.0"


def _layers(given: str | None, name: str) -> tuple[Collection, ...]:
    """Return the layers named, each once, in their order."""
    if not given or not given.strip():
        raise OwsError("MissingParameterValue", f"{name.upper()} is missing, for example {name.upper()}={collections()[0].name}", name)
    known = {c.name: c for c in collections()}
    names = given.split(",")
    if len(names) > MOST_LAYERS:
        raise OwsError("InvalidParameterValue", f"{name.upper()} names {len(names)} layers; at most {MOST_LAYERS}", name)
    if unknown := [n for n in names if n not in known]:
        raise OwsError("LayerNotDefined", f"{name.upper()}={','.join(unknown)[:80]}: there are {', '.join(known)}", name)
    return tuple(known[n] for n in dict.fromkeys(names))


def _check_map(keys: dict[str, str], number: str) -> None:
    word = "crs" if number == "1.3.0" else "srs"
    given = keys.get(word) or keys.get("srs" if word == "crs" else "crs", "")
    allowed: Sequence[str] = (*SYSTEMS, CRS84) if word == "crs" else SYSTEMS
    if not given:
        raise OwsError("MissingParameterValue", f"{word.upper()} is missing, for example {word.upper()}={SYSTEMS[0]}", word)
    if given.upper() not in allowed:
        raise OwsError(f"Invalid{word.upper()}", f"{word.upper()}={given[:40]}: there are {', '.join(allowed)}", word)
    for name in ("bbox", "width", "height"):
        if not keys.get(name):
            raise OwsError("MissingParameterValue", f"{name.upper()} is missing", name)
    corners = [float(part) for part in keys["bbox"].split(",")[:4]]
    if corners[0] >= corners[2] or corners[1] >= corners[3]:
        raise OwsError("InvalidParameterValue", f"BBOX={keys['bbox'][:60]}: has no area", "bbox")
    if max(map(abs, corners)) > FARTHEST:
        raise OwsError("InvalidParameterValue", f"BBOX={keys['bbox'][:60]}: beyond the earth", "bbox")


def _check_format(given: str) -> None:
    if given and given.lower() not in FORMATS:
        raise OwsError("InvalidFormat", f"FORMAT={given[:40]}: there are {', '.join(FORMATS)}", "format")


def _error(error: RaumError, asked: Question) -> HttpResponse:
    keys = asked.keys
    wanted = keys.get("exceptions", "").upper().removeprefix("APPLICATION/VND.OGC.SE_")
    if asked.request.lower() == "getmap" and wanted in ("INIMAGE", "BLANK"):
        given = [keys.get(name, "") for name in ("width", "height")]
        size = [int(text) if re.fullmatch("[0-9]{1,5}", text) and 0 < int(text) <= LARGEST else 256 for text in given]
        kind = "image/jpeg" if keys.get("format") == "image/jpeg" else "image/png"
        clear = keys.get("transparent", "").upper() == "TRUE"
        picture = pictures.blank(size[0], size[1], kind, clear, str(error) if wanted == "INIMAGE" else "")
        response = HttpResponse(picture, content_type=kind)
        response["Cache-Control"] = "no-store"
        response["Access-Control-Allow-Origin"] = "*"
        return response
    return report(error, "WMS", _version(asked.version))


def _shared(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """Let pages of other sites use the answer, and everybody keep it for a minute."""
    response["Access-Control-Allow-Origin"] = "*"
    if request.method in ("GET", "HEAD"):
        response.setdefault("Cache-Control", f"public, max-age={AGE_S}")
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
