"""The snapshot's parts as files that never change, and answers of the server to what the browser cannot tell by itself."""

from __future__ import annotations

import gzip
import math
import re

import numpy as np
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from geo.columnar import Table
from geo.criteria import Choice
from geo.errors import InvalidParameter, InvalidParameters
from layers.publish.collection import Collection, collections
from layers.publish.snapshot import store
from layers.publish.snapshot.counting import packed
from layers.publish.snapshot.packing import pack
from layers.publish.snapshot.spots import TILE_ZOOM, box_of, rows_of_tile, spots_of

WIDEST = 10_000  # pixels that a view may span: a screen, not the whole land cell by cell
LONG_LIST = 100  # options above which a list is not counted: nobody reads so many numbers
# By the browser alone: a cache that others share would go on serving what was withdrawn.
FOR_EVER = "private, max-age=31536000, immutable"
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
    """One file of the current snapshot, packed as it lies on disk: by Brotli where it is there and the browser reads it."""
    folder, coding = _known(name).folder, "gzip"
    if "br" in re.findall(r"[\w-]+", request.headers.get("Accept-Encoding", "")) and (folder / f"{file}.br").exists():
        coding = "br"
    tag = f'"{name}-{file}-{coding}"'
    known = get_conditional_response(request, tag)
    path = folder / (f"{file}.br" if coding == "br" else f"{file}.gz")
    response = known or FileResponse(path.open("rb"), content_type=TYPES[file.rpartition(".")[2]])
    response["ETag"] = tag
    patch_vary_headers(response, ["Accept-Encoding"])
    if known:
        return known
    response["Content-Encoding"] = coding
    response["Cache-Control"] = FOR_EVER
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def matching_rows(request: HttpRequest, name: str) -> HttpResponse:
    """One bit per row of the snapshot, set where the row meets the filter; the lowest bit of a byte first."""
    found = _known(name)
    wanted = found.layer.parse(request.GET)
    response = HttpResponse(packed(found.counter.mask(wanted)).tobytes(), content_type=TYPES["bin"])
    response["Cache-Control"] = "no-cache" if wanted.counted_from else FOR_EVER
    return response


@require_safe
def answer(request: HttpRequest, name: str) -> JsonResponse:
    """For more rows than a browser should hold: hits, counts, and what is near on the screen gathered to circles.

    `sicht` is zoom, west, north, east, south (pixels at zoom 0); from `TILE_ZOOM` on the browser gathers the rows of its tiles.
    """
    found = _known(name)
    wanted = found.layer.parse(request.GET, ignore=("sicht",))
    zoom, *box = _view(request.GET.get("sicht", ""))
    facets = [c for c in found.layer.filter.criteria if isinstance(c, Choice) and len(found.counter.options(c)) <= LONG_LIST]
    _n, counts = found.counter.hits_by_option(wanted, facets)
    rows = found.counter.rows(wanted)
    told = {"total": len(rows), "counts": counts, "box": box_of(found.world, rows)}
    if zoom < TILE_ZOOM:
        drawn = found.layer.style.column
        told["spots"] = spots_of(found.world, rows, found.table.columns[drawn], len(found.table.values[drawn]) + 2, zoom, tuple(box))
        told["low"] = found.table.low[drawn]
    response = JsonResponse(told)
    response["Cache-Control"] = "no-cache" if wanted.counted_from else FOR_EVER
    return response


def _view(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 5 and all(map(math.isfinite, numbers)) and 0 <= numbers[0] <= 22:
            zoom, west, north, east, south = numbers
            if zoom >= TILE_ZOOM or max(east - west, south - north) * 2**zoom <= WIDEST:
                return numbers
    except ValueError:
        pass
    raise InvalidParameters([InvalidParameter("sicht", text[:60], f"zoom,west,north,east,south; {WIDEST} px")])


@require_safe
def tile(request: HttpRequest, name: str, x: int, y: int) -> HttpResponse:
    """The rows in one tile of `TILE_ZOOM`: the length of their columns (uint32), the columns, the keys; `zeile` is a row's number."""
    found = _known(name)
    rows = rows_of_tile(found.world, x, y)
    whole = found.table
    picked = {name: column[rows] for name, column in whole.columns.items()} | {"zeile": rows.astype(np.uint32)}
    part = Table(whole.x[rows], whole.y[rows], picked, whole.low, whole.values)
    columns = pack(part, part.columns, positions=True)
    keys = b"\n".join(np.asarray(found.keys)[rows].tolist())
    response = HttpResponse(gzip.compress(len(columns).to_bytes(4, "little") + columns + keys, 4, mtime=0), content_type=TYPES["bin"])
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = FOR_EVER
    return response


@require_safe
def place(request: HttpRequest, name: str, key: str) -> JsonResponse:
    """Where a row lies, in pixels at zoom 0."""
    found = _known(name)
    rows = np.flatnonzero(found.mask_of([key]))
    if not len(rows):
        raise Http404
    return JsonResponse({"at": box_of(found.world, rows)[:2]})
