"""What OGC API Features says about itself: landing page, conformance, collections, queryables, and the API's definition."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from geo import crs
from layers.publish.asking import EXTENT
from layers.publish.collection import Collection, Field, collections, is_internal
from layers.publish.extents import extent
from layers.publish.ogcapi.parameters import (
    CRS84,
    CRS_URIS,
    FORMATS,
    LANGUAGES,
    LARGEST_LIMIT,
    LIMIT,
    STORAGE_URI,
    filter_names,
    time_field,
)
from layers.publish.views import FORMATS as DOWNLOADS

JSON, HTML, GEOJSON, SCHEMA = "application/json", "text/html", "application/geo+json", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SPEC = "http://www.opengis.net/spec/"
PARTS = {
    "ogcapi-features-1/1.0/conf/": ("core", "oas30", "html", "geojson"),
    "ogcapi-features-2/1.0/conf/": ("crs",),
    "ogcapi-features-3/1.0/conf/": ("queryables", "queryables-query-parameters", "filter", "features-filter"),
    "cql2/1.0/conf/": (
        "cql2-text",
        "cql2-json",
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "basic-spatial-functions",
    ),
}
TYPES = {
    "number": {"type": "integer"},
    "decimal": {"type": "number"},
    "flag": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
LICENCE = "https://www.govdata.de/dl-de/by-2-0"


def link(rel: str, type_: str, href: str, title: str = "", **more: str) -> dict[str, str]:
    return {"rel": rel, "type": type_, "href": href, **({"title": title} if title else {}), **more}


def both(address: str, shown: str, query: str = "", json: str = JSON) -> list[dict[str, str]]:
    """Return the links of a document to itself and to its other form."""
    kept = f"&{query}" if query else ""
    types = {"json": json, "html": HTML}
    return [link("self" if f == shown else "alternate", types[f], f"{address}?f={f}{kept}") for f in FORMATS]


def landing(site: str, base: str, shown: str, query: str) -> dict[str, Any]:
    kept = f"?{query}" if query else ""
    return {
        "title": _("Leerstand und Erreichbarkeit in Brandenburg (OGC API Features)"),
        "description": _("Leerstehende Gebäude in Brandenburg und was von ihnen aus zu erreichen ist, Zeile für Zeile abfragbar."),
        "links": [
            *both(base, shown, query),
            link("service-desc", OPENAPI, f"{base}api?f=json", _("Beschreibung der Schnittstelle")),
            link("service-doc", HTML, f"{base}api?f=html", _("Beschreibung der Schnittstelle")),
            link("conformance", JSON, f"{base}conformance", _("Erfüllte Normen")),
            link("data", JSON, f"{base}collections{kept}", _("Ebenen")),
            link("describedby", "application/vnd.iso.19139+xml", f"{site}metadaten/ogcapi.xml", _("Metadaten")),
        ],
    }


def conformance(base: str, shown: str) -> dict[str, Any]:
    return {
        "links": both(f"{base}conformance", shown),
        "conformsTo": [f"{SPEC}{part}{c}" for part, classes in PARTS.items() for c in classes],
    }


def listing(site: str, base: str, shown: str, query: str, asked: Any) -> dict[str, Any]:
    return {
        "links": both(f"{base}collections", shown, query),
        "collections": [one(c, site, base, "", query_of(c, query), asked) for c in collections()],
    }


def query_of(collection: Collection, query: str) -> str:
    """Return the part of the map's filter that a layer knows."""
    names = filter_names(collection)
    return "&".join(part for part in query.split("&") if part.partition("=")[0] in names)


def one(collection: Collection, site: str, base: str, shown: str, query: str, asked: Any) -> dict[str, Any]:
    """Return the description of a collection."""
    address, kept = f"{base}collections/{collection.name}", f"&{query}" if query else ""
    box = extent(collection, asked.of(collection), crs.WEB)
    note = f" {collection.note}" if collection.note else ""
    own = both(address, shown, query) if shown else [link("self", JSON, f"{address}?f=json{kept}")]
    return {
        "id": collection.name,
        "title": str(collection.title),
        "description": f"{collection.description}{note}",
        "keywords": list(collection.keywords),
        "itemType": "feature",
        "crs": list(CRS_URIS),
        "storageCrs": STORAGE_URI,
        **({"extent": {"spatial": {"bbox": [list(box)], "crs": CRS84}}} if box else {}),
        "links": [
            *own,
            link("items", GEOJSON, f"{address}/items?f=json{kept}", str(collection.title)),
            link("items", HTML, f"{address}/items?f=html{kept}", str(collection.title)),
            link(QUERYABLES, SCHEMA, f"{address}/queryables?f=json", _("Spalten")),
            link("describedby", "application/vnd.iso.19139+xml", f"{site}metadaten/{collection.name}.xml", _("Metadaten")),
            link("license", HTML, f"{site}datenquellen/", _("Quellen und Lizenzen")),
            *(_files(collection, site, query) if shown else ()),
        ],
    }


def _files(collection: Collection, site: str, query: str) -> list[dict[str, str]]:
    """Return links to the rows as files, in each language of their labels; layers that are not for the public have none."""
    known = "&".join(part for part in query.split("&") if part.partition("=")[0] != EXTENT)
    links = []
    for language, _name in () if is_internal() else settings.LANGUAGES:
        with override(language):
            for extension, kind in DOWNLOADS.items():
                path = reverse("download", args=[collection.name, extension]).lstrip("/")
                href = f"{site}{path}?{known}" if known else f"{site}{path}"
                links.append(link("enclosure", kind.media_type, href, kind.title, hreflang=language))
    return links


def schema_of(f: Field) -> dict[str, Any]:
    """Return a column as JSON schema."""
    made: dict[str, Any] = {"title": str(f.label), **TYPES.get(f.kind, {"type": "string"})}
    if f.unit:
        made["x-ogc-unit"] = f.unit
    if f.description:
        made["description"] = str(f.description)
    if f.choices and f.kind == "text":
        made["enum"] = [value for value, _label in f.choices]
    return made


def queryables(collection: Collection, base: str) -> dict[str, Any]:
    columns = {f.name: schema_of(f) for f in collection.fields}
    columns[collection.key]["x-ogc-role"] = "id"
    if name := time_field(collection):
        columns[name]["x-ogc-role"] = "primary-instant"
    kind = collection.geometry_type.lower()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}collections/{collection.name}/queryables",
        "type": "object",
        "title": str(collection.title),
        "properties": {**columns, collection.geometry: {"format": f"geometry-{kind}", "x-ogc-role": "primary-geometry"}},
        "additionalProperties": False,
    }


def openapi(base: str) -> dict[str, Any]:
    """Return the definition of the API (OpenAPI 3.0)."""
    shared = {
        "f": _parameter("f", {"type": "string", "enum": list(FORMATS)}),
        "limit": _parameter("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": LIMIT}),
        "offset": _parameter("offset", {"type": "integer", "minimum": 0, "default": 0}),
        "bbox": _parameter("bbox", {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}, explode=False),
        "bbox-crs": _parameter("bbox-crs", {"type": "string", "format": "uri", "enum": list(CRS_URIS)}),
        "crs": _parameter("crs", {"type": "string", "format": "uri", "enum": list(CRS_URIS)}),
        "datetime": _parameter("datetime", {"type": "string"}),
        "filter": _parameter("filter", {"type": "string"}),
        "filter-lang": _parameter("filter-lang", {"type": "string", "enum": list(LANGUAGES)}),
        "filter-crs": _parameter("filter-crs", {"type": "string", "format": "uri", "enum": list(CRS_URIS)}),
        "sortby": _parameter("sortby", {"type": "array", "items": {"type": "string"}}, explode=False),
        "properties": _parameter("properties", {"type": "array", "items": {"type": "string"}}, explode=False),
        "skipGeometry": _parameter("skipGeometry", {"type": "boolean", "default": False}),
    }
    refs = {name: {"$ref": f"#/components/parameters/{name}"} for name in shared}
    paths = {
        "": _path(_("Startseite"), [refs["f"]], JSON),
        "api": _path(_("Beschreibung der Schnittstelle"), [refs["f"]], OPENAPI),
        "conformance": _path(_("Erfüllte Normen"), [refs["f"]], JSON),
        "collections": _path(_("Ebenen"), [refs["f"]], JSON),
    }
    for c in collections():
        at, title = f"collections/{c.name}", str(c.title)
        labels = {k.name: str(k.label) for k in c.filter.criteria}
        criteria = [
            _parameter(name, {"type": "string"}, description=labels.get("bbox" if name == EXTENT else name, name))
            for name in sorted(filter_names(c))
        ]
        taken = filter_names(c)
        columns = [_parameter(f.name, schema_of(f)) for f in c.fields if f.name not in taken and f.kind != "object"]
        key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths[at] = _path(title, [refs["f"]], JSON)
        paths[f"{at}/queryables"] = _path(title, [refs["f"]], SCHEMA)
        paths[f"{at}/items"] = _path(title, [*refs.values(), *criteria, *columns], GEOJSON)
        paths[f"{at}/items/{{id}}"] = _path(title, [key, refs["f"], refs["crs"]], GEOJSON)
    about = landing("", base, "json", "")
    return {
        "openapi": "3.0.3",
        "info": {"title": about["title"], "description": about["description"], "version": "1.0.0"},
        "servers": [{"url": base.rstrip("/")}],
        "paths": {f"/{path}": made for path, made in paths.items()},
        "components": {"parameters": shared},
    }


def _parameter(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "style": "form", **more}


def _path(summary: str, parameters: list[Any], type_: str) -> dict[str, Any]:
    fine = {"description": summary, "content": {type_: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}}
    wrong = {"description": "error", "content": {JSON: {"schema": {"type": "object"}}}}
    return {"get": {"summary": summary, "parameters": parameters, "responses": {"200": fine, "400": wrong, "404": wrong}}}
