"""Limits of a day count people and connections, never the proxy before us."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory, override_settings

from geo.errors import TooMany
from network import limits

pytestmark = pytest.mark.django_db


def asked(address: str, forwarded: str = "") -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    limits.note("probe", {"connection": 2}, RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


def test_a_connection_is_counted_by_itself() -> None:
    asked("192.0.2.1")
    asked("192.0.2.1")
    asked("192.0.2.2")
    with pytest.raises(TooMany):
        asked("192.0.2.1")
    limits.note("other", {"connection": 1}, RequestFactory().get("/", REMOTE_ADDR="192.0.2.1"))


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_those_behind_it_are_counted() -> None:
    for n in range(1, 9):
        asked("127.0.0.1", f"192.0.2.{n}")
    asked("127.0.0.1", "198.51.100.7, 192.0.2.1")
    with pytest.raises(TooMany):
        asked("127.0.0.1", "198.51.100.8, 192.0.2.1")


def test_what_somebody_says_of_himself_is_not_believed() -> None:
    asked("192.0.2.1", "198.51.100.1")
    asked("192.0.2.1", "198.51.100.2")
    with pytest.raises(TooMany):
        asked("192.0.2.1", "198.51.100.3")


def test_a_household_has_many_addresses() -> None:
    asked("2001:db8:1:2::1")
    asked("2001:db8:1:2::2")
    asked("2001:db8:1:3::1")
    with pytest.raises(TooMany):
        asked("2001:db8:1:2:ffff::9")


@pytest.mark.parametrize("proxies", [0, 1])
def test_who_comes_through_a_socket_is_served(client: Client, settings: Any, proxies: int) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    nowhere = {"REMOTE_ADDR": "" if proxies == 0 else "127.0.0.1"}
    assert client.get("/leerstaende.csv?town=wittenberge", **nowhere).status_code == 200
    assert client.get("/ogc/features/collections/leerstaende/items?limit=1", **nowhere).status_code == 200
    asked("")
    asked("")
    with pytest.raises(TooMany):
        asked("")
