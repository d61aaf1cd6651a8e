"""Every file format at 100,000 vacancies: time as a ratio to the raw query, and the memory it takes on top.

NUMBERS
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from benchmarks.run import database

SIZE = 100_000
LIMIT_S, LIMIT_MB = 15, 300


def _memory_mb(name: str) -> float:
    """Return a figure of this process from the kernel: VmRSS (now) or VmHWM (the most so far)."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def measure() -> None:
    """Make the rows and print, per format, seconds, ratio, megabytes of the file and of memory."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from layers.publish.views import FORMATS
    from vacancies.published import VACANCIES

    with open(os.devnull, "w") as quiet:  # noqa: PTH123
        call_command("load_demo", "--count", str(SIZE), stdout=quiet)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    names = ", ".join(f.name for f in VACANCIES.fields)

    def raw() -> float:
        start = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT ST_AsBinary(point), {names} FROM public_vacancy ORDER BY key")  # noqa: S608 - our own names
            cursor.fetchall()
        return time.perf_counter() - start

    client = Client()
    client.get("/leerstaende.gpkg?town=wittenberge").getvalue()  # the libraries are loaded, the version is known
    start = time.perf_counter()
    client.head("/leerstaende.gpkg")
    print(f"{VACANCIES.rows().count():,} public rows; headers alone {time.perf_counter() - start:.2f} s")
    for extension in FORMATS:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
        before, start, size = _memory_mb("VmRSS"), time.perf_counter(), 0
        response = client.get(f"/leerstaende.{extension}")
        for piece in response.streaming_content:
            size += len(piece)
        took, memory = time.perf_counter() - start, _memory_mb("VmHWM") - before
        query = raw()
        over = " OVER THE LIMIT" if took > LIMIT_S or memory > LIMIT_MB else ""
        print(
            f"  {extension:<8} {took:6.1f} s   raw query {query:5.1f} s   ratio {took / query:5.2f}   file {size / 1e6:6.1f} MB   "
            f"memory +{memory:4.0f} MB{over}",
            flush=True,
        )


def main() -> None:
    with database() as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()
        from django.conf import settings
        from django.db import connection

        settings.ALLOWED_HOSTS.append("testserver")
        measure()
        connection.close()


if __name__ == "__main__":
    main()
