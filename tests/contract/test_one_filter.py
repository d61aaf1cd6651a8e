"""One filter everywhere: list, GeoJSON, CSV, map data and frames give the same ids as the queryset."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from typing import Any

import orjson
import pytest
from django.test import Client

import raumwohlstand as rw
from tests.contract.snapshots import keys_on_map
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_SIZE
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db

BY_HAND = (
    "",
    "town_size=rural",
    "town_size=rural&town_size=small_town_s",
    "town_size=large_city_s&transit=A",
    "transit=A",
    "transit=C",
    "transit=F",
    "transit_is=D,none&town_size=rural",
    "target_use=workshop",
    "target_use=workshop,studio",
    "target_use=stage&former_use=industry",
    "former_use=rail",
    "former_use=manor&town_size=rural",
    "q=Bäckerei",
    "q=Schule",
    "q=Wittenberge",
    "q=Holztreppe",
    "q=Musterweg",
    "well_connected=1",
    "well_connected=1&town_size=rural&target_use=cohousing",
    "stop_distance_max=300",
    "rail_distance_max=1200&former_use=retail",
    "departures_min=100",
    "central=oberzentrum",
    "central=mittelzentrum,mittelzentrum_ft&transit=D",
    "structure=berlin_surroundings",
    "district=12070",
    "district=12070,12073&occupancy=vacant",
    "town=wittenberge",
    "town=wittenberge,perleberg",
    "possible_use=culture",
    "condition=ready,usable",
    "occupancy=interim",
    "vacant_months_min=120",
    "area=150-300",
    "area=1000-",
    "area=-60",
    "disposal=leasehold",
    "monument=building",
    "verified_months_max=6",
    "verified_since=2026-01-01",
    "near=11.7515,52.9955,5000",
    "bbox=13.0,52.0,14.0,52.6",
    "polygon=13.0,52.3;14.2,52.3;13.6,53.2",
    "berlin_max=60",
    "berlin_usual_max=90&town_size=rural",
    "oz_max=90&mz_max=30",
    "oz_usual_max=120&mz_usual_max=45",
    "last_home=23:00",
    "rin_mz=1&rin_oz=1",
    "transit=D&target_use=workshop&area=150-300&disposal=rent,leasehold&bbox=12.5,52.0,14.5,53.2",
)


ALONE = {q.split("=")[0] for q in BY_HAND if "&" not in q}


def generated(count: int, seed: int = 4711) -> list[str]:
    """Draw queries with values that are allowed: each criterion that none above asks alone, then two to four together."""
    dice = random.Random(seed)
    made = []
    chosen = [[c] for c in VacancyFilter.criteria if c.name not in ALONE]
    chosen += [dice.sample(VacancyFilter.criteria, dice.randint(2, 4)) for _n in range(count - len(chosen))]
    for criteria in chosen:
        pairs = []
        for criterion in criteria:
            kind = criterion.kind
            if kind in ("choice", "rank"):
                options = [key for key, _label in criterion.options()]
                chosen = dice.sample(options, 1 if kind == "rank" else dice.randint(1, min(5, len(options))))
                value = ",".join(chosen)
            elif kind == "flag":
                value = "1"
            elif kind == "range":
                low = dice.randint(0, 500)
                value = f"{low}-{low + dice.randint(50, 3000)}"
            elif kind in ("number", "months"):
                value = str(min(dice.choice((1, 12, 60, 300, 1000)), criterion.highest))
            elif kind == "clock":
                value = dice.choice(("21:30", "23:00", "00:15"))
            elif kind == "day":
                value = f"{dice.choice((2024, 2025, 2026))}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            elif kind == "within":
                value = dice.choice(("supermarket:15", "doctor:20,school_primary:30"))
            elif kind == "text":
                value = dice.choice(("Hof", "alte Schule", "Laden", "Potsdam", "teilbar", "%", "o'", "\\"))
            else:
                x, y = dice.uniform(11.5, 14.3), dice.uniform(51.5, 53.2)
                value = {
                    "near": f"{x:.4f},{y:.4f},{dice.randint(1000, 60000)}",
                    "bbox": f"{x:.4f},{y:.4f},{x + 0.7:.4f},{y + 0.5:.4f}",
                    "polygon": f"{x:.4f},{y:.4f};{x + 0.8:.4f},{y:.4f};{x + 0.4:.4f},{y + 0.6:.4f}",
                }[kind]
            pairs.append((criterion.name, value))
        from urllib.parse import urlencode

        made.append(urlencode(pairs))
    return made


def listed(client: Client, query: str) -> list[str]:
    """Walk the list page by page and return the keys in order."""
    keys: list[str] = []
    address = f"/leerstaende/?{query}"
    for _page in range(400):
        text = client.get(address).content.decode()
        keys += re.findall(r'data-key="(\w+)"', text)
        following = re.search(r'href="(\?[^"]*after=[^"]*)"[^>]*rel="next"', text)
        if not following:
            return keys
        address = "/leerstaende/" + following[1].replace("&amp;", "&")
    raise AssertionError("the list does not end")


def outputs(client: Client, query: str, **frame: Any) -> dict[str, list[str]]:
    """Return the keys that each public output gives for a query."""
    collection = orjson.loads(client.get(f"/leerstaende.geojson?{query}").getvalue())
    head, *rows = csv.reader(io.StringIO(client.get(f"/leerstaende.csv?{query}").getvalue().decode("utf-8-sig")), delimiter=";")
    at = head.index("key")
    return {
        "geojson": [f["id"] for f in collection["features"]],
        "csv": [r[at] for r in rows],
        "map": keys_on_map(client, query),
        "frame": list(rw.vacancies(query, **frame).index),
    }


def expected(query: str) -> list[str]:
    return sorted(PublicVacancy.objects.matching(VacancyFilter.parse(query)).values_list("key", flat=True))


@pytest.mark.parametrize("query", BY_HAND)
def test_every_output_gives_the_rows_of_the_queryset(client: Client, query: str) -> None:
    wanted = expected(query)
    assert wanted, "a query chosen by hand must find something"
    for name, keys in outputs(client, query).items():
        assert keys == wanted, name
    page = client.get(f"/leerstaende/?{query}").content.decode()
    assert f'data-total="{len(wanted)}"' in page


def test_generated_queries_agree_everywhere(client: Client) -> None:
    found = 0
    for query in generated(200):
        wanted = expected(query)
        found += bool(wanted)
        for name, keys in outputs(client, query, columns=["title"]).items():
            assert keys == wanted, (name, query)
    assert found > 80, "most generated queries should find something"


@pytest.mark.parametrize("sort", ["newest", "town", "area", "stop", "since"])
@pytest.mark.parametrize("query", ["town_size=large_city_s", "district=12070&transit=E"])
def test_the_list_pages_through_every_row_once_in_every_order(client: Client, query: str, sort: str) -> None:
    keys = listed(client, f"{query}&sort={sort}")
    assert len(keys) > PAGE_SIZE, "more than one page"
    assert sorted(keys) == expected(query)


def test_pages_lead_back_to_where_they_came_from(client: Client) -> None:
    first = client.get("/leerstaende/?district=12070").content.decode()
    onward = re.search(r'href="(\?[^"]*after=[^"]*)"', first)[1].replace("&amp;", "&")  # type: ignore[index]
    second = client.get(f"/leerstaende/{onward}").content.decode()
    back = re.search(r'href="(\?[^"]*before=[^"]*)"', second)[1].replace("&amp;", "&")  # type: ignore[index]
    again = client.get(f"/leerstaende/{back}").content.decode()
    assert re.findall(r'data-key="(\w+)"', again) == re.findall(r'data-key="(\w+)"', first)


def test_counts_beside_options_are_what_choosing_them_gives(client: Client) -> None:
    page = client.get("/?transit=D&target_use=workshop").content.decode()
    hits = json.loads(re.search(r'<script id="hits" type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    for size, n in hits["town_size"].items():
        assert n == len(expected(f"transit=D&target_use=workshop&town_size={size}")), size
    for letter, n in hits["transit"].items():
        assert n == len(expected(f"target_use=workshop&transit={letter}")), letter
    assert hits["target_use"]["studio"] == len(expected("transit=D&target_use=studio"))
