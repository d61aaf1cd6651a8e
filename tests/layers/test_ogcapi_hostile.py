# ruff: noqa: E501
"""Bad and hostile requests to OGC API Features: each is answered with JSON and 4xx; nothing leaks."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.test import Client

from layers.publish.ogcapi.parameters import EPSG
from tests.layers.test_ogcapi import ROOT, get, items
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db

BAD: dict[str, dict[str, str]] = {
    "limit zero": {"limit": "0"},
    "limit negative": {"limit": "-1"},
    "limit text": {"limit": "alle"},
    "limit NaN": {"limit": "NaN"},
    "limit huge": {"limit": "9" * 30},
    "offset negative": {"offset": "-1"},
    "offset huge": {"offset": "9" * 30},
    "box of three": {"bbox": "1,2,3"},
    "box of five": {"bbox": "1,2,3,4,5"},
    "box of NaN": {"bbox": "nan,nan,nan,nan"},
    "box of infinity": {"bbox": "-inf,-inf,inf,inf"},
    "box upside down": {"bbox": "11,53,12,52"},
    "box of words": {"bbox": "a,b,c,d"},
    "box in an odd CRS": {"bbox": "1,2,3,4", "bbox-crs": "http://127.0.0.1/crs"},
    "odd CRS": {"crs": "EPSG:25833"},
    "CRS not offered": {"crs": f"{EPSG}2056"},
    "time of words": {"datetime": "gestern"},
    "time impossible": {"datetime": "2020-13-45"},
    "time open at both ends": {"datetime": "../.."},
    "time backwards": {"datetime": "2021-01-01/2020-01-01"},
    "three times": {"datetime": "2020-01-01/2020-01-02/2020-01-03"},
    "sort by hidden column": {"sortby": "search_text"},
    "sort by relation": {"sortby": "units__name"},
    "sort injection": {"sortby": "key;DROP TABLE x"},
    "hidden property": {"properties": "search_text"},
    "skip geometry": {"skipGeometry": "vielleicht"},
    "format": {"f": "exe"},
    "unknown parameter": {"gibtesnicht": "1"},
    "misspelt": {"tranzit": "C"},
    "map filter": {"transit": "Z"},
    "hidden column as parameter": {"search_text": "a"},
    "lookup as parameter": {"key__regex": ".*"},
    "language": {"filter": "key='a'", "filter-lang": "sql"},
    "filter in an odd CRS": {"filter": "key='a'", "filter-crs": "x"},
    "filter broken": {"filter": "key ="},
    "filter no condition": {"filter": "key"},
    "filter a literal": {"filter": "'a'"},
    "filter SQL": {"filter": "1=1; DROP TABLE x"},
    "filter hidden column": {"filter": "search_text = 'a'"},
    "filter relation": {"filter": "units__name = 'a'"},
    "filter lookup": {"filter": "key__regex = 'a'"},
    "filter quoted": {"filter": "\"public_vacancy\".key = 'a'"},
    "filter function": {"filter": "pg_sleep(9) = 1"},
    "filter deep": {"filter": "(" * 200 + "key='a'" + ")" * 200},
    "filter long": {"filter": "key='a'" + " OR key='b'" * 3_000},
    "filter wide": {"filter": "key='a'" + " OR key='b'" * 600},
    "text and number": {"filter": "key = 5"},
    "number and text": {"filter": "price_eur = 'viel'"},
    "flag and number": {"filter": "is_exact = 1"},
    "date and text": {"filter": "vacant_since > '2020-01-01'"},
    "order of flags": {"filter": "is_exact > FALSE"},
    "geometry compared": {"filter": "point = 'a'"},
    "geometry broken": {"filter": "S_INTERSECTS(point, POLYGON((1 2, 3 4)))"},
    "geometry of a text column": {"filter": "S_INTERSECTS(key, POINT(1 2))"},
    "geometry without column": {"filter": "S_INTERSECTS(POINT(1 2), POINT(1 2))"},
    "geometry of NaN": {"filter": '{"op":"s_intersects","args":[{"property":"point"},{"type":"Point","coordinates":[NaN,1]}]}', "filter-lang": "cql2-json"},
    "like on a number": {"filter": "price_eur LIKE '1%'"},
    "like ending in a backslash": {"filter": "key LIKE 'a\\'"},
    "JSON broken": {"filter": "{", "filter-lang": "cql2-json"},
    "JSON list": {"filter": "[1,2]", "filter-lang": "cql2-json"},
    "JSON unknown": {"filter": '{"op":"drop","args":[]}', "filter-lang": "cql2-json"},
    "JSON without operands": {"filter": '{"op":"and","args":[]}', "filter-lang": "cql2-json"},
    "JSON deep": {"filter": '{"op":"not","args":[' * 300 + '"a"' + "]}" * 300, "filter-lang": "cql2-json"},
    "JSON hidden column": {"filter": '{"op":"=","args":[{"property":"search_text"},"a"]}', "filter-lang": "cql2-json"},
    "JSON odd column": {"filter": '{"op":"=","args":[{"property":{"a":1}},"a"]}', "filter-lang": "cql2-json"},
    "JSON box of words": {"filter": '{"bbox":["a","b","c","d"]}', "filter-lang": "cql2-json"},
    "JSON odd parts": {"filter": '{"op":"in","args":[{"property":null},{"type":"Point","coordinates":[13,52]}]}', "filter-lang": "cql2-json"},
    "geometry beyond the world": {"filter": '{"op":"s_within","args":[{"property":"point"},{"type":"LineString","coordinates":[[0,0],[1e300,1e300]]}]}', "filter-lang": "cql2-json"},
    "NUL": {"filter": "key = 'a\0'"},
    "number as parameter": {"price_eur": "viel"},
    "column given twice": {"town_name": ["Wittenberge", "Perleberg"]},
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_are_reported(client: Client, case: str) -> None:
    made = items(client, status=400, **BAD[case])
    assert made["code"] == "InvalidParameterValue"
    text = json.dumps(made)
    for word in ("Traceback", "SELECT", "psycopg", "LINE 1", "HINT", "File "):
        assert word not in text


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_only_reading_is_offered(client: Client, method: str) -> None:
    response = getattr(client, method)(f"{ROOT}collections/leerstaende/items", "{}", content_type="application/json")
    assert response.status_code == 405
    assert "json" in response["Content-Type"]


def test_nothing_is_printed_about_bad_filters(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    items(client, status=400, filter="key = (")
    assert capsys.readouterr().out == ""


def test_values_are_values_and_no_language(client: Client) -> None:
    for value in ("' OR 1=1 --", "%", "%s", "\\", "{0}"):
        tree = {"op": "=", "args": [{"property": "key"}, value]}
        assert items(client, **{"filter": json.dumps(tree), "filter-lang": "cql2-json"})["numberMatched"] == 0
    assert items(client, filter="price_eur = 99999999999999999999999")["numberMatched"] == 0
    assert client.get(f"{ROOT}collections/leerstaende/items/{quote('x%00y')}").status_code == 404


def test_hidden_rows_cannot_be_reached(client: Client) -> None:
    key = PublicVacancy.objects.order_by("key").values_list("key", flat=True)[0]
    Vacancy.objects.filter(key=key).update(visibility="internal")
    assert get(client, f"collections/leerstaende/items/{key}", 404)["code"] == "NotFound"
    assert items(client, filter=f"key = '{key}'")["numberMatched"] == 0


def test_no_page_is_larger_than_allowed(client: Client) -> None:
    assert items(client, "haltestellen", limit=50_000, properties="stop_id", skipGeometry="true")["numberReturned"] == 10_000
