"""The list of a filter on paper: the rows of the page in its order, with sentence, count, date and map; cut with a word about it."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.browser.watching import count, rows
from tests.vacancies.reading_pdf import Pdf
from vacancies.models import Vacancy
from vacancies.paper import register_list

pytestmark = pytest.mark.django_db
TOWN = "town=wittenberge"


def slugs(pdf: Pdf) -> list[str]:
    return [urlsplit(link).path.split("/")[2] for link in pdf.links() if "/leerstaende/" in link and "?" not in link]


def test_it_holds_the_rows_of_the_filter_with_all_that_is_needed_to_read_them(client: Client) -> None:
    pdf = Pdf.get(client, f"/leerstaende.pdf?{TOWN}")
    pdf.is_accessible()
    pdf.stays_on_paper()
    ordered = "ORDER BY coalesce(verified_at, '0001-01-01') DESC, key"
    wanted = rows(f"SELECT slug, usable_m2 FROM public_vacancy WHERE town_slug = 'wittenberge' {ordered}")
    assert slugs(pdf) == [slug for slug, _area in wanted]
    assert str(pdf.inner.docinfo["/Title"]) == "Leerstände in Wittenberge"
    today = datetime.date.today()
    assert f"Leerstände in Wittenberge {len(wanted)} Leerstände Stand {today.day}. " in pdf.text
    assert "Sortiert: zuletzt bestätigt." in pdf.text
    assert "Alle Leerstände dieser Liste sind erfundene Beispiele." in pdf.text
    assert all(f"Seite {n} von {len(pdf.pages)}" in page for n, page in enumerate(pdf.pages, 1))
    assert "Quellen und Lizenzen © GeoBasis-DE / BKG 2016" in pdf.text
    table = pdf.tags.all("Table")[0]
    assert len(table.all("TH")) == 9
    assert len(table.all("TR")) == len(wanted) + 1
    assert pdf.tags.all("Figure")[-1].alt.startswith(f"Karte zu „Leerstände in Wittenberge“: {len(wanted)} Leerstände")
    assert pdf.codes() == [f"http://testserver/leerstaende/?{TOWN}"]


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("former_use=rail", "former_use = 'rail'"),
        ("area=1000-&transit=C", "usable_m2 >= 1000 AND transit_class IN ('A', 'B', 'C')"),
        ("near=11.7515,52.9955,5000", "ST_DWithin(point, ST_Transform(ST_SetSRID(ST_MakePoint(11.7515, 52.9955), 4326), 25833), 5000)"),
    ],
)
def test_the_filter_is_that_of_the_page(client: Client, query: str, condition: str) -> None:
    wanted = {slug for (slug,) in rows(f"SELECT slug FROM public_vacancy WHERE {condition}")}
    assert 0 < len(wanted) < register_list.LONGEST
    assert set(slugs(Pdf.get(client, f"/leerstaende.pdf?{query}"))) == wanted


def test_the_order_is_that_of_the_page(client: Client) -> None:
    pdf = Pdf.get(client, f"/leerstaende.pdf?{TOWN}&sort=area")
    ordered = "ORDER BY coalesce(usable_m2, 0) DESC, key"
    assert slugs(pdf) == [slug for (slug,) in rows(f"SELECT slug FROM public_vacancy WHERE town_slug = 'wittenberge' {ordered}")]
    assert "Sortiert: größte Fläche." in pdf.text
    assert pdf.codes() == [f"http://testserver/leerstaende/?{TOWN}&sort=area"]


def test_a_long_one_is_cut_and_says_so(client: Client) -> None:
    pdf = Pdf.get(client, "/leerstaende.pdf?town_size=rural")
    total = count("town_size_class = 'rural'")
    assert total > 1_000
    assert len(slugs(pdf)) == 500
    dotted = f"{total:,}".replace(",", ".")
    assert f"Gedruckt sind die ersten 500 von {dotted}; die Reihenfolge ist „zuletzt bestätigt“." in pdf.pages[0]
    assert "http://testserver/leerstaende.csv?town_size=rural" in pdf.links()
    assert all(page.startswith("Leerstand Ort frühere Nutzung") for page in pdf.pages[1:-1]), "each page repeats the heads"
    pdf.stays_on_paper()
    short = Pdf.get(client, f"/leerstaende.pdf?{TOWN}")
    assert "Gedruckt sind" not in short.text


def test_an_empty_one_says_so(client: Client) -> None:
    pdf = Pdf.get(client, "/leerstaende.pdf?town_size=rural&central=oberzentrum")
    pdf.is_accessible()
    assert "Kein Leerstand passt zu allen Filtern." in pdf.text
    assert "Beispiel ·" not in pdf.text
    assert pdf.tags.all("Table") == []


def test_a_filter_of_many_words_stays_on_the_page(client: Client) -> None:
    uses = "studio,workshop,stage,office,coworking,meeting,education,culture,small_trade,cohousing,gastronomy"
    towns = "&".join(f"town={slug}" for (slug,) in rows("SELECT DISTINCT town_slug FROM public_vacancy ORDER BY 1 LIMIT 60"))
    pdf = Pdf.get(client, f"/leerstaende.pdf?target_use={uses}&transit=D&q={'o' * 60}&{towns}")
    pdf.is_accessible()
    pdf.stays_on_paper()
    assert pdf.codes() == [], "too long for a code"


@pytest.mark.parametrize(("query", "parameter"), [("transit=Z", "transit"), ("sort=colour", "sort"), ("farbe=rot", "farbe")])
def test_an_invalid_filter_is_named(client: Client, query: str, parameter: str) -> None:
    response = client.get(f"/leerstaende.pdf?{query}")
    assert response.status_code == 400
    assert f"<strong>{parameter}" in response.content.decode() or f">{parameter}<" in response.content.decode()


def test_markup_in_a_title_stays_text(client: Client) -> None:
    key = rows("SELECT key FROM public_vacancy WHERE town_slug = 'wittenberge' AND is_exact LIMIT 1")[0][0]
    text = '<b>#panic("x")</b> $a$ @b'
    Vacancy.objects.filter(key=key).update(title=text)
    assert text in Pdf.get(client, f"/leerstaende.pdf?{TOWN}").text


def test_a_coarse_row_shows_no_address(client: Client) -> None:
    private = {"title": "Geheimer Hof", "street": "Geheimweg", "locality": "Geheimort"}
    Vacancy.objects.filter(town__slug="wittenberge", visibility="coarse").update(**private)
    pdf = Pdf.get(client, f"/leerstaende.pdf?{TOWN}")
    assert "Geheim" not in pdf.text
    assert pdf.text.count("ungefähre Lage") == count("town_slug = 'wittenberge' AND NOT is_exact") + 1


def test_who_has_it_gets_304(client: Client) -> None:
    first = client.get(f"/leerstaende.pdf?{TOWN}")
    assert client.get(f"/leerstaende.pdf?{TOWN}", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get("/leerstaende.pdf?town=perleberg", headers={"If-None-Match": first["ETag"]}).status_code == 200
    english = Pdf.get(client, f"/en/leerstaende.pdf?{TOWN}")
    assert "Vacancies in Wittenberge" in english.text
    assert "Sorted: last confirmed." in english.text


def test_its_map_is_drawn_for_those_who_get_it_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get(f"/leerstaende.pdf?{TOWN}")
    monkeypatch.setattr(register_list.ground, "overview", None)  # would fail
    assert client.get(f"/leerstaende.pdf?{TOWN}", headers={"If-None-Match": first["ETag"]}).status_code == 304
    head = client.head(f"/leerstaende.pdf?{TOWN}")
    assert (head.status_code, head["ETag"]) == (200, first["ETag"])
    near = "near=11.7515,52.9955,5000"
    assert client.head(f"/leerstaende.pdf?{TOWN}&{near}")["ETag"] != client.head(f"/leerstaende.pdf?{TOWN}&near=11.75,52.99,5000")["ETag"]


def test_the_list_page_names_it(client: Client) -> None:
    page = client.get(f"/leerstaende/?{TOWN}&sort=area").content.decode()
    assert f'<a href="/leerstaende.pdf?{TOWN}&amp;sort=area" type="application/pdf">PDF' in page
