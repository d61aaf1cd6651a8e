"""OGC API Features: each document as JSON and as a page, features as the reader's role."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

import orjson
from django.db import DataError, InternalError, OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from geo.clients import connection_of
from geo.errors import InvalidParameter, RaumError
from layers.publish import asking
from layers.publish.collection import Collection, collection, collections, is_internal
from layers.publish.describe.about import site
from layers.publish.kept import kept
from layers.publish.ogcapi import documents, items
from layers.publish.ogcapi.parameters import CRS84, FORMATS, LARGEST_LIMIT, Wanted, filter_names, known_crs, only, read, refuse
from layers.publish.ows.gate import Gate
from layers.publish.ows.reports import OwsError, report
from layers.publish.rights import as_reader
from layers.publish.version import PublishedVersion, since, version

LONGEST_ADDRESS, ROWS_OF_A_PAGE = 60_000, 100
gate = Gate(slots=4)
View = Callable[..., HttpResponseBase]


class Asked:
    """A request: the format, the parameters, and the addresses of the site and the service."""

    def __init__(self, request: HttpRequest) -> None:
        if request.method not in ("GET", "HEAD"):
            raise OwsError("OperationNotSupported", f"{request.method} is not answered; expected GET", "", 405)
        if len(request.META.get("QUERY_STRING", "")) > LONGEST_ADDRESS:
            raise OwsError("InvalidParameterValue", f"the address is longer than {LONGEST_ADDRESS:,} characters", "", 414)
        self.request = request
        self.pairs = [(name, value) for name, values in request.GET.lists() for value in values]
        self.site = site(request).address
        self.base = request.build_absolute_uri(reverse("internal_ogcapi" if is_internal() else "ogcapi"))
        self.here = request.build_absolute_uri(request.path)
        given = request.GET.get("f", "")
        if given and given not in FORMATS:
            raise refuse("f", given, ", ".join(FORMATS))
        best = request.get_preferred_type([documents.JSON, documents.GEOJSON, documents.HTML])
        self.format = given or ("html" if best == documents.HTML else "json")

    def filters(self, layers: tuple[Collection, ...]) -> asking.Asked:
        """Return the map's filter; nothing else may be asked of a description."""
        names = {name for layer in layers for name in filter_names(layer)} | {"f"}
        only(self.pairs, names, several=names - {"f"})
        return asking.read([(n, v) for n, v in self.pairs if n != "f"], layers)

    def answer(self, made: dict[str, Any], type_: str = documents.JSON, **page: Any) -> HttpResponse:
        if self.format == "html":
            return render(self.request, "ogcapi/document.html", {"document": made, "page": "services", **page})
        return HttpResponse(orjson.dumps(made, default=str), content_type=type_)


def reported(view: View) -> View:
    """Turn errors into the standard's reports and let every program read the answer."""

    @wraps(view)
    def answered(request: HttpRequest, **where: str) -> HttpResponseBase:
        try:
            response = view(Asked(request), **where)
        except RaumError as error:
            return report(error, "OGCAPI", "")
        except (DataError, InternalError, ProgrammingError):
            return report(
                OwsError("InvalidParameterValue", "the filter cannot be applied to these columns and values", "filter", 400), "OGCAPI", ""
            )
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != "57014":  # query_canceled
                raise
            return report(OwsError("InvalidParameterValue", "the question takes too long; please narrow it", "", 400), "OGCAPI", "")
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "Content-Crs, ETag, Link"
        response.headers.setdefault("Cache-Control", "no-cache")
        response["Vary"] = "Accept, Accept-Language, Cookie"
        return response

    return answered


def _layer(name: str) -> Collection:
    try:
        return collection(name)
    except InvalidParameter:
        raise OwsError("NotFound", f"there is no collection {name[:60]}; see {', '.join(c.name for c in collections())}", "", 404) from None


@reported
def landing(asked: Asked) -> HttpResponse:
    query = asked.filters(collections()).query
    made = documents.landing(asked.site, asked.base, asked.format, query)
    return asked.answer(made, layers=[(c, f"{asked.base}collections/{c.name}?{documents.query_of(c, query)}") for c in collections()])


@reported
def conformance(asked: Asked) -> HttpResponse:
    only(asked.pairs, {"f"})
    return asked.answer(documents.conformance(asked.base, asked.format))


@reported
def api(asked: Asked) -> HttpResponse:
    only(asked.pairs, {"f"})
    made = documents.openapi(asked.base)
    if asked.format == "html":
        shown = {"title": made["info"]["title"], "description": made["info"]["description"], "paths": made["paths"]}
        return asked.answer(shown)
    return asked.answer(made, documents.OPENAPI)


@reported
def listing(asked: Asked) -> HttpResponse:
    wanted = asked.filters(collections())
    return asked.answer(documents.listing(asked.site, asked.base, asked.format, wanted.query, wanted))


@reported
def described(asked: Asked, name: str) -> HttpResponse:
    layer = _layer(name)
    wanted = asked.filters((layer,))
    return asked.answer(documents.one(layer, asked.site, asked.base, asked.format, wanted.query, wanted))


@reported
def queryables(asked: Asked, name: str) -> HttpResponse:
    layer = _layer(name)
    only(asked.pairs, {"f"})
    return asked.answer(documents.queryables(layer, asked.base), documents.SCHEMA)


@reported
def found(asked: Asked, name: str) -> HttpResponseBase:
    """The features of a collection, page by page."""
    layer = _layer(name)
    wanted, state = read(layer, asked.pairs, ROWS_OF_A_PAGE if asked.format == "html" else LARGEST_LIMIT), version(layer)
    head = _head(asked, state, wanted)
    if (known := _known(asked, head)) is not None:
        return known
    own = documents.both(asked.here, asked.format, _kept(asked), documents.GEOJSON)
    own.append(documents.link("collection", documents.JSON, asked.here.removesuffix("/items"), str(layer.title)))
    with gate.passage(connection_of(asked.request)), as_reader():
        top, rows = items.page(wanted, state.state, asked.here, own)
        if asked.format == "html":
            response: HttpResponseBase = _table(asked, wanted, top, list(rows))
        else:
            response = kept(items.written(top, rows), documents.GEOJSON)
    for word, value in head.items():
        response[word] = value
    response["Link"] = ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in top["links"])
    return response


@reported
def item(asked: Asked, name: str, key: str) -> HttpResponseBase:
    """One feature."""
    layer = _layer(name)
    given = only(asked.pairs, {"f", "crs"})
    uri = known_crs("crs", given.get("crs", CRS84))
    names = [f.name for f in layer.fields]
    with as_reader():
        rows = layer.rows().filter(pk=key) if "\0" not in key else layer.rows().none()
        row = rows.annotate(_shape=items.shape(layer, uri)).values_list("_shape", *names).first()
    if row is None:
        raise OwsError("NotFound", f"there is no item {key[:60]} in {name}", "", 404)
    links = documents.both(asked.here, asked.format, _kept(asked), documents.GEOJSON)
    links.append(documents.link("collection", documents.JSON, f"{asked.base}collections/{name}", str(layer.title)))
    values = dict(zip(names, row[1:], strict=True))
    if asked.format == "html":
        made = {"title": f"{layer.title}: {key}", "links": links, "cells": [(f.label, values[f.name]) for f in layer.fields]}
        response = asked.answer(made)
    else:
        response = HttpResponse(items.feature(key, row[0], values, links=links), content_type=documents.GEOJSON)
    response["Content-Crs"] = f"<{uri}>"
    return response


def _kept(asked: Asked) -> str:
    return "&".join(f"{quote(n, safe='')}={quote(v, safe=',:/')}" for n, v in asked.pairs if n != "f")


def _head(asked: Asked, state: PublishedVersion, wanted: Wanted) -> dict[str, str]:
    spoken = asked.request.headers.get("Accept-Language", "")
    tag = state.etag(asked.here, asked.format, repr(asked.pairs), wanted.counted_from, spoken)
    changed = since(state.changed_at, counted_from=wanted.counted_from)
    return {"ETag": f"W/{tag}", "Last-Modified": http_date(changed.timestamp()), "Content-Crs": f"<{wanted.crs}>"}


def _known(asked: Asked, head: dict[str, str]) -> HttpResponseBase | None:
    answer = get_conditional_response(asked.request, etag=head["ETag"], response=HttpResponse(headers=head))
    return answer if answer is not None and answer.status_code == 304 else None


def _table(asked: Asked, wanted: Wanted, head: dict[str, Any], rows: list[bytes]) -> HttpResponse:
    shown = [orjson.loads(row) for row in rows]
    columns = wanted.columns[:8]
    table = [(f"{asked.here}/{quote(str(r['id']), safe='')}?f=html", r["id"], [r["properties"][c.name] for c in columns]) for r in shown]
    made = {**head, "title": str(wanted.collection.title)}
    return asked.answer(made, columns=columns, rows=table)
