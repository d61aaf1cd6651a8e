"""Files and journeys as the server makes them: beside it, so that it loads neither their libraries nor the timetable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.geo.test_beside import is_there, until

ROOT = Path(__file__).resolve().parents[3]
LARGE = ["geopandas", "lark", "llvmlite", "numba", "openpyxl", "owslib", "pandas", "pyarrow", "pyogrio", "rdflib"]
WFS = "/ogc/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=raum:gemeinden&COUNT=3"
PATHS = {
    "gpkg": "/leerstaende.gpkg?town=wittenberge",
    "xlsx": "/en/leerstaende.xlsx?town=wittenberge",
    "wrong": "/leerstaende.parquet?town=gibtsnicht",
    "wfs": f"{WFS}&OUTPUTFORMAT=application/geopackage%2Bsqlite3",
    "outward": "/leerstaende/{}/erreichbar/",
}
SCRIPT = f"""
import json, os, signal, sys
import django
django.setup()
import config.wsgi
from django.conf import settings
from django.test import Client
from layers.publish.exports.building import BUILDERS
from vacancies.outward import TRAVELLERS
from vacancies.public import PublicVacancy

if __name__ == "__main__":
    settings.ALLOWED_HOSTS.append("testserver")
    plain = {{"staticfiles": {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}}}  # the hashed need collectstatic
    settings.STORAGES = settings.STORAGES | plain
    client, found = Client(), {{}}
    slug = PublicVacancy.objects.filter(town_slug="wittenberge").order_by("key").first().slug
    for name, path in {PATHS!r}.items():
        response = client.get(path.format(slug))
        body = response.getvalue()
        found[name] = [response.status_code, len(body), body[:15].decode("latin-1"), body.count(b"<li")]
    found["loaded"] = sorted(set({LARGE!r}) & set(sys.modules))
    found["processes"] = [list(beside._crew._processes) for beside in (BUILDERS, TRAVELLERS)]
    print(json.dumps(found), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_server_stays_small_and_what_is_beside_it_ends_with_it(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(SCRIPT)
    environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", str(tmp_path / "ask.py")]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.stdout, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["loaded"] == []
    for name, begins in (("gpkg", "SQLite format 3"), ("wfs", "SQLite format 3"), ("xlsx", "PK")):
        status, size, begin, _items = found[name]
        assert (status, begin[: len(begins)]) == (200, begins), name
        assert size > 10_000
    assert found["wrong"][0] == 400
    assert found["outward"][0] == 200
    assert found["outward"][3] > 5  # towns that are reached, among other lists
    (builder,), (traveller,) = found["processes"]
    assert until(lambda: not is_there(builder) and not is_there(traveller))
