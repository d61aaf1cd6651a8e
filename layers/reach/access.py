"""Transit access classes: from departures and distances to a letter. Pure: no database, no clock, no network.

Method: the interval of a stop is the window divided by half of its departures (a departure serves one of two
directions). The best mode group that calls there and the interval give the stop's category; category and distance as
the crow flies give the class; the best class of all stops around a place counts. The tables are data
(`data/presets/*.toml`). The source of the default halves only stations with more than one platform; here every
stop counts as two directions, which is the same rule without the platforms that many feeds do not name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import InvalidParameter

PRESETS = Path(__file__).resolve().parents[2] / "data" / "presets"
NONE = ""
WELL_DEPARTURES = 20  # per working day (BBSR, Deutschlandatlas)
WELL_M, WELL_RAIL_M = 600.0, 1_200.0


@dataclass(frozen=True)
class Preset:
    """A method as data.

    Attributes
    ----------
    window : (int, int)
        Seconds since midnight.
    groups : dict
        Mode group (best first) → ranges of GTFS route types, both ends included.
    intervals : tuple
        (limit in minutes, whether the limit belongs to the row, category per group or '').
    radii_m : tuple of float
    classes : dict
        Category → class per radius, '' where none is reached.
    """

    name: str
    label: str
    source: str
    note: str
    window: tuple[int, int]
    groups: dict[str, tuple[tuple[int, int], ...]]
    intervals: tuple[tuple[float, bool, dict[str, str]], ...]
    radii_m: tuple[float, ...]
    classes: dict[str, tuple[str, ...]]
    _group: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)  # what was asked before

    def letters(self) -> list[str]:
        """Return the classes the method can give, best first."""
        return sorted({letter for row in self.classes.values() for letter in row if letter})

    def table(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return category and its class per radius, for a table."""
        return list(self.classes.items())

    def group_of(self, route_type: int) -> str:
        """Return the mode group of a GTFS route type, '' when the method does not count it."""
        known = self._group.get(route_type)
        if known is None:
            known = next((g for g, ranges in self.groups.items() if any(a <= route_type <= b for a, b in ranges)), NONE)
            self._group[route_type] = known
        return known

    def category(self, group: str, departures: float) -> str:
        """Return the category of a stop with so many departures in the window, '' for none."""
        if departures <= 0 or not group:
            return NONE
        interval = (self.window[1] - self.window[0]) / 60 / (departures / 2)
        for limit, included, row in self.intervals:
            if interval < limit or (included and interval == limit):
                return row.get(group, NONE)
        return NONE

    def class_of(self, category: str, distance_m: float) -> str:
        """Return the class at a distance from a stop of a category, '' for none; a radius belongs to its ring."""
        for radius, letter in zip(self.radii_m, self.classes.get(category, ()), strict=False):
            if distance_m <= radius:
                return letter
        return NONE


def preset_names(folder: Path = PRESETS) -> list[str]:
    """Return the names of the presets that hold access classes; other methods keep theirs in the same folder."""
    return sorted(p.stem for p in folder.glob("*.toml") if "classes" in tomllib.loads(p.read_text(encoding="utf-8")))


def load_preset(name: str, folder: Path = PRESETS) -> Preset:
    """Read `<name>.toml`.

    Raises
    ------
    InvalidParameter
        When there is no such preset.
    """
    known = preset_names(folder)
    if name not in known:
        raise InvalidParameter("preset", name, f"one of {', '.join(known)}")
    raw = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    groups = {g: tuple((int(a), int(b)) for a, b in ranges) for g, ranges in raw["groups"].items()}
    start, end = (int(t[:2]) * 3600 + int(t[3:]) * 60 for t in raw["window"])
    intervals = tuple(
        (float(row["limit"]), bool(row["included"]), dict(zip(groups, row["categories"], strict=True))) for row in raw["interval"]
    )
    classes = {c: tuple(row) for c, row in raw["classes"].items()}
    radii = tuple(float(r) for r in raw["radii_m"])
    return Preset(name, raw["label"], raw["source"], raw["note"], (start, end), groups, intervals, radii, classes)


@dataclass(frozen=True)
class Stops:
    """Stops in the storage CRS: x, y in metres, category, departures of the whole day, rail or not; one length."""

    x: Any
    y: Any
    category: Sequence[str]
    departures_day: Any
    is_rail: Any


@dataclass(frozen=True)
class Access:
    """Access of places, one entry each; an index of -1 and a NaN distance mean that there is no such stop."""

    transit_class: list[str]
    stop: Any
    stop_distance_m: Any
    rail_stop: Any
    rail_distance_m: Any
    well_connected: Any


def _nearest(stops: Stops, chosen: Any, places: Any) -> tuple[Any, Any]:
    """Return index and distance of the nearest chosen stop for every place."""
    if not len(chosen) or not len(places):
        return np.full(len(places), -1), np.full(len(places), np.nan)
    from scipy.spatial import cKDTree  # half a second to load, and most starts compute nothing

    tree = cKDTree(np.column_stack([np.asarray(stops.x)[chosen], np.asarray(stops.y)[chosen]]))
    distance, found = tree.query(places)
    return chosen[found], distance


def measure(stops: Stops, preset: Preset, x: Any, y: Any) -> Access:
    """Return the access of the places (x, y), metres in the storage CRS."""
    places = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    rank = {letter: i for i, letter in enumerate("ABCDEFG")}
    best = np.full(len(places), len(rank))
    category = np.asarray(stops.category, dtype=object)
    for name, letters in preset.classes.items():
        _index, distance = _nearest(stops, np.flatnonzero(category == name), places)
        # the nearest stop of a category gives its best class: classes only fall with distance
        for radius, letter in reversed(list(zip(preset.radii_m, letters, strict=False))):
            if letter:
                best = np.where(distance <= radius, np.minimum(best, rank[letter]), best)
    day, rail = np.asarray(stops.departures_day), np.asarray(stops.is_rail, dtype=bool)
    stop, stop_m = _nearest(stops, np.arange(len(day)), places)
    rail_stop, rail_m = _nearest(stops, np.flatnonzero(rail), places)
    _i, busy_m = _nearest(stops, np.flatnonzero((day >= WELL_DEPARTURES) & ~rail), places)
    _i, busy_rail_m = _nearest(stops, np.flatnonzero((day >= WELL_DEPARTURES) & rail), places)
    letters_of = [*rank, NONE]
    well = (busy_m <= WELL_M) | (busy_rail_m <= WELL_RAIL_M)
    return Access([letters_of[i] for i in best], stop, stop_m, rail_stop, rail_m, well)
