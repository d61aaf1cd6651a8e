"""Who may be asked: names, spellings of addresses, name servers that lie."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from geo.errors import RemoteFailed
from layers.remote import fetching
from layers.remote.fetching import Hosts, Limits, fetch, is_public
from tests.layers import remote_server as remote

QUICK = Limits(connect_s=1, total_s=1.5, most_bytes=3_000_000)


SPELLINGS = (
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::1]",
    "[fe80::1]",
    "[fd00::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[2001:db8::1]",
)


@pytest.mark.parametrize("host", SPELLINGS)
def test_private_addresses_are_refused_even_when_the_name_is_allowed(host: str) -> None:
    allowed = Hosts(frozenset({host.strip("[]"), "example.org"}))
    with pytest.raises(RemoteFailed, match=r"no address on the public internet|the name is not known"):
        fetch(f"https://{host}/wfs", allowed, QUICK)


@pytest.mark.parametrize("host", SPELLINGS)
def test_private_addresses_are_refused_by_name(host: str) -> None:
    with pytest.raises(RemoteFailed, match="this host is not among the allowed ones"):
        fetch(f"https://{host}/wfs", Hosts(frozenset({"example.org"})), QUICK)


@pytest.mark.parametrize("place", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.5", "fd00::7"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, place: str, beside: bool) -> None:
    """Also when a public address stands beside it: which one is taken is not left to chance."""

    def resolved(_host: str, port: int, **_kwargs: Any) -> list[Any]:
        def one(text: str) -> Any:
            return (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))

        return [one("93.184.216.34"), one(place)] if beside else [one(place)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with pytest.raises(RemoteFailed, match=f"dienst.example: leads to {place}, which is no address on the public internet"):
        fetch("https://dienst.example/wfs", Hosts(frozenset({"dienst.example"})), QUICK)


def test_the_checked_address_is_the_one_that_is_asked(server: remote.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    port = int(server.host.rpartition(":")[2])
    server.answers["/x"] = remote.answer(b"da", "text/plain")
    asked: list[str] = []

    def resolved(host: str, _port: int, **_kwargs: Any) -> list[Any]:
        asked.append(host)
        assert len(asked) == 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    name = f"geo.intern:{port}"
    assert fetch(f"http://{name}/x", Hosts(internal=frozenset({name})), QUICK).body == b"da"
    assert asked == ["geo.intern"]


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


ALLOWED = Hosts(frozenset({"dienst.example", "dienst.example:8443"}), frozenset({"intern.example:8080"}))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://dienst.example/wfs", "only https"),
        ("ftp://dienst.example/wfs", "begins with https"),
        ("file:///etc/passwd", "begins with https"),
        ("//dienst.example/wfs", "begins with https"),
        ("https:///wfs", "begins with https"),
        ("https://dienst.example@127.0.0.1/wfs", "no user name"),
        ("https://user:secret@dienst.example/wfs", "no user name"),
        ("https://dienst.example:22/wfs", "not among the allowed"),
        ("https://dienst.example./wfs", "not among the allowed"),
        ("https://x.dienst.example/wfs", "not among the allowed"),
        ("https://dienst.example.evil.org/wfs", "not among the allowed"),
        ("https://intern.example/wfs", "not among the allowed"),
        ("http://intern.example/wfs", "only https"),
        ("https://dienst.example\\@evil.org/", "no spaces, backslashes"),
        ("https://dienst.example/\r\nHost: evil", "no spaces, backslashes"),
        ("https://①②⑦.⓪.⓪.①/", "letters beyond ASCII"),
        ("https://dienst.example:port/", "not an address"),
        ("https://[::1/", "not an address"),
    ],
)
def test_addresses_that_are_not_asked(url: str, message: str) -> None:
    with pytest.raises(RemoteFailed, match=message):
        fetching.checked(url, ALLOWED)


@pytest.mark.parametrize(
    "url", ["https://dienst.example/wfs?a=b", "https://DIENST.example/", "https://dienst.example:8443/", "http://intern.example:8080/"]
)
def test_addresses_that_are_asked(url: str) -> None:
    assert fetching.checked(url, ALLOWED).hostname


def test_a_certificate_that_is_not_valid_is_refused(server: remote.Server) -> None:
    """The server does not speak TLS at all."""
    with pytest.raises(RemoteFailed, match="no proper answer"):
        fetch(f"https://{server.host}/", Hosts(internal=frozenset({server.host})), QUICK)
