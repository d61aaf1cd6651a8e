"""Every address below /ogc/intern/, asked by members of a municipality: their rows, and of no other so much as a number."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyogrio
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from geo.models import Town
from geo.scope import NOWHERE, Scope, scope_of
from layers.publish.collection import internal_collections, offering
from layers.publish.rights import as_reader, reader_dsn
from network.models import AppPassword, Membership
from tests.network.test_app_passwords import basic
from vacancies.models import RegisterVacancy, Vacancy

pytestmark = pytest.mark.django_db
OWN, FOREIGN = "gransee", "bad-saarow"  # both of an Amt
ROLES = ("viewer", "editor", "moderator", "manager", "admin")
WFS = "/ogc/intern/wfs?service=WFS&version={}&request="
WMS = "/ogc/intern/wms?service=WMS&version=1.3.0&request="
ITEMS = "/ogc/intern/features/collections/register/items"
SIDE, HALF_M = 60, 300  # of a map around a vacancy


@dataclass(frozen=True)
class Member:
    """A person with a program that signs in."""

    user: User
    head: dict[str, str]

    def get(self, address: str) -> tuple[int, bytes]:
        answer = Client().get(address, headers=self.head)
        return answer.status_code, answer.getvalue()

    def text(self, address: str) -> str:
        status, body = self.get(address)
        assert status == 200, (address, status, body[:300])
        return body.decode()


def member(name: str, **tenant: object) -> Member:
    user = User.objects.create_user(name)
    if tenant:
        Membership.objects.create(user=user, **tenant)
    return Member(user, basic(name, AppPassword.objects.create_for(user, "QGIS")[1]))


def keys_of(slug: str) -> set[str]:
    return set(Vacancy.objects.filter(town__slug=slug).values_list("key", flat=True))


def around(key: str) -> str:
    p = Vacancy.objects.get(key=key).point
    box = f"{p.x - HALF_M},{p.y - HALF_M},{p.x + HALF_M},{p.y + HALF_M}"
    return f"&crs=EPSG:25833&bbox={box}&width={SIDE}&height={SIDE}&layers=register&styles=&format=image/png"


# --- what an address tells of a town's rows: their keys, or how many there are ------------------------------------------


def by_wfs2(who: Member, keys: set[str]) -> set[str]:
    body = who.text(WFS.format("2.0.0") + "GetFeature&typenames=raum:register&count=10000")
    return {k for k in keys if k in body}


def by_wfs2_ids(who: Member, keys: set[str]) -> set[str]:
    ids = ",".join(f"register.{k}" for k in sorted(keys))
    _status, body = who.get(WFS.format("2.0.0") + f"GetFeature&resourceId={ids}")
    return {k for k in keys if f"<raum:key>{k}<" in body.decode()}


def by_values(who: Member, keys: set[str]) -> set[str]:
    body = who.text(WFS.format("2.0.0") + "GetPropertyValue&typenames=raum:register&valueReference=key&count=10000")
    return {k for k in keys if k in body}


def by_wfs1(who: Member, keys: set[str]) -> set[str]:
    body = who.text(WFS.format("1.1.0") + "GetFeature&typename=raum:register&propertyname=key")
    return {k for k in keys if k in body}


def by_info(who: Member, keys: set[str]) -> set[str]:
    pixel = f"&query_layers=register&i={SIDE // 2}&j={SIDE // 2}&info_format=application/json&feature_count=50"
    body = who.text(f"{WMS}GetFeatureInfo{around(min(keys))}{pixel}")
    gml = who.text(f"{WMS}GetFeatureInfo{around(max(keys))}{pixel.replace('application/json', 'application/vnd.ogc.gml')}")
    found = {f["properties"]["key"] for f in json.loads(body)["features"]} | {k for k in keys if k in gml}
    return keys if found & keys else set()


def by_map(who: Member, keys: set[str]) -> set[str]:
    _status, body = who.get(f"{WMS}GetMap{around(min(keys))}")
    colours = Image.open(io.BytesIO(body)).convert("RGB").getcolors()
    assert colours
    return keys if len(colours) > 1 else set()


def by_csv(who: Member, keys: set[str]) -> set[str]:
    body = who.text("/ogc/intern/register.csv")
    return {k for k in keys if k in body}


def by_items(who: Member, keys: set[str]) -> set[str]:
    body = who.text(f"{ITEMS}?f=json&limit=10000")
    return {f["id"] for f in json.loads(body)["features"]} & keys


def by_item(who: Member, keys: set[str]) -> set[str]:
    return keys if any(who.get(f"{ITEMS}/{k}?f=json")[0] == 200 for k in sorted(keys)[:2]) else set()


ADDRESSES = (by_wfs2, by_wfs2_ids, by_values, by_wfs1, by_info, by_map, by_csv, by_items, by_item)


@pytest.mark.parametrize("told", ADDRESSES)
def test_each_address_tells_every_role_of_its_own_rows_alone(told: Callable[[Member, set[str]], set[str]]) -> None:
    own, foreign = keys_of(OWN), keys_of(FOREIGN)
    assert len(own) > 5 < len(foreign)
    everybody = member("kolab", statewide=True)
    assert told(everybody, own) == own
    assert told(everybody, foreign) == foreign
    for role in ROLES:
        who = member(f"rolle-{role}", town=Town.objects.get(slug=OWN), role=role)
        assert told(who, own) == own, role
        assert told(who, foreign) == set(), role
    neighbour = member("neighbour", town=Town.objects.get(slug=FOREIGN))
    assert (told(neighbour, own), told(neighbour, foreign)) == (set(), foreign), "the same question, another person"


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, text[:400]
    return int(found[1])


def counts(who: Member, query: str = "") -> list[int]:
    """How many rows each address says there are."""
    hits2 = who.text(WFS.format("2.0.0") + f"GetFeature&typenames=raum:register&resultType=hits{query}")
    page = who.text(WFS.format("2.0.0") + f"GetFeature&typenames=raum:register&count=1&startindex=0{query}")
    hits1 = who.text(WFS.format("1.1.0") + f"GetFeature&typename=raum:register&resultType=hits{query}")
    items = json.loads(who.text(f"{ITEMS}?f=json&limit=1{query}"))
    geojson = json.loads(who.text(f"/ogc/intern/register.geojson?{query.lstrip('&')}"))
    told = [number(r'numberMatched="(\d+)"', hits2), number(r'numberMatched="(\d+)"', page), number(r'numberOfFeatures="(\d+)"', hits1)]
    return [*told, items["numberMatched"], len(geojson["features"])]


def test_numbers_are_of_ones_own_rows_and_no_cache_carries_anothers() -> None:
    town = Town.objects.get(slug=OWN)
    askers = {
        "kolab": (member("kolab", statewide=True), Vacancy.objects.all()),
        "town": (member("stadt", town=town), Vacancy.objects.filter(town=town)),
        "amt": (member("amt", admin_union=town.admin_union), Vacancy.objects.filter(town__admin_union=town.admin_union)),
        "district": (member("kreis", district=town.district), Vacancy.objects.filter(town__district=town.district)),
    }
    seen = {name: rows.count() for name, (_who, rows) in askers.items()}
    assert 0 < seen["town"] < seen["amt"] < seen["district"] < seen["kolab"]
    for name in (*askers, "town"):
        who, rows = askers[name]
        assert set(counts(who)) == {seen[name]}, name
        shops = rows.filter(former_use="retail").count()
        assert set(counts(who, "&former_use=retail")) == {shops}, name
    foreign = f"&town={FOREIGN}"
    assert set(counts(askers["amt"][0], foreign)) == {0}
    assert set(counts(askers["kolab"][0], foreign)) == {len(keys_of(FOREIGN))}


def test_descriptions_tell_the_box_around_ones_own_rows() -> None:
    everybody, town = member("kolab", statewide=True), Town.objects.get(slug=OWN)
    who = member("stadt", town=town)
    west, south, east, north = town.geom.transform(4326, clone=True).extent
    for order in ((everybody, who), (who, everybody)):
        for one in order:
            told = [
                re.search(r"WestBoundLongitude>([\d.]+)", one.text(WMS + "GetCapabilities"), re.IGNORECASE),
                re.search(r"LowerCorner>([\d.]+)", one.text(WFS.format("2.0.0") + "GetCapabilities")),
            ]
            box = json.loads(one.text("/ogc/intern/features/collections/register?f=json"))["extent"]["spatial"]["bbox"][0]
            lows = [float(found[1]) for found in told if found] + [box[0]]
            older = re.search(r'minx="([\d.]+)"', one.text(WFS.format("1.0.0") + "GetCapabilities"))  # in the storage CRS
            assert older
            assert (town.geom.extent[0] - 500 < float(older[1]) < town.geom.extent[2]) == (one is who)
            assert len(lows) == 3
            assert all((west - 0.01 < low < east) == (one is who) for low in lows), lows
            assert (south - 0.01 < box[1] <= box[3] < north + 0.01) == (one is who)


def states(who: Member) -> list[str]:
    """What tells when rows last changed: sequences, tags, times."""
    told = []
    for address in (WMS + "GetCapabilities", WFS.format("2.0.0") + "GetCapabilities", "/ogc/intern/register.csv", f"{ITEMS}?f=json"):
        answer = Client().get(address, headers=who.head)
        told += [answer.get("ETag", ""), answer.get("Last-Modified", ""), *re.findall(rb'updateSequence="[^"]+"', answer.getvalue())[:1]]
    return [str(t) for t in told]


def test_nothing_tells_that_others_edit_theirs() -> None:
    who, everybody = member("stadt", town=Town.objects.get(slug=OWN)), member("kolab", statewide=True)
    before, before_all = states(who), states(everybody)
    Vacancy.objects.filter(key=min(keys_of(FOREIGN))).update(notes="wird verkauft")
    assert states(who) == before
    assert states(everybody) != before_all
    Vacancy.objects.filter(key=min(keys_of(OWN))).update(notes="wird verkauft")
    assert [a == b for a, b in zip(states(who), before, strict=True)].count(False) >= 4


@pytest.mark.parametrize("extension", ["gpkg", "fgb", "parquet", "xlsx", "shp.zip"])
def test_files_hold_ones_own_rows(extension: str, tmp_path: Path) -> None:
    who = member("stadt", town=Town.objects.get(slug=OWN))
    status, body = who.get(f"/ogc/intern/register.{extension}")
    assert status == 200
    file = tmp_path / f"register.{extension}"
    file.write_bytes(body)
    if extension == "parquet":
        from pyarrow.parquet import read_table

        found = set(read_table(file).column("key").to_pylist())
    else:
        found = set(pyogrio.read_dataframe(file, layer=0, read_geometry=False).iloc[:, 0])
    assert found == keys_of(OWN)


def test_an_end_a_new_place_and_a_withdrawn_membership_take_effect_at_once() -> None:
    town, address = Town.objects.get(slug=OWN), "/ogc/intern/register.csv"
    who = member("stadt", town=town)
    held = Membership.objects.get(user=who.user)
    assert who.get(address)[0] == 200
    Membership.objects.filter(pk=held.pk).update(ends_on=timezone.localdate())
    assert who.get(address)[0] == 403
    assert who.get(f"{ITEMS}?f=json")[0] == 403
    Membership.objects.filter(pk=held.pk).update(ends_on=None, town=Town.objects.get(slug=FOREIGN))
    assert (by_csv(who, keys_of(OWN)), by_csv(who, keys_of(FOREIGN))) == (set(), keys_of(FOREIGN))
    held.delete()
    assert who.get(address)[0] == 403
    permitted = member("ohne-ort")
    permitted.user.user_permissions.set(Permission.objects.filter(codename="view_vacancy"))
    assert permitted.get(address)[0] == 403, "a permission of Django's opens nothing where there is no membership"


# --- the database's own wall ------------------------------------------------------------------------------------------


def rows_read(seen: Scope) -> tuple[int, int]:
    """How many rows the register's role reads: on our connection, and on that of another program."""
    with offering(internal_collections(), seen):
        with as_reader():
            ours = RegisterVacancy.objects.count()
        with psycopg.connect(reader_dsn()) as other:
            theirs = other.execute("SELECT count(*) FROM register_vacancy").fetchone()
    assert theirs
    return ours, theirs[0]


def test_the_database_cuts_the_register_whatever_is_asked() -> None:
    own = Town.objects.get(slug=OWN)
    assert rows_read(Scope(frozenset({own.ags8}))) == (len(keys_of(OWN)),) * 2
    assert rows_read(Scope(everywhere=True)) == (Vacancy.objects.count(),) * 2
    assert rows_read(NOWHERE) == (0, 0)
    assert rows_read(Scope(frozenset({"12999999"}))) == (0, 0)
    with offering(internal_collections()), psycopg.connect(reader_dsn()) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
        other.execute("SELECT 1 FROM vacancies_vacancy")
    with pytest.raises(ValueError, match="no AGS"):
        _never = Scope(frozenset({"12065100'; RESET ROLE; --"})).words


def test_a_scope_ends_with_its_block_and_an_inner_block_gives_back_the_outer() -> None:
    own = Scope(frozenset({Town.objects.get(slug=OWN).ags8}))
    with offering(internal_collections(), own), as_reader():
        with as_reader():
            assert RegisterVacancy.objects.count() == len(keys_of_register())
        assert RegisterVacancy.objects.count() == len(keys_of_register()), "still cut after the inner block"
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user = session_user")
            assert cursor.fetchone() == (False,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, current_setting('raum.towns')")
        assert cursor.fetchone() == (True, "")


def keys_of_register() -> set[str]:
    """The own rows, read where base tables are shut."""
    return set(RegisterVacancy.objects.values_list("key", flat=True))


def test_rows_are_visible_to_whom_they_belong() -> None:
    who = member("stadt", town=Town.objects.get(slug=OWN))
    assert set(RegisterVacancy.objects.all().visible_to(who.user).values_list("key", flat=True)) == keys_of(OWN)
    assert set(Vacancy.objects.all().visible_to(who.user).values_list("key", flat=True)) == keys_of(OWN)
    assert not Vacancy.objects.all().edited_by(who.user).exists(), "a viewer"
    nobody = member("ohne-recht")
    assert not RegisterVacancy.objects.all().visible_to(nobody.user).exists()
    assert scope_of(who.user) == Scope(frozenset({"12065100"}))
