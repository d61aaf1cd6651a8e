"""The state at a glance: public figures are exact, of what is hidden no number below five can be worked out."""

from __future__ import annotations

import csv
import io
import itertools
import re

import pytest
from django.db import connection
from django.test import Client

from tests.vacancies.test_charts import Bars, count
from vacancies.models import Unit, Vacancy
from vacancies.places.disclosure import FEW, Shown, protect, together
from vacancies.places.overview import Overview

HIDDEN = "visibility NOT IN ('exact', 'coarse')"


def rows_of(client: Client) -> dict[str, dict[str, str]]:
    text = client.get("/ueberblick.csv").content.decode("utf-8-sig")
    return {f"{r['group']}:{r['key']}": r for r in csv.DictReader(io.StringIO(text), delimiter=";")}


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


# --- what may be shown ------------------------------------------------------------------------------------------------


def test_whoever_knows_the_rule_and_everything_shown_learns_no_small_number() -> None:
    """Every table of up to three numbers, grouped by what is shown of it: in each group a hidden number can be any of 0 to 4."""
    for size in (1, 2, 3):
        seen: dict[object, list[tuple[int, ...]]] = {}
        for counts in itertools.product(range(9), repeat=size):
            shown = tuple(protect(dict(enumerate(counts))).values())  # type: ignore[arg-type]
            seen.setdefault((shown, together(shown)), []).append(counts)
        assert len(seen) > size
        for (shown, whole), fitting in seen.items():  # type: ignore[misc]
            for i, s in enumerate(shown):
                assert {v[i] for v in fitting} == ({0, 1, 2, 3, 4} if s == FEW else {s.n})
            for counts in fitting:
                assert sum(counts) >= (whole.n or 0), "what is said of the whole is true"
                assert whole.is_least or whole == FEW or sum(counts) == whole.n


def test_by_hand() -> None:
    shown = protect({"a": 4, "b": 5, "c": 0, "d": 12})
    assert shown == {"a": FEW, "b": Shown(5), "c": FEW, "d": Shown(12)}
    assert together(shown.values()) == Shown(17, is_least=True)
    assert together([Shown(5), Shown(12)]) == Shown(17)
    assert together([FEW, FEW]) == FEW


@pytest.mark.django_db
def test_the_page_shows_numbers_of_the_hidden_from_five_on(client: Client) -> None:
    found = rows_of(client)
    kept = dict(sql(
        "SELECT d.ags5, count(*) FROM vacancies_vacancy v JOIN geo_town t ON t.id = v.town_id JOIN geo_district d ON d.id = t.district_id"
        " WHERE v.publication <> 'archived' AND NOT EXISTS (SELECT 1 FROM public_vacancy p WHERE p.key = v.key) GROUP BY 1"
    ))  # fmt: skip
    page = client.get("/ueberblick/").content.decode()
    enough = 0
    for key, r in found.items():
        if key.startswith("district:"):
            n = kept.get(r["key"], 0)
            assert r["not_public"] == (str(n) if n >= 5 else "<5"), r["name"]
            enough += n if n >= 5 else 0
            line = re.search(rf'<tr><th scope="row"><a href="[^"]*">{re.escape(r["name"])}</a>.*?</tr>', page)[0]  # type: ignore[index]
            assert f"<td>{n if n >= 5 else 'unter 5'}</td>" in line
    assert found["state:12"]["not_public"] == f">={enough}"
    assert f"<td>mindestens {enough}</td>" in page
    assert enough < sum(kept.values()), "the true sum would tell of the small ones together"


@pytest.mark.django_db
def test_hidden_rows_change_nothing_but_the_numbers_of_the_hidden(client: Client) -> None:
    def read() -> tuple[str, str]:
        page = re.sub(r'nonce="[^"]+"', "", client.get("/ueberblick/").content.decode())
        besides = "\n".join(r["not_public"] for r in rows_of(client).values())
        rest = re.sub(r"<td>(unter 5|(mindestens )?[\d.]+)</td>(?=<td>[\d.]+</td><td>[\d.]+</td></tr>)", "", page)
        return rest, besides

    rest, besides = read()
    assert "<td>unter 5</td>" not in rest
    sql(f"UPDATE vacancies_vacancy SET title = 'geheim', former_use = 'farm', usable_m2 = 7, smallest_divisible_m2 = NULL WHERE {HIDDEN}")
    assert read() == (rest, besides), "what hidden rows hold is not counted"
    # one more hidden row where there are few: the number stays "fewer than five"
    town = Vacancy.objects.filter(town__district__ags5="12053").first().town  # type: ignore[union-attr]
    for _n in range(4):
        Vacancy.objects.create(town=town, point=town.centre)
    assert read()[0] == rest
    assert rows_of(client)["district:12053"]["not_public"] == "<5"
    Vacancy.objects.create(town=town, point=town.centre)
    assert rows_of(client)["district:12053"]["not_public"] == "5"
    sql(f"DELETE FROM layers_vacancyreach WHERE vacancy_id IN (SELECT id FROM vacancies_vacancy WHERE {HIDDEN})")
    sql(f"DELETE FROM vacancies_vacancy WHERE {HIDDEN}")
    assert read()[0] == rest


# --- what is public ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_public_figures_are_those_of_sql(client: Client) -> None:
    found = rows_of(client)
    assert len(found) == 18 + 6 + 1
    for key, condition, ground in (
        ("district:12070", "district_ags = '12070'", "district_id = (SELECT id FROM geo_district WHERE ags5 = '12070')"),
        ("town_size:rural", "town_size_class = 'rural'", "size_class = 'rural'"),
        ("state:12", "true", "true"),
    ):
        towns, people = sql(f"SELECT count(*), sum(population) FROM geo_town WHERE merged_into_id IS NULL AND {ground}")[0]
        r = found[key]
        n = count(condition)
        assert (int(r["vacancies_public"]), int(r["towns"]), int(r["population"])) == (n, towns, people)
        assert int(r["well_connected_public"]) == count(f"{condition} AND well_connected")
        assert float(r["vacancies_public_per_10000"]) == pytest.approx(10_000 * n / people, abs=0.005)
        assert int(r["towns_with_vacancies"]) == sql(f"SELECT count(DISTINCT town_ags) FROM public_vacancy WHERE {condition}")[0][0]
        assert r["population_date"] == "2019-12-31"
        assert "Destatis" in r["source"]
    page = client.get("/ueberblick/").content.decode()
    n = f"{count('true'):,}".replace(",", ".")
    assert f"{n} Leerstände veröffentlicht" in page
    cells = {name: bar for name, bar in Bars(page).found.items() if "+" in name}
    assert cells["rural+D"]["n"] == count("town_size_class = 'rural' AND transit_class = 'D'")
    assert cells["rural+D"]["link"] == "/leerstaende/?town_size=rural&transit_is=D"


@pytest.mark.django_db
def test_an_object_counts_once_however_many_units_it_has() -> None:
    before = Overview().total
    key = Vacancy.objects.public().values_list("key", flat=True)[0]
    for n in range(3):
        Unit.objects.create(vacancy=Vacancy.objects.get(key=key), name=f"Laden {n}")
    after = Overview().total
    assert (after.vacancies, after.besides) == (before.vacancies, before.besides)


@pytest.mark.django_db
def test_the_map_is_shaded_as_its_legend_says(client: Client) -> None:
    overview = Overview()
    page = client.get("/ueberblick/").content.decode()
    legend = {s.step: s.label for s in overview.legend()}
    for line in overview.districts:
        drawn = re.search(rf'<a href="{line.link}" tabindex="-1" aria-label="([^"]*)">.*?class="fill-(\d)"', page, re.DOTALL)
        assert drawn
        assert f"{line.rate:.1f}".replace(".", ",") in drawn[1]
        numbers = [float(v) for v in re.findall(r"\d+", legend[int(drawn[2])])]
        low, high = numbers if len(numbers) == 2 else (0.0, numbers[0])
        assert low <= line.rate < high, line.name


@pytest.mark.django_db
def test_without_any_vacancy_the_page_still_stands(client: Client) -> None:
    sql("DELETE FROM layers_vacancyreach")
    sql("DELETE FROM vacancies_vacancy")
    text = client.get("/ueberblick/").content.decode()
    assert "0 Leerstände veröffentlicht" in text
    assert client.get("/landkreise/prignitz/").status_code == 200
    assert "kein Leerstand veröffentlicht" in client.get("/orte/wittenberge/").content.decode()
