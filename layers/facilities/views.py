"""Facilities and zones as files."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from layers.publish import files
from layers.published import FACILITIES, ZONES


@require_safe
def facilities_geojson(request: HttpRequest) -> StreamingHttpResponse:
    rows = FACILITIES.matching(FACILITIES.parse(request.GET))
    return StreamingHttpResponse(files.geojson(FACILITIES, rows), content_type="application/geo+json")


@require_safe
def facilities_csv(request: HttpRequest) -> StreamingHttpResponse:
    rows = FACILITIES.matching(FACILITIES.parse(request.GET))
    response = StreamingHttpResponse(files.csv(FACILITIES, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="einrichtungen.csv"'
    return response


@require_safe
def zones_geojson(request: HttpRequest) -> StreamingHttpResponse:
    rows = ZONES.matching(ZONES.parse(request.GET))
    return StreamingHttpResponse(files.geojson(ZONES, rows), content_type="application/geo+json")
