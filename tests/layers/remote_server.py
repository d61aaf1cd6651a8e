"""A web server of this machine that a test can ask: MapServer behind CGI, and all the ways in which a service can fail."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pytest
import shapely

from layers.models import RemoteLayer

MAPSERV = shutil.which("mapserv") or next((p for p in ("/usr/lib/cgi-bin/mapserv",) if Path(p).exists()), None)
PLACES = {
    "Luckenwalde": (13.1690, 52.0900),
    "Wittenberge": (11.7515, 52.9955),
    "Eberswalde": (13.8210, 52.8330),
}
SCHOOLS = (
    ("100", "Grundschule Mitte", "Grundschule", "03149", "Luckenwalde"),
    ("007", "Oberschule Elbe", "Oberschule", "19322", "Wittenberge"),
    ("101", "Schule am Kanal <&> „Süd“", "Grund- und Oberschule", "16225", "Eberswalde"),
)
MANY = 2_500
MAP = """MAP
  NAME "probe"
  SIZE 256 256
  MAXSIZE 4096
  EXTENT 190000 5670000 510000 5960000
  IMAGECOLOR 255 255 255
  PROJECTION "init=epsg:25833" END
  WEB METADATA
    "ows_title" "probe"
    "ows_enable_request" "*"
    "ows_onlineresource" "http://169.254.169.254/elsewhere?"
    "ows_srs" "{srs}"
    {more}
  END END
  SYMBOL NAME "dot" TYPE ELLIPSE POINTS 1 1 END FILLED TRUE END
{layers}END
"""
LAYER = """  LAYER
    NAME "{name}" TYPE {kind} STATUS ON
    CONNECTIONTYPE OGR CONNECTION "{file}" DATA "{name}"
    EXTENT 190000 5670000 510000 5960000
    PROJECTION "init=epsg:25833" END
    METADATA "ows_title" "{name}" "gml_include_items" "all" "gml_featureid" "{ref}" END
    CLASS STYLE COLOR 200 0 0 SIZE 12 SYMBOL "dot" END END
  END
"""

needs_mapserver = pytest.mark.skipif(MAPSERV is None, reason="MapServer is not installed (apt-get install cgi-mapserver)")
MAPPING = {"ref": "schul_nr", "name": "schulname", "kind": "schulform", "postcode": "plz"}


class Server:
    """Runs until closed; `answers` maps a path to a function that writes an answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.posted: list[bytes] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append(self.path)
                path = urlsplit(self.path).path
                try:
                    server.answers.get(path, server.cgi)(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_POST(self) -> None:
                server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.do_GET()

            def log_message(self, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.host = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def serve_layers(self, srs: str = "EPSG:25833 EPSG:4326 EPSG:3857") -> None:
        """Write the data and the map file."""
        points = [shapely.Point(*PLACES[s[4]]) for s in SCHOOLS]
        columns = {name: [s[i] for s in SCHOOLS] for i, name in enumerate(("schul_nr", "schulname", "schulform", "plz"))}
        data = self.folder / "data.gpkg"
        schools = gpd.GeoDataFrame(columns, geometry=points, crs=4326).to_crs(25833)
        schools.to_file(data, layer="schulen", driver="GPKG")
        schools.iloc[:0].to_file(data, layer="leer", driver="GPKG")
        grid = [shapely.Point(300_000 + 100 * (n % 50), 5_800_000 + 100 * (n // 50)) for n in range(MANY)]
        numbers = [f"{n * 7919 % MANY:05}" for n in range(MANY)]  # not in the order of the file
        gpd.GeoDataFrame({"nr": numbers}, geometry=grid, crs=25833).to_file(data, layer="viele", driver="GPKG")
        x, y = schools.geometry.iloc[0].coords[0]
        ring = shapely.box(x - 500, y - 500, x + 500, y + 500).difference(shapely.box(x - 100, y - 100, x + 100, y + 100))
        gpd.GeoDataFrame({"Kennung": ["N1"], "Gebietsname": ["Ring"]}, geometry=[ring], crs=25833).to_file(data, layer="nsg", driver="GPKG")
        self.write_map(srs)

    def write_map(
        self, srs: str, name: str = "probe.map", names: tuple[str, ...] = ("schulen", "leer", "viele", "nsg"), most: int = 0
    ) -> None:
        """Write a map file; `most` features are given at a time."""
        refs = {"schulen": "schul_nr", "leer": "schul_nr", "viele": "nr", "nsg": "Kennung"}
        kinds = {n: "POLYGON" if n == "nsg" else "POINT" for n in names}
        made = [LAYER.format(name=n, kind=kinds[n], file=self.folder / "data.gpkg", ref=refs[n]) for n in names]
        more = f'"wfs_maxfeatures" "{most}"' if most else ""
        (self.folder / name).write_text(MAP.format(srs=srs, layers="".join(made), more=more), encoding="utf-8")
        (self.folder / "mapserver.conf").write_text('CONFIG\n  ENV\n    MS_MAP_PATTERN "."\n  END\nEND\n', encoding="utf-8")

    def cgi(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer by MapServer; /ows takes probe.map, /NAME.map another."""
        parts = urlsplit(handler.path)
        chosen = self.folder / (parts.path.strip("/") if parts.path.endswith(".map") else "probe.map")
        environment = {
            "PATH": os.environ["PATH"],
            "MAPSERVER_CONFIG_FILE": str(self.folder / "mapserver.conf"),
            "MS_MAPFILE": str(chosen),
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": parts.query,
        }
        assert MAPSERV
        out = subprocess.run([MAPSERV], env=environment, capture_output=True, check=True).stdout
        head, _gap, body = out.partition(b"\r\n\r\n")
        handler.send_response(200)
        for line in head.decode().splitlines():
            name, _colon, value = line.partition(": ")
            handler.send_header(name, value)
        send_body(handler, body)


def send_body(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answer(body: bytes, content_type: str = "text/xml", status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer with a fixed body."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        send_body(handler, body)

    return write


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(20)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """One byte every tenth of a second: each read is in time, the whole never."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/xml")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _n in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(200):
        handler.wfile.write(f"X-{n}: 1\r\n".encode())
        time.sleep(0.1)


def flood(announce: bool) -> Callable[[BaseHTTPRequestHandler], None]:
    """A gigabyte, announced or not."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/xml")
        if announce:
            handler.send_header("Content-Length", str(10**9))
        handler.send_header("Connection", "close")
        handler.end_headers()
        block = b" " * 10**6
        for _n in range(1_000):
            handler.wfile.write(block)

    return write


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Less than announced."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/xml")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"<a/>")
    handler.close_connection = True


def layered(service_of: Callable[[dict[str, str]], tuple[bytes, str]]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer made from the request's parameters (names in lower case)."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        query = {k.lower(): v[0] for k, v in parse_qs(urlsplit(handler.path).query, keep_blank_values=True).items()}
        body, kind = service_of(query)
        answer(body, kind)(handler)

    return write


def entry(server: Server, path: str = "/ows", **changed: Any) -> RemoteLayer:
    """Return a layer that is switched on and asks this server."""
    values = {
        "key": "probe",
        "title": "Probe",
        "service": "wfs",
        "url": server.url(path),
        "layer": "ms:schulen",
        "version": "2.0.0",
        "licence": "CC0 1.0",
        "attribution": "© Probe",
        "target": "school_other",
        "mapping": MAPPING,
        "enabled": True,
        "checked_on": datetime.date(2026, 1, 1),
    }
    return RemoteLayer.objects.create(**values | changed)
