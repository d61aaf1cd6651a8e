"""WFS 1.0.0 and 1.1.0 for older programs, answered by MapServer from the same map files as the WMS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.http import HttpRequest, HttpResponse
from lxml import etree

from geo.clients import connection_of
from geo.errors import RaumError
from layers.publish import asking
from layers.publish.collection import Collection, collections
from layers.publish.mapserver import capabilities, engine
from layers.publish.mapserver.mapfile import PREFIX, SYSTEMS, Drawn, mapfile
from layers.publish.ows.question import Question, check_depth
from layers.publish.ows.reports import OwsError, report

OPERATIONS = {n.lower(): n for n in ("GetCapabilities", "DescribeFeatureType", "GetFeature")}
WORDS = "typename typenames maxfeatures startindex outputformat featureid propertyname srsname bbox filter resulttype sortby"
TOLD = frozenset(WORDS.split())
# how each version calls a metadata record by ISO 19139
METADATA = {"1.0.0": ("TC211", "XML"), "1.1.0": ("19139", "text/xml")}
EMPTY = re.compile(rb"\s*<(" + PREFIX.encode() + rb":[a-z0-9_]+)></\1>")  # what MapServer writes for NULL: no number, no date
SHAPE = "geom"
MOST_FEATURES = 1_000_000


def wfs1(question: Question, request: HttpRequest) -> HttpResponse:
    """Answer a checked request to WFS 1.0.0 or 1.1.0; errors in the words of the version."""
    number = "1.1.0" if question.version.startswith("1.1") else "1.0.0"
    try:
        response = _answer(question, request, number)
    except RaumError as error:
        return report(error, "WFS", number)
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(question: Question, request: HttpRequest, number: str) -> HttpResponse:
    operation = OPERATIONS.get(question.request.lower())
    if operation is None:
        raise OwsError(
            "OperationNotSupported", f"{question.request[:40]}: WFS {number} has {', '.join(OPERATIONS.values())}", "request", status=400
        )
    if operation == "GetCapabilities":
        return capabilities.described(question, request, ("WFS", number), METADATA[number], _mended)
    layers = _layers(question, operation)
    _check_filters(question, layers)
    filters = asking.read(question.pairs, layers)
    said = engine.service(request, filters.query, **capabilities.about(layers), metadata=METADATA[number])
    text = mapfile(said, [engine.drawn(c, filters.of(c), c.key) for c in layers])
    told = [("service", "WFS"), ("version", number), ("request", operation)]
    if question.root is None:
        told += [(k, v) for k, v in question.keys.items() if k in TOLD and v != ""]
    body = question.body if question.root is not None else b""
    answer = engine.ask(text, [] if body else told, connection_of(request), body, request.path)
    made = EMPTY.sub(b"", answer.body) if operation == "GetFeature" else answer.body
    return HttpResponse(made, content_type=answer.content_type)


def _layers(question: Question, operation: str) -> tuple[Collection, ...]:
    """Return the layers named in the request; all for a description of none in particular."""
    root = question.root
    if root is None:
        given = [question.keys.get("typename") or question.keys.get("typenames") or ""]
        if not given[0] and operation == "GetFeature" and question.keys.get("featureid"):
            given = [part.partition(".")[0] for part in question.keys["featureid"].split(",")]
    else:
        given = [e.get("typeName", "") for e in root.iter() if e.get("typeName")]
        given += [e.text or "" for e in root if _local(e) == "TypeName"]
    names = [n.strip(" ()").rpartition(":")[2] for part in given for n in re.split(r"[,)(]+", part) if n.strip(" ()")]
    known = {c.name: c for c in collections()}
    if not names and operation == "DescribeFeatureType":
        return collections()
    if not names:
        raise OwsError("MissingParameterValue", f"TYPENAME is missing, for example TYPENAME={PREFIX}:{collections()[0].name}", "typename")
    if unknown := [n for n in names if n not in known]:
        raise OwsError("InvalidParameterValue", f"TYPENAME={','.join(unknown)[:80]}: there are {', '.join(known)}", "typename")
    return tuple(known[n] for n in dict.fromkeys(names))


def _check_filters(question: Question, layers: Sequence[Collection]) -> None:
    """Refuse what the engine passes over or has the database refuse: columns and systems there are not, numbers out of range."""
    columns = {f.name for c in layers for f in c.fields} | {SHAPE}
    named = question.keys.get("propertyname", "")
    _check_names((n for n in re.split(r"[,()]+", named) if n.strip()), columns)
    _check_system(question.keys.get("srsname", ""))
    roots = [question.root] if question.root is not None else _filters(question.keys.get("filter", ""))
    for root in roots:
        for query in root.iter():
            _check_system(query.get("srsName", ""))
        _check_names((e.text or "" for e in root.iter() if _local(e) == "PropertyName"), columns)
        for name in ("maxFeatures", "startIndex"):
            given = root.get(name)
            if given is not None and not (re.fullmatch(r"\d{1,9}", given) and int(given) <= MOST_FEATURES):
                raise OwsError("InvalidParameterValue", f"{name}={given[:30]}: a whole number from 0 to {MOST_FEATURES:,}", name)


def _check_system(given: str) -> None:
    number = re.split(r"[:#]", given)[-1]
    if given and f"EPSG:{number}" not in SYSTEMS and number != "CRS84":
        raise OwsError("InvalidParameterValue", f"SRSNAME={given[:60]}: there are {', '.join(SYSTEMS)}", "srsname")


def _check_names(names: Iterable[str], columns: set[str]) -> None:
    for name in names:
        plain = re.split(r"[:/]", name.strip())[-1]
        if plain not in columns and plain != "*":
            raise OwsError("InvalidParameterValue", f"no property {name.strip()[:60]!r}", "propertyname")


def _filters(text: str) -> list[Element]:
    """Return the filters of a FILTER parameter: one, or one in brackets for each type."""
    parts = re.split(r"\)\s*\(", text.strip()[1:-1]) if text.strip().startswith("(") else [text] if text.strip() else []
    made = []
    for part in parts:
        if not part.strip():
            continue
        try:
            root = fromstring(part, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        except DefusedXmlException:
            raise OwsError("InvalidParameterValue", "FILTER: a document type or entities are not read", "filter") from None
        except (ParseError, ValueError, LookupError) as error:
            raise OwsError("InvalidParameterValue", f"FILTER is no well-formed XML: {error}", "filter") from None
        check_depth(root)
        made.append(root)
    return made


def _mended(body: bytes, _layers: Sequence[Drawn]) -> bytes:
    """Return the description without the program's remarks."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True))
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
