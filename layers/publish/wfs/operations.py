"""The operations of WFS 2.0 over our layers: the engine's, with our order, paging, formats and capabilities."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import tostring

from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from gisserver.exceptions import InvalidParameterValue, OperationNotSupported, wrap_filter_errors
from gisserver.operations import wfs20
from gisserver.operations.base import OutputFormat, Parameter
from gisserver.output import FeatureCollection
from gisserver.parsers.wfs20 import AdhocQuery
from gisserver.parsers.wfs20.requests import ResultType

from geo import crs
from layers.publish.extents import extent
from layers.publish.paging import Order
from layers.publish.wfs import formats
from layers.publish.wfs.paging import Page, Pages

MOST_QUERIES = 8
LONGEST_FILTER = 4_000  # characters of a filter from a POST that a link to the next page carries
FES = "{http://www.opengis.net/fes/2.0}"
GML = "application/gml+xml"
PREFIXES = re.compile(r"\{[^}]*\}|\b[\w.-]+:")


class GetCapabilities(wfs20.GetCapabilities):
    """The description of the service, kept until a layer changes."""

    def process_request(self, ows_request: Any) -> HttpResponse:
        service = self.view
        asked = f"{service.state} {service.address} {get_language()}"
        name = f"wfs-capabilities:{hashlib.sha256(asked.encode()).hexdigest()}"
        text = cache.get(name)
        if text is None:
            text = render_to_string("wfs/capabilities.xml", self.get_context_data())
            cache.set(name, text, None)
        return HttpResponse(text, content_type="text/xml; charset=utf-8")

    def get_context_data(self) -> dict[str, Any]:
        operations = self.view.accept_operations["WFS"]
        types = self.view.get_bound_feature_types()
        return {
            "service": self.view,
            "operations": {name: made(self.view, None).get_parameters() for name, made in operations.items()},
            "constraints": self.view.wfs_service_constraints,
            "filters": self.view.wfs_filter_capabilities,
            "types": [(t, extent(t.collection, self.view.asked.of(t.collection), crs.WEB)) for t in types],
            "formats": [str(f) for f in operations["GetFeature"](self.view, None).get_output_formats() if f.in_capabilities],
        }


class DescribeFeatureType(wfs20.DescribeFeatureType):
    """The schema of layers."""

    def get_output_formats(self) -> list[OutputFormat]:
        gml = OutputFormat(GML, version="3.2", renderer_class=formats.Schema)
        return [gml, OutputFormat("XMLSCHEMA", renderer_class=formats.Schema), OutputFormat("text/xml", renderer_class=formats.Schema)]

    def get_parameters(self) -> list[Parameter]:
        return [*super().get_parameters(), Parameter("outputFormat", [str(f) for f in self.get_output_formats()])]


class _Reading(wfs20.BaseWFSGetDataOperation):
    """What GetFeature and GetPropertyValue have in common."""

    def validate_request(self, ows_request: Any) -> None:
        if len(ows_request.queries) > MOST_QUERIES or not ows_request.queries:
            raise InvalidParameterValue(f"one to {MOST_QUERIES} queries", locator="typeNames")
        if ows_request.resolve.name not in ("none", "local"):
            raise OperationNotSupported("references to other services are not followed", locator="resolve")
        super().validate_request(ows_request)

    def _order(self, query: Any) -> Order:
        with wrap_filter_errors(query):
            rows = query.get_queryset()
        (layer,) = query.feature_types
        return Order.of(rows, layer.collection.key, self.view.state, layer.collection.rows())

    def get_hits(self) -> FeatureCollection:
        """Return how many rows there are, whatever page is asked for."""
        start, results = 0, []
        for query in self.ows_request.queries:
            order = self._order(query)
            with wrap_filter_errors(query):
                results.append(
                    wfs20.output.SimpleFeatureCollection(
                        query, query.feature_types, order.rows.none(), start, start, number_matched=order.count()
                    )
                )
        return FeatureCollection(results, number_matched=sum(r._number_matched for r in results))

    def get_results(self) -> FeatureCollection:
        start, size = self.get_pagination()
        results: list[Page] = []
        for query in self.ows_request.queries:
            order = self._order(query)
            with wrap_filter_errors(query):
                if len(self.ows_request.queries) > 1:
                    order.count()  # the answer must tell it for each, and is then known
                results.append(Page(order, source_query=query, feature_types=query.feature_types, start=start, stop=start + size))
        return Pages(results)

    def get_pagination(self) -> tuple[int, int]:
        given = self.ows_request.count
        size = self.view.max_page_size if given is None else min(given, formats.LARGEST_PAGE)
        return self.ows_request.startIndex, size

    def set_pagination_links(self, collection: FeatureCollection) -> None:
        start, size = self.get_pagination()
        if self.ows_request.resultType == ResultType.hits:  # the next thing to ask for is the first page of the rows themselves
            if collection.number_matched:
                collection.next = self._link(start, size)
            return
        if not size:
            return
        if start > 0:
            collection.previous = self._link(max(0, start - size), min(size, start))
        if collection.has_next:
            collection.next = self._link(start + size, size)

    def _link(self, start: int, size: int) -> str | None:
        question = self.view.question
        if question.root is None:
            asked = {name.upper(): value for name, value in question.pairs if name.lower() not in self.view.filter_names}
        elif len(self.ows_request.queries) == 1:
            asked = self._as_keys(question.root)
        else:
            return None  # several queries in XML: a link cannot say that
        if len(asked.get("FILTER", "")) > LONGEST_FILTER and question.root is not None:
            return None
        asked.pop("RESULTTYPE", None)
        asked |= {"SERVICE": "WFS", "VERSION": self.view.version, "STARTINDEX": str(start), "COUNT": str(size)}
        return f"{self.view.get_address}{urlencode(asked, quote_via=quote, safe=':,/')}"

    def _as_keys(self, root: Any) -> dict[str, str]:
        """Return a request in XML as keys."""
        query = self.ows_request.queries[0]
        found = root.find(f".//{FES}Filter")
        with _without_filter(query):
            keys = {name: str(value) for name, value in self.ows_request.as_kvp().items()}
        for name in keys.keys() & {"TYPENAMES", "PROPERTYNAME", "VALUEREFERENCE", "SORTBY"}:
            keys[name] = PREFIXES.sub("", keys[name])  # the document's own prefixes mean nothing in a link
        if found is None:
            return keys
        kept = deepcopy(found)
        for element in kept.iter(f"{FES}ValueReference"):
            element.text = PREFIXES.sub("", element.text or "")
        return {**keys, "FILTER": tostring(kept, encoding="unicode")}


@contextmanager
def _without_filter(query: Any) -> Iterator[None]:
    """The engine writes a query as keys if it has no filter."""
    kept = query.filter if isinstance(query, AdhocQuery) else None
    if kept is not None:
        query.filter = None
    try:
        yield
    finally:
        if kept is not None:
            query.filter = kept


class GetFeature(_Reading, wfs20.GetFeature):
    """Rows of layers."""

    def get_output_formats(self) -> list[OutputFormat]:
        return [
            OutputFormat(GML, version="3.2", renderer_class=formats.Gml),
            OutputFormat("text/xml", subtype="gml/3.2.1", renderer_class=formats.Gml),
            OutputFormat("text/xml", subtype="gml/3.2", renderer_class=formats.Gml, in_capabilities=False),
            OutputFormat("application/json", subtype="geojson", charset="utf-8", renderer_class=formats.GeoJson),
            OutputFormat("application/geo+json", renderer_class=formats.GeoJson),
            OutputFormat("geojson", renderer_class=formats.GeoJson, in_capabilities=False),
            OutputFormat("text/csv", subtype="csv", charset="utf-8", renderer_class=formats.Csv),
            OutputFormat("application/geopackage+sqlite3", subtype="gpkg", renderer_class=formats.GeoPackage),
        ]

    def get_parameters(self) -> list[Parameter]:
        listed = [str(f) for f in self.get_output_formats() if f.in_capabilities]
        return [Parameter("resultType", ["results", "hits"]), Parameter("resolve", ["none", "local"]), Parameter("outputFormat", listed)]


class GetPropertyValue(_Reading, wfs20.GetPropertyValue):
    """One column of a layer."""

    def get_output_formats(self) -> list[OutputFormat]:
        return [
            OutputFormat(GML, version="3.2", renderer_class=formats.GmlValue),
            OutputFormat("text/xml", subtype="gml/3.2.1", renderer_class=formats.GmlValue),
            OutputFormat("text/xml", subtype="gml/3.2", renderer_class=formats.GmlValue, in_capabilities=False),
        ]

    def get_parameters(self) -> list[Parameter]:
        return [Parameter("resultType", ["results", "hits"]), Parameter("resolve", ["none", "local"])]


OPERATIONS = {
    "GetCapabilities": GetCapabilities,
    "DescribeFeatureType": DescribeFeatureType,
    "GetFeature": GetFeature,
    "GetPropertyValue": GetPropertyValue,
    "ListStoredQueries": wfs20.ListStoredQueries,
    "DescribeStoredQueries": wfs20.DescribeStoredQueries,
}
