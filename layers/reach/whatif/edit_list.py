"""Changes to a timetable as a list in a YAML file: read and checked. Pure: no database, no clock, no network.

The file is a list of edits, or a mapping of `title`, `note` and `edits`. An edit is a mapping of one kind to its fields:

- `add_line`: name, route_type, stops, minutes or km_h, from, to, every_min, both_directions (yes), days (reference day)
- `change_headway`: line, every_min, from, to
- `close_stop`: stop

All values are read as text and then as what the field asks for, so that neither `23:00` (a number in YAML 1.1) nor a
stop id with leading zeros changes on the way.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from geo.errors import InvalidFile

MAX_BYTES = 200_000
MAX_EDITS = 200
MAX_STOPS = 200
DAY_MIN = 24 * 60
LAST_HOUR = 29  # a service day may run into the next morning
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
YES, NO = {"true", "yes", "on", "ja"}, {"false", "no", "off", "nein"}
REFERENCE_DAY, EVERY_DAY = "reference day", "every day"


@dataclass(frozen=True)
class AddLine:
    """A new line. `minutes` from the first stop, one per stop, or `km_h` along straight lines; `window` and `every_s` in
    seconds since midnight, for departures at the first stop of each direction."""

    kind: ClassVar[str] = "add_line"
    number: int
    name: str
    route_type: int
    stops: tuple[str, ...]
    minutes: tuple[float, ...] | None
    km_h: float | None
    window: tuple[int, int]
    every_s: int
    both_directions: bool
    every_day: bool


@dataclass(frozen=True)
class ChangeHeadway:
    """Another headway for a line (short name, or route ids), for departures at its first stops in the window."""

    kind: ClassVar[str] = "change_headway"
    number: int
    line: tuple[str, ...]
    window: tuple[int, int]
    every_s: int


@dataclass(frozen=True)
class CloseStop:
    """A stop at which nobody gets on or off any more."""

    kind: ClassVar[str] = "close_stop"
    number: int
    stop: str


Edit = AddLine | ChangeHeadway | CloseStop


@dataclass(frozen=True)
class EditList:
    """What a file asks for, in its order; `title` names the whole in sentences."""

    title: str
    edits: tuple[Edit, ...]


class Fields:
    """The fields of one edit, taken one by one; every error names file, edit, field, value and what is allowed."""

    def __init__(self, file: str, number: int, kind: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
        self.where, self.given = f"{file}: edit {number} ({kind})", given
        for name in given:
            if name not in known:
                raise InvalidFile(f"{self.where}: the field {name!r} is not known; allowed are {', '.join(known)}")

    def wrong(self, name: str, allowed: str) -> InvalidFile:
        value = self.given.get(name)
        shown = "is missing" if value in (None, "", []) else f"{_short(value)} is not allowed"
        return InvalidFile(f"{self.where}, {name}: {shown}; allowed: {allowed}")

    def text(self, name: str, allowed: str, longest: int = 160) -> str:
        value = self.given.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
            raise self.wrong(name, f"{allowed}, at most {longest} characters")
        return value.strip()

    def texts(self, name: str, allowed: str, least: int, most: int) -> tuple[str, ...]:
        value = self.given.get(name)
        if not isinstance(value, list) or not least <= len(value) <= most or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.wrong(name, allowed)
        return tuple(v.strip() for v in value)

    def number(self, name: str, least: float, most: float, unit: str, whole: bool = True) -> float:
        allowed = f"{'whole numbers' if whole else 'numbers'} from {least:g} to {most:g} ({unit})"
        found = _float(self.given.get(name))
        if found is None or not least <= found <= most or (whole and found != int(found)):
            raise self.wrong(name, allowed)
        return found

    def clock(self, name: str) -> int:
        """Return HH:MM as seconds since midnight."""
        value = self.given.get(name)
        found = CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None or int(found[1]) > LAST_HOUR:
            raise self.wrong(name, f"times as HH:MM from 00:00 to {LAST_HOUR}:59")
        return int(found[1]) * 3600 + int(found[2]) * 60

    def window(self) -> tuple[int, int]:
        start, end = self.clock("from"), self.clock("to")
        if end < start:
            raise self.wrong("to", f"times not before {self.given['from']} (from)")
        return start, end

    def flag(self, name: str, default: bool) -> bool:
        value = self.given.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or value.lower() not in YES | NO:
            raise self.wrong(name, "true or false")
        return value.lower() in YES


def read_edits(path: Path) -> EditList:
    """Read a list of edits.

    Raises
    ------
    InvalidFile
        When the file is no YAML of this form; the sentence names edit, field and what is allowed.
    """
    return edits_of(_load(path), path.name)


def edits_of(given: Any, file: str) -> EditList:
    """Return the edits of a file's content."""
    title = ""
    if isinstance(given, dict):
        unknown = sorted(set(given) - {"title", "note", "edits"})
        if unknown:
            raise InvalidFile(f"{file}: the field {unknown[0]!r} is not known; allowed are title, note, edits")
        title, given = given.get("title", ""), given.get("edits")
        if not isinstance(title, str) or len(title) > 160 or not title.isprintable():
            raise InvalidFile(f"{file}, title: allowed is one line of at most 160 characters")
    if not isinstance(given, list) or not given:
        raise InvalidFile(f"{file}: a list of edits is needed; allowed are {', '.join(READERS)}")
    if len(given) > MAX_EDITS:
        raise InvalidFile(f"{file}: {len(given)} edits; allowed are {MAX_EDITS}")
    return EditList(title.strip(), tuple(_edit(file, n, e) for n, e in enumerate(given, 1)))


def _edit(file: str, number: int, given: Any) -> Edit:
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in READERS:
        shown = ", ".join(map(str, given)) if isinstance(given, dict) else _short(given)
        raise InvalidFile(f"{file}: edit {number}: {shown or 'nothing'}; allowed is one of {', '.join(READERS)}")
    kind, fields = next(iter(given.items()))
    if not isinstance(fields, dict):
        raise InvalidFile(f"{file}: edit {number} ({kind}): {_short(fields)}; allowed are the fields {', '.join(KNOWN[kind])}")
    return READERS[kind](number, Fields(file, number, kind, fields, KNOWN[kind]))


def _add_line(number: int, f: Fields) -> AddLine:
    stops = f.texts("stops", f"a list of 2 to {MAX_STOPS} stop ids or exact names", 2, MAX_STOPS)
    twice = next((a for a, b in itertools.pairwise(stops) if a == b), None)
    if twice is not None:
        raise f.wrong("stops", f"no stop twice in a row, as {twice!r} is")
    if ("minutes" in f.given) == ("km_h" in f.given):
        raise f.wrong("minutes", "either minutes (one per stop) or km_h, and not both")
    minutes = _minutes(f, len(stops)) if "minutes" in f.given else None
    days = f.given.get("days", REFERENCE_DAY)
    if days not in (REFERENCE_DAY, EVERY_DAY):
        raise f.wrong("days", f"{REFERENCE_DAY} or {EVERY_DAY}")
    return AddLine(
        number,
        f.text("name", "the line's name", 40),
        int(f.number("route_type", 0, 1702, "GTFS route type, such as 106 for a regional train or 3 for a bus")),
        stops,
        minutes,
        None if minutes else f.number("km_h", 5, 300, "km/h along straight lines, stops included", whole=False),
        f.window(),
        int(f.number("every_min", 1, DAY_MIN, "minutes")) * 60,
        f.flag("both_directions", True),
        days == EVERY_DAY,
    )


def _minutes(f: Fields, stops: int) -> tuple[float, ...]:
    given = f.given["minutes"]
    found = [_float(v) for v in given] if isinstance(given, list) else []
    known = [v for v in found if v is not None]
    rising = all(a < b for a, b in itertools.pairwise(known))
    if len(found) != stops or len(known) != stops or known[0] != 0 or not rising or known[-1] > DAY_MIN:
        raise f.wrong("minutes", f"{stops} rising numbers from 0 to at most {DAY_MIN}, one per stop")
    return tuple(known)


def _change_headway(number: int, f: Fields) -> ChangeHeadway:
    allowed = "the line's name, a route_id, or a list of route_ids"
    line = f.texts("line", allowed, 1, 50) if isinstance(f.given.get("line"), list) else (f.text("line", allowed),)
    return ChangeHeadway(number, line, f.window(), int(f.number("every_min", 1, DAY_MIN, "minutes")) * 60)


def _close_stop(number: int, f: Fields) -> CloseStop:
    return CloseStop(number, f.text("stop", "a stop id or the exact name of a stop"))


READERS: dict[str, Callable[[int, Fields], Edit]] = {"add_line": _add_line, "change_headway": _change_headway, "close_stop": _close_stop}
KNOWN = {
    "add_line": ("name", "route_type", "stops", "minutes", "km_h", "from", "to", "every_min", "both_directions", "days"),
    "change_headway": ("line", "every_min", "from", "to"),
    "close_stop": ("stop",),
}


def _float(value: Any) -> float | None:
    """Return a text as a finite number; None for anything else."""
    if not isinstance(value, str) or not re.fullmatch(r"[+-]?\d{1,9}([.,]\d{1,6})?", value.strip()):
        return None
    found = float(value.strip().replace(",", "."))
    return found if math.isfinite(found) else None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _load(path: Path) -> Any:
    """Return a YAML file as lists, mappings and texts; no tags, no anchors, no key twice."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"{path.name}: not readable ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise InvalidFile(f"{path.name}: {len(raw):,} bytes; allowed are {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
        if any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise InvalidFile(f"{path.name}: anchors and aliases are not allowed; write the values out")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if root is None else _plain(root, path.name)
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{path.name}: not UTF-8 (byte {error.start + 1})") from error
    except yaml.YAMLError as error:
        raise InvalidFile(f"{path.name}: not readable as YAML ({' '.join(str(error).split())})") from error
    except RecursionError:
        raise InvalidFile(f"{path.name}: nested too deeply") from None


def _plain(node: yaml.Node, file: str) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in ("", "~", "null") else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, file) for n in node.value]
    found: dict[str, Any] = {}
    for key, value in _pairs(node):
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidFile(f"{file}: line {key.start_mark.line + 1}: a field's name must be a word")
        if key.value in found:
            raise InvalidFile(f"{file}: line {key.start_mark.line + 1}: the field {key.value!r} stands there twice")
        found[key.value] = _plain(value, file)
    return found


def _pairs(node: yaml.Node) -> Iterable[tuple[yaml.Node, yaml.Node]]:
    pairs: Iterable[tuple[yaml.Node, yaml.Node]] = node.value
    return pairs
