"""A small town as an OSM PBF whose distances can be worked out on paper, written by osmium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import osmium

from geo import crs

ORIGIN = (282_000.0, 5_876_000.0)  # near Wittenberge, EPSG:25833; positions below are metres from here
Position = tuple[float, float]
Way = tuple[Sequence[str], dict[str, str]]

# North is up, the river runs between 300 and 500 and has one bridge, D-G:
#
#   L----------N                          Q---R
#   |           `-.                           |
#   I------H------G   <- north bank           S   (island)
#   ~~~~~~~~~~~~~~|~~~~~~
#   F------E------D
#   K      |      |        K: bollard
# P-A------B------C----T
NODES: dict[str, Position] = {
    "A": (0, 0), "B": (300, 0), "C": (600, 0), "D": (600, 300), "E": (300, 300), "F": (0, 300), "G": (600, 500), "H": (300, 500),
    "I": (0, 500), "K": (0, 150), "L": (0, 700), "M": (300, 650), "N": (300, 700), "P": (-200, 0), "T": (900, 0),
    "Q": (1000, 1000), "R": (1100, 1000), "S": (1100, 900),
}  # fmt: skip
BOLLARDS: dict[str, dict[str, str]] = {"K": {"barrier": "bollard"}, "B": {"barrier": "kerb"}}
WAYS: list[Way] = [
    ("ABC", {"highway": "residential", "name": "Hauptstraße"}),
    ("CD", {"highway": "residential"}),
    ("DEF", {"highway": "residential", "oneway": "yes"}),
    ("BE", {"highway": "steps"}),
    ("FKA", {"highway": "residential"}),
    ("DG", {"highway": "tertiary", "bridge": "yes"}),
    ("GHI", {"highway": "residential", "maxspeed": "30"}),
    ("HM", {"highway": "service", "access": "private"}),
    ("IL", {"highway": "residential", "bicycle_road": "yes"}),
    ("LN", {"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}),
    ("NG", {"highway": "residential"}),
    ("AP", {"highway": "track", "surface": "sand"}),
    ("CT", {"highway": "cycleway"}),
    ("QRS", {"highway": "residential"}),
    ("PT", {"highway": "proposed", "foot": "yes"}),
    ("ID", {"railway": "rail"}),
]


def at(*names: str) -> list[Position]:
    """Return places of the town in EPSG:25833."""
    return [(ORIGIN[0] + NODES[n][0], ORIGIN[1] + NODES[n][1]) for n in names]


def write_pbf(
    path: Path,
    nodes: Mapping[str, Position] | None = None,
    ways: Sequence[Way] | None = None,
    node_tags: Mapping[str, dict[str, str]] | None = None,
    absent: str = "",
) -> Path:
    """Write nodes (metres from ORIGIN) and ways; nodes named in `absent` are left out of the file but not of the ways."""
    nodes, ways, node_tags = nodes or NODES, WAYS if ways is None else ways, BOLLARDS if node_tags is None else node_tags
    number = {name: i for i, name in enumerate(nodes, 1)}
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for name, (x, y) in nodes.items():
        if name not in absent:
            lon_lat = crs.transform_xy(ORIGIN[0] + x, ORIGIN[1] + y, crs.STORAGE, crs.WEB)
            writer.add_node(osmium.osm.mutable.Node(id=number[name], location=lon_lat, tags=node_tags.get(name, {}), version=1))
    for i, (names, tags) in enumerate(ways, 1):
        day = "2026-01-31T12:00:00Z"
        writer.add_way(osmium.osm.mutable.Way(id=i, nodes=[number[n] for n in names], tags=tags, version=1, timestamp=day))
    writer.close()
    return path
