"""Lists of many rows ask the database no more often than lists of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from geo.models import District, Town
from network.desk.desk import Desk, Wanted
from network.desk.lists import BY_KEY
from network.models import Membership, Organisation, OwnBuilding
from network.seeking import matches, regions
from tests.network.seekers import PLAIN, made
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


def asked(act: Callable[[], Any]) -> int:
    """How many questions an act puts to the database, with no name known yet but with the register's columns read."""
    matches.ground()
    matches.count_takers("anything")
    regions.NAMES.read_at = -math.inf
    with CaptureQueriesContext(
        connection,
    ) as found:
        act()
    return len(found)


def shown(client: Client, path: str) -> Callable[[], Any]:
    def act() -> None:
        assert client.get(path).status_code == 200

    return act


def wanted(number: int) -> dict[str, Any]:
    """Needs that name places nobody else names."""
    towns = [t.slug for t in Town.objects.current().order_by("slug")[3 * number : 3 * number + 3]]
    district = District.objects.order_by("ags5")[number % 18].ags5
    where = {"towns": towns[:2], "districts": [district], "around": [[towns[2], 20]], "points": []}
    return PLAIN | {"regions": {"value": where, "importance": "nice"}}


@pytest.fixture
def ilse() -> User:
    return User.objects.create_user("ilse", "ilse@example.org")


def public_request(owner: User, number: int) -> Any:
    organisation = Organisation.objects.create(name=f"Verein {number}", kind="association", is_verified=True, visibility="public")
    return made(owner, wanted(number), visibility="named", organisation=organisation, title=f"Gesuch {number}")


def test_the_public_list_of_requests(ilse: User) -> None:
    counted, client = [], Client()
    for number in range(12):
        public_request(ilse, number)
        if number in (0, 11):
            counted.append(asked(shown(client, "/gesuche/")))
    page = client.get("/gesuche/").content.decode()
    assert page.count("Verein ") == 12
    assert counted[0] == counted[1], counted


def test_the_matches_of_a_request(ilse: User) -> None:
    client, counted = Client(), []
    client.force_login(ilse)
    request = made(ilse, wanted(0))
    matches.renew()
    assert request.matches.count() == matches.KEPT
    path = f"/gesuche/{request.key}/treffer/"
    client.get(path)  # seen once: nothing new is noted
    every = asked(shown(client, path))
    request.matches.exclude(pk=request.matches.first().pk).delete()
    counted = [asked(shown(client, path)), every]
    assert counted[0] == counted[1], counted


def test_a_list_of_the_desk_and_its_file(ilse: User) -> None:
    Membership.objects.create(user=ilse, statewide=True, role="moderator")
    one, counted = BY_KEY["gesuche-ohne-treffer"], []
    for number in range(12):
        made(ilse, wanted(number), title=f"Gesuch {number}")
        if number in (0, 11):
            desk = Desk(ilse)
            assert len(list(desk.rows(one))) == number + 1
            counted.append((asked(lambda: desk.lines(one, desk.rows(one))), asked(lambda: desk.csv(one, Wanted()))))  # noqa: B023
    assert counted[0] == counted[1], counted


@pytest.mark.parametrize("query", ["", "well_connected=1"])
def test_ones_own_buildings(ilse: User, query: str) -> None:
    client, counted = Client(), []
    client.force_login(ilse)
    made(ilse, wanted(1), query=query)
    rows = list(Vacancy.objects.filter(publication="published", visibility="exact", basis="example").order_by("key")[:6])
    for number, vacancy in enumerate(rows):
        own = OwnBuilding.objects.create(user=ilse, vacancy=vacancy, stated_role="owner")
        own.consents.create(text_version="1", text="Text", visibility="exact")
        if number in (0, 5):
            counted.append(asked(shown(client, "/eintragen/meine/")))
    assert counted[0] == counted[1], counted
    assert matches.count_takers(*(v.key for v in rows)) == {v.key: len(matches.takers(v.key)) for v in rows}
