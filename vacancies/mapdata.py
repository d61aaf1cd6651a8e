"""What the map draws: where its rows are, and single shapes."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo import crs
from layers.publish.snapshot import store
from vacancies.listing import Listing
from vacancies.orders import ORDERS


def map_settings(listing: Listing) -> dict[str, Any]:
    """Return what the map must know to begin: where the rows are, how they are drawn, and what day it is."""
    classes = [{"value": c.value or "", "colour": c.symbol.fill} for c in listing.snapshot.layer.style.classes]
    address = reverse("snapshot_part", args=[listing.snapshot.name, store.FILES[0]]).removesuffix(store.FILES[0])
    words = {"one": ngettext("{n} Leerstand", "{n} Leerstände", 1), "many": ngettext("{n} Leerstand", "{n} Leerstände", 2)}
    words["more"] = _("Noch {n} zeigen")
    orders = {o.name: {"column": o.column, "descending": o.descending} for o in ORDERS}
    return {
        "snapshot": address,
        "far": len(listing.snapshot.table) > settings.MAP_ROWS,
        "worker": static("js/hits_worker.js"),
        "classes": classes,
        "drawn": listing.snapshot.layer.style.column,
        "orders": orders,
        "words": words,
        "today": datetime.date.today().isoformat(),
    }


def shape_of(geometry: GEOSGeometry) -> dict[str, Any]:
    """Return a geometry as GeoJSON (EPSG:4326, five decimals: about a metre)."""
    copy = geometry.transform(crs.WEB, clone=True)
    return _rounded(json.loads(copy.geojson))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return {k: _rounded(v) for k, v in value.items()} if isinstance(value, dict) else value
