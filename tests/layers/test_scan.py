"""Connection scans: a timetable of ten trips whose every answer is worked out on paper."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.errors import InvalidParameter
from layers.reach import scan
from layers.reach.transit import connections as cn

MONDAY, TUESDAY, SATURDAY = datetime.date(2026, 3, 9), datetime.date(2026, 3, 10), datetime.date(2026, 3, 14)
NONE = scan.UNREACHABLE

# Ten trips. Village A, market B, station C with two platforms, bus stop D 334 m from C (334 × 1.3 / 1.25 m/s = 347 s: 6 minutes),
# main station Z. A change at C takes the 2 minutes of the rule: trains leave there in one direction or two.
#
#  t1  bus    A 7:00    B 7:10/7:11   D 7:20
#  t2  bus    A 7:30    B 7:38 (*)    D 7:50            (*) only to get on
#  t3  train  C 7:30    Z 8:00
#  t4  train  C 8:00    Z 8:24                          slower than t5 in the same minute
#  t5  train  C 8:00    Z 8:20
#  t6  bus    B 7:15    C 7:28
#  t7  train  Z 23:50   C 24:20       B 24:30
#  t8  bus    C 24:22   A 24:50
#  t9  bus    B 7:40    A 7:45        B 7:50   C 7:50   a loop, and a hop without duration
#  t10 train  C 8:05 (**) Z 8:10                        (**) only to get off
#
# To Z, leaving            A until 7:00: t1, D 7:20, on foot, C 7:26, t3            → 8:00
#                          A 7:01–7:45:  t2 (D 7:50, C 7:56) or t9 (C 7:50), t5     → 8:20; the later one leaves at 7:45: 35 minutes
#                          A later:      nothing
#                          B until 7:15: t1 (7:11) or t6 (C 7:28, on at 7:30), t3   → 8:00; at 7:15: 45 minutes
#                          B 7:16–7:50:  t2 at 7:38, t9 at 7:40 or at 7:50, t5      → 8:20; at 7:50: 30 minutes
#                          C until 7:30: t3 → 8:00; until 8:00: t5 → 8:20; 8:01–8:05: t10 takes nobody
TRIPS = {
    "t1": ("bus", "A 7:00 7:00", "B 7:10 7:11", "D 7:20 7:20"),
    "t2": ("bus", "A 7:30 7:30", "B 7:38 7:38 0 1", "D 7:50 7:50"),
    "t3": ("train", "C1 7:30 7:30", "Z 8:00 8:00"),
    "t4": ("train", "C1 8:00 8:00", "Z 8:24 8:24"),
    "t5": ("train", "C2 8:00 8:00", "Z 8:20 8:20"),
    "t6": ("bus", "B 7:15 7:15", "C2 7:28 7:28"),
    "t7": ("train", "Z 23:50 23:50", "C1 24:20 24:20", "B 24:30 24:30"),
    "t8": ("bus", "C2 24:22 24:22", "A 24:50 24:50"),
    "t9": ("bus", "B 7:40 7:40", "A 7:45 7:45", "B 7:50 7:50", "C2 7:50 7:50"),
    "t10": ("train", "C1 8:05 8:05 1 0", "Z 8:10 8:10"),
}
STOPS = """stop_id,stop_name,stop_lat,stop_lon,parent_station
A,Dorf,53.10,11.75,
B,Markt,53.05,11.75,
C,Bahnhof,53.00,11.75,
C1,Gleis 1,53.00,11.75,C
C2,Bussteig,53.00,11.75,C
D,Bahnhofsvorplatz,53.003,11.75,
Z,Hauptbahnhof,52.50,13.37,
"""
CALENDAR = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nw,1,1,1,1,1,0,0,20260302,20260331\n"


def at(text: str) -> int:
    """Return H:MM or H:MM:SS in seconds."""
    h, m, s = [*map(int, text.split(":")), 0][:3]
    return h * 3600 + m * 60 + s


def write(folder: Path, trips: dict[str, tuple[str, ...]] = TRIPS, **changed: str) -> Path:
    """Write a feed of trips: kind, then calls as "stop arrival departure [pickup_type drop_off_type]"."""
    calls = ["trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type"]
    for trip, (_kind, *rows) in trips.items():
        for n, row in enumerate(rows):
            stop, arrives, leaves, *flags = row.split()
            calls.append(f"{trip},{arrives}:00,{leaves}:00,{stop},{n},{','.join(flags or ('0', '0'))}")
    files = {
        "stops.txt": STOPS,
        "routes.txt": "route_id,route_type\nbus,3\ntrain,2\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"{kind},w,{trip}\n" for trip, (kind, *_rows) in trips.items()),
        "stop_times.txt": "\n".join(calls) + "\n",
        "calendar.txt": CALENDAR,
    } | {f"{name}.txt": text for name, text in changed.items()}
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in files.items():
            z.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> tuple[cn.DayTimetable, cn.Footpaths]:
    timetable = cn.day_timetable(write(tmp_path_factory.mktemp("paper")), TUESDAY)
    return timetable, cn.footpaths(timetable)


def only(timetable: cn.DayTimetable, stop: str) -> scan.Place:
    return scan.Place([timetable.index[stop]], [0])


def clocks(timetable: cn.DayTimetable, values: Any) -> dict[str, str]:
    """Return stop id → H:MM, '' for nothing."""
    known = {sid: int(values[i]) for sid, i in timetable.index.items()}
    return {sid: "" if v in (NONE, scan.NEVER) else f"{v // 3600}:{v % 3600 // 60:02}" for sid, v in known.items()}


def test_the_day_is_made_of_itself_the_night_before_and_the_night_after(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, _paths = paper
    assert timetable.days == (MONDAY, TUESDAY, TUESDAY + datetime.timedelta(days=1))
    assert list(timetable.stop_id) == ["A", "B", "C", "D", "Z"]  # platforms are gathered to their station
    # hops: t1 2, t2 2, t3–t6 1 each, t7 2, t8 1, t9 3, t10 1 = 15; of Monday those that leave at 24:20 and 24:22
    assert len(timetable.departs_s) == 17
    assert timetable.departs_s[:2].tolist() == [at("0:20"), at("0:22")]
    assert timetable.trips == 12
    assert timetable.is_rail.tolist() == [False, True, True, False, True]
    # west of 15° E on the sphere: 3.25° × 111.3 km × cos 53.1° = 217.2 km and 1.63° × 111.3 km × cos 52.5° = 110.4 km
    assert timetable.x_m[4] - timetable.x_m[0] == pytest.approx(106_800, abs=500)


def test_walks_and_changes_of_the_paper_timetable(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    c, d = timetable.index["C"], timetable.index["D"]
    assert paths.start.tolist() == [0, 0, 0, 1, 2, 2]
    assert paths.stop.tolist() == [d, c]
    assert paths.walk_s.tolist() == paths.transfer_s.tolist() == [360, 360]
    assert paths.change_s.tolist() == [120] * 5


def test_earliest_arrival_on_paper(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    found = scan.earliest_arrival(timetable, paths, only(timetable, "A"), at("7:00"))
    # C: on foot from D at 7:26; by ride with t6 at 7:28. A: back with t9
    assert clocks(timetable, found.stop_s) == {"A": "7:00", "B": "7:10", "C": "7:26", "D": "7:20", "Z": "8:00"}
    assert clocks(timetable, found.ride_s) == {"A": "7:45", "B": "7:10", "C": "7:28", "D": "7:20", "Z": "8:00"}
    later = scan.earliest_arrival(timetable, paths, only(timetable, "A"), at("7:01"))
    # nobody gets off t2 at B; at D with t2 at 7:50, from there on foot is later at C than t9 itself
    assert clocks(timetable, later.stop_s) == {"A": "7:01", "B": "7:50", "C": "7:50", "D": "7:50", "Z": "8:20"}


def test_the_night_bus_of_the_day_before_can_be_boarded(paper: tuple[cn.DayTimetable, cn.Footpaths], tmp_path: Path) -> None:
    timetable, paths = paper
    found = scan.earliest_arrival(timetable, paths, only(timetable, "C"), 0)
    assert clocks(timetable, found.ride_s) == {"A": "0:50", "B": "0:30", "C": "", "D": "", "Z": ""}
    monday = cn.day_timetable(write(tmp_path), MONDAY)  # nothing runs on the Sunday before
    found = scan.earliest_arrival(monday, cn.footpaths(monday), only(monday, "C"), 0)
    assert clocks(monday, found.ride_s)["A"] == ""


def test_trips_of_the_next_day_end_the_night(tmp_path: Path) -> None:
    early = TRIPS | {"t11": ("bus", "Z 3:59 3:59", "C1 4:10 4:10", "A 5:00 5:00")}
    timetable = cn.day_timetable(write(tmp_path, early), TUESDAY)
    # Wednesday's t11 starts before 4:00 and is there to its end; Wednesday's other trips are not
    assert timetable.departs_s[-2:].tolist() == [at("27:59"), at("28:10")]
    assert clocks(timetable, scan.last_connection(timetable, cn.footpaths(timetable), only(timetable, "Z"), at("28:10")))["C"] == "27:59"


def test_latest_departure_on_paper(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    found = scan.latest_departure(timetable, paths, only(timetable, "Z"), at("8:20"))
    assert clocks(timetable, found.ride_s) == {"A": "7:45", "B": "7:50", "C": "8:00", "D": "", "Z": ""}
    assert clocks(timetable, found.stop_s) == {"A": "7:45", "B": "7:50", "C": "8:00", "D": "7:54", "Z": "8:20"}
    before = scan.latest_departure(timetable, paths, only(timetable, "Z"), at("8:19"))
    assert clocks(timetable, before.stop_s) == {"A": "7:00", "B": "7:15", "C": "7:30", "D": "7:24", "Z": "8:19"}


def test_the_last_connection_home_on_paper(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    home = scan.last_connection(timetable, paths, only(timetable, "Z"), at("26:00"))
    assert clocks(timetable, home) == {"A": "23:50", "B": "23:50", "C": "23:50", "D": "23:50", "Z": "26:00"}
    # t8 is at A at 24:50, t7 at B at 24:30, on foot at D at 24:26
    home = scan.last_connection(timetable, paths, only(timetable, "Z"), at("24:27"))
    assert clocks(timetable, home) == {"A": "", "B": "", "C": "23:50", "D": "23:50", "Z": "24:27"}
    place = cn.Access(np.array([0, 1, 1]), np.array([timetable.index["A"]]), np.array([600]))  # a house ten minutes from A, one nowhere
    assert scan.last_connection(timetable, paths, only(timetable, "Z"), at("25:00"), place).tolist() == [at("23:50"), scan.NEVER]
    assert scan.last_connection(timetable, paths, only(timetable, "Z"), at("24:59"), place).tolist() == [scan.NEVER, scan.NEVER]


def test_change_times_decide_whether_a_train_is_caught(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, _paths = paper
    slow = cn.footpaths(timetable, change_times={"C": 180, "unknown": 600})
    # t6 is at C at 7:28: with 3 minutes t3 at 7:30 is gone; t9 at 7:50 still catches t5
    assert clocks(timetable, scan.earliest_arrival(timetable, slow, only(timetable, "B"), at("7:12")).stop_s)["Z"] == "8:20"
    assert clocks(timetable, scan.earliest_arrival(timetable, slow, only(timetable, "B"), at("7:11")).stop_s)["Z"] == "8:00"
    assert clocks(timetable, scan.last_connection(timetable, slow, only(timetable, "Z"), at("26:00")))["A"] == ""
    # leaving a station on foot is no quicker than changing inside it
    assert cn.footpaths(timetable, change_times={"C": 420}).transfer_s.tolist() == [420, 420]
    with pytest.raises(InvalidParameter, match="C: 0 s: at least 60 s"):
        cn.footpaths(timetable, change_times={"C": 0})


def test_profile_and_numbers_on_paper(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    found = scan.profile(timetable, paths, only(timetable, "Z"), (at("7:00"), at("8:00")), margin_s=600)
    assert found.travel_s.shape == (70, 5)
    a, b, c, d, z = range(5)
    nothing = [NONE] * 70
    assert found.travel_s[:, a].tolist() == [60 * 60] + [(80 - m) * 60 for m in range(1, 46)] + nothing[46:]
    assert found.ride_s[:, a].tolist() == [60 * 60] + [35 * 60] * 45 + nothing[46:]
    assert found.travel_s[:, b].tolist() == [(60 - m) * 60 for m in range(16)] + [(80 - m) * 60 for m in range(16, 51)] + nothing[51:]
    assert found.ride_s[:, b].tolist() == [45 * 60] * 16 + [30 * 60] * 35 + nothing[51:]
    assert found.travel_s[:, c].tolist() == [(60 - m) * 60 for m in range(31)] + [(80 - m) * 60 for m in range(31, 61)] + nothing[61:]
    assert found.travel_s[:, d].tolist() == nothing  # nobody boards at D
    assert found.travel_s[:, z].tolist() == [0] * 70
    # A: 35 … 79 once, 60 twice; the 30th of 60 is 63, the 54th is no connection
    # B: 30 … 64, and 45 … 60 twice; the 30th is 52
    # C: 30 … 60 and, at 7:31–7:59, 49 … 21: 21 … 60, of which 30 … 49 twice; the 30th: 21 … 29 are 9, 30 … 39 are 20, then 40
    #    the 54th: 21 … 49 are 49, then 50 … 54
    # D: 6 minutes more than C from 6 minutes later: at 7:00–7:24 60 … 36, at 7:25–7:54 55 … 26, then nothing
    #    26 … 35 are 10, 36 … 45 are 20, then 46 … 55 twice: the 30th is 45, the 54th: 30 + 20 are 50, 56 … 59 → 59
    reach = scan.reduce(found, cn.stop_access(paths))
    assert (reach.best_s // 60).tolist() == [35, 30, 20, 26, 0]
    assert (reach.median_s // 60).tolist() == [63, 52, 40, 45, 0]
    assert reach.p90_s.tolist() == [NONE, NONE, 54 * 60, 59 * 60, 0]


def test_the_longest_journey_counts_and_a_longer_one_does_not(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, paths = paper
    target = only(timetable, "Z")
    found = scan.profile(timetable, paths, target, (at("7:00"), at("7:05")), longest_s=77 * 60)
    assert found.travel_s[:5, 0].tolist() == [60 * 60, NONE, NONE, 77 * 60, 76 * 60]
    source = only(timetable, "A")
    assert scan.earliest_arrival(timetable, paths, source, at("7:03"), 77 * 60).stop_s[4] == at("8:20")
    assert scan.earliest_arrival(timetable, paths, source, at("7:02"), 77 * 60).stop_s[4] == NONE


def test_the_smallest_of_the_medians_is_not_the_median(tmp_path: Path) -> None:
    # two stops at the door, a bus every hour at each, half an hour apart, ten minutes to Z. Each stop alone: 10 … 69 minutes, the
    # 60th of 120 is 39. Together: 10 … 39, each four times, so the 60th is 24
    trips = {f"a{h}": ("bus", f"A {h}:00 {h}:00", f"Z {h}:10 {h}:10") for h in range(6, 12)}
    trips |= {f"b{h}": ("bus", f"B {h}:30 {h}:30", f"Z {h}:40 {h}:40") for h in range(6, 12)}
    timetable = cn.day_timetable(write(tmp_path, trips), TUESDAY)
    found = scan.profile(timetable, cn.footpaths(timetable), only(timetable, "Z"), (at("7:00"), at("9:00")))
    alone = scan.reduce(found, cn.Access(np.array([0, 1, 2]), np.array([0, 1]), np.array([0, 0])))
    assert (alone.median_s // 60).tolist() == [39, 39]
    both = scan.reduce(found, cn.Access(np.array([0, 2]), np.array([0, 1]), np.array([0, 0])))
    assert (both.best_s // 60, both.median_s // 60, both.p90_s // 60) == ([10], [24], [36])  # the 108th: 27 values four times
    # ten and a half minutes on foot to A count as eleven, three to B as three
    walking = scan.reduce(found, cn.Access(np.array([0, 2]), np.array([0, 1]), np.array([630, 180])))
    assert walking.best_s.tolist() == [13 * 60]


def test_two_walks_in_a_row_are_no_change(tmp_path: Path) -> None:
    # P – Q – R in a row, 334 m apart; R is 667 m from P, too far for one footpath
    stops = "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(f"{s},{s},{53 + n * 0.003},11.75\n" for n, s in enumerate("PQR"))
    stops += "S,S,53.2,11.75\nT,T,53.4,11.75\n"
    trips = {
        "in": ("bus", "S 7:00 7:00", "P 7:10 7:10"),
        "q": ("bus", "Q 7:16 7:16", "S 7:30 7:30"),
        "r": ("bus", "R 7:40 7:40", "T 8:00 8:00"),
    }
    timetable = cn.day_timetable(write(tmp_path, trips, stops=stops), TUESDAY)
    paths = cn.footpaths(timetable)
    found = scan.earliest_arrival(timetable, paths, only(timetable, "S"), at("7:00"))
    assert clocks(timetable, found.stop_s) == {"P": "7:10", "Q": "7:16", "R": "", "S": "7:00", "T": ""}
    assert clocks(timetable, found.ride_s)["S"] == "7:30"
    back = scan.profile(timetable, paths, only(timetable, "T"), (at("7:00"), at("7:01")))
    assert back.travel_s[0].tolist() == [NONE, NONE, 60 * 60, NONE, 0]


def test_frequencies_and_backward_trips(tmp_path: Path) -> None:
    trips = TRIPS | {"t11": ("bus", "A 9:00 9:00", "B 8:50 8:50", "D 9:30 9:30")}
    frequencies = "trip_id,start_time,end_time,headway_secs\nt5,08:00:00,09:00:00,1200\n"
    timetable = cn.day_timetable(write(tmp_path, trips, frequencies=frequencies), TUESDAY)
    assert timetable.backward_trips == 1
    z = timetable.to_stop == timetable.index["Z"]
    assert timetable.departs_s[z].tolist() == [at(t) for t in ("7:30", "8:00", "8:00", "8:05", "8:20", "8:40")]
    assert timetable.arrives_s[z].tolist()[-2:] == [at("8:40"), at("9:00")]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t, p: scan.earliest_arrival(t, p, scan.Place([5], [0]), 0), "place=stop 5: indices from 0 to 4"),
        (lambda t, p: scan.earliest_arrival(t, p, scan.Place([], []), 0), "at least one stop, and a walk for each"),
        (lambda t, p: scan.earliest_arrival(t, p, scan.Place([1], [-60]), 0), "place=walks of -60 to -60 s"),
        (lambda t, p: scan.profile(t, p, scan.Place([1], [0]), (0, 90)), "window_s=.*whole minutes, the end after the start"),
        (lambda t, p: scan.around(p, -1), "stop=stop -1: indices from 0 to 4"),
        (lambda t, p: scan.stops_named(t, ["A", "Q"]), "stop_id=Q: stops served on 2026-03-10"),
        (
            lambda t, p: scan.reduce(
                scan.profile(t, p, scan.Place([1], [0]), (0, 60), margin_s=60), cn.Access(np.array([0, 1]), np.array([1]), np.array([61]))
            ),
            "places=walks of 61 to 61 s: 0 to 60 s, the margin of the profile",
        ),
        (
            lambda t, p: scan.reduce(
                scan.profile(t, p, scan.Place([1], [0]), (0, 60)), cn.Access(np.array([0, 2]), np.array([1]), np.array([0]))
            ),
            "places=2 starts, 1 stops, 1 walks",
        ),
    ],
)
def test_what_is_asked_wrongly_is_named(paper: tuple[cn.DayTimetable, cn.Footpaths], ask: Any, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        ask(*paper)


def test_a_day_the_feed_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="day=2026-03-14: the feed runs on 2026-03-02 to 2026-03-31"):
        cn.day_timetable(write(tmp_path), SATURDAY)


def test_stops_around_a_house_are_measured_as_the_crow_flies(paper: tuple[cn.DayTimetable, cn.Footpaths]) -> None:
    timetable, _paths = paper
    c = timetable.index["C"]
    near = cn.access(timetable, [timetable.x_m[c] + 300, 0.0, timetable.x_m[c]], [timetable.y_m[c] + 400, 0.0, timetable.y_m[c]])
    # 500 m from C: 520 s, 9 minutes; D lies 334 m north of C, so √(300² + 66²) = 307 m away: 320 s, 6 minutes
    assert near.start.tolist() == [0, 2, 2, 4]
    assert near.stop.tolist() == [c, timetable.index["D"]] * 2
    assert near.walk_s.tolist() == [540, 360, 0, 360]
