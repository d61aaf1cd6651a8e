"""Timetable B from timetable A: a GTFS feed with a list of edits applied. Pure: no database, no clock, no network.

What the edits do (`layers.reach.whatif.edit_list` says how they are written):

- `add_line`: a route with a trip per direction, repeated by frequencies.txt with exact times. It runs on the feed's reference
  day (`timetable.choose_day`), or on every day the feed runs.
- `change_headway`: on the reference day the line's departures in the window are replaced by regular ones; other days stay as
  they are. A trip departs at its first stop: at the starts that frequencies.txt gives it, else once, at its own time. The
  line's trips are gathered to patterns, the same stops in the same order. Per direction a main pattern carries the new
  headway with the running times of its most frequent trip: of the patterns with at least a quarter of the departures of the
  busiest, and which serve all its stops, the one that covers most departures. Patterns whose stops are all among the main
  one's are replaced too (short workings); those that serve other stops are left alone and counted in the report, so that no
  stop loses its only bus unseen.
- `close_stop`: nobody gets on or off there on any day; vehicles pass through and keep their times.

Edits see what earlier ones did. Feed B holds every file of A; only tables that changed are written anew, as UTF-8. The
same input gives the same bytes.
"""

from __future__ import annotations

import datetime
import hashlib
import itertools
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geo import crs
from geo.errors import InvalidFile
from layers.reach.timetable import Feed, read_feed, seconds
from layers.reach.whatif.draft import Draft, clock
from layers.reach.whatif.edit_list import AddLine, ChangeHeadway, CloseStop, read_edits

EPOCH = (1980, 1, 1, 0, 0, 0)
SHARE = 4  # a main pattern has at least a quarter of the departures of the busiest


@dataclass(frozen=True)
class Done:
    """What one edit did: its kind and numbers, to be said in any language; as text in English."""

    number: int
    kind: str
    facts: dict[str, Any]

    def __str__(self) -> str:
        f = self.facts
        if self.kind == CloseStop.kind:
            text = f"{f['name']}, {f['calls']} calls of trips pass through"
        elif self.kind == AddLine.kind:
            ways, days = ("both directions" if f["both"] else "one direction"), ("every day" if f["every_day"] else f"on {f['day']}")
            text = f"{f['name']}, {f['stops']} stops in {f['minutes']:g} minutes, {f['departures']} departures in {ways} {days}"
        else:
            ways = " and ".join(f"{a} – {b}" for a, b in f["ways"])
            text = f"{f['name']}, {f['gone']} departures replaced by {f['departures']} each from {ways} on {f['day']}"
            if f["others"]:
                text += f"; {f['others']} departures of {f['patterns']} patterns with other stops are left as they were"
        return f"{self.number}. {self.kind}: {text}"


@dataclass(frozen=True)
class EditReport:
    """What each edit did, the tables written anew, the SHA-256 of the new feed, the reference day, and the feed as it was read back."""

    title: str
    day: datetime.date
    done: tuple[Done, ...]
    rewritten: tuple[str, ...]
    sha256: str
    feed: Feed = field(repr=False, compare=False)


@dataclass
class Pattern:
    """Trips of a line with the same stops in the same order; departures inside the window and in the whole day."""

    stops: tuple[str, ...]
    trips: list[str] = field(default_factory=list)
    inside: int = 0
    whole: int = 0


def edit_feed(path_a: Path, edits: Path, path_b: Path, day: datetime.date | None = None, feed: Feed | None = None) -> EditReport:
    """Write the feed that a list of edits makes of another.

    Parameters
    ----------
    path_a : Path
        GTFS zip; it is only read.
    edits : Path
        YAML file.
    path_b : Path
        Replaced as a whole when it is there, and only after the new feed has been read back without an error.
    day : date, optional
        Reference day; chosen by `timetable.choose_day` when not given.
    feed : Feed, optional
        What `read_feed` made of `path_a`, for those who have read it.

    Raises
    ------
    InvalidFile
        When the feed or the list cannot be read, or an edit names what is not there; then nothing is written.
    """
    wanted = read_edits(edits)
    if path_b.exists() and path_b.samefile(path_a):
        raise InvalidFile(f"{path_b.name}: feed B would overwrite feed A; give it another name")
    draft = Draft(path_a, feed or read_feed(path_a), edits.name, day)
    done = [Done(e.number, e.kind, _APPLY[type(e)](draft, e)) for e in wanted.edits]
    digest, made = _write(path_a, draft, path_b)
    return EditReport(wanted.title, draft.day, tuple(done), tuple(sorted(draft.changed)), digest, made)


def _add_line(draft: Draft, edit: AddLine) -> dict[str, Any]:
    heads = [draft.stop(edit, "stops", s) for s in edit.stops]
    offsets = _offsets(draft, edit, heads)
    platforms = [draft.platform(h) for h in heads]
    route = draft.free("routes.txt", "route_id", f"new-{edit.number}")
    routes = draft.table("routes.txt")
    agency = {"agency_id": routes["agency_id"].iloc[0]} if "agency_id" in routes and len(routes) else {}
    draft.append("routes.txt", [{"route_id": route, "route_short_name": edit.name, "route_type": str(edit.route_type), **agency}])
    service = draft.service(edit.every_day)
    directions = [(platforms, offsets)]
    if edit.both_directions:
        directions.append((platforms[::-1], [offsets[-1] - o for o in offsets[::-1]]))
    for n, (stops, times) in enumerate(directions):
        trip = draft.free("trips.txt", "trip_id", f"{route}-{n}")
        way = {"direction_id": str(n)} if "direction_id" in draft.table("trips.txt") else {}
        draft.append("trips.txt", [{"route_id": route, "service_id": service, "trip_id": trip, **way}])
        at = [clock(edit.window[0] + o) for o in times]
        calls = zip(stops, at, strict=True)
        draft.append(
            "stop_times.txt",
            [
                {"trip_id": trip, "arrival_time": t, "departure_time": t, "stop_id": s, "stop_sequence": str(i)}
                for i, (s, t) in enumerate(calls)
            ],
        )
        draft.repeat(trip, edit.window, edit.every_s)
    return {
        "name": edit.name,
        "ways": [[draft.name[heads[0]], draft.name[heads[-1]]]],
        "stops": len(heads),
        "minutes": offsets[-1] / 60,
        "departures": _count(edit.window, edit.every_s),
        "every_min": edit.every_s // 60,
        "both": edit.both_directions,
        "every_day": edit.every_day,
        "day": str(draft.day),
    }


def _offsets(draft: Draft, edit: AddLine, heads: Sequence[str]) -> list[int]:
    """Return seconds from the first stop; by speed every hop takes whole minutes, rounded up, and at least one."""
    if edit.minutes:
        return [round(m * 60) for m in edit.minutes]
    places = draft.feed.groups.set_index("stop_id").loc[[draft.head[h] for h in heads]]
    x, y = crs.transform_xy(places["lon"].to_numpy(), places["lat"].to_numpy(), crs.WEB, crs.STORAGE)
    metres = np.hypot(np.diff(x), np.diff(y))
    hops = np.maximum(np.ceil(metres * 3.6 / (edit.km_h or 1) / 60 - 1e-9), 1).astype(int) * 60
    return [0, *np.cumsum(hops).tolist()]


def _count(window: tuple[int, int], every_s: int) -> int:
    return (window[1] - window[0]) // every_s + 1


def _close_stop(draft: Draft, edit: CloseStop) -> dict[str, Any]:
    given = draft.stop(edit, "stop", edit.stop)
    closed = {given, *draft.platforms.get(given, ())}
    here = draft.table("stop_times.txt")["stop_id"].isin(closed).to_numpy()
    for column in ("pickup_type", "drop_off_type"):
        draft.assign("stop_times.txt", here, column, "1")
    return {"name": draft.name[given], "calls": int(here.sum())}


def _change_headway(draft: Draft, edit: ChangeHeadway) -> dict[str, Any]:
    routes = draft.routes(edit, edit.line)
    patterns, starts = _patterns(draft, routes, edit.window)
    label = ", ".join(edit.line)
    if not patterns:
        raise draft.wrong(edit, "line", f"{label!r} does not run on {draft.day}, the feed's reference day")
    mains, left = _mains(patterns)
    gone = 0
    for main, covered in mains:
        template = min(main.trips, key=lambda t: (-len(_inside(starts[t], edit.window)), -len(starts[t]), t))
        draft.repeat(draft.copy(template), edit.window, edit.every_s)
        for trip in sorted(itertools.chain.from_iterable(p.trips for p in covered)):
            if inside := len(_inside(starts[trip], edit.window)):
                gone += inside
                draft.thin(trip, edit.window)
    return {
        "name": label,
        "ways": [[draft.name[m.stops[0]], draft.name[m.stops[-1]]] for m, _covered in mains],
        "gone": gone,
        "departures": _count(edit.window, edit.every_s),
        "every_min": edit.every_s // 60,
        "others": sum(p.inside for p in left),
        "patterns": len(left),
        "day": str(draft.day),
    }


def _inside(starts: Iterable[float], window: tuple[int, int]) -> list[float]:
    return [s for s in starts if window[0] <= s <= window[1]]


def _patterns(draft: Draft, routes: set[str], window: tuple[int, int]) -> tuple[list[Pattern], dict[str, list[float]]]:
    """Return the patterns of a line on the reference day, and the starts of each trip in seconds since midnight."""
    trips = draft.table("trips.txt")
    active = {s for s, dates in draft.services.items() if draft.day in dates}
    chosen = trips[trips["route_id"].isin(routes) & trips["service_id"].isin(active)]["trip_id"].drop_duplicates()
    calls = draft.calls(set(chosen))
    leaves, arrives = seconds(calls["departure_time"]), seconds(calls["arrival_time"])
    calls = calls.assign(s=np.where(np.isfinite(leaves), leaves, arrives), head=calls["stop_id"].map(draft.head))
    found: dict[tuple[str, ...], Pattern] = {}
    starts: dict[str, list[float]] = {}
    for trip, rows in calls[calls["head"].notna()].groupby("trip_id", sort=True):
        first = float(rows["s"].iloc[0])
        if not np.isfinite(first) or len(rows) < 2:
            continue
        key = str(trip)
        starts[key] = draft.starts(key, first)
        pattern = found.setdefault(tuple(rows["head"]), Pattern(tuple(rows["head"])))
        pattern.trips.append(key)
        pattern.inside += len(_inside(starts[key], window))
        pattern.whole += len(starts[key])
    return list(found.values()), starts


def _mains(patterns: Sequence[Pattern]) -> tuple[list[tuple[Pattern, list[Pattern]]], list[Pattern]]:
    """Return the main patterns with those each covers, itself included, and the patterns with departures that are left."""
    use_window = any(p.inside for p in patterns)

    def weight(p: Pattern) -> int:
        return p.inside if use_window else p.whole

    rest = sorted((p for p in patterns if weight(p)), key=lambda p: (-weight(p), -len(p.stops), p.stops))
    mains: list[tuple[Pattern, list[Pattern]]] = []
    left: list[Pattern] = []
    while rest:
        busiest = rest[0]
        if any(_same_way(busiest.stops, m.stops) for m, _c in mains):
            left.append(rest.pop(0))
            continue
        able = [p for p in rest if SHARE * weight(p) >= weight(busiest) and _covers(p.stops, busiest.stops)]
        covered = {id(p): [q for q in rest if _covers(p.stops, q.stops)] for p in able}
        main = max(able, key=lambda p: (sum(map(weight, covered[id(p)])), weight(p), p.stops))
        mains.append((main, covered[id(main)]))
        rest = [p for p in rest if p not in covered[id(main)]]
    return mains, left


def _covers(long: Sequence[str], short: Sequence[str]) -> bool:
    """Whether the stops of one pattern are among another's, in the same order."""
    ahead = iter(long)
    return all(stop in ahead for stop in short)


def _same_way(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two patterns share a piece of way in the same direction: more stops in this order than in the other."""
    common = _common(a, b)
    return common >= 2 and common > _common(a[::-1], b)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = row
        row = [0]
        for i, y in enumerate(b):
            row.append(before[i] + 1 if x == y else max(before[i + 1], row[i]))
    return row[-1]


_APPLY: dict[type, Callable[[Draft, Any], dict[str, Any]]] = {AddLine: _add_line, ChangeHeadway: _change_headway, CloseStop: _close_stop}


def _write(path_a: Path, draft: Draft, path_b: Path) -> tuple[str, Feed]:
    """Write beside the target, read it back, rename; return the SHA-256 and what was read."""
    try:
        handle, name = tempfile.mkstemp(dir=path_b.parent, prefix=f"{path_b.stem}-", suffix=".part")
    except OSError as error:
        raise InvalidFile(f"{path_b}: cannot be written ({error.strerror})") from error
    part = Path(name)
    try:
        with open(handle, "wb") as out, zipfile.ZipFile(path_a) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:  # noqa: PTH123
            names = [i.filename for i in old.infolist() if not i.is_dir()]
            files = {n: draft.member.get(n.rsplit("/", 1)[-1]) == n and n.rsplit("/", 1)[-1] in draft.changed for n in names}
            for member, anew in files.items():
                _put(new, member, draft.text(member.rsplit("/", 1)[-1]) if anew else old.read(member))
            for table in sorted(draft.changed - set(draft.member)):
                _put(new, draft.folder + table, draft.text(table))
        made = read_feed(part)
        part.chmod(0o644)
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        part.replace(path_b)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return digest, made


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    archive.writestr(info, content, compresslevel=6)
