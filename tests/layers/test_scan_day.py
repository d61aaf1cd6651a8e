"""Connection scans of the real day: against each other, against published times, against another engine; cache and imports."""

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.errors import InvalidFile
from layers.reach import scan
from layers.reach.timetable import Feed
from layers.reach.transit import connections as cn

ROOT = Path(__file__).resolve().parents[2]
FEED = ROOT / "data" / "timetable" / "vbb-2021-04-20.zip"
DAY = datetime.date(2021, 4, 20)
MORNING = (7 * 3600, 9 * 3600)
NAMES = {
    "Angermünde": "Angermünde, Bahnhof",
    "Cottbus": "Cottbus, Hauptbahnhof",
    "Eberswalde": "Eberswalde, Hauptbahnhof",
    "Gesundbrunnen": "S+U Gesundbrunnen Bhf (Berlin)",
    "Perleberg": "Perleberg, Bahnhof",
    "Potsdam": "S Potsdam Hauptbahnhof",
    "Prenzlau": "Prenzlau, Bahnhof",
    "Schwedt": "Schwedt, Bahnhof",
    "Wittenberge": "Wittenberge, Bahnhof",
}
BERLIN_HBF = ["900000003201", "900000003200"]  # upper and lower platforms are two stations in the feed


@pytest.fixture(scope="module")
def day(own_day: cn.DayTimetable) -> tuple[cn.DayTimetable, cn.Footpaths]:
    return own_day, cn.footpaths(own_day)


def place(timetable: cn.DayTimetable, name: str) -> scan.Place:
    if name == "Berlin Hbf":
        return scan.Place(scan.stops_named(timetable, BERLIN_HBF), [0, 0])
    found = np.flatnonzero(timetable.stop_name == NAMES[name])
    assert len(found) == 1, name
    return scan.Place(found, [0])


def access(where: scan.Place) -> cn.Access:
    return cn.Access(np.array([0, len(where.stops)]), where.stops, np.asarray(where.walk_s))


def test_the_real_day_has_the_departures_that_the_feed_counts(day: tuple[cn.DayTimetable, cn.Footpaths], own_feed: Feed) -> None:
    timetable, _paths = day
    assert timetable.days == tuple(DAY + datetime.timedelta(days=n) for n in (-1, 0, 1))
    assert timetable.backward_trips == 0
    within = timetable.departs_s < 86_400
    # counted from the text of the feed in test_timetable
    from layers.reach.timetable import departures

    counted = departures(own_feed, DAY).groupby("group")["in_day"].sum()
    here = np.bincount(timetable.from_stop[within & timetable.boards], minlength=len(timetable.stop_id))
    assert {own_feed.groups["stop_id"][g]: n for g, n in counted.items()} == {
        str(s): n for s, n in zip(timetable.stop_id, here, strict=True) if n
    }
    assert (np.diff(timetable.departs_s) >= 0).all()
    assert (timetable.arrives_s >= timetable.departs_s).all()


# Timetable of spring 2021 from Berlin Hbf; then the line times of RE3 and RB61, and the usual times of the region
@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("Berlin Hbf", "Potsdam", 24),
        ("Berlin Hbf", "Eberswalde", 36),
        ("Berlin Hbf", "Angermünde", 57),
        ("Berlin Hbf", "Cottbus", 84),
        ("Berlin Hbf", "Wittenberge", 92),
        ("Berlin Hbf", "Perleberg", 110),
        ("Eberswalde", "Angermünde", 19),
        ("Angermünde", "Schwedt", 22),
        ("Prenzlau", "Berlin Hbf", 90),
        ("Schwedt", "Gesundbrunnen", 77),
    ],
)
def test_best_rides_are_those_people_know(day: tuple[cn.DayTimetable, cn.Footpaths], start: str, end: str, minutes: int) -> None:
    timetable, paths = day
    found = scan.reduce(scan.profile(timetable, paths, place(timetable, end), MORNING), access(place(timetable, start)))
    assert found.best_s[0] / 60 == pytest.approx(minutes, abs=6)
    assert found.best_s[0] < found.median_s[0] <= found.p90_s[0]


def test_profile_equals_forward_scans_on_random_stations_and_minutes(day: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = day
    random = np.random.default_rng(20210420)
    stops = len(timetable.stop_id)
    for target in [*random.integers(0, stops, 3), timetable.index[BERLIN_HBF[0]]]:
        where = scan.around(paths, int(target))
        begin = int(random.integers(4, 22)) * 3600
        found = scan.profile(timetable, paths, where, (begin, begin + 3600), margin_s=0)
        compared = 0
        for start, minute in zip(random.integers(0, stops, 60), random.integers(0, 60, 60), strict=True):
            leaving = begin + int(minute) * 60
            ride = scan.earliest_arrival(timetable, paths, scan.Place([start], [0]), leaving).ride_s[where.stops].astype(np.int64)
            arrival = np.min(np.where(ride == scan.UNREACHABLE, ride, ride + where.walk_s))
            taken = arrival - leaving if arrival - leaving <= scan.LONGEST_S else scan.UNREACHABLE
            if start in where.stops:
                taken = min(taken, int(where.walk_s[list(where.stops).index(start)]))
            assert found.travel_s[minute, start] == taken, (target, start, leaving)
            compared += taken != scan.UNREACHABLE
        assert compared >= 20


def test_houses_equal_forward_scans_from_their_doors(day: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = day
    random = np.random.default_rng(7)
    near = random.integers(0, len(timetable.stop_id), 12)
    houses = cn.access(timetable, timetable.x_m[near] + random.normal(0, 300, 12), timetable.y_m[near] + random.normal(0, 300, 12))
    target = place(timetable, "Eberswalde")
    begin, minutes = 7 * 3600, 30
    reach = scan.reduce(scan.profile(timetable, paths, target, (begin, begin + minutes * 60)), houses)
    for house in range(12):
        own = slice(houses.start[house], houses.start[house + 1])
        if own.start == own.stop:
            assert reach.median_s[house] == scan.UNREACHABLE
            continue
        door = scan.Place(houses.stop[own], houses.walk_s[own])
        leaving = [begin + 60 * m for m in range(minutes)]
        arrivals = [int(scan.earliest_arrival(timetable, paths, door, s).ride_s[target.stops[0]]) for s in leaving]
        taken = sorted(a - s if a != scan.UNREACHABLE else a for a, s in zip(arrivals, leaving, strict=True))
        assert (reach.median_s[house], reach.p90_s[house]) == (taken[14], taken[26])


def test_last_connections_equal_forward_scans(day: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = day
    source, deadline = place(timetable, "Berlin Hbf"), 26 * 3600
    home = scan.last_connection(timetable, paths, source, deadline)
    for name in ("Eberswalde", "Perleberg", "Prenzlau", "Cottbus"):
        stop = int(place(timetable, name).stops[0])
        left = int(home[stop])
        assert 20 * 3600 < left < deadline
        assert scan.earliest_arrival(timetable, paths, source, left).stop_s[stop] <= deadline
        for later in range(left + 60, left + 1800, 60):  # a minute later nobody gets there in time
            assert scan.earliest_arrival(timetable, paths, source, later).stop_s[stop] > deadline


def test_another_engine_finds_the_same_200_journeys(day: tuple[cn.DayTimetable, cn.Footpaths], tmp_path: Path) -> None:
    pytest.importorskip("pynigiri", reason="requirements/peer.txt is not installed")
    from benchmarks.peers import nigiri as peer

    timetable, _paths = day
    random = np.random.default_rng(3)
    timetable = peer.whole_minutes(timetable, (7 * 3600, 13 * 3600))
    hops = len(timetable.trip)
    # the feed lets everybody on and off everywhere: forbid it here and there
    timetable = dataclasses.replace(timetable, boards=random.random(hops) > 0.1, alights=random.random(hops) > 0.1)
    paths = peer.closed_footpaths(cn.footpaths(timetable, radius_m=150))
    peer.write_feed(timetable, paths, tmp_path)
    other = peer.Peer(tmp_path, timetable)
    served = np.unique(timetable.from_stop)
    found = 0
    for _ in range(200):
        start, end = random.choice(served, 2, replace=False)
        minute = int(random.integers(7 * 60, 9 * 60))
        own = int(scan.earliest_arrival(timetable, paths, scan.Place([start], [0]), minute * 60, 4 * 3600).stop_s[end])
        expected = other.arrival(int(start), int(end), minute, 240)
        assert (None if own == scan.UNREACHABLE else own // 60) == expected, (start, end, minute)
        found += expected is not None
    assert found >= 50  # so many of them have a connection at all


# --- cache, data file, imports ----------------------------------------------------------------------------------------


def same(a: cn.DayTimetable, b: cn.DayTimetable) -> bool:
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))


def test_the_cache_survives_half_a_file(
    day: tuple[cn.DayTimetable, cn.Footpaths], own_feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timetable, _paths = day
    read: list[Path] = []
    monkeypatch.setattr(cn, "read_feed", lambda path: read.append(path) or own_feed)
    assert same(cn.day_timetable(FEED, DAY, tmp_path), timetable)
    (stored,) = tmp_path.iterdir()
    assert same(cn.day_timetable(FEED, DAY, tmp_path), timetable)
    assert len(read) == 1  # the second came from the cache
    whole = stored.read_bytes()
    stored.write_bytes(whole[: len(whole) // 2])
    assert same(cn.day_timetable(FEED, DAY, tmp_path), timetable)
    assert len(read) == 2
    stored.write_bytes(b"")
    assert cn._load(stored) is None
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2] ^= 1
    stored.write_bytes(bytes(spoilt))
    assert cn._load(stored) is None  # the archive's check sum
    assert [p.suffix for p in tmp_path.iterdir()] == [".npz"]


def test_a_failed_write_leaves_nothing_behind(
    day: tuple[cn.DayTimetable, cn.Footpaths], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_values: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        cn._store(day[0], tmp_path / "day.npz")
    assert list(tmp_path.iterdir()) == []


def test_change_times_of_the_project_and_what_is_wrong_with_a_file(day: tuple[cn.DayTimetable, cn.Footpaths], tmp_path: Path) -> None:
    timetable, paths = day
    minutes = {
        name: paths.change_s[place(timetable, name).stops] // 60 for name in ("Berlin Hbf", "Gesundbrunnen", "Eberswalde", "Prenzlau")
    }
    assert {name: m.tolist() for name, m in minutes.items()} == {
        "Berlin Hbf": [7, 7],
        "Gesundbrunnen": [5],
        "Eberswalde": [3],
        "Prenzlau": [2],
    }
    upper, lower = scan.stops_named(timetable, BERLIN_HBF)
    between = slice(paths.start[upper], paths.start[upper + 1])
    assert dict(zip(paths.stop[between], paths.transfer_s[between], strict=True))[lower] == 420  # though they lie 66 m apart
    file = tmp_path / "change_times.toml"
    for text, message in (
        ('[[station]]\nname = "X"\nstops = ["1"]\nminutes = 0', "station 'X', minutes: 0; allowed are whole numbers from 1 to 60"),
        ('[[station]]\nname = "X"\nminutes = 3', "station 'X', stops: a list of stop ids is needed"),
        ("[[station", "change_times.toml: not readable as TOML"),
    ):
        file.write_text(text)
        with pytest.raises(InvalidFile, match=message):
            cn.load_change_times(file)


def python(code: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pages_do_not_import_numba() -> None:
    code = (
        "import sys, django; django.setup(); import config.urls, config.wsgi, layers.reach.runs, layers.reach.scan;"
        "from django.urls import resolve; resolve('/'); print(sorted(m for m in sys.modules if m in ('numba', 'llvmlite')))"
    )
    assert python(code, DJANGO_SETTINGS_MODULE="config.settings") == "[]"


def test_compiled_code_is_kept_where_the_operator_says(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from layers.reach.transit import kernels;"
        "i, p, f = np.zeros(1, np.int32), np.zeros(2, np.int32), np.ones(1, bool);"
        "kernels.earliest((i, i, i, i, i, f, f), 1, (p, i[:0], i[:0], i), i.copy(), 60);"
        "print(sum(kernels.earliest.stats.cache_hits.values()))"
    )
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path)) == "0"
    assert list(tmp_path.rglob("*earliest*.nbc"))
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path)) == "1"
