"""Refreshes remote layers: what comes replaces the rows in one transaction; what goes wrong is noted and changes nothing."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone

from geo import crs
from geo.errors import RaumError, RemoteFailed
from geo.importing import LoadReport
from layers.facilities.rows import check_mapping, from_table
from layers.facilities.store import bring_up_to_date, fingerprint
from layers.remote.fetching import Limits, fetch
from layers.remote.hosts import allowed_hosts
from layers.remote.layer import RemoteLayer
from layers.remote.wfs import Ask, Asked, capabilities, read_layer

PICTURE = "image/png"


def refresh(layer: RemoteLayer, *, write: bool = True, force: bool = False, limits: Limits | None = None) -> LoadReport:
    """Fetch a layer and bring its rows up to date; a WMS is asked whether it has the layer.

    Parameters
    ----------
    layer : RemoteLayer
        Its last try, success and error are saved with `write`.
    write : bool
        Without it nothing is saved: the way to look at a layer before it is switched on.
    force : bool
        Take it although more than half of the rows vanish.
    limits : Limits, optional
        Of each request, and `total_s` of all together is ten times that.

    Raises
    ------
    RaumError
        After it has been noted; the rows of the last success are still there.
    """
    try:
        report = _fetched(layer, write, force, limits or Limits())
    except RaumError as error:
        if write:
            RemoteLayer.objects.filter(pk=layer.pk).update(last_try_at=timezone.now(), last_error=str(error)[:1_000])
        raise
    if write:
        now = timezone.now()
        known = {"sha256": layer.sha256, "row_count": layer.row_count}
        RemoteLayer.objects.filter(pk=layer.pk).update(last_try_at=now, last_success_at=now, last_error="", **known)
    return report


def _fetched(layer: RemoteLayer, write: bool, force: bool, limits: Limits) -> LoadReport:
    if not layer.url:
        raise RemoteFailed("there is no address; the operator enters it")
    asked = Asked(layer.url, layer.layer, layer.version, layer.mapping.get("ref", ""))
    ask = asker(limits)
    report = LoadReport(layer.key)
    if layer.service == RemoteLayer.Service.WMS:
        _check_wms(asked, ask)
        return report
    if not layer.target:
        capabilities(asked, "wfs", ask)
        raise RemoteFailed("the layer is there, but 'Einlesen als' is empty: nothing says what its rows are")
    table = read_layer(asked, ask)
    for note in table.notes:
        report.add(0, "service", "", note, "warning")
    column_of = {"ref": "gml_id"} if "gml_id" in table.columns and "ref" not in layer.mapping else {}
    check_mapping(layer.mapping, table.columns, layer.key)
    column_of |= layer.mapping
    report.used_columns = column_of
    report.unused_columns = [c for c in table.columns if c not in column_of.values()]
    rows = from_table(table, column_of, layer.target, report, crs.STORAGE, by_word="kind" in column_of)
    if not rows:
        raise RemoteFailed(
            f"none of {report.read:,} features can be used; the first: {report.findings[0].rule if report.findings else 'outside'}"
        )
    source = layer.dataset()
    source.sha256 = layer.sha256 = fingerprint(rows)
    with transaction.atomic():
        counts = bring_up_to_date(rows, source, report, force=force, write=write)
    layer.row_count = sum(counts.values())
    return report


def asker(limits: Limits) -> Ask:
    """Return the function that gets an address, within limits for all that it is asked together."""
    started, spent = time.monotonic(), 0

    def ask(url: str) -> bytes:
        nonlocal spent
        left = Limits(limits.connect_s, limits.total_s, limits.most_bytes - spent)
        if time.monotonic() - started > 10 * limits.total_s:
            raise RemoteFailed(f"reading the layer takes longer than {10 * limits.total_s:.0f} seconds")
        body = fetch(url, allowed_hosts(), left).body
        spent += len(body)
        return body

    return ask


def _check_wms(asked: Asked, ask: Ask) -> None:
    """Refuse a WMS without the layer, our map's CRS or PNG."""
    service = capabilities(asked, "wms", ask)
    offered = {str(c).upper() for c in service.contents[asked.layer].crsOptions}
    if f"EPSG:{crs.MERCATOR}" not in offered:
        raise RemoteFailed(f"the layer is not offered in EPSG:{crs.MERCATOR}, which the map needs")
    formats = service.getOperationByName("GetMap").formatOptions
    if not any(f.partition(";")[0].strip() == PICTURE for f in formats):
        raise RemoteFailed(f"the service draws no {PICTURE}, only {', '.join(formats[:6])}")
