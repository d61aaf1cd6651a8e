"""Every file format at 100,000 vacancies: time as a ratio to the raw query, and the memory it takes on top.

Seen on two cores with much else running (load 4.5): ratios 1.2 GeoPackage, 1.4 GeoParquet and FlatGeobuf, 1.9 CSV, 2.2 XLSX,
2.5 GeoJSON, 2.6 Shapefile; 8 to 13 s each, at most 106 MB of memory more (FlatGeobuf, for its index). Cell by cell openpyxl took
13 times the raw query; a Shapefile whose text columns grow as longer texts come took 6.6.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.run import database

SIZE = 100_000
LIMIT_S, LIMIT_MB = 15, 300


def _memory_mb(name: str, process: int | str = "self") -> float:
    """Return a figure of a process from the kernel: VmRSS (now) or VmHWM (the most so far)."""
    found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def fill(size: int = SIZE) -> None:
    from django.core.management import call_command
    from django.db import connection

    with open(os.devnull, "w") as quiet:  # noqa: PTH123
        call_command("load_demo", "--count", str(size), stdout=quiet)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(extension: str) -> None:
    """Print seconds, ratio, megabytes of the file and of memory for one format, in a process of its own."""
    from django.db import connection
    from django.test import Client

    from layers.publish.exports.building import BUILDERS
    from vacancies.published import VACANCIES

    client = Client()
    client.get(f"/leerstaende.{extension}?town=wittenberge").getvalue()  # the libraries are loaded, the version is known
    crew = BUILDERS._crew
    process: int | str = next(iter(crew._processes)) if crew else "self"  # where the file is made
    Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, start, size = _memory_mb("VmRSS", process), time.perf_counter(), 0
    response = client.get(f"/leerstaende.{extension}")
    for piece in response.streaming_content:
        size += len(piece)
    took, most = time.perf_counter() - start, _memory_mb("VmHWM", process)
    names, start = ", ".join(f.name for f in VACANCIES.fields), time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ST_AsBinary(point), {names} FROM public_vacancy ORDER BY key")  # noqa: S608 - our own names
        count = len(cursor.fetchall())
    query = time.perf_counter() - start
    over = " OVER THE LIMIT" if took > LIMIT_S or most - before > LIMIT_MB else ""
    print(
        f"  {extension:<8} {count:,} rows {took:6.1f} s   raw query {query:5.1f} s   ratio {took / query:5.2f}   file {size / 1e6:6.1f} MB"
        f"   memory +{most - before:4.0f} MB to {most:4.0f} MB{' beside the server' if crew else ''}{over}",
        flush=True,
    )


def setup() -> None:
    import django

    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS.append("testserver")


def main() -> None:
    if sys.argv[1:]:
        setup()
        measure(sys.argv[1])
        return
    with database() as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        setup()
        from django.db import connection

        from layers.publish.views import FORMATS

        fill()
        connection.close()
        for extension in FORMATS:
            subprocess.run([sys.executable, "-m", "benchmarks.files", extension], check=True)


if __name__ == "__main__":
    main()
