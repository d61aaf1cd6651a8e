"""OpenStreetMap extracts: buildings and shops that are vacant, disused or abandoned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geo import crs
from geo.files import Table
from geo.osm import OsmObject, read_objects

PREFIXES = ("disused:", "abandoned:", "was:", "vacant:")
KINDS = ("building", "shop", "amenity", "office", "craft", "tourism", "industrial", "man_made", "healthcare")
GONE = ("disused", "abandoned", "ruins")
IN_USE = ("shop", "amenity", "office", "craft", "tourism", "healthcare")
NO_ROOM = {
    "bench",
    "parking",
    "bicycle_parking",
    "waste_basket",
    "atm",
    "telephone",
    "vending_machine",
    "post_box",
    "recycling",
    "fountain",
}
COLUMNS = ["osm_id", "title", "former_use", "occupancy", "street", "house_no", "postcode", "town", "construction_year"]


def former_use(tags: dict[str, str]) -> str | None:
    """Return what a vacant object was, '' when that is not known, None when it is not a vacant building or shop."""
    if any(tags.get(kind) == "vacant" for kind in KINDS):
        return next((tags[p + k] for p in PREFIXES for k in KINDS if tags.get(p + k)), "shop" if "shop" in tags else "")
    if any(tags.get(kind) not in (None, "no", "vacant") for kind in IN_USE):
        return None  # something else has moved in
    for prefix in PREFIXES:
        for kind in KINDS:
            value = tags.get(prefix + kind)
            if value and value not in NO_ROOM:
                return kind if value == "yes" and kind != "building" else "" if value == "yes" else value
    gone = any(tags.get(key) == "yes" for key in GONE)
    if "building" in tags and (gone or tags["building"] == "ruins"):
        return "" if tags["building"] in ("yes", "ruins") else tags["building"]
    return None


def read_osm(path: Path) -> Table:
    """Read an OSM PBF extract: nodes, closed ways and multipolygons that are vacant, disused or abandoned.

    Raises
    ------
    InvalidFile
        When the file is no PBF, is damaged, or has more such objects than a table has rows.
    """
    keys = (*KINDS, *GONE, *(prefix + kind for prefix in PREFIXES for kind in KINDS))
    found = read_objects(path, keys, lambda tags: former_use(tags) is not None).objects
    rows = [_columns(thing) for thing in found]
    note = "OpenStreetMap: © OpenStreetMap contributors, ODbL 1.0"
    return Table(COLUMNS, rows, list(range(1, len(rows) + 1)), [thing.shape for thing in found], crs.WEB, notes=[note])


def _columns(thing: OsmObject) -> dict[str, Any]:
    """Return an object with the columns that the register's mapping knows."""
    tags = thing.tags
    return {
        "osm_id": thing.ref,
        "title": tags.get("name") or tags.get("disused:name") or tags.get("old_name") or "",
        "former_use": (former_use(tags) or "").replace("_", " "),
        "occupancy": "vacant",
        "street": tags.get("addr:street", ""),
        "house_no": tags.get("addr:housenumber", ""),
        "postcode": tags.get("addr:postcode", ""),
        "town": tags.get("addr:city", ""),
        "construction_year": tags.get("start_date", ""),
    }
