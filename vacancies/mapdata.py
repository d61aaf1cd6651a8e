"""What the map draws: positions of all hits in columns, and single shapes."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.gis.geos import GEOSGeometry

from geo import crs
from geo.positions import xy_in
from vacancies.public import PublicVacancyQuerySet


def map_payload(rows: PublicVacancyQuerySet) -> dict[str, Any]:
    """Return the hits as columns.

    Returns
    -------
    dict
        `keys`, `lon` and `lat` (EPSG:4326, six decimals), `transit` (class letter or ''), `exact` (1 or 0); all lists of
        one length, ordered by key.
    """
    columns = rows.order_by("key").annotate(**xy_in("point", crs.WEB))
    found = list(columns.values_list("key", "x", "y", "transit_class", "is_exact"))
    keys, lon, lat, transit, exact = zip(*found, strict=True) if found else ((), (), (), (), ())
    return {
        "keys": keys,
        "lon": [round(v, 6) for v in lon],
        "lat": [round(v, 6) for v in lat],
        "transit": transit,
        "exact": [int(v) for v in exact],
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
