"""OGC's schemas served from the suite's own jar, for machines that do not reach the schema servers: a tiny HTTP proxy."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

INSIDE = "org/opengis/cite/iso19142/xsd/"
OGC, W3C = "http://schemas.opengis.net/", "http://www.w3.org/"
KEPT = {
    f"{OGC}wfs/2.0/wfs.xsd": "opengis/wfs/2.0/wfs-2.0.2.xsd",
    f"{OGC}filter/2.0/filterAll.xsd": "opengis/filter/2.0/filter-2.0.2.xsd",
    f"{OGC}gml/3.2.1/gml.xsd": "opengis/gml/3.2.1/gml-3.2.1.xsd",
    f"{OGC}ows/1.1.0/owsAll.xsd": "opengis/ows/1.1/ows-1.1.0.xsd",
    **{f"{OGC}iso/19139/20070417/{n}/{n}.xsd": f"iso/19139/2007/{n}-2007.xsd" for n in ("gco", "gmd", "gsr", "gss", "gts")},
    f"{W3C}1999/xlink.xsd": "w3c/2008/06/xlink.xsd",
    f"{W3C}2001/xml.xsd": "w3c/2009/01/xml.xsd",
}


@contextmanager
def schemas(jar: Path) -> Iterator[list[str]]:
    """Serve the schemas of a suite; yields the words that make Java ask there."""
    with zipfile.ZipFile(jar) as opened:
        known = {address: opened.read(INSIDE + name) for address, name in KEPT.items() if INSIDE + name in opened.namelist()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = known.get(self.path)
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_words: object) -> None:
            """Say nothing: the report says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ["-Dhttp.proxyHost=127.0.0.1", f"-Dhttp.proxyPort={server.server_port}", "-Dhttp.nonProxyHosts=127.*|localhost"]
    finally:
        server.shutdown()
        server.server_close()
