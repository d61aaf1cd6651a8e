"""Vector tiles against the statement alone, counts by bits against one pass of SQL, and from a publication to the new snapshot."""

from __future__ import annotations

import os
import time
from typing import Any

from benchmarks.run import database, interleaved

SIZES = (23_000, 200_000)  # rows, most of them public
PLACE = (13.06, 52.40)  # Potsdam, where the rows are densest
ZOOMS = (6, 8, 11, 14)
THEIRS = "?geom-column=point&properties=key,transit_class"


def measure() -> None:
    from vacancies.filters import VacancyFilter

    for size in SIZES:
        counts(size)
        against_peers(VacancyFilter())


def counts(size: int) -> None:
    """Print what a snapshot of so many rows costs, and what counting with it saves."""
    from django.core.management import call_command
    from django.db import connection

    from geo.criteria import Choice
    from layers.publish.snapshot import store
    from vacancies.filters import VacancyFilter
    from vacancies.models import Vacancy
    from vacancies.public import PublicVacancy
    from vacancies.published import VACANCIES

    call_command("load_demo", "--count", str(size), stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    start = time.perf_counter()
    snapshot = store.current(VACANCIES)
    print(f"  {len(snapshot.table):,} public rows; the first snapshot after {time.perf_counter() - start:.2f} s")
    times = []
    for key in PublicVacancy.objects.values_list("key", flat=True)[:3]:
        Vacancy.objects.filter(key=key).update(publication="draft")
        start = time.perf_counter()
        store.current(VACANCIES)
        times.append(time.perf_counter() - start)
    print(f"  from a publication to the new snapshot: {sorted(times)[1]:.2f} s")

    facets = [c for c in VacancyFilter.criteria if isinstance(c, Choice) and c.name in ("town_size", "transit", "target_use")]
    counter, everything = store.current(VACANCIES).counter, VacancyFilter()
    found = interleaved(
        15,
        bits=lambda: counter.hits_by_option(everything, facets),
        sql=lambda: PublicVacancy.objects.all().hits_by_option(everything, facets),
    )
    print(f"  26 counts: bits {found['bits']:.3f} ms, one pass of SQL {found['sql']:.1f} ms: 1/{found['sql'] / found['bits']:.0f}")


def against_peers(everything: Any) -> None:
    """Print what a tile costs over HTTP from our server, from tipg, and by django-vectortiles and the statement alone without HTTP."""
    from django.conf import settings
    from django.db import connection
    from psycopg import Cursor

    from benchmarks.peers.tiles import fetched, tipg, vectortiles
    from benchmarks.serving import serving
    from layers.publish import tiles
    from vacancies.published import VACANCIES

    folder = settings.DATA_DIR / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    other = vectortiles(folder)
    with serving("--workers", "1") as (address, _pid), tipg(os.environ["DATABASE_URL"], folder) as theirs:
        for z in ZOOMS:
            x, y = tiles.tile_of(*PLACE, z)
            sql, values = tiles.tile_statement(VACANCIES, everything, z, x, y)

            def raw(sql: str = sql, values: list[object] = values) -> bytes:
                with Cursor(connection.connection) as cursor:
                    return bytes(cursor.execute(sql, values, prepare=True, binary=True).fetchone()[0])

            found = interleaved(
                60,
                ours=fetched(address.removeprefix("http://"), f"/kacheln/leerstaende/{z}/{x}/{y}.mvt"),
                raw=raw,
                floor=fetched(address.removeprefix("http://"), f"/kacheln/leerstaende/{z}/{x}/{y}.mvt?area=999999-"),
                vectortiles=lambda z=z, x=x, y=y: other(z, x, y),
                tipg=fetched(theirs, f"/collections/public.public_vacancy/tiles/WebMercatorQuad/{z}/{x}/{y}{THEIRS}"),
            )
            shares = ", ".join(f"{name} {found[name]:.2f} ms: {found['ours'] / found[name]:.2f}" for name in ("raw", "vectortiles", "tipg"))
            print(f"  tile z{z}: {len(raw()) / 1e3:.1f} kB, ours {found['ours']:.2f} ms (an empty one {found['floor']:.2f}); {shares}")


def main() -> None:
    with database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        measure()


if __name__ == "__main__":
    main()
