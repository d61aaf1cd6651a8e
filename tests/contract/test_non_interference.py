"""What is hidden changes nothing: hidden rows and columns are scrambled, every public answer stays the same, byte for byte."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client

from layers.publish.snapshot import store
from tests.contract.snapshots import address, content, keys_on_map
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/?town=wittenberge",
    "/?q=geheim",
    "/?former_use=farm&sort=area",
    "/leerstaende/?district=12070&sort=since",
    "/leerstaende.geojson",
    "/leerstaende.csv",
    "/leerstaende.atom",
    "/leerstaende.feed.json?town=wittenberge",
    "/leerstaende.pdf?town=wittenberge",
    "/embed?town=wittenberge&view=list",
    "/orte/",
    "/orte/wittenberge/",
    "/landkreise/",
    "/landkreise/prignitz/",
    "/datenquellen/",
)
# columns that may change nothing in public, whatever the row's visibility
PRIVATE = {
    "parcels": "ARRAY['geheim 1']",
    "vacancy_cause": "'geheim'",
    "certainty": "3",
    "notes": "'geheim'",
    "next_review_at": "'2031-01-01'",
    "contamination": "'confirmed'",
    "flood_zone": "true",
    "sewage": "false",
    "last_renovation": "1999",
    "source_ref": "'geheim ' || id",
    "imported": '\'{"title": "geheim"}\'',
    "updated_at": "now()",
    "created_at": "now()",
}


def answers(client: Client) -> dict[str, bytes]:
    found = {}
    rows = re.findall(r'href="(/leerstaende/[\w-]+/)"', client.get("/leerstaende/?town=wittenberge").content.decode())
    for page in (*PAGES, *rows[:8], *(f"{row}expose.pdf" for row in rows[:4])):
        response = client.get(page)
        body = response.getvalue() if response.streaming else response.content
        # the security nonce differs for each answer by design
        found[page] = re.sub(rb'nonce="[^"]+"', b"", body)
    return found | {address() + file: content(client, file) for file in store.FILES}


def scramble(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0, "nothing was scrambled"


def test_private_columns_never_show(client: Client) -> None:
    before = answers(client)
    scramble("UPDATE vacancies_vacancy SET " + ", ".join(f"{name} = {value}" for name, value in PRIVATE.items()))
    assert answers(client) == before


def test_hidden_rows_never_show(client: Client) -> None:
    before = answers(client)
    hidden = "visibility NOT IN ('exact', 'coarse') OR publication <> 'published'"
    scramble(
        "UPDATE vacancies_vacancy SET title = 'geheim', summary = 'geheim', street = 'geheim', former_use = 'farm', usable_m2 = 1,"
        f" smallest_divisible_m2 = NULL, verified_at = current_date, price_eur = 1, price_is_public = true WHERE {hidden}"
    )
    assert answers(client) == before
    scramble(f"DELETE FROM layers_vacancyreach WHERE vacancy_id IN (SELECT id FROM vacancies_vacancy WHERE {hidden})")
    scramble(f"DELETE FROM vacancies_vacancy WHERE {hidden}")
    assert answers(client) == before


def test_coarse_rows_show_neither_place_nor_address(client: Client) -> None:
    before = answers(client)
    # move every coarse point within its grid cell and change everything that would tell where it is
    corner = "ST_SetSRID(ST_MakePoint(floor(ST_X(point) / 500) * 500 + 499, floor(ST_Y(point) / 500) * 500 + 1), 25833)"
    scramble(
        f"UPDATE vacancies_vacancy SET title = 'geheim ' || id, street = 'Geheimweg', house_no = '99', point = {corner}"
        f" WHERE visibility = 'coarse' AND EXISTS (SELECT 1 FROM geo_town t WHERE t.id = town_id AND ST_Contains(t.geom, {corner}))"
    )
    from layers.reach import runs

    runs.refresh(list(Vacancy.objects.filter(visibility="coarse").values_list("pk", flat=True)))
    assert answers(client) == before


def test_prices_owners_and_ground_monuments_show_only_when_they_may(client: Client) -> None:
    before = answers(client)
    scramble("UPDATE vacancies_vacancy SET price_eur = 77, rent_eur_m2 = 7.77 WHERE NOT price_is_public")
    scramble("UPDATE vacancies_vacancy SET owner_type = 'heirs' WHERE owner_type IN ('private', 'unknown')")
    scramble("UPDATE vacancies_vacancy SET monument = 'ground' WHERE monument = 'unknown'")
    assert answers(client) == before


@pytest.mark.parametrize(
    "change",
    [
        {"publication": "draft"},
        {"visibility": "members"},
        {"visibility": "internal"},
        {"objected": True},
    ],
)
def test_a_row_that_stops_being_public_is_gone_at_once(client: Client, change: dict[str, object]) -> None:
    key = Vacancy.objects.public().filter(town_slug="wittenberge").first().key  # type: ignore[union-attr]
    vacancy = Vacancy.objects.get(key=key)
    address = f"/leerstaende/{vacancy.slug}/"
    assert client.get(address).status_code == 200
    Vacancy.objects.filter(pk=vacancy.pk).update(**change)
    assert client.get(address).status_code == 404
    assert client.get(f"/karte/objekt/{key}/").status_code == 404
    assert key not in keys_on_map(client, "town=wittenberge")
