"""Who asks is told apart behind as many proxies as are trusted, the same for limits and for lines before costly work."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

from layers.publish.ows.gate import Gate
from layers.publish.wfs import views

COUNT = "/ogc/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=raum:gemeinden&count=1"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who the door before costly work was told asks."""
    told: list[str] = []

    class Watched(Gate):
        def _enter(self, client: str) -> None:
            told.append(client)
            super()._enter(client)

    monkeypatch.setattr(views, "gate", Watched(4))
    return told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "nearest", "forwarded", "expected"),
    [
        (0, "192.0.2.1", "198.51.100.1", "192.0.2.1"),
        (0, "127.0.0.1", "198.51.100.1", "127.0.0.1"),
        (1, "10.0.0.2", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.2", "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (1, "10.0.0.2", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_each_client_behind_the_proxies_is_one(
    client: Client, seen: list[str], proxies: int, nearest: str, forwarded: str, expected: str
) -> None:
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=proxies):
        assert client.get(COUNT, REMOTE_ADDR=nearest, headers={"X-Forwarded-For": forwarded}).status_code == 200
    assert seen == [expected]
