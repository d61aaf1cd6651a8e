"""Vector tiles hold the rows that lie in them, where they lie, whether arrays or the database make them; read by GDAL."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyogrio
import pytest
from django.db import connection
from django.test import Client

from layers.publish import tiles
from layers.publish.collection import collection
from layers.publish.snapshot import mvt, store
from tests.contract.test_one_filter import BY_HAND
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

in_a_transaction = pytest.mark.django_db


@pytest.fixture(params=["arrays", "database"])
def made_by(request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Tiles made in both ways."""
    if request.param == "arrays":
        store.current(VACANCIES)
        monkeypatch.setattr(tiles, "_of_database", None)  # would fail
    else:
        monkeypatch.setattr(store, "at_hand", lambda *_: None)
    return str(request.param)


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
    return pyogrio.read_dataframe(path, X=x, Y=y, Z=z, CLIP="NO") if response.content else None


@pytest.mark.usefixtures("made_by")
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


@pytest.mark.usefixtures("made_by")
def test_filters_narrow_a_tile_as_they_narrow_the_list(client: Client, tmp_path) -> None:  # type: ignore[no-untyped-def]
    place = tile_at(13.06, 52.40, 7)
    for query in BY_HAND[::4]:
        found = read(client, tmp_path, *place, query)
        keys = [] if found is None else sorted(set(found["key"]) & set(in_tile(*place)))
        assert keys == in_tile(*place, query), query


@pytest.mark.usefixtures("made_by")
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


def both(client: Client, tmp_path, monkeypatch: pytest.MonkeyPatch, place: tuple[int, int, int], query: str = ""):  # type: ignore[no-untyped-def]
    """Return a tile as the arrays and as the database make it, each sorted."""
    with monkeypatch.context() as here:
        here.setattr(tiles, "_of_database", None)
        ours = read(client, tmp_path, *place, query)
    with monkeypatch.context() as here:
        here.setattr(store, "at_hand", lambda *_: None)
        theirs = read(client, tmp_path, *place, query)
    if ours is None or theirs is None:
        return ours, theirs
    order = [c for c in ("key", "n") if c in theirs]
    for found in (ours, theirs):
        found["x"], found["y"] = found.geometry.x, found.geometry.y
    return tuple(found.sort_values([*order, "x", "y"]).reset_index(drop=True) for found in (ours, theirs))


@in_a_transaction
def test_arrays_and_database_make_the_same_tile(client: Client, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Every feature, its class and its place, those just beyond the edge and gathered ones too."""
    store.current(VACANCIES)
    compared = 0
    for z in (0, 5, 7, 10, 11, 13, 17, 22):
        unit = 2 * 20_037_508.343 / 2**z / 4096
        for lon, lat in ((11.7515, 52.9955), (13.06, 52.40), (14.55, 52.34)):
            for query in ("", "target_use=workshop", "town_size=rural&q=Haus"):
                ours, theirs = both(client, tmp_path, monkeypatch, tile_at(lon, lat, z), query)
                if theirs is None:
                    assert ours is None
                    continue
                compared += len(theirs)
                assert list(ours["key"]) == list(theirs["key"])
                assert list(ours["transit_class"]) == list(theirs["transit_class"])
                apart = np.hypot(ours["x"] - theirs["x"], ours["y"] - theirs["y"])
                assert apart.max() < max(1.01 * unit, 0.01)  # a centimetre decides to which side a half is rounded
                assert (apart > 0.01).mean() < 0.02 or z > 16
    assert compared > 5_000
    monkeypatch.setattr(tiles, "MANY", 100)
    ours, theirs = both(client, tmp_path, monkeypatch, tile_at(13.06, 52.40, 7))
    assert list(ours["n"]) == list(theirs["n"])
    assert np.hypot(ours["x"] - theirs["x"], ours["y"] - theirs["y"]).max() < 0.01
    assert len(ours) > 20


def test_numbers_and_texts_of_any_size_are_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    counts = np.array([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
    across = np.array([-64, -1, 0, 63, 64, 2_048, 4_095, 4_096, 4_160])
    places = np.arange(9)
    texts = ["", *(f"Ort {n}{'ö' * n * n}" for n in places[1:])]
    names = mvt.Property("name", places, np.array([text.encode() for text in texts]))
    path = tmp_path / "0-0-0.mvt"
    path.write_bytes(mvt.encode("proben", across, across[::-1], [names, mvt.Property("n", places, counts)]))
    found = pyogrio.read_dataframe(path, layer="proben", X=0, Y=0, Z=0, CLIP="NO")
    assert list(found["n"]) == list(counts)
    assert list(found["name"]) == texts
    unit = 2 * 20_037_508.343 / 4096
    assert np.allclose(found.geometry.x, across * unit - 20_037_508.343, atol=1)
    assert np.allclose(found.geometry.y, 20_037_508.343 - across[::-1] * unit, atol=1)
    assert mvt.encode("proben", across[:0], across[:0], []) == b""


def test_a_tile_that_takes_too_long_says_so(alone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/kacheln/leerstaende/{}/{}/{}.mvt".format(*tile_at(13.06, 52.40, 7))
    assert alone.get(path).status_code == 200
    slow = lambda *_: ("SELECT pg_sleep(5)::text", [])  # noqa: E731
    monkeypatch.setattr(store, "at_hand", lambda *_: None)
    monkeypatch.setattr(tiles, "tile_statement", slow)
    monkeypatch.setattr(tiles, "TIMEOUT_MS", 50)
    answer = alone.get(path)
    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (503, "30", "application/json")
    monkeypatch.undo()
    assert alone.get(path).status_code == 200


def test_layers_without_a_statement_for_their_stamp_have_tiles_too(alone: Client) -> None:
    assert not hasattr(collection("beispiele").stamp, "sql")
    assert alone.get("/kacheln/beispiele/{}/{}/{}.mvt".format(*tile_at(13.06, 52.40, 6))).status_code == 200
