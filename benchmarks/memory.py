"""Memory of each process of the server after a mixed load: pages, map data, WMS, WFS, OGC API, one file of each format."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from benchmarks.run import database
from benchmarks.serving import ROOT, serving

LIMIT_MB = 200
ROUNDS, AT_ONCE = 3, 3  # a process of the server sends two files and has one wait
WMS = "/ogc/wms?SERVICE=WMS&VERSION=1.3.0&STYLES=&CRS=EPSG:25833&WIDTH=1024&HEIGHT=1024&BBOX=230000,5690000,490000,5950000"
WFS = "/ogc/wfs?SERVICE=WFS&REQUEST=GetFeature"
GROUPS = {
    "pages": (
        "/",
        "/?town_size=rural&transit=D",
        "/karte/daten.json",
        "/leerstaende/",
        "/leerstaende/?town=wittenberge",
        "/orte/",
        "/orte/wittenberge/",
        "/vergleich/",
        "/datenquellen/",
        "/ogc/",
        "/leerstaende.atom",
    ),
    "WMS": (
        f"{WMS}&REQUEST=GetMap&LAYERS=leerstaende,gemeinden&FORMAT=image/png",
        f"{WMS}&REQUEST=GetMap&LAYERS=reisezeit&FORMAT=image/jpeg",
        f"{WMS}&REQUEST=GetFeatureInfo&LAYERS=gemeinden&QUERY_LAYERS=gemeinden&I=500&J=500&INFO_FORMAT=text/html",
        "/ogc/wms?SERVICE=WMS&REQUEST=GetCapabilities",
    ),
    "WFS": (
        f"{WFS}&VERSION=2.0.0&TYPENAMES=raum:leerstaende&COUNT=10000",
        f"{WFS}&VERSION=2.0.0&TYPENAMES=raum:haltestellen&COUNT=10000&OUTPUTFORMAT=geojson",
        f"{WFS}&VERSION=2.0.0&TYPENAMES=raum:reisezeit&COUNT=10000&STARTINDEX=20000",
        f"{WFS}&VERSION=2.0.0&TYPENAMES=raum:leerstaende&COUNT=10000&OUTPUTFORMAT={quote('application/geopackage+sqlite3')}",
        f"{WFS}&VERSION=1.1.0&TYPENAME=raum:leerstaende",
    ),
    "OGC API": ("/ogc/features/collections/leerstaende/items?f=json&limit=10000", "/ogc/features/collections/haltestellen/items?f=html"),
    "metadata": ("/metadaten/leerstaende.xml", "/dcat.ttl", "/ogc/qgis.qgz", "/ogc/stil/leerstaende.qml"),
    "files": tuple(f"/leerstaende.{e}" for e in ("geojson", "csv", "gpkg", "parquet", "fgb", "xlsx", "shp.zip")),
    "surface": ("/reisezeit.geojson?centre=berlin-hbf", "/reisezeit.gpkg?centre=berlin-hbf", "/reisezeit.parquet?centre=berlin-hbf"),
}


def measure() -> int:
    """Print resident and proportional megabytes of each process after each group of requests."""
    for words in (("bootstrap",), ("compute_reach",)):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    worst = 0.0
    with serving() as (address, pid):
        print(f"  {'after':<10}{'most of a worker':>18}   each process: resident (its share of what is shared), MB")
        worst = max(worst, told("start", pid))
        for name, paths in (GROUPS | {"outward": (_outward(address),)}).items():
            with ThreadPoolExecutor(AT_ONCE) as crowd:
                statuses = list(crowd.map(lambda path: _status(address + path), paths * ROUNDS))
            if wrong := {p: s for p, s in zip(paths * ROUNDS, statuses, strict=True) if s != 200}:
                print(f"  not answered: {wrong}")
            worst = max(worst, told(name, pid))
        peaks = " ".join(f"{_peak(w):.0f}" for w in _children(pid))
    print(f"  most of a worker after a group: {worst:.0f} MB; at most {LIMIT_MB} MB wanted; most at any time: {peaks} MB")
    return 0


def _outward(address: str) -> str:
    """Return the page "what do I reach from here" of some vacancy."""
    with urllib.request.urlopen(f"{address}/leerstaende/?town=wittenberge", timeout=60) as answer:  # noqa: S310 - our own server
        found = re.search(r'href="(/leerstaende/[\w-]+/)"', answer.read().decode())
    assert found
    return f"{found[1]}erreichbar/"


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - our own server
            while answer.read(1 << 20):
                pass
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def told(name: str, server: int) -> float:
    """Print a line and return the most that a worker holds."""
    workers = _children(server)
    helpers = [c for w in workers for c in _children(w)]
    parts = [
        f"{kind} {' '.join(f'{_memory(p)[0]:.0f} ({_memory(p)[1]:.0f})' for p in found)}"
        for kind, found in _kinds(server, workers, helpers)
    ]
    most = max(_memory(w)[0] for w in workers)
    print(f"  {name:<10}{most:>15.0f} MB   {'; '.join(parts)}", flush=True)
    return most


def _kinds(server: int, workers: list[int], helpers: list[int]) -> list[tuple[str, list[int]]]:
    return [("server", [server]), ("workers", workers), *((k, [h for h in helpers if _kind(h) == k]) for k in ("mapserv", "beside"))]


def _kind(pid: int) -> str:
    try:
        return "mapserv" if b"mapserv" in Path(f"/proc/{pid}/cmdline").read_bytes() else "beside"
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    text = "".join(p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for word in text.split()]


def _memory(pid: int) -> tuple[float, float]:
    """Return resident megabytes, and what remains when shared pages are divided among those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended meanwhile
        return 0.0, 0.0
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return found["Rss"], found["Pss"]


def _peak(pid: int) -> float:
    """Return the most resident megabytes so far."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> int:
    if sys.argv[1:] == ["here"]:
        return measure()
    with database() as url:
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        return subprocess.run([sys.executable, "-m", "benchmarks.memory", "here"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
