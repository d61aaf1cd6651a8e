"""Every layer as a file at its own address, in every format: parse, ask, send."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.clients import connection_of
from geo.errors import Busy
from geo.filtering import FilterSet
from layers.publish import files
from layers.publish.collection import Collection, collection
from layers.publish.describe import about
from layers.publish.exports import building, provenance
from layers.publish.ows.gate import Gate
from layers.publish.ows.reports import OwsError
from layers.publish.rights import read_by_reader
from layers.publish.version import since

# Each is sent by a thread of the server, which has four: one waits, and one is left for pages whatever happens here.
GATE = Gate(slots=2, line=1, seconds=20)
Stream = Callable[[Collection, QuerySet[Any], str], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """A file format: its media type, its name for people, and what makes its pieces; without, a file is built first."""

    media_type: str
    title: str
    stream: Stream | None = None


FORMATS = {
    "gpkg": Format("application/geopackage+sqlite3", "GeoPackage"),
    "parquet": Format("application/vnd.apache.parquet", "GeoParquet"),
    "fgb": Format("application/vnd.flatgeobuf", "FlatGeobuf"),
    "shp.zip": Format("application/zip", "Shapefile"),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    "geojson": Format("application/geo+json", "GeoJSON", stream=files.geojson),
    "csv": Format("text/csv; charset=utf-8", "CSV", stream=files.csv),
}


@require_safe
def download(request: HttpRequest, name: str, extension: str) -> HttpResponseBase:
    """The rows of a layer that meet the filter, as a file; 304 for those who have them, 503 where too many ask at once."""
    layer, kind = collection(name).as_asked(request.GET), FORMATS[extension]
    wanted = layer.parse(request.GET, ignore=layer.ignored)
    here = about.site(request)
    query = "&".join(filter(None, (wanted.query_string(), f"as_of={layer.day}" if layer.day else "")))
    link = here.link(request.path.lstrip("/")) + (f"?{query}" if query else "")
    told = provenance.of(layer, wanted, link)
    headers = _headers(told, wanted, kind, extension, here.link(f"metadaten/{name}.xml"))
    modified = int(_modified(told, wanted).timestamp())
    known = None if layer.day else get_conditional_response(request, headers["ETag"], modified)
    if known is not None:
        return _with(known, headers)
    if request.method == "HEAD":
        return _with(HttpResponse(content_type=kind.media_type), headers)
    with ExitStack() as held:
        held.enter_context(_turn(request))
        if kind.stream:
            pieces = read_by_reader(kind.stream(layer, layer.matching(wanted), told.attribution))
            response: HttpResponseBase = StreamingHttpResponse(pieces, content_type=kind.media_type)
        else:
            with tempfile.TemporaryDirectory(prefix="raum-") as folder:
                path = building.built(layer, wanted, extension, link, Path(folder))
                response = FileResponse(path.open("rb"), content_type=kind.media_type)
        response._resource_closers.append(held.pop_all().close)  # type: ignore[attr-defined]  # when the last byte is sent
    return _with(response, headers)


def _with(response: HttpResponseBase, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response[name] = value
    return response


def _headers(told: provenance.Provenance, wanted: FilterSet, kind: Format, extension: str, record: str) -> dict[str, str]:
    name = told.collection.name
    chosen = wanted.values and dict(told.collection.defaults) != dict(wanted.dump())
    disposition = "inline" if extension == "geojson" else "attachment"
    day = f"-{told.collection.day}" if told.collection.day else ""
    file = f"{name}{'-auswahl' if chosen and not kind.stream else ''}{day}.{extension}"
    links = [f'<{record}>; rel="describedby"; type="application/xml"', *(f'<{url}>; rel="license"' for url in told.licence_urls)]
    tag = told.version.etag(extension, told.text(), str(get_language()), str(_modified(told, wanted)))
    changed = {
        "ETag": f"W/{tag}",  # two builds hold the same rows, not the same bytes
        "Last-Modified": http_date(_modified(told, wanted).timestamp()),
    }
    return {
        "Content-Disposition": f'{disposition}; filename="{file}"',
        **({} if told.collection.day else changed),  # history may change where the rows of today do not
        "Cache-Control": "no-cache",  # may be kept, is to be asked for again
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Content-Disposition, Link",
        "Link": ", ".join(links),
    }


def _modified(told: provenance.Provenance, wanted: FilterSet) -> datetime.datetime:
    """Return since when the answer is as it is: the rows, their sources, and the day where the filter counts from today."""
    return since(told.version.changed_at, *(d.loaded_at for d in told.datasets), counted_from=wanted.counted_from)


@contextmanager
def _turn(request: HttpRequest) -> Iterator[None]:
    """Hold one of the few places for downloads; raises `Busy` when none is free in time."""
    with ExitStack() as held:
        try:
            held.enter_context(GATE.passage(connection_of(request)))
        except OwsError:
            raise Busy(_("Gerade werden zu viele Dateien abgerufen. Bitte in einer halben Minute noch einmal versuchen."), 30) from None
        yield
