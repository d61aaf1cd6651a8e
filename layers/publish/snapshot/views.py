"""The snapshot's parts as files that never change, and answers of the server to what the browser cannot tell by itself."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from layers.publish.collection import Collection, collections
from layers.publish.snapshot import store
from layers.publish.snapshot.counting import packed

FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {"bin": "application/octet-stream", "json": "application/json"}


def _layer() -> Collection:
    """Return the layer that the map filters in the browser."""
    return next(c for c in collections() if c.snapshot)


def _known(name: str) -> store.Snapshot:
    """Return the current snapshot; whoever holds on to an earlier one learns that it is gone."""
    found = store.current(_layer())
    if found.name != name:
        raise Http404
    return found


@require_safe
def part(request: HttpRequest, name: str, file: str) -> HttpResponseBase:
    """One file of the current snapshot, packed as it lies on disk."""
    path = _known(name).folder / f"{file}.gz"
    response = FileResponse(path.open("rb"), content_type=TYPES[file.rpartition(".")[2]])
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = FOR_EVER
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def matching_rows(request: HttpRequest, name: str) -> HttpResponse:
    """One bit per row of the snapshot, set where the row meets the filter; the lowest bit of a byte first."""
    found = _known(name)
    wanted = found.layer.parse(request.GET)
    response = HttpResponse(packed(found.counter.mask(wanted)).tobytes(), content_type=TYPES["bin"])
    response["Cache-Control"] = "no-cache" if wanted.counts_from_today else FOR_EVER
    return response
