"""List and GeoJSON at 3,000 and 100,000 vacancies, each against the raw query it needs; and the import of a list."""

from __future__ import annotations

import csv
import os
import random
import tempfile
import time
from pathlib import Path

from benchmarks.run import database, interleaved
from geo.crs import WEB

QUERY = "town_size=rural&transit=D&target_use=workshop"
WHERE = "WHERE town_size_class = 'rural' AND transit_class IN ('A','B','C','D') AND target_uses && '{workshop}'"


def page_sql(where: str) -> str:
    """The rows of the first page; the list itself asks 48 facet counts besides and renders the form."""
    order = "ORDER BY coalesce(verified_at, '0001-01-01'::date) DESC, key LIMIT 21"
    return f"SELECT * FROM public_vacancy WHERE key IN (SELECT key FROM public_vacancy {where} {order})"  # noqa: S608


def measure(size: int) -> None:
    """Fill the register up to a size and print the medians."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from vacancies.public import PublicVacancy
    from vacancies.published import VACANCIES

    start = time.perf_counter()
    call_command("load_demo", "--count", str(size), stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{size:,} vacancies ({PublicVacancy.objects.count():,} public), made in {time.perf_counter() - start:.0f} s")
    client = Client()
    names = ", ".join(f.name for f in VACANCIES.fields)

    def raw(sql: str) -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def page(address: str) -> bytes:
        response = client.get(address)
        assert response.status_code == 200, address
        return response.getvalue()

    runs = 15 if size < 50_000 else 5
    groups = {
        "list, three filters": (lambda: page(f"/leerstaende/?{QUERY}"), lambda: raw(page_sql(WHERE))),
        "list, all": (lambda: page("/leerstaende/"), lambda: raw(page_sql(""))),
        "GeoJSON, three filters": (
            lambda: page(f"/leerstaende.geojson?{QUERY}"),
            lambda: raw(
                f"SELECT ST_AsGeoJSON(ST_Transform(point, {WEB}), 6), {names} FROM public_vacancy {WHERE} ORDER BY key"  # noqa: S608
            ),
        ),
        "GeoJSON, all": (
            lambda: page("/leerstaende.geojson"),
            lambda: raw(f"SELECT ST_AsGeoJSON(ST_Transform(point, {WEB}), 6), {names} FROM public_vacancy ORDER BY key"),  # noqa: S608
        ),
    }
    for name, (ours, sql) in groups.items():
        found = interleaved(runs, ours=ours, sql=sql)
        print(f"  {name:<24} {found['ours']:9.1f} ms   raw query {found['sql']:9.1f} ms   ratio {found['ours'] / found['sql']:.2f}")


def measure_import(rows: int = 20_000) -> None:
    """Import a list of so many rows and print rows per second, dry and written."""
    from django.core.management import call_command

    from geo.models import Town

    dice = random.Random(1)  # noqa: S311 - a reproducible draw, no secret
    towns = list(Town.objects.current().only("centre", "name"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "liste.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(("Kennung", "Straße", "Hausnummer", "Ort", "Ostwert", "Nordwert", "Frühere Nutzung", "Nutzfläche", "Leer seit"))
            for n in range(rows):
                town = dice.choice(towns)
                x, y = town.centre.x + dice.uniform(-900, 900), town.centre.y + dice.uniform(-900, 900)
                use, area = dice.choice(("Laden", "Schule", "Wohnhaus", "Werkstatt")), f"{dice.randint(20, 2000)},5"
                place = (f"{x:.1f}".replace(".", ","), f"{y:.1f}".replace(".", ","))
                writer.writerow((n, f"Straße {n}", dice.randint(1, 99), town.name, *place, use, area, dice.randint(1990, 2024)))
        for words in ((), ("--write",)):
            start = time.perf_counter()
            quiet = open(os.devnull, "w")  # noqa: SIM115, PTH123
            call_command("load_vacancies", str(path), "--dataset", "bench", *words, stdout=quiet)
            took = time.perf_counter() - start
            print(f"  import of {rows:,} rows {' '.join(words) or 'dry'}: {took:.1f} s, {rows / took:,.0f} rows/s")


def main() -> None:
    with database() as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()
        from django.conf import settings
        from django.db import connection

        settings.ALLOWED_HOSTS.append("testserver")
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        for size in (3_000, 100_000):
            measure(size)
        measure_import()
        connection.close()


if __name__ == "__main__":
    main()
