"""Pages of towns and districts: their figures against SQL, their maps against PostGIS, and nothing exact that is coarse."""

from __future__ import annotations

import datetime
import re

import pytest
import shapely
from django.db import connection
from django.test import Client

from geo.models import Dataset, District, Town
from layers.models import Facility
from tests.vacancies.test_charts import Bars, count
from vacancies.choices import DURATIONS
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.pictures import outlines
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db

PRIGNITZ = "district_ags = '12070'"


def row(sql: str, *values: object) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


def shown(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def table(page: str, key: str) -> dict[str, int]:
    part = re.search(rf'<details id="table-{key}">(.*?)</details>', page, re.DOTALL)[1]  # type: ignore[index]
    found = re.findall(r'<th scope="row">([^<]*)</th><td>([\d.]+)</td>', part)
    return {label: int(n.replace(".", "")) for label, n in found}


def moves(path: str) -> list[tuple[int, int]]:
    """The starts of the parts of a relative path, as east and north."""
    x = y = 0
    found = []
    for dx, dy in re.findall(r"m(-?\d+) (-?\d+)", path):
        x, y = x + int(dx), y + int(dy)
        found.append((x, -y))
    return found


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_town_tells_its_vacancies_by_use_class_and_duration(client: Client) -> None:
    page = client.get("/orte/wittenberge/").content.decode()
    here = "town_slug = 'wittenberge'"
    assert f"Leerstände: {count(here)}</h2>" in page
    bars = Bars(page).found
    for use in ("residential", "retail"):
        assert bars[f"former_use={use}"]["n"] == count(f"{here} AND former_use = '{use}'") > 0
        assert bars[f"former_use={use}"]["link"] == f"/leerstaende/?former_use={use}&town=wittenberge"
    assert bars["transit_is=none"]["n"] == count(f"{here} AND transit_class = ''")
    assert sum(table(page, "duration").values()) == count(here)
    assert table(page, "duration")["nicht angegeben"] == count(f"{here} AND vacant_since IS NULL")
    ten_years = datetime.date.today().replace(day=min(datetime.date.today().day, 28), year=datetime.date.today().year - 10)
    assert table(page, "duration")["10 Jahre und länger"] == count(f"{here} AND vacant_since <= '{ten_years}'")
    assert "?town=wittenberge" in page
    for link in (
        "/leerstaende.gpkg?town=wittenberge",
        "/ogc/?town=wittenberge",
        "/?town=wittenberge",
        "/leerstaende.atom?town=wittenberge",
    ):
        assert f'href="{link}"' in page


def test_durations_are_those_of_the_filter() -> None:
    counted = PublicVacancy.objects.all().hits_by_duration(datetime.date.today())
    assert sum(counted.values()) == count("true")
    for months, _label in DURATIONS:
        if months:
            filtered = PublicVacancy.objects.matching(VacancyFilter.parse(f"vacant_months_min={months}")).count()
            assert sum(n for m, n in counted.items() if m is not None and m >= months) == filtered > 0, months


def test_figures_of_a_place_have_source_date_and_unit(client: Client) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/orte/wittenberge/").content.decode()))
    assert "16.925 (31.12.2019, Destatis)" in text
    assert re.search(r"Fläche \d+,\d km² \(31.12.2019, Destatis\)", text)
    assert "Quelle: © Statistisches Bundesamt (Destatis), 2021, dl-de/by-2-0 , Stand 31.12.2019" in text
    assert "Quelle: Gemeinsame Landesplanung Berlin-Brandenburg (LEP B-B 2009, LEP HR 2019) , Stand 01.07.2019" in text
    assert "© GeoBasis-DE / BKG 2016" in text
    assert "Datenquelle: VBB Verkehrsverbund Berlin-Brandenburg GmbH , Verkehrstag 20.04.2021" in text
    assert f"am {datetime.date.today():%d.%m.%Y}" in text


def test_a_district_adds_up_its_towns(client: Client) -> None:
    page = client.get("/landkreise/prignitz/").content.decode()
    towns, people, area = row(
        "SELECT count(*), sum(population), sum(area_km2) FROM geo_town t JOIN geo_district d ON d.id = t.district_id"
        " WHERE d.ags5 = '12070' AND merged_into_id IS NULL"
    )
    assert f"<dd>{towns}</dd>" in page
    assert f"<dd>{shown(people)} <small>" in page
    assert f"<dd>{area:,.1f} km²".translate(str.maketrans(",.", ".,")) in page
    assert f"<dd>{round(people / float(area))}</dd>" in page
    assert f"Leerstände: {count(PRIGNITZ)}</h2>" in page
    assert sum(table(page, "town_size").values()) == count(PRIGNITZ)
    assert table(page, "former_use")["Hofstelle, Landwirtschaft"] == count(f"{PRIGNITZ} AND former_use = 'farm'") > 0
    well = row("SELECT count(*) FROM public_town WHERE district_ags = '12070' AND well_connected")[0]
    assert f"{well} von {towns} Ortsmitten" in page
    assert page.count('<th scope="row"><a href="/orte/') == towns
    shortest = row("SELECT min(berlin_best_min) FROM public_town WHERE district_ags = '12070'")[0]
    assert f"{shortest // 60}\u00a0h\u00a0{shortest % 60:02}\u00a0min" in page
    assert 'href="/landkreise/ostprignitz-ruppin/"' in page


def test_every_district_has_its_page_and_a_wrong_one_is_not_found(client: Client) -> None:
    index = client.get("/landkreise/").content.decode()
    slugs = {d.slug for d in District.objects.all()}
    assert len(slugs) == 18
    for slug in slugs:
        assert f'href="/landkreise/{slug}/"' in index
    assert client.get("/landkreise/frankfurt-oder/").status_code == 200
    assert client.get("/landkreise/gibt-es-nicht/").status_code == 404
    assert "/landkreise/oberspreewald-lausitz/" in client.get("/sitemap-landkreise.xml").content.decode()


def test_neighbours_are_those_that_touch(client: Client) -> None:
    page = client.get("/orte/wittenberge/").content.decode()
    part = page[page.index('id="nachbarn"') :].partition("</table>")[0]
    named = set(re.findall(r'href="/orte/([\w-]+)/"', part))
    whole = {t.slug: shapely.from_wkb(bytes(t.geom.wkb)) for t in Town.objects.current()}
    own = whole.pop("wittenberge")
    assert named == {slug for slug, shape in whole.items() if shape.distance(own) < 0.5}
    assert "perleberg" in named


def test_infrastructure_counts_what_is_loaded_and_says_when_nothing_is(client: Client) -> None:
    assert "noch nicht geladen" in client.get("/orte/wittenberge/").content.decode()
    town, other = Town.objects.get(slug="wittenberge"), Town.objects.get(slug="perleberg")
    data = Dataset.objects.create(key="probe", title="Probe", licence="CC0", attribution="Schulen der Probe", valid_on="2026-03-01")
    for n, (place, kind) in enumerate([(town, "school_primary"), (town, "school_primary"), (other, "library")]):
        Facility.objects.create(dataset=data, kind=kind, ref=str(n), point=place.centre, town=place)
    page = client.get("/orte/wittenberge/").content.decode()
    assert table(page, "facilities") == {"Grundschule": 2, "Bibliothek": 0}, "of other kinds nothing is known"
    assert "Schulen der Probe" in page
    assert "01.03.2026" in page
    assert table(client.get("/landkreise/prignitz/").content.decode(), "facilities") == {"Grundschule": 2, "Bibliothek": 1}
    stops, rail = row("SELECT count(*), count(*) FILTER (WHERE is_rail) FROM public_stop WHERE town_slug = 'wittenberge'")
    assert f"<dd>{stops}, davon {rail} mit Bahn</dd>" in page


# --- maps -------------------------------------------------------------------------------------------------------------


def test_the_map_draws_the_boundary_that_postgis_holds() -> None:
    town = Town.objects.get(slug="wittenberge")
    sketch = outlines.of_town(town, PublicVacancy.objects.none())
    (own,) = sketch.inside
    x = y = 0.0
    rings: list[list[tuple[float, float]]] = []
    for command, body in re.findall(r"([MmlL])([^MmlLz]*)", own.path):
        numbers = [float(v) for v in body.split()]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
            if command in "Mm":
                rings.append([])
            rings[-1].append((x, -y))
    drawn = shapely.union_all([shapely.Polygon(r) for r in rings])
    true = shapely.from_wkb(bytes(town.geom.wkb))
    assert drawn.hausdorff_distance(true) < 2 * sketch.frame.tolerance_m
    assert drawn.area == pytest.approx(true.area, rel=0.005)
    assert len(sketch.around) > 5
    assert own.key == str(town.pk)
    assert len({n.text for n in sketch.names} & {"Perleberg", "Breese", "Weisen", "Lanz"}) >= 3


def test_the_map_draws_exact_points_and_coarse_cells_from_the_public_position() -> None:
    rows = PublicVacancy.objects.in_district("12070")
    points, cells, told = outlines.marks(rows)
    exact = {(round(v.point.x), round(v.point.y)) for v in rows if v.is_exact}
    coarse = {(round(v.point.x), round(v.point.y)) for v in rows if not v.is_exact}
    assert set(moves(points)) == exact
    assert {(x + 250, y - 250) for x, y in moves(cells)} == coarse
    assert all(x % 500 == 250 and y % 500 == 250 for x, y in coarse), "the centre of a cell"
    n, m = count(f"{PRIGNITZ} AND is_exact"), count(f"{PRIGNITZ} AND NOT is_exact")
    assert told == f"{n} Leerstände mit genauer Lage als Punkt, {m} mit ungefährer Lage als Rasterfeld von 500 m."
    hidden = Vacancy.objects.exclude(key__in=rows.values("key")).filter(town__district__ags5="12070")
    assert hidden.exists()
    assert not {(round(v.point.x), round(v.point.y)) for v in hidden} & set(moves(points))


def test_too_many_points_are_told_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MOST", 20)
    points, cells, told = outlines.marks(PublicVacancy.objects.in_district("12070"))
    assert (points, cells) == ("", "")
    assert told == "Mehr als 20 Leerstände; einzeln stehen sie auf der großen Karte."


def test_the_maps_have_names_and_need_no_script(client: Client) -> None:
    for page in ("/orte/wittenberge/", "/landkreise/prignitz/", "/ueberblick/"):
        text = client.get(page).content.decode()
        assert re.search(r'<svg class="sketch[^"]*" [^>]* role="(img|group)" aria-labelledby="sketch-title"', text)
        assert re.search(r'<title id="sketch-title">[^<]+</title>\s*<desc id="sketch-text">[^<]+</desc>', text)
        assert "leaflet" not in text
        assert not re.search(r'[" ]style="', text)
