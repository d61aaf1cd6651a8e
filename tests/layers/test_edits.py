"""Timetable B from A: a feed of five lines whose every departure is worked out on paper, and the real one."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from geo.errors import InvalidFile
from layers.reach import scan
from layers.reach.timetable import WEEKDAYS, departures, read_feed
from layers.reach.transit import connections as cn
from layers.reach.whatif.edits import edit_feed

DATA = Path(__file__).resolve().parents[2] / "data"
OWN = DATA / "timetable" / "vbb-2021-04-20.zip"
TUESDAY, WEDNESDAY = datetime.date(2026, 3, 10), datetime.date(2026, 3, 11)

# Service w runs Monday to Thursday, 9 to 12 March 2026; the reference day is Tuesday the 10th (the busiest, first of equals, not an end).
#
#  bus 1   there  A B C D  at 6:00 7:00 8:00 9:00 (plain trips p6 … p9); A–B 10, B–C 10, C–D 10 minutes
#          back   D C B A  at 6:30 8:30 (b6, b8)
#          short  A B C    at 7:30 (s7);  short working, all its stops are among those of A B C D
#          other  A B E    at 8:15 (o8);  serves E, which the main pattern does not
#  bus 2   there  A D      by frequencies: every 30 minutes from 5:00 until before 10:00 (f1); 20 minutes
#  tram X  A C; another "1" far away has the route id r9: Z Y at 8:00
STOPS = """stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
A,Dorf,53.00,11.70,1,
A1,Dorf Steig 1,53.00,11.70,0,A
A2,Dorf Steig 2,53.00,11.70,0,A
B,Markt,53.00,11.80,0,
C,Schule,53.00,11.90,0,
D,Bahnhof,53.00,12.00,0,
E,Mühle,53.10,11.80,0,
N,Nirgends,0,0,0,
Y,Kirche,52.00,13.00,0,
Z,Kirche,52.00,13.10,0,
"""
TRIPS = {
    "p6": ("r1", "A1 6:00", "B 6:10", "C 6:20", "D 6:30"),
    "p7": ("r1", "A1 7:00", "B 7:10", "C 7:20", "D 7:30"),
    "p8": ("r1", "A1 8:00", "B 8:10", "C 8:20", "D 8:30"),
    "p9": ("r1", "A1 9:00", "B 9:10", "C 9:20", "D 9:30"),
    "b6": ("r1", "D 6:30", "C 6:40", "B 6:50", "A2 7:00"),
    "b8": ("r1", "D 8:30", "C 8:40", "B 8:50", "A2 9:00"),
    "s7": ("r1", "A1 7:30", "B 7:40", "C 7:50"),
    "o8": ("r1", "A1 8:15", "B 8:25", "E 8:35"),
    "f1": ("r2", "A1 0:00", "D 0:20"),
    "x8": ("rx", "A1 8:00", "C 8:05"),
    "z8": ("r9", "Z 8:00", "Y 8:10"),
}
TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nbus,Bus,https://bus.example,Europe/Berlin\n",
    "stops.txt": STOPS,
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr1,bus,1,3\nr2,bus,2,3\nrx,bus,X,0\nr9,bus,1,3\n",
    "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"{t[0]},w,{name}\n" for name, t in TRIPS.items()),
    "calendar.txt": f"service_id,{','.join(WEEKDAYS)},start_date,end_date\nw,1,1,1,1,0,0,0,20260309,20260312\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nf1,05:00:00,10:00:00,1800\n",
    "shapes.geojson": "kept as it is\n",
}


def write(folder: Path, **changed: str | None) -> Path:
    """Write the paper feed as folder/a.zip; keyword `stops` stands for stops.txt, None leaves a file out."""
    calls = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    for trip, (_route, *rows) in TRIPS.items():
        for n, row in enumerate(rows):
            stop, time = row.split()
            calls += f"{trip},{time}:00,{time}:00,{stop},{n}\n"
    files = TABLES | {"stop_times.txt": calls} | {f"{name}.txt": text for name, text in changed.items()}
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in files.items():
            if text is not None:
                z.writestr(name, text)
    return path


def edited(folder: Path, edits: str, **changed: str | None) -> Path:
    """Apply edits to the paper feed and return feed B."""
    a, listed, b = write(folder, **changed), folder / "edits.yaml", folder / "b.zip"
    listed.write_text(edits, encoding="utf-8")
    edit_feed(a, listed, b)
    return b


def clocks(path: Path, stop: str, day: datetime.date = TUESDAY, to: str = "") -> list[str]:
    """Return the departures at a stop, in order, that call next at `to` (anywhere when empty)."""
    t = cn.day_timetable(path, day)
    here = t.boards & (t.from_stop == t.index[stop]) if stop in t.index else []
    rows = [i for i in range(len(t.departs_s)) if len(here) and here[i] and (not to or t.stop_id[t.to_stop[i]] == to)]
    return [f"{t.departs_s[i] // 3600}:{t.departs_s[i] % 3600 // 60:02}" for i in rows]


def rows_of(path: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as z:
        return list(csv.DictReader(io.StringIO(z.read(table).decode())))


# --- add a line -------------------------------------------------------------------------------------------------------

LINE = """
title: Linie 9 stündlich
edits:
  - add_line: {name: "9", route_type: 3, stops: [Mühle, B, Bahnhof], minutes: [0, 5, 12], from: 06:00, to: "08:00", every_min: 60}
"""


def test_a_new_line_runs_both_ways_on_the_reference_day_only(tmp_path: Path) -> None:
    b = edited(tmp_path, LINE)
    assert clocks(b, "E", to="B") == ["6:00", "7:00", "8:00"]
    assert clocks(b, "B", to="D") == ["6:05", "7:05", "8:05"]
    assert clocks(b, "D", to="B") == ["6:00", "7:00", "8:00"]
    assert clocks(b, "B", to="E") == ["6:07", "7:07", "8:07", "8:25"]  # the last is o8 of A
    assert clocks(b, "E", WEDNESDAY) == []
    route = rows_of(b, "routes.txt")[-1]
    assert route == {"route_id": "new-1", "agency_id": "bus", "route_short_name": "9", "route_type": "3"}


def test_only_tables_that_changed_are_written_anew(tmp_path: Path) -> None:
    b = edited(tmp_path, LINE)
    with zipfile.ZipFile(tmp_path / "a.zip") as old, zipfile.ZipFile(b) as new:
        same = {n for n in old.namelist() if old.read(n) == new.read(n)}
        assert set(old.namelist()) - same == {"routes.txt", "trips.txt", "stop_times.txt", "frequencies.txt"}
        assert set(new.namelist()) - set(old.namelist()) == {"calendar_dates.txt"}
        assert {i.date_time for i in new.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_one_direction_every_day_and_a_station_gets_a_platform(tmp_path: Path) -> None:
    line = (
        "- add_line: {name: N, route_type: 3, stops: [A, D], km_h: 60, from: '10:00', to: '11:30', every_min: 30, "
        "both_directions: nein, days: every day}"
    )
    b = edited(tmp_path, line)
    assert [r["stop_id"] for r in rows_of(b, "stop_times.txt")[-2:]] == ["A1", "D"]  # A1 has more calls than A2
    for day in (TUESDAY, WEDNESDAY):
        assert clocks(b, "A", day, to="D")[-4:] == ["10:00", "10:30", "11:00", "11:30"]
    assert clocks(b, "D", to="A") == []
    # 0.3° of longitude at 53° N: 0.3 × 111.32 × cos 53° = 20.1 km (ellipsoid), at 60 km/h 20.1 minutes, rounded up
    first, last = rows_of(b, "stop_times.txt")[-2:]
    assert (first["departure_time"], last["arrival_time"]) == ("10:00:00", "10:21:00")


# --- another headway --------------------------------------------------------------------------------------------------

HALF_HOUR = "- change_headway: {line: r1, every_min: 30, from: '07:00', to: '08:45'}"


def test_another_headway_for_plain_trips(tmp_path: Path) -> None:
    b = edited(tmp_path, HALF_HOUR)
    # there: 7:00, 8:00 and the short 7:30 go, 6:00 and 9:00 lie outside, o8 (8:15) serves E and stays
    assert clocks(b, "C", to="D") == ["6:20", "7:20", "7:50", "8:20", "8:50", "9:20"]
    assert clocks(b, "B", to="E") == ["8:25"]
    assert clocks(b, "D", to="C") == ["6:30", "7:00", "7:30", "8:00", "8:30"]  # back: b8 goes, b6 stays
    # the other days are as they were
    assert clocks(b, "C", WEDNESDAY, to="D") == ["6:20", "7:20", "8:20", "9:20"]
    assert clocks(b, "B", WEDNESDAY, to="C") == ["6:10", "7:10", "7:40", "8:10", "9:10"]
    assert read_feed(b).findings == read_feed(tmp_path / "a.zip").findings


def test_another_headway_for_frequencies_keeps_what_lies_outside_the_window(tmp_path: Path) -> None:
    b = edited(tmp_path, "- change_headway: {line: '2', every_min: 20, from: '06:30', to: '07:30'}")
    # every 30 minutes 5:00 … 9:30; 6:30, 7:00, 7:30 go, 6:30, 6:50, 7:10, 7:30 come
    expected = ["5:00", "5:30", "6:00", "6:30", "6:50", "7:10", "7:30", "8:00", "8:30", "9:00", "9:30"]
    assert clocks(b, "A", to="D") == expected
    assert clocks(b, "A", WEDNESDAY, to="D") == [f"{h}:{m:02}" for h in range(5, 10) for m in (0, 30)]


def test_a_feed_of_one_day_needs_no_second_service(tmp_path: Path) -> None:
    dates = "service_id,date,exception_type\nw,20260310,1\n"
    b = edited(tmp_path, HALF_HOUR, calendar=None, calendar_dates=dates)
    assert clocks(b, "C", to="D") == ["6:20", "7:20", "7:50", "8:20", "8:50", "9:20"]
    assert [r["service_id"] for r in rows_of(b, "calendar_dates.txt")] == ["w", "edit-20260310"]
    assert {"p7", "p8", "s7", "b8"}.isdisjoint(r["trip_id"] for r in rows_of(b, "trips.txt"))
    assert {"p7", "p8", "s7", "b8"}.isdisjoint(r["trip_id"] for r in rows_of(b, "stop_times.txt"))


def test_edits_see_what_earlier_ones_did(tmp_path: Path) -> None:
    later = "\n- change_headway: {line: '9', every_min: 120, from: '05:00', to: '09:00'}\n"
    b = edited(tmp_path, LINE.partition("edits:\n")[2].replace("  - ", "- ") + later)
    assert clocks(b, "E", to="B") == ["5:00", "7:00", "9:00"]


# --- a closed stop ----------------------------------------------------------------------------------------------------


def test_at_a_closed_stop_vehicles_pass_through(tmp_path: Path) -> None:
    b = edited(tmp_path, "- close_stop: {stop: Markt}")
    feed = read_feed(b)
    counted = departures(feed, TUESDAY)
    assert "B" not in set(feed.groups["stop_id"].to_numpy()[counted["group"]])
    t = cn.day_timetable(feed, TUESDAY)
    assert clocks(b, "B") == []
    paths = cn.footpaths(t)
    to_d = scan.earliest_arrival(t, paths, scan.Place([t.index["A"]], [0]), 6 * 3600 + 60)
    assert to_d.ride_s[t.index["D"]] == 6 * 3600 + 50 * 60  # bus 2 at 6:30; without changing at B nothing is new
    assert to_d.ride_s[t.index["B"]] == scan.UNREACHABLE
    # A–C still takes 20 minutes, through B
    early = scan.earliest_arrival(t, paths, scan.Place([t.index["A"]], [0]), 6 * 3600)
    assert early.ride_s[t.index["C"]] == 6 * 3600 + 20 * 60


def test_a_closed_station_closes_all_its_platforms_a_platform_only_itself(tmp_path: Path) -> None:
    for given, closed in (("A", {"A1", "A2"}), ("A2", {"A2"})):
        b = edited(tmp_path, f"- close_stop: {{stop: {given}}}")
        rows = rows_of(b, "stop_times.txt")
        assert {r["stop_id"] for r in rows if r["pickup_type"] == r["drop_off_type"] == "1"} == closed
        assert {r["pickup_type"] for r in rows if r["stop_id"] not in closed} == {""}


# --- the same bytes, and nothing half-written -------------------------------------------------------------------------


def test_the_same_edits_give_the_same_bytes(tmp_path: Path) -> None:
    listed = LINE + HALF_HOUR.replace("- change", "  - change") + "\n  - close_stop: {stop: E}\n"
    first = edited(tmp_path, listed).read_bytes()
    assert edited(tmp_path, listed).read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "b.zip", "edits.yaml"]


ADD = "- add_line: {name: 'N', route_type: 3, stops: [A, D], minutes: [0, 9], from: '06:00', to: '08:00', every_min: 60}"


def changed(name: str, value: str) -> str:
    """The line above with one field changed, or taken out with ''."""
    fields = ["name: 'N'", "route_type: 3", "stops: [A, D]", "minutes: [0, 9]", "from: '06:00'", "to: '08:00'", "every_min: 60"]
    kept = [f for f in fields if not f.startswith(f"{name}:")] + ([f"{name}: {value}"] if value else [])
    return "- add_line: {" + ", ".join(kept) + "}"


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ("", "a list of edits is needed; allowed are add_line, change_headway, close_stop"),
        ("edits: []", "a list of edits is needed"),
        ("- [", "not readable as YAML"),
        ("titel: x", "the field 'titel' is not known; allowed are title, note, edits"),
        ("- fly: {}", "edit 1: fly; allowed is one of add_line, change_headway, close_stop"),
        ("- close_stop: {stop: B, when: now}", r"edit 1 \(close_stop\): the field 'when' is not known; allowed are stop"),
        (
            "- close_stop: {stop: B}\n- close_stop: {stop: Mrakt}",
            r"edit 2 \(close_stop\), stop: there is no stop 'Mrakt'.*nearest are 'Markt'",
        ),
        ("- close_stop: {stop: Kirche}", "'Kirche' is the name of 2 stops; allowed is one of the ids Y, Z"),
        ("- close_stop: {stop: N}", "the stop 'N' has no position in stops.txt"),
        ("- close_stop: {stop: B, stop: C}", "line 1: the field 'stop' stands there twice"),
        ("- close_stop: &a {stop: B}\n- close_stop: *a", "anchors and aliases are not allowed"),
        ("- close_stop: {stop: !!python/object/apply:os.system [ls]}", r"edit 1 \(close_stop\), stop: \['ls'\] is not allowed"),
        (changed("name", ""), r"edit 1 \(add_line\), name: is missing; allowed: the line's name, at most 40 characters"),
        (changed("route_type", "bus"), "route_type: 'bus' is not allowed; allowed: whole numbers from 0 to 1702"),
        (changed("stops", "[A]"), "stops: .* a list of 2 to 200 stop ids or exact names"),
        (changed("stops", "[A, A]"), "no stop twice in a row, as 'A' is"),
        (changed("stops", "[A, Bahnhoff]"), "there is no stop 'Bahnhoff'.*nearest are 'Bahnhof'"),
        (changed("minutes", "[0]"), "minutes: .* 2 rising numbers from 0"),
        (changed("minutes", "[0, 0]"), "2 rising numbers from 0"),
        (changed("minutes", "[5, 9]"), "2 rising numbers from 0"),
        (changed("minutes", "[0, nan]"), "2 rising numbers from 0"),
        (changed("minutes", ""), "either minutes .* or km_h"),
        (changed("km_h", "60"), "either minutes .* or km_h"),
        (changed("from", "6"), "from: '6' is not allowed; allowed: times as HH:MM from 00:00 to 29:59"),
        (changed("from", "'31:00'"), "from: '31:00' is not allowed"),
        (changed("to", "'05:00'"), "to: '05:00' is not allowed; allowed: times not before 06:00"),
        (changed("every_min", "0"), "every_min: '0' is not allowed; allowed: whole numbers from 1 to 1440 "),
        (changed("every_min", "7.5"), "every_min: '7.5' is not allowed"),
        (changed("both_directions", "vielleicht"), "both_directions: 'vielleicht' is not allowed; allowed: true or false"),
        (changed("days", "Sonntag"), "days: 'Sonntag' is not allowed; allowed: reference day or every day"),
        ("- change_headway: {line: '1', every_min: 30, from: '07:00', to: '08:00'}", "'1' is the name of 2 lines.*route_ids r1; r9"),
        ("- change_headway: {line: RX, every_min: 30, from: '07:00', to: '08:00'}", "there is no line 'RX'.*nearest are"),
        ("- change_headway: {line: [], every_min: 30, from: '07:00', to: '08:00'}", "line: is missing"),
    ],
)
def test_a_wrong_list_is_named_and_nothing_is_written(tmp_path: Path, edits: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=f"(?s)^edits.yaml.*{message}"):
        edited(tmp_path, edits)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "edits.yaml"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"stops": None}, "stops.txt is missing"),
        ({"trips": "route_id,trip_id\nr1,p6\n"}, "trips.txt: column service_id is missing"),
        ({"calendar": None}, "calendar.txt and calendar_dates.txt are both missing"),
        ({"calendar": TABLES["calendar.txt"].replace("20260309", "9. März")}, "'9. März' is no date"),
        ({"calendar": TABLES["calendar.txt"].replace("w,1,1,1,1", "w,0,0,0,0")}, "no service runs on any day"),
    ],
)
def test_a_feed_that_is_none_is_named_and_nothing_is_written(tmp_path: Path, tables: dict[str, str | None], message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        edited(tmp_path, ADD, **tables)
    assert not (tmp_path / "b.zip").exists()


def test_feed_b_never_overwrites_feed_a_and_stays_when_an_edit_fails(tmp_path: Path) -> None:
    a = write(tmp_path)
    listed = tmp_path / "edits.yaml"
    listed.write_text(ADD)
    before = a.read_bytes()
    with pytest.raises(InvalidFile, match="would overwrite feed A"):
        edit_feed(a, listed, a)
    with pytest.raises(InvalidFile, match="cannot be written"):
        edit_feed(a, listed, tmp_path / "nothing" / "b.zip")
    with pytest.raises(InvalidFile, match=r"edits\.yml: not readable"):
        edit_feed(a, tmp_path / "edits.yml", tmp_path / "b.zip")
    b = tmp_path / "b.zip"
    edit_feed(a, listed, b)
    good = b.read_bytes()
    listed.write_text(ADD + "\n- close_stop: {stop: Q}")
    with pytest.raises(InvalidFile):
        edit_feed(a, listed, b)
    assert (a.read_bytes(), b.read_bytes()) == (before, good)


# --- the real timetable -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_and_rb99(tmp_path_factory: pytest.TempPathFactory, own_day: cn.DayTimetable) -> tuple[cn.DayTimetable, cn.DayTimetable]:
    b = tmp_path_factory.mktemp("rb99") / "b.zip"
    report = edit_feed(OWN, DATA / "examples" / "rb99.yaml", b)
    assert report.title == "RB 99 stündlich"
    assert report.day == own_day.day
    return own_day, cn.day_timetable(report.feed, report.day)


def test_a_new_line_shortens_real_journeys_and_lengthens_none(own_and_rb99: tuple[cn.DayTimetable, cn.DayTimetable]) -> None:
    a, b = own_and_rb99
    assert list(a.stop_id) == list(b.stop_id)
    name = {n: i for i, n in enumerate(a.stop_name)}
    berlin, window = name["S+U Berlin Hauptbahnhof"], (7 * 3600, 9 * 3600)
    minutes, journeys, in_window = [], [], []
    change = dict(zip(a.stop_id, cn.footpaths(a).change_s.tolist(), strict=True))
    for t in (a, b):
        paths = cn.footpaths(t, change_times=change)  # a station must not get larger by a line
        found = scan.profile(t, paths, scan.around(paths, berlin), window)
        minutes.append(scan.reduce(found, scan.stop_access(paths)))
        journeys.append(found.travel_s[:120].astype(np.int64))
        # rides that set out within the window; `best` also knows those for which one waits beyond its end
        sets_out = np.arange(120)[:, None] * 60 + journeys[-1] - found.ride_s[:120]
        in_window.append(np.where(sets_out < 7200, found.ride_s[:120], scan.UNREACHABLE).min(axis=0))
    before, after = minutes
    rheinsberg, lindow = name["Rheinsberg, Bahnhof"], name["Lindow (Mark), Bahnhof"]
    assert after.best_s[rheinsberg] == 71 * 60  # the ride of the example file
    assert before.best_s[rheinsberg] > 90 * 60
    assert after.best_s[lindow] == (71 - 12) * 60
    assert (journeys[1] <= journeys[0]).all()
    assert (in_window[1] <= in_window[0]).all()
    for kind in ("median_s", "p90_s"):
        assert (getattr(after, kind) <= getattr(before, kind)).all(), kind
    assert (after.median_s < before.median_s).sum() > 100
    longer = np.flatnonzero(after.best_s > before.best_s)
    assert len(longer) < 10  # in A they wait beyond nine o'clock for a faster ride; now they arrive earlier by another
    assert (before.best_s[longer] < in_window[0][longer]).all()
