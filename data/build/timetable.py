"""Make data/timetable/vbb-2021-04-20.zip: the VBB timetable of one Tuesday and the Saturday after as a small GTFS feed.

Every schedule of the source (one stop pattern with many start times) becomes one template trip; its starts become
rows of frequencies.txt with exact_times=1 and room for a single departure each. That is exact, standard and compact.
Trips of the day before that run past midnight, and those of the day after that start before four, are kept under
services of their own.

Run: `python data/build/timetable.py`
"""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent))

from packages import unpacked

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = (datetime(2021, 4, 20, tzinfo=BERLIN), datetime(2021, 4, 24, tzinfo=BERLIN))
NIGHT_S = 4 * 3600  # what starts so early belongs to the night of the day before
TARGET = Path(__file__).resolve().parent.parent / "timetable" / "vbb-2021-04-20.zip"
LONGEST_TRIP_S = 12 * 3600  # one trip of the source jumps by 24 h
TYPES = {"suburban": 109, "subway": 400, "tram": 900, "bus": 700, "ferry": 1000, "regional": 100, "express": 102}


def clock(seconds: int) -> str:
    """Return seconds since midnight as H:MM:SS, beyond 24 h as GTFS writes it."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def main() -> None:
    stations = json.loads((unpacked("vbb-stations@7.3.1") / "package" / "full.json").read_text())
    folder = unpacked("vbb-trips@3.13.1") / "package" / "data"
    lines = {}
    for text in (folder / "lines.ndjson").read_text().splitlines():
        line = json.loads(text)
        lines[line["id"]] = line
    around = {day + timedelta(days=n): n for day in DAYS for n in (-1, 0, 1)}  # date → before, on or after a day of ours
    trips, times, frequencies, used, routes = [], [], [], set(), {}
    with (folder / "schedules.ndjson").open() as file:
        for text in file:
            s = json.loads(text)
            steps = s["sequence"]
            calls = list(zip(s["route"]["stops"], steps, strict=True))
            while len(calls) > 1 and calls[-1][1]["arrival"] > LONGEST_TRIP_S:
                calls.pop()
            if len(calls) < 2:
                continue
            length = calls[-1][1]["arrival"]
            for midnight, side in around.items():
                since = [t - int(midnight.timestamp()) for t in s["starts"]]
                whole_day = [t for t in since if 0 <= t < 86_400]
                begins = [t for t in whole_day if side == 0 or (side < 0 and t + length >= 86_400) or (side > 0 and t < NIGHT_S)]
                if not begins:
                    continue
                service = f"{midnight:%a}".lower()
                trip = len(trips) + 1
                line = lines[s["route"]["line"]]
                routes[line["id"]] = line
                trips.append((line["id"], service, trip))
                for n, (stop, step) in enumerate(calls):
                    used.add(stop)
                    arrival, departure = step["arrival"], max(step["departure"], step["arrival"])
                    times.append((trip, clock(arrival), clock(departure), stop, n))
                for begin in sorted(set(begins)):
                    frequencies.append((trip, clock(begin), clock(begin + 60), 60, 1))
    stops = []
    for sid in sorted(stations):
        station = stations[sid]
        children = [c for c in station["stops"] if c["id"] in used and c["id"] != sid]
        if not children and sid not in used:
            continue
        at = station["location"]
        stops.append((sid, station["name"], f"{at['latitude']:.6f}", f"{at['longitude']:.6f}", 1 if children else 0, ""))
        used.discard(sid)
        for c in sorted(children, key=lambda c: c["id"]):
            at = c["location"]
            stops.append((c["id"], c["name"], f"{at['latitude']:.6f}", f"{at['longitude']:.6f}", 0, sid))
            used.discard(c["id"])
    if used:
        raise SystemExit(f"{len(used)} stops of the timetable are in no station, e.g. {sorted(used)[:3]}")
    kinds = {}
    for lid, line in sorted(routes.items()):
        suffix = lid.rsplit("_", 1)[-1]
        kinds[lid] = int(suffix) if suffix.isdigit() else TYPES.get(line.get("product", "bus"), 700)
    url = "https://www.vbb.de"
    tables = {
        "agency.txt": [("agency_id", "agency_name", "agency_url", "agency_timezone"), ("vbb", "VBB", url, "Europe/Berlin")],
        "feed_info.txt": [
            ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date", "feed_version"),
            ("VBB Verkehrsverbund Berlin-Brandenburg GmbH", url, "de", "20210419", "20210425", "2021-04-20"),
        ],
        "attributions.txt": [
            ("attribution_id", "organization_name", "is_producer"),
            ("1", "Datenquelle: VBB Verkehrsverbund Berlin-Brandenburg GmbH", 1),
        ],
        "calendar_dates.txt": [
            ("service_id", "date", "exception_type"),
            *((f"{d:%a}".lower(), f"{d:%Y%m%d}", 1) for d in sorted(around)),
        ],
        "stops.txt": [("stop_id", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"), *stops],
        "routes.txt": [
            ("route_id", "agency_id", "route_short_name", "route_type"),
            *((lid, "vbb", line["name"], kinds[lid]) for lid, line in sorted(routes.items())),
        ],
        "trips.txt": [("route_id", "service_id", "trip_id"), *trips],
        "stop_times.txt": [("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), *times],
        "frequencies.txt": [("trip_id", "start_time", "end_time", "headway_secs", "exact_times"), *frequencies],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, rows in tables.items():
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows(rows)
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), out.getvalue(), zipfile.ZIP_DEFLATED, 9)
    print(f"{len(trips)} patterns, {len(frequencies)} trips, {len(times)} calls, {len(stops)} stops: {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
