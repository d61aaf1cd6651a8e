"""OpenStreetMap extracts: the objects with certain tags, as points and areas."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import osmium
import shapely

from geo.errors import InvalidFile
from geo.files import MAX_ROWS, enough

LICENCE = "Open Database License (ODbL) 1.0"
LICENCE_URL = "https://opendatacommons.org/licenses/odbl/1-0/"
ATTRIBUTION = "© OpenStreetMap-Mitwirkende"
SOURCE_URL = "https://www.openstreetmap.org/copyright"
STEP = 1_000


@dataclass(frozen=True)
class OsmObject:
    """A node or area: `ref` is n, w or r with its number; `shape` WKB in EPSG:4326, longitude first, None when it cannot be built."""

    ref: str
    tags: dict[str, str]
    shape: bytes | None


@dataclass
class Extract:
    """What was found, and the day the file describes when it says so."""

    objects: list[OsmObject] = field(default_factory=list)
    valid_on: datetime.date | None = None


def read_objects(
    path: Path, keys: Iterable[str], wanted: Callable[[dict[str, str]], bool], progress: Callable[[str], None] = lambda _text: None
) -> Extract:
    """Read nodes, closed ways and multipolygons.

    Parameters
    ----------
    path : Path
        OSM PBF.
    keys : iterable of str
        Only objects with at least one of these keys are looked at.
    wanted : callable
        Decides by the tags.
    progress : callable
        Told now and then how many were found.

    Raises
    ------
    InvalidFile
        When the file is no PBF, ends in the middle, or holds more such objects than a table has rows.
    """
    found = Extract()
    filters = osmium.filter.KeyFilter(*keys)
    writer = osmium.geom.WKBFactory()
    areas: set[str] = set()
    lines: dict[str, dict[str, str]] = {}
    nodes = 0
    try:
        reader = osmium.FileProcessor(osmium.io.File(str(path.absolute()), "pbf")).with_areas(filters).with_filter(filters)
        found.valid_on = _day(reader.header.get("osmosis_replication_timestamp", ""))
        for thing in reader:
            tags = dict(thing.tags)
            if not wanted(tags):
                continue
            if thing.is_node():
                nodes += 1
                found.objects.append(OsmObject(f"n{thing.id}", tags, shapely.to_wkb(shapely.Point(thing.lon, thing.lat))))
            elif thing.is_area():
                ref = f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}"
                areas.add(ref)
                found.objects.append(OsmObject(ref, tags, _area(writer, thing)))
            elif thing.is_way() or tags.get("type") == "multipolygon":
                lines[f"{'w' if thing.is_way() else 'r'}{thing.id}"] = tags
            enough(len(found.objects), 1, path.name, MAX_ROWS)
            if len(found.objects) % STEP == 0:
                progress(f"reading, {len(found.objects):,} objects found")
    except RuntimeError as error:
        is_cut = "EOF" in str(error) or "truncated" in str(error)
        why = ": it ends in the middle; it was cut off on the way here, fetch it again" if is_cut else f" ({error})"
        raise InvalidFile(f"{path.name}: not readable as OpenStreetMap PBF{why}") from error
    found.objects += [OsmObject(ref, tags, None) for ref, tags in lines.items() if ref not in areas]
    return found


def _area(writer: osmium.geom.WKBFactory, area: osmium.osm.Area) -> bytes | None:
    try:
        return bytes.fromhex(writer.create_multipolygon(area))
    except RuntimeError:
        return None


def _day(timestamp: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).date()
    except ValueError:
        return None
