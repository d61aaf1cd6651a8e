"""The box around a layer's rows: read once for each state of the rows, then from the cache."""

from __future__ import annotations

import hashlib
import math

from django.contrib.gis.db.models import Extent
from django.core.cache import cache

from geo import crs
from geo.filtering import FilterSet
from layers.publish import version
from layers.publish.collection import Collection
from layers.publish.rights import as_reader

Box = tuple[float, float, float, float]
DENSE = 21  # points on each edge that are transformed


def extent(collection: Collection, wanted: FilterSet, number: int = crs.STORAGE) -> Box | None:
    """Return (min_x, min_y, max_x, max_y) around the rows that meet the filter, in any CRS, x first; None without rows.

    The box is that of the storage CRS with its edges carried over, so that it holds every row.
    """
    asked = f"{version.etag(collection)} {sorted(wanted.values.items())}"
    name = f"extent:{collection.name}:{hashlib.sha256(asked.encode()).hexdigest()}"
    found = cache.get(name)
    if found is None:
        with as_reader():
            box = collection.matching(wanted).order_by().aggregate(box=Extent(collection.geometry))["box"]
        found = (box,)
        cache.set(name, found, None)
    return moved(found[0], number) if found[0] else None


def moved(box: Box, number: int) -> Box:
    """Return the box in another CRS that holds the whole of a box in the storage CRS."""
    if number == crs.STORAGE:
        return box
    made = crs.transformer(crs.STORAGE, number).transform_bounds(*box, densify_pts=DENSE)
    digits = 6 if number in (crs.WEB, crs.ETRS89) else 2
    low = [math.floor(v * 10**digits) / 10**digits for v in made[:2]]
    high = [math.ceil(v * 10**digits) / 10**digits for v in made[2:]]
    return (low[0], low[1], high[0], high[1])
