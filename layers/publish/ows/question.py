"""A request to WMS or WFS, read and checked before an engine sees it: keys in any case, GET, POST with keys, POST with XML.

What engines answer with a crash, a page, the whole layer or a request of their own is refused here, in the standard's own
words: document types and entities, huge and deep XML, numbers out of range, addresses of styles and map files.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from layers.publish.ows.reports import OwsError

LARGEST_BODY = 2_000_000  # bytes
LONGEST_QUERY = 100_000
DEEPEST, MOST_NODES = 60, 20_000
KEYS = "application/x-www-form-urlencoded"
XML = ("text/xml", "application/xml", "application/gml+xml", "application/vnd.ogc.wfs+xml", "text/plain", "")
# name: smallest, largest
WHOLE_NUMBERS = {
    "count": (0, 1_000_000),
    "maxfeatures": (0, 1_000_000),
    "startindex": (0, 100_000_000),
    "width": (1, 4096),
    "height": (1, 4096),
    "feature_count": (1, 1000),
    "i": (0, 4095),
    "j": (0, 4095),
    "x": (0, 4095),
    "y": (0, 4095),
    "map_resolution": (10, 1200),
    "dpi": (10, 1200),
}
REFUSED = ("sld", "map", "sld_url", "remote_ows_url", "remote_ows_type", "wfs_url", "mapfile")
SINGLE = {*WHOLE_NUMBERS, "service", "version", "request", "bbox", "crs", "srs"}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Question:
    """What a client asks.

    `keys` are the parameters by name in small letters, one value each; `root` is the XML document of a POST, else None;
    `pairs` are all parameters as given, in order (of the address and, for POST with keys, of the body).
    """

    service: str
    version: str
    request: str
    keys: dict[str, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    root: Element | None = None
    body: bytes = b""


def read(request: HttpRequest, service: str) -> Question:
    """Return the checked question; `service` is the default when SERVICE is not given.

    Raises
    ------
    OwsError
        Naming the parameter and what is allowed.
    """
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        raise OwsError("NoApplicableCode", f"the address is longer than {LONGEST_QUERY:,} characters; send the request by POST", status=414)
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    root, body = None, b""
    if request.method == "POST":
        kind = (request.content_type or "").lower()
        try:
            body = request.body
        except RequestDataTooBig:
            body = b" " * (LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise OwsError("NoApplicableCode", f"the body is larger than {LARGEST_BODY:,} bytes", status=413)
        if kind == KEYS:
            pairs += [(name, value) for name, values in request.POST.lists() for value in values]
            body = b""
        elif kind in XML:
            root = _document(body)
            _check_numbers({name.lower(): value for name, value in root.attrib.items()})
        else:
            raise OwsError("NoApplicableCode", f"Content-Type {kind[:60]!r} is not read; expected {KEYS} or text/xml", status=415)
    elif request.method not in ("GET", "HEAD"):
        raise OwsError("OperationNotSupported", f"{request.method} is not answered; expected GET or POST", status=405)
    keys = _unique(pairs)
    for name, value in keys.items():
        if "\0" in value:
            raise OwsError("InvalidParameterValue", f"{name} has a NUL character", name)
    for name in REFUSED:
        if keys.get(name):
            raise OwsError("InvalidParameterValue", f"{name.upper()} is not accepted; send a style as SLD_BODY", name)
    _check_numbers(keys)
    named = keys.get("service") or (root.get("service") if root is not None else None) or service
    if named.upper() != service.upper():
        raise OwsError("InvalidParameterValue", f"SERVICE={named[:30]}: this is the address of {service}", "service")
    operation = _local(root.tag) if root is not None else keys.get("request", "")
    if not operation:
        raise OwsError("MissingParameterValue", "REQUEST is missing, for example REQUEST=GetCapabilities", "request")
    if operation.lower() == "getcapabilities" and root is None and not keys.get("service"):
        raise OwsError("MissingParameterValue", f"SERVICE is missing; expected SERVICE={service}", "service")
    version = (root.get("version") if root is not None else None) or keys.get("version") or keys.get("wmtver") or ""
    return Question(service.upper(), version.strip(), operation, keys, pairs, root, body)


def check_depth(root: Element) -> None:
    """Refuse XML that is nested or large beyond any honest filter."""
    count, level = 0, [root]
    for depth in range(DEEPEST + 1):
        count += len(level)
        if count > MOST_NODES or depth == DEEPEST:
            raise OwsError("NoApplicableCode", f"the XML has more than {MOST_NODES:,} elements or more than {DEEPEST} levels")
        level = [child for element in level for child in element]
        if not level:
            return


def _document(body: bytes) -> Element:
    try:
        root = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise OwsError("NoApplicableCode", "a document type or entities in XML are not read") from None
    except (ParseError, ValueError, LookupError) as error:
        raise OwsError("NoApplicableCode", f"the body is no well-formed XML: {error}") from None
    check_depth(root)
    return root


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name, value in pairs:
        word = name.lower()
        if word in SINGLE and keys.get(word, value) != value:
            raise OwsError("InvalidParameterValue", f"{name[:30]} is given twice with different values", word)
        keys.setdefault(word, value)
    return keys


def _check_numbers(keys: dict[str, str]) -> None:
    for name, (low, high) in WHOLE_NUMBERS.items():
        given = keys.get(name)
        if given is None or given == "":
            continue
        if not re.fullmatch(r"\+?[0-9]{1,12}", given.strip()) or not low <= int(given) <= high:
            raise OwsError("InvalidParameterValue", f"{name.upper()}={given[:30]}: a whole number from {low:,} to {high:,}", name)
    given = keys.get("bbox")
    if given:
        parts = [p.strip() for p in given.split(",")]
        numbers = parts[:4]
        if not 4 <= len(parts) <= 5 or not all(NUMBER.fullmatch(p) and math.isfinite(float(p)) for p in numbers):
            raise OwsError("InvalidParameterValue", f"BBOX={given[:60]}: four numbers parted by commas, then perhaps a CRS", "bbox")
        west, south, east, north = map(float, numbers)
        if west > east or south > north:
            raise OwsError("InvalidParameterValue", f"BBOX={given[:60]}: the lower corner comes first", "bbox")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
