"""The map: from a change of the filter to what is painted, in Chromium, against Leaflet.markercluster and supercluster on the same rows;
counts in the server against one pass of SQL; sizes on the wire.

Peers come from npm (`npm pack`, versions below) and are left out where npm is not there.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import threading
from pathlib import Path
from typing import Any

import brotli
import numpy as np

from benchmarks.run import ROOT, interleaved
from benchmarks.synthetic import scaled

PEERS = {"leaflet.markercluster": "1.5.3", "supercluster": "8.0.1"}
SIZES = (20_000, 200_000)
FAR = 2_000_000
FIRSTS = 7  # openings of the page, of which the median counts
PAGE = """<!doctype html><html lang="de"><meta charset="utf-8"><link rel="stylesheet" href="leaflet/leaflet.css">
<style>#map { width: 1200px; height: 800px }</style><div id="map"></div>
<script src="leaflet/leaflet.js"></script>{scripts}<script type="module" src="run.js"></script>"""
COMMON = """
const BOX = [[51.36, 11.27], [53.56, 14.77]];
const USES = ["workshop", "studio", "stage", "office", "coworking", "meeting", "education", "culture"];
const SIZES = ["rural", "small_town_s", "small_town_l", "medium_town_s"];
const KINDS = [(k) => `town_size=${SIZES[k % 4]}`, (k) => `target_use=${USES[k % 8]}`, (k) => `transit=${"ABCDEF"[k % 6]}`];
const queries = Array.from({ length: 24 }, (_v, k) => KINDS[k % 3](Math.floor(k / 3)));
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
const map = L.map("map", { zoomControl: false, maxZoom: 18, zoomAnimation: false, fadeAnimation: false }).fitBounds(BOX);
const median = (found) => found.sort((a, b) => a - b)[Math.floor(found.length / 2)];
const measured = (change) => (location.search ? {} : measure(change)); // of a page that is opened for its first picture alone
async function measure(change) {
  const [found, work] = [[], []];
  for (const query of queries) {
    await painted();
    const start = performance.now();
    await change(query);
    work.push(performance.now() - start); // everything is drawn; what follows is waiting for the screen
    await painted();
    found.push(performance.now() - start);
  }
  return { median: median(found), work: median(work) };
}
"""
OURS = """
import { Hits } from "./js/hits.js";
import { Points } from "./js/points.js";
const settings = { snapshot: "data/", worker: "js/hits_worker.js", today: "2026-11-25" };
const classes = [..."ABCDEFG", ""].map((value) => ({ value, colour: "#57722b" }));
const start = performance.now();
const hits = new Hits(settings);
const loading = hits.load();
const points = new Points(() => {}, { classes, drawn: "transit_class" });
map.addLayer(points); // while the data are on their way, as on the page
await loading;
points.show(hits.table, (await hits.ask(new URLSearchParams())).rows);
await painted();
const first = performance.now() - start;
await hits.more();
const compute = [];
const change = async (query) => {
  const t = performance.now();
  const found = await hits.ask(new URLSearchParams(query));
  compute.push(performance.now() - t);
  points.show(hits.table, found.rows);
};
const filter = await measured(change);
window.result = { first, ...filter, compute: median(compute) };
"""
CLUSTERER = """
const start = performance.now();
const features = (await (await fetch("data/rows.geojson")).json()).features;
const test = (query) => {
  const [name, value] = query.split("=");
  if (name === "town_size") return (p) => p.town_size_class === value;
  if (name === "transit") return (p) => p.transit_class && p.transit_class <= value;
  return (p) => p.target_uses.includes(value);
};
"""
MARKERS = """
const options = { chunkedLoading: false, animate: false, maxClusterRadius: 72 };
const group = L.markerClusterGroup(options).addTo(map);
const marker = (f) => L.marker([f.geometry.coordinates[1], f.geometry.coordinates[0]]);
const markers = features.map(marker);
group.addLayers(markers);
await painted();
const first = performance.now() - start;
const filter = await measured(async (query) => {
  const keep = test(query);
  group.clearLayers();
  group.addLayers(markers.filter((_m, i) => keep(features[i].properties)));
});
window.result = { first, ...filter };
"""
SUPER = """
const renderer = L.canvas();
const group = L.layerGroup().addTo(map);
const draw = (kept) => {
  const index = new Supercluster({ radius: 72, maxZoom: 17 }).load(kept);
  group.clearLayers();
  const b = map.getBounds();
  for (const { geometry } of index.getClusters([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], Math.floor(map.getZoom()))) {
    L.circleMarker([geometry.coordinates[1], geometry.coordinates[0]], { renderer, radius: 12 }).addTo(group);
  }
};
draw(features);
await painted();
const first = performance.now() - start;
const filter = await measured(async (query) => draw(features.filter((f) => test(query)(f.properties))));
window.result = { first, ...filter };
"""


def peers(folder: Path) -> dict[str, Path]:
    """Fetch the peers' packages; returns their scripts."""
    npm = shutil.which("npm")
    if npm is None:
        print("  npm is not there: the peers are left out")
        return {}
    for name, release in PEERS.items():
        told = subprocess.run([npm, "pack", "--silent", f"{name}@{release}"], cwd=folder, capture_output=True, text=True, check=True)
        with tarfile.open(folder / told.stdout.split()[-1]) as archive:
            archive.extractall(folder / name, filter="data")
    found = {name: next((folder / name / "package" / "dist").glob(f"{name}.js"), None) for name in PEERS}
    return {name: path for name, path in found.items() if path}


def geojson(table: Any, names: list[str]) -> bytes:
    """Rows with the same columns as GeoJSON, with keys of eight letters."""
    from geo import crs
    from geo.columnar import CM

    lon, lat = crs.transformer(crs.STORAGE, crs.WEB).transform(table.x / CM, table.y / CM)

    def said(name: str) -> list[Any]:
        codes, low, values = table.columns[name].tolist(), table.low[name], table.values.get(name)
        if values and low == 1 and name in ("target_uses", "possible_uses", "disposal"):
            return [[v for i, v in enumerate(values) if bits >> i & 1] for bits in codes]
        if values:
            places = ["", *values[low:]]
            return [places[code] for code in codes]
        return [code + low - 1 if code else None for code in codes]

    columns = {name: said(name) for name in names}
    letters = np.array(list("abcdefghjkmnpqrstuvwxyz23456789"))
    keys = ["".join(row) for row in letters[np.random.default_rng(2).integers(0, len(letters), (len(table), 8))]]
    features = [
        {
            "type": "Feature",
            "id": keys[i],
            "geometry": {"type": "Point", "coordinates": [round(lon[i], 6), round(lat[i], 6)]},
            "properties": {name: column[i] for name, column in columns.items()},
        }
        for i in range(len(table))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word; what ends in .bin or kriterien.json is packed."""

    def log_message(self, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        if "/data/" in self.path and not self.path.endswith(".geojson"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


def in_browser(folder: Path, name: str, script: str, scripts: str = "") -> dict[str, float]:
    """Run a script on the bench page; returns what it measured (ms)."""
    from playwright.sync_api import sync_playwright

    (folder / "run.js").write_text(script)
    (folder / f"{name}.html").write_text(PAGE.replace("{scripts}", scripts))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        address = f"http://127.0.0.1:{server.server_port}/{name}.html"

        def opened(query: str) -> dict[str, float]:
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            page.on("pageerror", lambda error: print("   ", error))
            page.goto(address + query)
            page.wait_for_function("window.result", timeout=240_000)
            found = dict(page.evaluate("window.result"))
            page.close()
            return found

        try:
            found = opened("")
            return {**found, "first": statistics.median(opened("?first")["first"] for _i in range(FIRSTS))}
        except Exception as error:
            print(f"    {name}: {str(error).splitlines()[0]}")
            return {}
        finally:
            browser.close()
            server.shutdown()


def tell_sizes(table: Any, parts: dict[str, bytes], names: list[list[str]]) -> None:
    """Print what goes over the wire: by Brotli, as browsers get it once it is packed, by gzip at first, and GeoJSON by gzip."""
    rows, whole = len(table), [n for part in names for n in part]
    keys = round(5.2 * rows)  # eight letters of 31, packed; loaded when a row is pointed at
    for told, mine, columns, more in (
        ("to paint and filter first", ["zuerst.bin"], names[0], 0),
        ("all that can be filtered", list(parts), whole, 0),
        ("and the keys", list(parts), whole, keys),
    ):
        plain = len(gzip.compress(geojson(table, columns), 9))
        sizes = {"br": sum(len(brotli.compress(parts[n])) for n in mine), "gz": sum(len(gzip.compress(parts[n], 9)) for n in mine)}
        shares = ", ".join(f"{how} {(n + more) / rows:4.1f} B a row: {(n + more) / plain:.2f}" for how, n in sizes.items())
        print(f"  {rows:,} rows, {told:<25} of GeoJSON {plain / 1e6:.2f} MB: {shares}")


def compare(base: Any, plan: tuple[list[Any], list[Any]], criteria: bytes, rows: int, folder: Path, found: dict[str, Path]) -> None:
    """Measure one size in the browser, ours and the peers'."""
    from layers.publish.snapshot.packing import pack

    table = scaled(base, rows)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    names = [[c.name for c in part] for part in plan]
    parts = {"zuerst.bin": pack(table, names[0], positions=True), "dann.bin": pack(table, names[1], positions=False, known=names[0])}
    for name, content in {**parts, "kriterien.json": criteria}.items():
        (data / name).write_bytes(gzip.compress(content, 9))
    (data / "rows.geojson").write_bytes(geojson(table, names[0]))
    tell_sizes(table, parts, names)
    ours = in_browser(folder, "ours", COMMON + OURS)
    told = f"first paint {ours['first']:7.0f} ms  filter {ours['median']:6.1f} ms, work {ours['work']:6.1f} ms"
    print(f"    {'ours':<21} {told}  (answer {ours['compute']:.1f} ms)")
    scripts = {"leaflet.markercluster": MARKERS, "supercluster": SUPER}
    for name, path in found.items():
        if rows > SIZES[0] and name == "leaflet.markercluster":
            continue  # half an hour for 24 changes
        shutil.copy(path, folder / path.name)
        peer = in_browser(folder, name, COMMON + CLUSTERER + scripts[name], f'<script src="{path.name}"></script>')
        if peer:
            shares = f"ours: first 1/{peer['first'] / ours['first']:.1f}, work 1/{peer['work'] / ours['work']:.1f}"
            told = f"first paint {peer['first']:7.0f} ms  filter {peer['median']:6.1f} ms, work {peer['work']:6.1f} ms"
            print(f"    {name:<21} {told}  {shares}")


def count_far(base: Any) -> None:
    """Counts and circles of two million rows in the server."""
    from geo.criteria import Choice
    from layers.publish.snapshot.counting import Counter
    from layers.publish.snapshot.spots import spots_of, world_of
    from vacancies.filters import VacancyFilter

    facets = [c for c in VacancyFilter.criteria if isinstance(c, Choice) and c.name in ("town_size", "transit", "target_use")]
    for rows in (*SIZES, FAR):
        table = scaled(base, rows)
        world = world_of(table)
        counter = Counter(table, functools.partial(np.zeros, rows, bool))
        _print_far(counter, facets, functools.partial(spots_of, world), len(table.values["transit_class"]) + 2)


def _print_far(counter: Any, facets: list[Any], gather: Any, classes: int) -> None:
    from vacancies.filters import VacancyFilter

    wanted, everything = VacancyFilter.parse("transit=C&target_use=workshop,studio&berlin_max=90"), VacancyFilter()
    found = interleaved(
        15,
        counts_of_all=lambda: counter.hits_by_option(everything, facets),
        counts_narrowed=lambda: counter.hits_by_option(wanted, facets),
        circles=lambda: gather(counter.rows(wanted), counter.table.columns["transit_class"], classes, 7, (0.0, 0.0, 256.0, 256.0)),
    )
    options = sum(len(counter.options(f)) for f in facets)
    told = ", ".join(f"{name.replace('_', ' ')} {ms:.2f} ms" for name, ms in found.items())
    print(f"  server, {len(counter.table):,} rows, {options} counts: {told}")


def scripts_of_the_map() -> list[bytes]:
    """Return all that the map's page loads by itself, as it is served: Leaflet, its modules, and what they import."""
    import leaflet
    from rjsmin import jsmin

    folders = ROOT / "web" / "templates" / "map.html", ROOT / "web" / "static" / "js"
    waiting, found = re.findall(r'static "js/([\w.]+)"', folders[0].read_text()), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'(?:from|import) "\./([\w.]+)"', (folders[1] / name).read_text())
    own = [jsmin((folders[1] / name).read_text()).encode() for name in sorted(found)]
    return [(Path(leaflet.__file__).parent / "static" / "leaflet" / "leaflet.js").read_bytes(), *own]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    import leaflet

    from layers.publish.snapshot import store
    from vacancies.published import VACANCIES

    print(f"  scripts of the map with Leaflet: {sum(len(gzip.compress(t, 9)) for t in scripts_of_the_map()) / 1e3:.1f} kB gz")
    snapshot = store.current(VACANCIES)
    plan, criteria = store._columns(VACANCIES), gzip.decompress((snapshot.folder / "kriterien.json.gz").read_bytes())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "web" / "static" / "js", folder / "js")
        shutil.copytree(Path(leaflet.__file__).parent / "static" / "leaflet", folder / "leaflet")
        found = peers(folder)
        for rows in SIZES:
            compare(snapshot.table, plan, criteria, rows, folder, found)
    count_far(snapshot.table)


if __name__ == "__main__":
    main()
