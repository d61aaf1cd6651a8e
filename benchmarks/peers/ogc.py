"""tipg and pygeoapi's own PostgreSQL provider over the table of benchmarks/wfs.py, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from benchmarks.serving import ROOT, free_port

PYGEOAPI = """
server: {{bind: {{host: 127.0.0.1, port: {port}}}, url: "http://127.0.0.1:{port}", mimetype: "application/json; charset=UTF-8",
  encoding: utf-8, languages: [en], limits: {{default_items: 10, max_items: 10000}}, map: {{url: "", attribution: ""}}}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: bench, description: bench, keywords: [bench], keywords_type: theme, terms_of_service: none, url: "http://127.0.0.1"}}
  license: {{name: none, url: "http://127.0.0.1"}}
  provider: {{name: bench, url: "http://127.0.0.1"}}
  contact: {{name: bench, email: bench@example.org}}
resources:
  bench:
    type: collection
    title: bench
    description: bench
    keywords: [bench]
    links: []
    extents: {{spatial: {{bbox: [11, 51, 15, 54], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {{host: "", port: 5432, dbname: {dbname}, user: {user}, password: "", search_path: [public]}}
        id_field: stop_id
        table: bench_stop
        geom_field: point
        storage_crs: "http://www.opengis.net/def/crs/EPSG/0/25833"
"""


def environment_of(name: str, folder: Path) -> Path:
    """Return the folder of programs of a peer's environment, made when it is missing."""
    place = folder / name
    if not (place / "ready").exists():
        uv = ROOT / ".venv" / "bin" / "uv"
        subprocess.run([uv, "venv", "-q", "--clear", place], check=True)
        requirements = ROOT / "requirements" / f"peer_{name}.txt"
        subprocess.run([uv, "pip", "install", "-q", "-r", requirements], check=True, env={**os.environ, "VIRTUAL_ENV": str(place)})
        (place / "ready").touch()
    return place / "bin"


@contextmanager
def peers(url: str, folder: Path) -> Iterator[dict[str, str]]:
    """Serve both over the database of `url`; yields the address of each one's items."""
    given = urlsplit(url)
    host, user, name = unquote(given.netloc.rpartition("@")[2]), given.username or "", given.path.lstrip("/")
    one, two = free_port(), free_port()
    config = folder / "pygeoapi.yml"
    config.write_text(PYGEOAPI.format(port=two, dbname=name, user=user))
    settings = {
        **os.environ,
        "PGHOST": host,
        "PYGEOAPI_CONFIG": str(config),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
        "DATABASE_URL": f"postgresql://{user}@{quote(host, safe='')}/{name}",
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
    }
    settings.pop("PYTHONPATH", None)
    tipg, pygeoapi = environment_of("tipg", folder), environment_of("pygeoapi", folder)
    described = [pygeoapi / "pygeoapi", "openapi", "generate", config, "--output-file", folder / "openapi.yml"]
    subprocess.run(described, check=True, env=settings, stdout=subprocess.DEVNULL)
    programs: list[list[Path | str]] = [
        [tipg / "uvicorn", "tipg.main:app", "--port", str(one), "--log-level", "error"],
        [pygeoapi / "gunicorn", "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{two}", "--log-level", "error"],
    ]
    running = [subprocess.Popen(words, env=settings) for words in programs]
    found = {
        "tipg": f"http://127.0.0.1:{one}/collections/public.bench_stop/items",
        "pygeoapi": f"http://127.0.0.1:{two}/collections/bench/items",
    }
    try:
        for address in found.values():
            _wait(f"{address}?limit=1&f={'geojson' if 'public' in address else 'json'}")
        yield found
    finally:
        for process in running:
            process.terminate()
            process.wait(timeout=20)


def _wait(address: str) -> None:
    for _try in range(300):
        try:
            with urllib.request.urlopen(address, timeout=10):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError) as error:
            last = error
            time.sleep(0.1)
    sys.exit(f"a peer does not answer at {address}: {last}")
