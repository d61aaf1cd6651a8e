"""The layers for QGIS: a project that keeps the map's filter, and each layer's style by itself."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter
from layers.publish import asking
from layers.publish.collection import collections
from layers.publish.describe import about
from layers.publish.exports.provenance import attribution_of, datasets_of
from layers.publish.qgis import styles
from layers.publish.qgis.project import project, wfs_source

SLD_VERSIONS = ("1.1.0", "1.0.0")


@require_safe
def qgis_project(request: HttpRequest) -> HttpResponse:
    """Every layer as a QGIS project over the WFS; the filter of the address stays in the layers' sources."""
    layers = collections()
    given = [(name, value) for name, values in request.GET.lists() for value in values]
    pairs = [(asking.EXTENT if name == "bbox" else name, value) for name, value in given]  # no BBOX of a service here
    source = wfs_source(about.site(request).link("ogc/wfs"), asking.read(pairs, layers).query)
    made = project(layers, source, f"{settings.PRODUCT} Brandenburg", lambda layer: attribution_of(datasets_of(layer)))
    response = HttpResponse(made, content_type="application/x-qgis-project")
    response["Content-Disposition"] = 'attachment; filename="raumwohlstand.qgz"'
    return response


@require_safe
def style(request: HttpRequest, name: str, extension: str) -> HttpResponse:
    """A layer's style as QML or SLD; `version` says which SLD, 1.1.0 where it is not given."""
    layer = next((c for c in collections() if c.name == name), None)
    if layer is None:
        raise Http404
    version = request.GET.get("version", SLD_VERSIONS[0])
    if version not in SLD_VERSIONS:
        raise InvalidParameter("version", version[:60], ", ".join(SLD_VERSIONS))
    text, kind = (
        (styles.qml(layer), "application/xml") if extension == "qml" else (styles.sld(layer, version), "application/vnd.ogc.sld+xml")
    )
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{name}.{extension}"'
    response["Access-Control-Allow-Origin"] = "*"
    return response
