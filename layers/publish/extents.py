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
DENSE = 99  # points on each edge that are transformed


def extent(collection: Collection, wanted: FilterSet, number: int = crs.STORAGE) -> Box | None:
    """Return (min_x, min_y, max_x, max_y) around the rows that meet the filter, in any CRS, x first; None without rows.

    The box is that of the storage CRS with its edges carried over, so that it holds every row.
    """
    asked = f"{version.version(collection).state} {sorted(wanted.values.items())} {wanted.counted_from}"
    name = f"extent:{collection.name}:{hashlib.sha256(asked.encode()).hexdigest()}"
    found = cache.get(name)
    if found is None:
        with as_reader():
            box = collection.matching(wanted).order_by().aggregate(box=Extent(collection.geometry))["box"]
        found = (box,)
        cache.set(name, found, None)
    return moved(found[0], number) if found[0] else None


def digits_of(number: int) -> int:
    """Return to how many digits a box in a CRS is told: centimetres, or less than that of a degree."""
    return 6 if crs.in_degrees(number) else 2


def moved(box: Box, number: int) -> Box:
    """Return the box in a CRS that holds the whole of a box in the storage CRS, rounded outward: edges bend, so they are sampled."""
    made = box if number == crs.STORAGE else crs.transformer(crs.STORAGE, number).transform_bounds(*box, densify_pts=DENSE)
    digits = digits_of(number)
    low = [math.floor(v * 10**digits) / 10**digits for v in made[:2]]
    high = [math.ceil(v * 10**digits) / 10**digits for v in made[2:]]
    return (low[0], low[1], high[0], high[1])
