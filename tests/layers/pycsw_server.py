"""A catalogue of this machine: pycsw over the ISO records of a folder. Run by the Python of pycsw's own environment, not imported.

python pycsw_server.py FOLDER MOST      prints its port, and serves until it is ended; MOST records at a time
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

warnings.simplefilter("ignore")
from pycsw import server  # noqa: E402
from pycsw.core import admin, config  # noqa: E402

NAMED = (
    "identification_title",
    "identification_abstract",
    "identification_keywords",
    "identification_fees",
    "provider_name",
    "contact_name",
)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def main(folder: Path, most: str) -> None:
    database = f"sqlite:///{folder / 'records.db'}"
    context = config.StaticContext()
    admin.setup_db(database, "records", str(folder), create_sfsql_tables=True, create_plpythonu_functions=False)
    loaded = admin.load_records(context, database, "records", str(folder))
    wanted = {str(p) for p in folder.glob("*.xml")}
    assert set(loaded) == wanted, f"pycsw did not take {wanted - set(loaded)}"

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        settings = {
            "server": {"url": url, "maxrecords": most, "language": "en-US", "encoding": "UTF-8", "profiles": "apiso"},
            "manager": {"transactions": "false"},
            "metadata:main": dict.fromkeys(NAMED, "Beispiel"),
            "repository": {"database": database, "table": "records"},
        }
        status, body = server.Csw(settings, environ).dispatch_wsgi()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    httpd = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    url = f"http://127.0.0.1:{httpd.server_port}/csw"
    print(httpd.server_port, flush=True)
    httpd.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
