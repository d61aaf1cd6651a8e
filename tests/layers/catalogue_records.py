"""A catalogue with pycsw: the project's own ISO records, whose services MapServer answers, and odd ones beside them."""

from __future__ import annotations

import datetime
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from geo.models import Dataset
from layers.publish.describe.about import SERVICES, Site
from layers.publish.describe.iso import layer_record, service_record
from layers.published import TOWNS
from tests.layers.remote_server import Server

PYCSW = Path(os.environ.get("RW_DATA_DIR", ".run")) / "pycsw" / "bin" / "python"
PROGRAM = Path(__file__).with_name("pycsw_server.py")
MOST = 3  # records that the catalogue gives at a time: fewer than it has
DAY = datetime.datetime(2026, 3, 7, tzinfo=datetime.UTC)
LICENCE = "Datenlizenz Deutschland – Namensnennung – Version 2.0"
DATA = Dataset(
    title="Denkmale", licence=LICENCE, licence_url="https://www.govdata.de/dl-de/by-2-0", attribution="© Beispiel-Landesamt, dl-de/by-2-0"
)
OTHER = Dataset(title="Anderes", licence="CC BY 4.0", licence_url="https://creativecommons.org/licenses/by/4.0/", attribution="© Beispiel")
WMS, WFS, API = SERVICES
PLACE = "{site}ogc/wms?SERVICE=WMS&amp;REQUEST=GetCapabilities"

needs_pycsw = pytest.mark.skipif(not PYCSW.exists(), reason="pycsw is not installed (./dev test installs it)")


def site_of(server: Server) -> Site:
    """The installation whose services stand in the catalogue: the MapServer of the tests."""
    return Site(server.url("/"), "Beispiel-Landesamt für Denkmalpflege", "post@example.org", "Am Markt 1", "14943", "Luckenwalde")


def records(site: Site) -> dict[str, str]:
    """Return the records by name, all found by "Raumwohlstand"; the odd ones have a word of their own."""
    made = {s.name: service_record(s, [], site, [DATA], DAY).decode() for s in SERVICES}
    made["gemeinden"] = layer_record(TOWNS, site, [DATA], DAY).decode()
    place = PLACE.format(site=site.address)
    odd = {
        "obeys": ("WMS Raumwohlstand", "Terminal \u009b31m rot \u202e tor WMS Raumwohlstand"),
        "script": (place, "javascript:alert(1)"),
        "inside": (place, "http://169.254.169.254/latest?SERVICE=WMS"),
        "elsewhere": (place, "http://geo.example/ows?map=denkmal&amp;service=WMS&amp;REQUEST=GetCapabilities"),
        "silent": (place, site.link("kaputt?SERVICE=WMS")),
        "file": (place, "file:///etc/passwd"),
        "crowded": (f"WMS {'Raumwohlstand'}", "Raumwohlstand " + "sehr langer Titel " * 40),
    }
    for name, (old, new) in odd.items():
        record = service_record(replace(WMS, name=name), [], site, [DATA], DAY).decode()
        assert old in record, name
        made[name] = record.replace(old, new).replace("Die Filter der Karte", f"Wort-{name}. Die Filter der Karte")
    unclear = service_record(replace(WMS, name="unclear"), [], site, [DATA, OTHER], DAY).decode()
    made["unclear"] = unclear.replace("Die Filter der Karte", "Wort-unclear. Die Filter der Karte")
    return made


@contextmanager
def serving(folder: Path, server: Server) -> Iterator[str]:
    """Yield the address of pycsw over the records."""
    for name, text in records(site_of(server)).items():
        (folder / f"{name}.xml").write_text(text, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    with (folder / "log").open("w") as log:
        command = [PYCSW, PROGRAM, folder, str(MOST)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port.isdigit(), (folder / "log").read_text()[-3_000:]
        yield f"http://127.0.0.1:{port}/csw"
    finally:
        process.terminate()
        process.wait(timeout=10)
