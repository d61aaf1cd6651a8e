"""The map over two million rows in the database: snapshot, answers of the server against SQL, and what a browser sees.

The examples are written and repeated by the database itself, each copy up to 2 km from its original. Takes six minutes on an idle
machine with two cores.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time

from benchmarks.run import database, interleaved

ONCE, COPIES = 200_000, 10
SHIFT_M = 2_000
OPTIONS = (("town_size", "rural"), ("transit", "C"), ("target_use", "workshop"))
VIEWS = {"the whole land": "7/52.45/13.10", "a town": "12/52.995/11.75"}
UNIQUE = {
    "vacancies_vacancy": {
        "key": "translate(substr(md5(key || %s), 1, 12), '01io', 'ghjk')",
        "slug": "slug || '-' || %s",
        "point": "ST_SnapToGrid(ST_Translate(point, (random() - 0.5) * {w}, (random() - 0.5) * {w}), 0.1)",
    },
    "layers_vacancyreach": {"vacancy_id": "vacancy_id + %s * {most}"},
}


def fill() -> None:
    """Write the rows; ids of copies lie one stride apart, so that reach finds its vacancy."""
    from django.core.management import call_command
    from django.db import connection

    from layers.models import VacancyReach
    from vacancies.models import Vacancy

    call_command("load_demo", "--count", str(ONCE), stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    most = Vacancy.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no history of copies
        for model in (Vacancy, VacancyReach):
            table = model._meta.db_table
            names = [f.column for f in model._meta.concrete_fields if f.column != "id" and not f.generated]
            told = {name: text.format(w=2 * SHIFT_M, most=most) for name, text in UNIQUE[table].items()}
            values = ", ".join(told.get(name, f'"{name}"') for name in names)
            ids = ", ".join(f'"{name}"' for name in names)
            for copy in range(1, COPIES):
                start, given = ("id, ", f"id + {copy * most}, ") if model is Vacancy else ("", "")
                where = f"WHERE id <= {most}" if model is Vacancy else f"WHERE live AND vacancy_id <= {most}"
                asked = [copy] * values.count("%s")
                cursor.execute(f"INSERT INTO {table} ({start}{ids}) SELECT {given}{values} FROM {table} {where}", asked)  # noqa: S608
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def measure() -> None:
    from django.conf import settings

    from layers.publish.snapshot import store
    from vacancies.published import VACANCIES

    start = time.perf_counter()
    fill()
    print(f"  written in {time.perf_counter() - start:.0f} s", flush=True)
    start = time.perf_counter()
    snapshot = store.current(VACANCIES)
    size = (snapshot.folder / "table").stat().st_size / 1e6
    print(f"  {len(snapshot.table):,} public rows, snapshot after {time.perf_counter() - start:.1f} s, {size:.0f} MB", flush=True)
    assert len(snapshot.table) > settings.MAP_ROWS
    answers(snapshot.name)


def answers(name: str) -> None:
    """Print what the server needs for what the map asks, beside SQL, and what a browser needs until it is painted."""
    from benchmarks.memory import told
    from benchmarks.peers.tiles import fetched
    from benchmarks.serving import serving
    from geo.criteria import Choice
    from vacancies.filters import VacancyFilter
    from vacancies.public import PublicVacancy

    facets = [c for c in VacancyFilter.criteria if isinstance(c, Choice) and c.name in ("town_size", "transit", "target_use")]
    wanted = VacancyFilter.parse("town_size=rural")
    with serving() as (address, pid):
        ask = lambda path: fetched(address.removeprefix("http://"), path)  # noqa: E731
        view = "sicht=7,134,80,142,88"
        found = interleaved(
            5,
            answer=ask(f"/karte/{name}/antwort.json?{view}&town_size=rural"),
            near=ask(f"/karte/{name}/kachel/1096/671.bin"),
            tile=ask("/kacheln/leerstaende/11/1096/671.mvt"),
            page=ask("/leerstaende/?town_size=rural"),
            sql=lambda: PublicVacancy.objects.all().hits_by_option(wanted, facets),
        )
        print("  over HTTP: " + ", ".join(f"{key} {ms:.0f} ms" for key, ms in found.items()), flush=True)
        seen(address)
        told("the end", pid)


def seen(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for name, view in VIEWS.items():
            start = time.perf_counter()
            page.goto(f"{address}/?at={view}")
            page.wait_for_selector("#map[data-shown]", state="attached", timeout=120_000)
            first = (time.perf_counter() - start) * 1e3
            times = [page.evaluate(CHANGE, option) for option in (*OPTIONS, *OPTIONS)]  # on, and off again
            print(
                f"  in Chromium, {name}: first painted after {first:.0f} ms, a change of the filter {statistics.median(times):.0f} ms",
                flush=True,
            )
        browser.close()


CHANGE = """([name, value]) => new Promise((done) => {
  const map = document.getElementById("map");
  const start = performance.now();
  new MutationObserver((_found, watch) => {
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
  }).observe(map, { attributes: true, attributeFilter: ["data-shown"] });
  document.querySelector(`#filter-form [name="${name}"][value="${value}"]`).click();
})"""


def main() -> None:
    with database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        measure()


if __name__ == "__main__":
    main()
