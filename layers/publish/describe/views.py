"""Addresses that describe the layers and services: ISO 19139 records and the catalogue for portals, always in German."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import override
from django.views.decorators.http import require_safe

from geo import crs
from layers.publish import version
from layers.publish.collection import collections
from layers.publish.describe import about, iso
from layers.publish.exports.provenance import datasets_of
from layers.publish.extents import extent

GRAPHS = {"rdf": ("pretty-xml", "application/rdf+xml"), "ttl": ("turtle", "text/turtle; charset=utf-8")}


@require_safe
def record(request: HttpRequest, name: str) -> HttpResponse:
    """The ISO 19139 record of a layer or of a service."""
    layers, site = collections(), about.site(request)
    layer = next((c for c in layers if c.name == name), None)
    service = next((s for s in about.SERVICES if s.name == name), None)
    with override("de"):
        if layer is not None:
            box = extent(layer, layer.parse(""), crs.WEB)
            text = iso.layer_record(layer, site, datasets_of(layer), version.changed_at(layer), box)
        elif service is not None:
            sources = list({d.key: d for c in layers for d in datasets_of(c)}.values())
            text = iso.service_record(service, layers, site, sources, version.latest(layers))
        else:
            raise Http404
    return _open(HttpResponse(text, content_type="application/xml; charset=utf-8"))


@require_safe
def dcat(request: HttpRequest, extension: str) -> HttpResponse:
    """All layers with an open licence as a DCAT-AP.de catalogue, as RDF/XML or Turtle; 304 for those who have it."""
    layers, site = collections(), about.site(request)
    states = version.versions(layers)
    changed = max(v.changed_at for v in states.values())
    described = [(c, datasets_of(c), states[c.name].changed_at) for c in layers]
    told = "".join(f"{d.loaded_at}" for _c, sources, _at in described for d in sources)
    tag = quote_etag(states[layers[0].name].etag(told, str(changed), extension, repr(site)).strip('"'))
    known = get_conditional_response(request, tag)
    if known is not None:
        return _open(known)
    from layers.publish.describe import catalogue  # RDFLib is large, and seldom needed

    kind, media_type = GRAPHS[extension]
    with override("de"):
        text = catalogue.catalogue(site, described).serialize(format=kind)
    response = _open(HttpResponse(text, content_type=media_type))
    response["ETag"], response["Last-Modified"] = tag, http_date(changed.timestamp())
    return response


def _open(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-cache"
    return response
