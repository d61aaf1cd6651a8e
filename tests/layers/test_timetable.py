"""Feeds made by hand, with departures counted by hand."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from geo.errors import InvalidFile
from layers.reach import timetable as tt
from layers.sources import OWN_DAY, OWN_FEED

TUESDAY = datetime.date(2026, 3, 10)
BASE = {
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,parent_station\n"
        "S,Bahnhof,53.0,11.75,\nP1,Gleis 1,53.0,11.75,S\nP2,Gleis 2,53.0,11.75,S\nB,Markt,53.01,11.76,\n"
    ),
    "routes.txt": "route_id,route_type\nRE,100\nbus,3\n",
    "trips.txt": "route_id,service_id,trip_id\nRE,w,t1\nbus,w,t2\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,07:00:00,07:01:00,P1,1\nt1,07:30:00,07:30:00,B,2\n"
        "t2,19:59:59,19:59:59,B,1\nt2,20:10:00,20:10:00,P2,2\nt2,20:20:00,20:20:00,B,3\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nw,1,1,1,1,1,0,0,20260302,20260331\n"
    ),
}


def feed(folder: Path, **changed: str | None) -> Path:
    """Write a feed; keyword `stops` stands for stops.txt, None leaves a file out."""
    files = BASE | {f"{name}.txt": text for name, text in changed.items()}
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in files.items():
            if text is not None:
                z.writestr(name, text)
    return path


def counted(path: Path, day: datetime.date = TUESDAY) -> dict[str, tuple[int, int]]:
    """Return stop group → (departures 6–20 h, in the day)."""
    read = tt.read_feed(path)
    table = tt.departures(read, day).groupby("group")[["in_window", "in_day"]].sum()
    return {read.groups.loc[g, "name"]: (int(r.in_window), int(r.in_day)) for g, r in table.iterrows()}


def test_platforms_count_for_their_station_and_last_stops_do_not_count(tmp_path: Path) -> None:
    # station: t1 leaves P1 at 7:01, t2 leaves P2 at 20:10 (after the window); market: t2 leaves at 19:59:59
    assert counted(feed(tmp_path)) == {"Bahnhof": (1, 2), "Markt": (1, 1)}


def test_calendar_dates_alone_and_both_with_exceptions(tmp_path: Path) -> None:
    alone = feed(tmp_path, calendar=None, calendar_dates="service_id,date,exception_type\nw,20260310,1\n")
    assert tt.read_feed(alone).days == [TUESDAY]
    both = feed(tmp_path, calendar_dates="service_id,date,exception_type\nw,20260310,2\nw,20260314,1\n")
    days = tt.read_feed(both).days
    assert TUESDAY not in days
    assert datetime.date(2026, 3, 14) in days  # a Saturday
    assert len(days) == 22  # 22 working days, one taken, one added


def test_frequencies_repeat_the_trip(tmp_path: Path) -> None:
    # t1 every 30 minutes from 6:00 until before 8:00: 6:00, 6:30, 7:00, 7:30 at the first stop's departure
    path = feed(tmp_path, frequencies="trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,1800\n")
    assert counted(path)["Bahnhof"] == (4, 5)


def test_trips_past_midnight_count_on_the_next_day(tmp_path: Path) -> None:
    late = BASE["stop_times.txt"] + "t3,24:30:00,24:30:00,B,1\nt3,30:10:00,30:10:00,P1,2\nt3,30:20:00,30:20:00,B,3\n"
    path = feed(tmp_path, stop_times=late, trips=BASE["trips.txt"] + "bus,w,t3\n")
    assert counted(path) == {"Bahnhof": (2, 3), "Markt": (1, 2)}  # Monday's t3: 0:30 at the market, 6:10 at the station
    monday = datetime.date(2026, 3, 9)
    assert counted(path, monday) == {"Bahnhof": (1, 2), "Markt": (1, 1)}  # no service on the Sunday before


def test_byte_order_mark_line_ends_blanks_and_folders(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in BASE.items():
            z.writestr(f"gtfs/{name}", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").replace(",stop_name", ", stop_name").encode())
    assert counted(path) == {"Bahnhof": (1, 2), "Markt": (1, 1)}


def test_stops_at_zero_and_missing_parents_are_findings(tmp_path: Path) -> None:
    stops = BASE["stops.txt"].replace("B,Markt,53.01,11.76,", "B,Markt,0,0,").replace("P2,Gleis 2,53.0,11.75,S", "P2,Gleis 2,53.0,11.75,X")
    path = feed(tmp_path, stops=stops)
    assert counted(path) == {"Bahnhof": (1, 1), "Gleis 2": (0, 1)}
    texts = [f.text for f in tt.read_feed(path).findings]
    assert tt.NO_POSITION in texts
    assert tt.NO_PARENT in texts
    assert "departures at stops without a position are not counted" in texts


def test_times_between_timing_points_are_interpolated(tmp_path: Path) -> None:
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,05:00:00,05:00:00,B,1\nt1,,,P1,2\nt1,09:00:00,09:00:00,B,3\n"
    assert counted(feed(tmp_path, stop_times=times)) == {"Markt": (0, 1), "Bahnhof": (1, 1)}  # 7:00 at the station


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stops": None}, "stops.txt is missing"),
        ({"stops": "stop_id,stop_name\nS,x\n"}, "stops.txt: column stop_lat, stop_lon is missing"),
        ({"calendar": None}, "calendar.txt and calendar_dates.txt are both missing"),
        ({"calendar": BASE["calendar.txt"].replace("20260302", "2.3.2026")}, "'2.3.2026' is no date; expected YYYYMMDD"),
    ],
)
def test_what_is_wrong_with_a_feed_is_named(tmp_path: Path, changed: dict[str, str | None], message: str) -> None:
    with pytest.raises(InvalidFile, match=message.replace(".", r"\.")):
        tt.read_feed(feed(tmp_path, **changed))


def test_what_is_no_zip_or_a_bomb_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "feed.zip"
    text.write_text("no zip")
    with pytest.raises(InvalidFile, match="not a zip file"):
        tt.read_feed(text)
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("stop_times.txt", b"0" * 60_000_000)
    with pytest.raises(InvalidFile, match="ratio"):
        tt.read_feed(text)


def test_the_busiest_working_day_is_chosen(tmp_path: Path) -> None:
    dates = "service_id,date,exception_type\nw,20260309,1\nw,20260310,1\nw,20260311,1\nx,20260311,1\nw,20260312,1\nw,20260313,1\n"
    path = feed(tmp_path, calendar=None, calendar_dates=dates, trips=BASE["trips.txt"].replace("bus,w,t2", "bus,x,t2"))
    assert tt.choose_day(tt.read_feed(path)) == datetime.date(2026, 3, 11)


def by_hand(names: set[str]) -> dict[str, Counter[str]]:
    """Count the departures at stations straight from the feed's text: no table, no array."""

    def rows(z: zipfile.ZipFile, name: str):  # type: ignore[no-untyped-def]
        return csv.DictReader(io.TextIOWrapper(z.open(name), "utf-8-sig"))

    def seconds(text: str) -> int:
        h, m, s = map(int, text.split(":"))
        return h * 3600 + m * 60 + s

    with zipfile.ZipFile(OWN_FEED) as z:
        station = {r["stop_id"]: r["stop_name"] for r in rows(z, "stops.txt") if r["stop_name"] in names and not r["parent_station"]}
        heads = {r["stop_id"]: r["parent_station"] or r["stop_id"] for r in rows(z, "stops.txt")}
        at = {stop: station[head] for stop, head in heads.items() if head in station}
        service = {r["trip_id"]: r["service_id"] for r in rows(z, "trips.txt")}
        starts: dict[str, list[int]] = {}
        for r in rows(z, "frequencies.txt"):
            starts.setdefault(r["trip_id"], []).append(seconds(r["start_time"]))
        last: dict[str, int] = {}
        first: dict[str, int] = {}
        calls = []
        for r in rows(z, "stop_times.txt"):
            n = int(r["stop_sequence"])
            last[r["trip_id"]] = max(last.get(r["trip_id"], 0), n)
            if n == 0:
                first[r["trip_id"]] = seconds(r["departure_time"])
            if r["stop_id"] in at:
                calls.append((r["trip_id"], n, seconds(r["departure_time"]), at[r["stop_id"]]))
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for trip, n, offset, name in calls:
        if n == last[trip] or service[trip] not in ("mon", "tue"):
            continue
        for start in starts[trip]:
            time = start + offset - first[trip] - (86_400 if service[trip] == "mon" else 0)
            if 0 <= time < 86_400:
                found[name]["day"] += 1
                found[name]["window"] += 6 * 3600 <= time < 20 * 3600
    return found


def test_three_real_stations_counted_independently(own_feed: tt.Feed) -> None:
    names = {"Wittenberge, Bahnhof", "Luckenwalde, Bahnhof", "Eberswalde, Hauptbahnhof"}
    table = tt.departures(own_feed, OWN_DAY).groupby("group")[["in_window", "in_day"]].sum()
    for name, counts in by_hand(names).items():
        group = own_feed.groups.index[own_feed.groups["name"] == name]
        assert len(group) == 1, name
        assert table.loc[group[0]].tolist() == [counts["window"], counts["day"]], name
        assert counts["day"] > 100


def test_the_own_feed_has_no_findings_and_its_one_day(own_feed: tt.Feed) -> None:
    assert own_feed.findings == []
    assert tt.choose_day(own_feed) == OWN_DAY
