"""OpenStreetMap extracts: buildings and shops that are vacant, disused or abandoned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium
import shapely

from geo import crs
from geo.errors import InvalidFile
from geo.files import MAX_ROWS, Table, enough

PREFIXES = ("disused:", "abandoned:", "was:", "vacant:")
KINDS = ("building", "shop", "amenity", "office", "craft", "tourism", "industrial", "man_made", "healthcare")
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
    gone = any(tags.get(key) == "yes" for key in ("disused", "abandoned", "ruins"))
    if "building" in tags and (gone or tags["building"] == "ruins"):
        return "" if tags["building"] in ("yes", "ruins") else tags["building"]
    return None


class _Collector(osmium.SimpleHandler):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.rows: list[dict[str, Any]] = []
        self.shapes: list[bytes | None] = []
        self.writer = osmium.geom.WKBFactory()

    def take(self, number: str, tags: dict[str, str], shape: bytes | None, was: str) -> None:
        """Keep an object with the columns that the register's mapping knows."""
        self.rows.append(
            {
                "osm_id": number,
                "title": tags.get("name") or tags.get("disused:name") or tags.get("old_name") or "",
                "former_use": was.replace("_", " "),
                "occupancy": "vacant",
                "street": tags.get("addr:street", ""),
                "house_no": tags.get("addr:housenumber", ""),
                "postcode": tags.get("addr:postcode", ""),
                "town": tags.get("addr:city", ""),
                "construction_year": tags.get("start_date", ""),
            }
        )
        self.shapes.append(shape)
        enough(len(self.rows), len(COLUMNS), self.name, MAX_ROWS)

    def node(self, node: Any) -> None:
        tags = {t.k: t.v for t in node.tags}
        was = former_use(tags) if tags else None
        if was is not None:
            self.take(f"n{node.id}", tags, shapely.to_wkb(shapely.Point(node.location.lon, node.location.lat)), was)

    def area(self, area: Any) -> None:
        tags = {t.k: t.v for t in area.tags}
        was = former_use(tags)
        if was is None:
            return
        try:
            shape = bytes.fromhex(self.writer.create_multipolygon(area))
        except RuntimeError:
            shape = None
        self.take(f"{'w' if area.from_way() else 'r'}{area.orig_id()}", tags, shape, was)


def read_osm(path: Path) -> Table:
    """Read an OSM PBF extract: nodes, closed ways and multipolygons that are vacant, disused or abandoned.

    Raises
    ------
    InvalidFile
        When the file is no PBF, is damaged, or has more such objects than a table has rows.
    """
    found = _Collector(path.name)
    tagged = osmium.filter.EmptyTagFilter()  # most nodes carry nothing but a place
    try:
        found.apply_file(osmium.io.File(str(path.absolute()), "pbf"), locations=True, idx="flex_mem", filters=[tagged])
    except (RuntimeError, ValueError) as error:
        raise InvalidFile(f"{path.name}: not readable as OpenStreetMap PBF ({error})") from error
    note = "OpenStreetMap: © OpenStreetMap contributors, ODbL 1.0"
    return Table(COLUMNS, found.rows, list(range(1, len(found.rows) + 1)), found.shapes, crs.WEB, notes=[note])
