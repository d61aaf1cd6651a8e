"""Who may use which way how fast: the tags of an OpenStreetMap way to speeds. Pure: no database, no clock, no network.

The tables are data (`data/presets/streets.toml`), each value with its source. Nothing here knows a speed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from geo.errors import InvalidFile

PRESET = Path(__file__).resolve().parents[3] / "data" / "presets" / "streets.toml"
MODES = ("walk", "bike", "car")
KIND_KEYS = ("highway", "route", "railway", "public_transport", "man_made")
CYCLEWAY_KEYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
SIGNED = ("yes", "designated", "permissive", "official")
ROUND = ("roundabout", "circular")
MPH = 1.609344
FASTEST = 150.0  # km/h; a higher number in maxspeed is a typing error

Speeds = tuple[float, float, float, float, float, float]  # km/h: walk there, back; bike there, back; car there, back; 0 = not allowed


@dataclass(frozen=True)
class Mode:
    """The rules of one mode; speeds in km/h. The meaning of each table stands in the preset file.

    Attributes
    ----------
    speed : dict
        Type of way → speed; a type that is absent is closed unless signed.
    access, one_way : tuple of str
        Tag keys; the first that a way carries decides.
    """

    speed: dict[str, float]
    access: tuple[str, ...]
    denied: tuple[str, ...]
    one_way: tuple[str, ...]
    signed: float
    closed_by: tuple[str, ...] = ()
    signed_speed: dict[str, float] = field(default_factory=dict)
    surface: dict[str, float] = field(default_factory=dict)
    contraflow: tuple[str, ...] = ()
    dismount: float = 0.0
    maxspeed: float = 0.0
    limit: dict[str, float] = field(default_factory=dict)

    @property
    def is_vehicle(self) -> bool:
        """One-way signs and speed limits bind it."""
        return "oneway" in self.one_way

    def decision(self, tags: Mapping[str, str]) -> tuple[str, str]:
        """Return key and value of the access tag that decides, ('', '') when there is none."""
        return next(((key, tags[key]) for key in self.access if key in tags), ("", ""))


@dataclass(frozen=True)
class Rules:
    """The preset: label and note for people, the modes, who passes a barrier, and how isochrones are drawn."""

    label: str
    note: str
    fingerprint: str
    modes: dict[str, Mode]
    signed_types: frozenset[str]
    barrier: dict[str, tuple[str, ...]]
    buffer_m: float
    fill_below_m2: float

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of a way's tags that its speeds depend on."""
        own = {*KIND_KEYS, *CYCLEWAY_KEYS, "junction", "surface", "maxspeed", "maxspeed:forward", "maxspeed:backward"}
        for mode in self.modes.values():
            own |= {*mode.access, *mode.one_way, *(rule.split("=")[0] for rule in mode.closed_by)}
        return frozenset(own)

    def speeds(self, tags: Mapping[str, str]) -> Speeds:
        """Return the speeds of a way in km/h, along the way and against it, in the order of `MODES`."""
        kind = _kind(tags)
        return tuple(v for name in MODES for v in self._speed(self.modes[name], kind, tags))  # type: ignore[return-value]

    def blocked(self, tags: Mapping[str, str]) -> int:
        """Return which modes a node stops, as bits in the order of `MODES`: 1 walk, 2 bike, 4 car."""
        barrier = tags.get("barrier", "no")
        passes = self.barrier.get(barrier, self.barrier["other"])
        bits = 0
        for i, name in enumerate(MODES):
            mode = self.modes[name]
            key, value = mode.decision(tags)
            # plain access=yes at a bollard says nothing about cars
            opened = value in SIGNED and key != "access"
            if value in mode.denied or (name not in passes and not opened):
                bits |= 1 << i
        return bits

    def _speed(self, mode: Mode, kind: str, tags: Mapping[str, str]) -> tuple[float, float]:
        key, value = mode.decision(tags)
        if not kind or value in mode.denied:
            return 0.0, 0.0
        signed = value in SIGNED and key != "access"
        speed = mode.speed.get(kind, 0.0)
        if signed and kind in self.signed_types:
            speed = mode.signed_speed.get(kind, max(speed, mode.signed))
        if not signed and any(tags.get(k) == v for k, v in (rule.split("=") for rule in mode.closed_by)):
            return 0.0, 0.0
        if value == "dismount":
            speed = min(speed or mode.dismount, mode.dismount)
        cap = mode.surface.get(tags.get("surface", ""), float("inf"))
        there, back = _directions(mode, kind, tags)
        return (
            min(_limited(mode, speed, tags, "forward"), cap) if there and speed else 0.0,
            min(_limited(mode, speed, tags, "backward"), cap) if back and speed else 0.0,
        )


def _kind(tags: Mapping[str, str]) -> str:
    """Return the type of way: the value of highway, else ferry, platform or pier, else ''."""
    if "highway" in tags:
        return tags["highway"]
    if tags.get("route") == "ferry":
        return "ferry"
    if "platform" in (tags.get("railway"), tags.get("public_transport")):
        return "platform"
    return "pier" if tags.get("man_made") == "pier" else ""


def _directions(mode: Mode, kind: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether the mode may go along the way and against it."""
    implied = "yes" if mode.is_vehicle and (kind in ("motorway", "motorway_link") or tags.get("junction") in ROUND) else "no"
    value = next((tags[key] for key in mode.one_way if key in tags), implied)
    if value in ("yes", "true", "1"):
        there, back = True, False
    elif value in ("-1", "reverse"):
        there, back = False, True
    else:
        return True, True
    cycleways = (tags.get(key, "") for key in CYCLEWAY_KEYS)
    # oneway:bicycle, when it is there, is the last word
    if mode.contraflow and mode.one_way[0] not in tags and any(c in mode.contraflow for c in cycleways):
        return True, True
    return there, back


def _limited(mode: Mode, speed: float, tags: Mapping[str, str], direction: str) -> float:
    """Return the speed under the signed limit; a mode with a `maxspeed` share drives at it, the others stay below it."""
    text = tags.get(f"maxspeed:{direction}", tags.get("maxspeed", ""))
    number = text.removesuffix("mph").strip()
    limit = float(number) * (MPH if text.endswith("mph") else 1.0) if number.isdecimal() else mode.limit.get(text, 0.0)
    if not mode.is_vehicle or not 0 < limit <= FASTEST:
        return speed
    return limit * mode.maxspeed if mode.maxspeed else min(speed, limit)


def load_rules(path: Path = PRESET) -> Rules:
    """Read the preset.

    Raises
    ------
    InvalidFile
        When a table is missing, or a value is not of its kind.
    """
    data = path.read_bytes()
    try:
        raw = tomllib.loads(data.decode("utf-8"))
        modes = {name: _mode(name, raw[name]) for name in MODES}
        barrier = {str(k): tuple(v) for k, v in raw["barrier"].items()}
        strange = {m for passes in barrier.values() for m in passes} - set(MODES)
        if strange or "other" not in barrier:
            raise InvalidFile(f"{path.name}: [barrier] needs 'other' and lists of {', '.join(MODES)}; found {', '.join(sorted(strange))}")
        drawn = raw["isochrone"]
        return Rules(
            raw["label"],
            raw["note"],
            hashlib.sha256(data).hexdigest(),
            modes,
            frozenset(raw["signed_types"]),
            barrier,
            float(drawn["buffer_m"]),
            float(drawn["fill_below_m2"]),
        )
    except KeyError as error:
        raise InvalidFile(f"{path.name}: the table or value {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise InvalidFile(f"{path.name}: {error}") from error


def _mode(name: str, raw: dict[str, Any]) -> Mode:
    if not raw.get("speed"):
        raise KeyError(f"{name}.speed")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    for key in ("speed", "signed_speed", "surface", "limit"):
        values[key] = {str(k): float(v) for k, v in raw.get(key, {}).items()}
    return Mode(**values)
