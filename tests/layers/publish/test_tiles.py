"""Vector tiles hold the rows that lie in them, where they lie; read by GDAL, compared with the database."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import psycopg
import pyogrio
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from layers.publish import tiles
from layers.publish.collection import collection
from layers.publish.rights import at_once
from tests.contract.test_one_filter import BY_HAND
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy

in_a_transaction = pytest.mark.django_db


@pytest.fixture
def alone(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """Questions outside any transaction, as the server's requests are; nothing but versions is written."""
    with django_db_blocker.unblock():
        yield Client()
        connection.close()


def in_tile(z: int, x: int, y: int, query: str = "") -> list[str]:
    """The keys in a tile by PostGIS's own envelope."""
    keys = list(PublicVacancy.objects.matching(VacancyFilter.parse(query)).values_list("key", flat=True))
    with connection.cursor() as cursor:
        sql = "SELECT key FROM public_vacancy WHERE ST_Within(ST_Transform(point, 3857), ST_TileEnvelope(%s, %s, %s)) AND key = ANY(%s)"
        cursor.execute(sql, [z, x, y, keys])
        return sorted(row[0] for row in cursor.fetchall())


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return z, int(x), int(y)


def read(client: Client, tmp_path, z: int, x: int, y: int, query: str = ""):  # type: ignore[no-untyped-def]
    response = client.get(f"/kacheln/leerstaende/{z}/{x}/{y}.mvt?{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    path = tmp_path / f"{z}-{x}-{y}.mvt"
    path.write_bytes(response.content)
    return pyogrio.read_dataframe(path, X=x, Y=y, Z=z) if response.content else None


@in_a_transaction
@pytest.mark.parametrize("z", [6, 9, 11, 14])
def test_a_tile_holds_the_rows_within_it_where_they_lie(client: Client, tmp_path, z: int) -> None:  # type: ignore[no-untyped-def]
    place = tile_at(11.7515, 52.9955, z)  # Wittenberge
    found = read(client, tmp_path, *place)
    expected = in_tile(*place)
    assert expected
    assert set(expected) <= set(found["key"])
    inside = found[found["key"].isin(expected)].set_index("key")
    step = 2 * 20_037_508.343 / 2**z / 4096
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, ST_X(p), ST_Y(p) FROM (SELECT key, ST_Transform(point, 3857) p FROM public_vacancy) v")
        places = {key: (px, py) for key, px, py in cursor.fetchall()}
    for key, shape in inside.geometry.items():
        assert math.hypot(shape.x - places[key][0], shape.y - places[key][1]) < 1.5 * step


@in_a_transaction
def test_filters_narrow_a_tile_as_they_narrow_the_list(client: Client, tmp_path) -> None:  # type: ignore[no-untyped-def]
    place = tile_at(13.06, 52.40, 7)
    for query in BY_HAND[::4]:
        found = read(client, tmp_path, *place, query)
        keys = [] if found is None else sorted(set(found["key"]) & set(in_tile(*place)))
        assert keys == in_tile(*place, query), query


@in_a_transaction
def test_many_rows_of_a_low_zoom_are_gathered(client: Client, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    place = tile_at(13.06, 52.40, 7)
    whole = read(client, tmp_path, *place)
    monkeypatch.setattr(tiles, "MANY", 100)
    found = read(client, tmp_path, *place)
    assert found["n"].sum() == len(whole)
    assert len(found) < len(whole) / 2


@in_a_transaction
def test_tiles_that_do_not_exist_and_filters_that_are_wrong_say_so(client: Client) -> None:
    assert client.get("/kacheln/leerstaende/3/9/1.mvt").status_code == 404
    assert client.get("/kacheln/gemeinden/3/1/1.mvt").status_code == 404
    assert client.get("/kacheln/leerstaende/3/4/2.mvt?area=x").status_code == 400
    first = client.get("/kacheln/leerstaende/8/137/83.mvt")
    assert client.get("/kacheln/leerstaende/8/137/83.mvt", headers={"If-None-Match": first["ETag"]}).status_code == 304
    packed = client.get("/kacheln/leerstaende/8/137/83.mvt", headers={"Accept-Encoding": "gzip"})
    assert packed["ETag"] == f"W/{first['ETag']}", "packing makes it weak"
    for known in (packed["ETag"], f'"old", {packed["ETag"]}', "*"):
        again = client.get("/kacheln/leerstaende/8/137/83.mvt", headers={"If-None-Match": known, "Accept-Encoding": "gzip"})
        assert (again.status_code, again.content, again["Access-Control-Allow-Origin"]) == (304, b"", "*")


def me() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user::text, current_setting('statement_timeout'), current_setting('max_parallel_workers_per_gather')"
        )
        return cursor.fetchone()


def test_asked_at_once_or_step_by_step_a_tile_is_the_same(alone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/kacheln/leerstaende/{}/{}/{}.mvt?town_size=small_town_s".format(*tile_at(11.7515, 52.9955, 9))
    before = me()
    first = alone.get(path)  # the version is read
    monkeypatch.setattr(tiles, "_tile", None)  # step by step would fail
    second = alone.get(path)
    monkeypatch.undo()
    monkeypatch.setattr(tiles, "_with_its_version", lambda *_: None)
    third = alone.get(path)
    assert len(first.content) > 100
    assert first.content == second.content == third.content
    assert first["ETag"] == second["ETag"] == third["ETag"]
    assert me() == before


def test_what_is_asked_at_once_is_asked_as_the_reader(alone: Client) -> None:
    before = me()
    assert at_once("SELECT current_user", (), "SELECT current_setting('role')::bytea", ()) == (before[0], settings.READER_ROLE.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        at_once("SELECT 1", (), "SELECT count(*) FROM vacancies_vacancy", ())
    assert me() == before


def test_a_tile_that_takes_too_long_says_so(alone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/kacheln/leerstaende/{}/{}/{}.mvt".format(*tile_at(13.06, 52.40, 7))
    assert alone.get(path).status_code == 200
    slow = lambda *_: ("SELECT pg_sleep(5)::text", [])  # noqa: E731
    monkeypatch.setattr(tiles, "tile_statement", slow)
    monkeypatch.setattr(tiles, "TIMEOUT_MS", 50)
    at_once_, step_by_step = alone.get(path), alone.get(path, headers={"If-None-Match": "old"})
    assert [at_once_.status_code, step_by_step.status_code] == [503, 503]
    assert at_once_["Retry-After"] == "30"
    monkeypatch.undo()
    assert alone.get(path).status_code == 200


def test_a_connection_that_died_is_replaced(alone: Client, database_url: str) -> None:
    path = "/kacheln/leerstaende/{}/{}/{}.mvt".format(*tile_at(13.06, 52.40, 9))
    first = alone.get(path)
    with psycopg.connect(database_url.replace("postgis:", "postgresql:"), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    assert alone.get(path).content == first.content


def test_layers_without_a_statement_for_their_stamp_have_tiles_too(alone: Client) -> None:
    assert not hasattr(collection("beispiele").stamp, "sql")
    assert alone.get("/kacheln/beispiele/{}/{}/{}.mvt".format(*tile_at(13.06, 52.40, 6))).status_code == 200
