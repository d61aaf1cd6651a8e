"""What is around a place: the nearest facility of each kind on foot and by bike, and the zones it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from django.conf import settings

from geo.models import Dataset
from geo.positions import X, Y
from layers.models import Facility, Zone
from layers.reach.rows import Place
from layers.reach.ways.walking import CROW_FLY, WALK_M_S, CrowFly, Nearest, Walking

if TYPE_CHECKING:
    from layers.reach.streets import StreetGraph

STREETS_KEY = "streets"
WALK_LIMIT_S, BIKE_LIMIT_S = 120 * 60.0, 60 * 60.0
BIKE_M_PER_S = 15 / 3.6


@dataclass(frozen=True)
class Around:
    """One entry per place: {kind: {name, walk, bike}} in whole minutes, the kinds of zones, and how walks are measured."""

    nearby: list[dict[str, Any]]
    zones: list[list[str]]
    methods: list[str]


@dataclass(frozen=True)
class CrowFlyBike:
    """Cycling without streets, as `CrowFly` walks."""

    method: str = CROW_FLY
    attribution: str = ""

    def methods(self, places: Any) -> list[str]:
        """Return the method for each place; it is everywhere the same."""
        return [self.method] * len(places)

    def seconds(self, places: Any, facilities: Any, limit_s: float = np.inf) -> Any:
        """Return the seconds from every place to its nearest facility at 15 km/h."""
        found = CrowFly().seconds(places, facilities, limit_s * BIKE_M_PER_S / WALK_M_S)
        return Nearest(found.seconds * WALK_M_S / BIKE_M_PER_S, found.facility)


def streets_path(source: Dataset) -> Path:
    """Return where the graph of a loaded extract lies."""
    return Path(settings.DATA_DIR) / "streets" / f"{source.sha256}.npz"


def streets() -> StreetGraph | None:
    """Return the streets of the loaded extract, None without one."""
    source = Dataset.objects.filter(key=STREETS_KEY).first()
    return _read(streets_path(source)) if source and streets_path(source).is_file() else None


@lru_cache(maxsize=1)
def _read(path: Path) -> StreetGraph:
    from layers.reach.streets import StreetGraph

    return StreetGraph.load(path)


def ways() -> tuple[Walking, Walking]:
    """Return walking and cycling: on streets where an extract covers the place, else as the crow flies × 1.3."""
    graph = streets()
    if graph is None:
        return CrowFly(), CrowFlyBike()
    from layers.reach.streets import OnStreets

    return OnStreets(graph, "walk", CrowFly()), OnStreets(graph, "bike", CrowFlyBike())


def around(places: Sequence[Place]) -> Around:
    """Return what is around places (EPSG:25833); one pass per kind over all places at once."""
    points = np.array([(x, y) for _pk, x, y in places]).reshape(-1, 2)
    walking, cycling = ways()
    nearby: list[dict[str, Any]] = [{} for _p in places]
    rows = list(Facility.objects.annotate(x=X("point"), y=Y("point")).order_by("kind", "pk").values_list("kind", "name", "x", "y"))
    for kind in sorted({r[0] for r in rows}):
        chosen = [r for r in rows if r[0] == kind]
        spots = np.array([(r[2], r[3]) for r in chosen])
        on_foot = walking.seconds(points, spots, WALK_LIMIT_S)
        by_bike = cycling.seconds(points, spots, BIKE_LIMIT_S)
        for i, entry in enumerate(nearby):
            found: dict[str, Any] = {}
            if np.isfinite(on_foot.seconds[i]):
                found = {"name": chosen[int(on_foot.facility[i])][1], "walk": int(np.ceil(on_foot.seconds[i] / 60))}
            if np.isfinite(by_bike.seconds[i]):
                found = {"name": chosen[int(by_bike.facility[i])][1]} | found | {"bike": int(np.ceil(by_bike.seconds[i] / 60))}
            if found:
                entry[kind] = found
    return Around(nearby, _zones(points), walking.methods(points))


def _zones(points: Any) -> list[list[str]]:
    """Return the kinds of zones each point lies in."""
    rows = list(Zone.objects.order_by("pk").values_list("kind", "geom"))
    found: list[set[str]] = [set() for _p in points]
    if rows and len(points):
        tree = shapely.STRtree([shapely.from_wkb(bytes(geom.wkb)) for _kind, geom in rows])
        for point, zone in np.transpose(tree.query(shapely.points(points), predicate="intersects")):
            found[point].add(rows[zone][0])
    return [sorted(kinds) for kinds in found]
