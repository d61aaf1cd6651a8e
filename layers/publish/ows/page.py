"""`/ogc/`: every address of the services and files, with the filter one came with, and how programs load them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from geo.filtering import FilterSet
from layers.publish import asking
from layers.publish.collection import Collection, collections
from layers.publish.views import FORMATS


@dataclass(frozen=True)
class Row:
    """A layer as the page shows it."""

    layer: Collection
    wanted: FilterSet
    count: int

    @property
    def files(self) -> list[tuple[str, str]]:
        query = self.wanted.without(*self.layer.defaults).query_string()
        kept = self.wanted.query_string() if any(self.wanted.values.get(k) for k in self.layer.defaults) else query
        return [
            (f"{get_script_prefix()}{_language()}{self.layer.name}.{end}{'?' if kept else ''}{kept}", f.title) for end, f in FORMATS.items()
        ]


def _language() -> str:
    return "en/" if get_language() == "en" else ""


@require_safe
def services_page(request: HttpRequest) -> HttpResponse:
    """The page; a filter in its address goes into every address on it. Raises `InvalidParameters` for a wrong one."""
    layers = collections()
    of_the_page = {name for layer in layers for name in layer.page_parameters}
    pairs = [
        (asking.EXTENT if name == "bbox" else name, value)
        for name, values in request.GET.lists()
        for value in values
        if name not in of_the_page
    ]
    asked = asking.read(pairs, layers)
    base = request.build_absolute_uri(f"{get_script_prefix()}{_language()}")
    query = f"?{asked.query}" if asked.query else ""
    rows = [Row(layer, asked.of(layer), layer.matching(asked.of(layer)).count()) for layer in layers]
    context = {
        "page": "services",
        "rows": rows,
        "query": query,
        "wms": f"{base}ogc/wms{query}",
        "wfs": f"{base}ogc/wfs{query}",
        "features": f"{base}ogc/features/{query}",
        "project": f"{base}ogc/qgis.qgz{query}",
        "sentence": rows[0].wanted.sentence() if rows[0].wanted else "",
        "first": layers[0],
        "base": base,
    }
    return render(request, "services.html", context)
