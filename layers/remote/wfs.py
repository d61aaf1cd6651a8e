"""Reads a layer of a WFS completely: capabilities by OWSLib, pages in a stable order, geometries by GDAL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from owslib.crs import Crs
from owslib.util import ServiceException
from owslib.wfs import WebFeatureService
from owslib.wms import WebMapService

from geo import crs
from geo.errors import RemoteFailed
from geo.files import MAX_ROWS, Table
from geo.shapes import read_gml
from layers.remote.fetching import address, root_of, text_of

PAGE = 1_000
MAX_PAGES = 500
ROUND = 100  # services are limited to round numbers of features
MAX_SHAPE = 10_000_000  # bytes of WKB of one geometry
MOST_INSIDE = 0.5  # at least so many features lie where they were asked for, or the axes are not what the service says
# what OWSLib lets pass when a document is not as it expects; lxml's own error is a SyntaxError
BAD = (ServiceException, AttributeError, LookupError, TypeError, ValueError, StopIteration, SyntaxError)
Ask = Callable[[str], bytes]


@dataclass(frozen=True)
class Asked:
    """A layer of a service: address without parameters, name, version, and the property that identifies a feature ('' = none)."""

    url: str
    layer: str
    version: str
    ref: str = ""


def capabilities(asked: Asked, service: str, ask: Ask) -> Any:
    """Return what a service says of itself, as OWSLib reads it.

    Raises
    ------
    RemoteFailed
        When it is no such document, or has no such layer.
    """
    made = described(asked.url, service, asked.version, ask)
    _listed(asked.layer, made)
    return made


def described(url: str, service: str, version: str, ask: Ask) -> Any:
    """Return the same, whatever layers there are."""
    body = ask(address(url, service=service.upper(), version=version, request="GetCapabilities"))
    name, attributes = root_of(body)
    _no_report(name, body)
    said = attributes.get("version", "")
    if "apabilities" not in name or said != version:
        raise RemoteFailed(f"no capabilities of {service.upper()} {version}; the service answers {name} {said}".strip())
    try:
        return (WebFeatureService if service == "wfs" else WebMapService)(url, version=version, xml=body)
    except BAD as error:
        raise RemoteFailed(f"the capabilities cannot be read ({error})") from error


def _listed(layer: str, service: Any) -> str:
    """Return a layer's name as the service lists it: programs differ by version in whether a prefix belongs to it."""
    alike = [name for name in service.contents if name.rpartition(":")[2] == layer.rpartition(":")[2]]
    if layer in service.contents or len(alike) == 1:
        return layer if layer in service.contents else str(alike[0])
    known = ", ".join(list(service.contents)[:20])
    raise RemoteFailed(f"the service has no layer {layer or '(none named)'!r}; it has {known or 'none'}")


def read_layer(asked: Asked, ask: Ask) -> Table:
    """Return all features of a layer in our region, geometries in the storage CRS (EPSG:25833).

    Parameters
    ----------
    asked : Asked
    ask : callable
        Gets an address and returns the body; raises `RemoteFailed`.

    Raises
    ------
    RemoteFailed
        When the answer is an error, empty, incomplete, or lies elsewhere than it says.
    InvalidFile
        When the features cannot be read.
    """
    service = capabilities(asked, "wfs", ask)
    for operation in service.operations:  # the service's own word on where to ask is not followed
        operation.methods = [{"type": "Get", "url": asked.url}]
    asked = replace(asked, layer=_listed(asked.layer, service))
    source = _best_crs(service.contents[asked.layer].crsOptions)
    pages = _pages(service, asked, source, ask)
    table = pages[0]
    for page in pages[1:]:
        if page.columns != table.columns:
            table.columns += [c for c in page.columns if c not in table.columns]
        table.rows += page.rows
        table.shapes = [*(table.shapes or []), *(page.shapes or [])]
        table.broken |= {n + len(table.numbers): rule for n, rule in page.broken.items()}
        table.numbers += [n + len(table.numbers) for n in page.numbers]
    _place(table, source, asked)
    return table


def _best_crs(offered: list[Crs]) -> Crs:
    """Return the CRS to ask for: ours if the service has it, else another that we know."""
    for number in (crs.STORAGE, crs.UTM32, crs.ETRS89, crs.WEB, crs.LAEA, crs.MERCATOR):
        for one in offered:
            if str(one.code) == str(number):
                return one
    raise RemoteFailed(f"the service offers none of the CRSs known here, only {', '.join(str(c.id) for c in offered[:8]) or 'none'}")


def _bounds(source: Crs) -> tuple[float, float, float, float]:
    """Return the region in a CRS, x first; its edges are followed, not only its corners."""
    bounds = crs.transformer(crs.STORAGE, int(source.code)).transform_bounds(*crs.EXTENT, densify_pts=21)
    return tuple(round(b, 6) for b in bounds)  # type: ignore[return-value]


def _pages(service: Any, asked: Asked, source: Crs, ask: Ask) -> list[Table]:
    """Return the features page by page; refuse a service that loses some on the way."""
    claims = _claims(service)
    may_page = asked.version == "2.0.0" and claims.get("ImplementsResultPaging", "").upper() == "TRUE"
    sort = [asked.ref] if may_page and asked.ref and claims.get("ImplementsSorting", "").upper() != "FALSE" else None
    pages: list[Table] = []
    count, refs = 0, set()
    query = {"typename": [asked.layer], "bbox": (*_bounds(source), source.id), "srsname": source.id}
    total = _hits(service.getGETGetFeatureRequest(**query), ask) if asked.version == "1.1.0" else None
    while True:
        page_of = {"maxfeatures": PAGE, "startindex": count or None, "sortby": sort} if may_page else {}
        body = ask(service.getGETGetFeatureRequest(**query, **page_of))
        name, attributes = root_of(body)
        _no_report(name, body)
        if name != "FeatureCollection":
            raise RemoteFailed(f"no features but {name}: {text_of(body)}")
        said = attributes.get("numberMatched", "")
        total = int(said) if said.isdecimal() else total
        if attributes.get("numberReturned") == "0" or attributes.get("numberOfFeatures") == "0" or not _has_members(body):
            break
        page = read_gml(body, asked.layer, MAX_SHAPE)
        if not page.rows:
            break
        if pages and page.rows == pages[-1].rows:
            raise RemoteFailed("the service says that it pages, but gives the same features again")
        pages.append(page)
        count += len(page.rows)
        refs |= {r.get(asked.ref) for r in page.rows} if asked.ref else set()
        if not may_page or (total is not None and count >= total):
            break
        if count > MAX_ROWS or len(pages) > MAX_PAGES:
            raise RemoteFailed(f"more than {count:,} features; that many are not read")
    if not pages:
        raise RemoteFailed("the layer has no features in our region")
    if total is not None and count < total:
        raise RemoteFailed(f"only {count:,} of {total:,} features came, and the service does not page")
    if not may_page and count >= ROUND and count % ROUND == 0:
        rule = f"exactly {count:,} features came; if that is the service's limit, others are missing (version 2.0.0 pages)"
        pages[0].notes.append(rule)
    if asked.ref and may_page and len(pages) > 1 and len(refs) < count:
        raise RemoteFailed(f"the pages overlap: {count:,} features with only {len(refs):,} different values of {asked.ref}")
    return pages


def _claims(service: Any) -> dict[str, str]:
    """Return what a service says that it can do; OWSLib looks for it in another namespace than it stands in."""
    found = {}
    for element in service._capabilities.iter("{*}Constraint"):
        said = next(element.iter("{*}Value", "{*}DefaultValue"), None)
        found[element.get("name", "")] = (said.text or "").strip() if said is not None else ""
    return found


def _hits(url: str, ask: Ask) -> int | None:
    """Return how many features a WFS 1.1.0 would give, when it says so: its answers do not tell that they were cut short."""
    name, attributes = root_of(ask(f"{url}&resultType=hits"))
    said = attributes.get("numberOfFeatures", "")
    return int(said) if name == "FeatureCollection" and said.isdecimal() else None


def _has_members(body: bytes) -> bool:
    return re.search(rb"<(?:[\w.-]+:)?(?:member|featureMembers?)[\s/>]", body) is not None


def _no_report(name: str, body: bytes) -> None:
    if name in ("ExceptionReport", "ServiceExceptionReport"):
        raise RemoteFailed(f"the service reports: {text_of(body)}")


def _place(table: Table, source: Crs, asked: Asked) -> None:
    """Bring the geometries into the storage CRS, and find out when a service means other axes or another CRS than it says."""
    given = np.array([None, *(shapely.from_wkb(s, on_invalid="ignore") if s else None for s in table.shapes or [])], dtype=object)[1:]
    if all(s is None for s in given):
        raise RemoteFailed(f"the features of {asked.layer} have no geometry")
    try:
        stated = crs.number_of(table.crs) if table.crs is not None else int(source.code)
    except ValueError as error:
        raise RemoteFailed(f"the features are in a CRS that is not known here: {error}") from error
    flat = shapely.force_2d(given)
    west, south, east, north = crs.EXTENT
    for swapped in (False, True):
        turned = shapely.transform(flat, lambda xy: xy[:, ::-1]) if swapped else flat
        moved = crs.transform(turned, stated, crs.STORAGE)
        here = shapely.bounds(moved)
        inside = (here[:, 0] <= east) & (here[:, 2] >= west) & (here[:, 1] <= north) & (here[:, 3] >= south)
        if inside.sum() > MOST_INSIDE * sum(s is not None for s in given):
            table.shapes = [shapely.to_wkb(s) if s is not None else None for s in moved]
            table.crs = crs.STORAGE
            if swapped:
                table.notes.append(f"the service gives EPSG:{stated} with swapped axes; they were turned")
            return
    raise RemoteFailed(f"the features do not lie in our region as EPSG:{stated}; CRS or axis order of the service are wrong")
