"""The first byte of an answer with 100,000 features: list and layer as GeoJSON and CSV, over a socket, plain and in gzip."""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import time

from benchmarks.files import fill
from benchmarks.run import database
from benchmarks.serving import serving

LIMIT_MS, RUNS = 150, 9
SIZE = 108_000  # of which at least 100,000 are public
PATHS = ("/leerstaende.geojson", "/leerstaende.csv")


def measure() -> int:
    """Print the median milliseconds to the first byte, and seconds, rows and megabytes of one whole answer."""
    import django

    django.setup()
    from django.db import connection

    fill(SIZE)
    connection.close()
    with serving() as (address, _pid):
        host = address.removeprefix("http://")
        for path in PATHS:
            for coding in ("identity", "gzip"):
                _asked(host, path, coding)  # after a change the state of the rows is found out once
                times = [_asked(host, path, coding)[:2] for _n in range(RUNS)]
                first, feature = (statistics.median(t) for t in zip(*times, strict=True))
                *_times, took, body = _asked(host, path, coding, whole=True)
                count = body.count(b'"type":"Feature",') or body.count(b"\r\n") - 1
                rows = f"{count:,} rows, " if coding == "identity" else ""
                over = " OVER THE LIMIT" if first > LIMIT_MS else ""
                shown = f"{path:<22}{coding:<10}first byte {first:5.0f} ms, first features {feature:5.0f} ms{over}"
                print(f"  {shown}   all {took:5.1f} s, {rows}{len(body) / 1e6:.0f} MB", flush=True)
    return 0


def _asked(host: str, path: str, coding: str, *, whole: bool = False) -> tuple[float, float, float, bytes]:
    """Return milliseconds to the first byte of the body and to the first features, seconds to the last, and the body.

    Hangs up after the first features unless `whole`.
    """
    line = http.client.HTTPConnection(host, timeout=120)
    start = time.perf_counter()
    line.request("GET", path, headers={"Accept-Encoding": coding})
    answer = line.getresponse()
    assert answer.status == 200, answer.status
    body = answer.read(1)
    first = (time.perf_counter() - start) * 1e3
    body += answer.read(5_000)  # more than what stands above the features
    feature = (time.perf_counter() - start) * 1e3
    body += answer.read() if whole else b""
    took = time.perf_counter() - start
    line.close()
    return first, feature, took, body


def main() -> int:
    if sys.argv[1:] == ["here"]:
        return measure()
    with database() as url:
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        return subprocess.run([sys.executable, "-m", "benchmarks.first_byte", "here"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
