"""Layers of the live run for the map: the travel-time surface as a picture, isochrones and access classes as areas."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.gis.db.models import MultiPolygonField
from django.contrib.gis.db.models.functions import AsGeoJSON, Transform
from django.db.models import F, Func, Value
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo import crs
from geo.errors import InvalidParameter
from layers.models import Centre, ClassArea, ReachArea, ReachRun, Surface, TransitClass
from layers.reach.ways.walking import CROW_FLY

DIGITS = 4  # of a degree: about ten metres
SIMPLER_M = 40.0  # for drawing; the stored areas are finer
AGE_S = 300


def _live() -> ReachRun:
    run = ReachRun.objects.current()
    if run is None:
        raise Http404
    return run


def _number(request: HttpRequest) -> bool:
    """Whether the median is asked for instead of the best ride."""
    given = request.GET.get("zahl", "best")
    if given not in ("best", "median"):
        raise InvalidParameter("zahl", given[:60], _("erlaubt: {values}").format(values="best, median"))
    return given == "median"


@require_safe
def centres(request: HttpRequest) -> JsonResponse:
    """The centres of the live run, and what their minutes follow from."""
    run = ReachRun.objects.current()
    rows = run.centres.all() if run else Centre.objects.none()
    listed = [{"key": c.key, "name": c.name, "kind": c.kind} for c in rows]
    return JsonResponse({"centres": listed, "run": run.described() if run else None})


@require_safe
def surface_picture(request: HttpRequest, key: str) -> HttpResponse:
    """Minutes to a centre as a grey PNG in EPSG:3857 (0 = no connection); its box stands in the header `X-Box`."""
    from layers.reach.areas import cells

    surface = get_object_or_404(Surface, run=_live(), centre__key=key)
    picture, box = cells.picture(surface, median=_number(request))
    response = HttpResponse(picture, content_type="image/png")
    response["X-Box"] = ",".join(f"{v:.6f}" for v in box)
    response["Cache-Control"] = f"public, max-age={AGE_S}"
    return response


@require_safe
def isochrones(request: HttpRequest, key: str) -> HttpResponse:
    """The areas from which a centre is reached within 15, 30 … 90 minutes (best ride), as GeoJSON."""
    centre = get_object_or_404(Centre, run=_live(), key=key)
    rows = ReachArea.objects.filter(centre=centre).order_by("-minutes")
    return _areas(rows, "minutes", {"centre": centre.name, "run": centre.run.described() | {"method": CROW_FLY}})


@require_safe
def classes(request: HttpRequest) -> HttpResponse:
    """Where each transit access class is reached, as GeoJSON."""
    run = _live()
    labels = {str(k): str(v) for k, v in TransitClass.choices}
    about = run.described() | {"method": "crow-fly"}
    return _areas(ClassArea.objects.filter(run=run).order_by("transit_class"), "transit_class", {"labels": labels, "run": about})


def _areas(rows: Any, name: str, head: dict[str, Any]) -> HttpResponse:
    coarse = Func(F("geom"), Value(SIMPLER_M), function="ST_SimplifyPreserveTopology", output_field=MultiPolygonField(srid=crs.STORAGE))
    found = rows.annotate(shape=AsGeoJSON(Transform(coarse, crs.WEB), precision=DIGITS)).values_list(name, "shape")
    features = [f'{{"type":"Feature","properties":{json.dumps({name: value})},"geometry":{shape}}}' for value, shape in found]
    text = f'{{"type":"FeatureCollection",{json.dumps(head, ensure_ascii=False)[1:-1]},"features":[{",".join(features)}]}}'
    response = HttpResponse(text, content_type="application/geo+json")
    response["Cache-Control"] = f"public, max-age={AGE_S}"
    return response
