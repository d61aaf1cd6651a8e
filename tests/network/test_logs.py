"""Nothing of a person stands in what the program writes to its log, whatever goes wrong."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as given
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.log import AdminEmailHandler

from config.logs import QuietFormatter, quiet
from network import post
from network.models import OwnerContact
from tests.network.people import PASSWORD, account, link_of, mails, sign_in

pytestmark = pytest.mark.django_db
SIGNS = ("kanarie", "Kanarie", "52.4001", "13.0711", PASSWORD, "198.51.100.77")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the console would show, at the lowest level there is."""
    cache.clear()
    text = io.StringIO()
    console = logging.StreamHandler(text)
    console.setFormatter(QuietFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(console)
    root.setLevel(logging.INFO)
    yield text
    root.removeHandler(console)
    root.setLevel(level)
    cache.clear()


def test_a_visit_leaves_nothing_of_a_person_in_the_log(written: io.StringIO, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False, REMOTE_ADDR="198.51.100.77", HTTP_USER_AGENT="Kanarie")
    client.post("/konto/neu/", {"email": "kanarie@example.org", "password1": PASSWORD})
    client.post("/konto/anmelden/", {"login": "kanarie@example.org", "password": "falsch " + PASSWORD})
    client.post("/benachrichtigen/?near=52.4001,13.0711,5", {"address": "kanarie@example.org", "frequency": "weekly"})
    client.post("/daten/anfordern/", {"address": "kanarie@example.org"})
    links = [link_of(m) for m in mails() if "kanarie" in m.to[0]]
    assert len(links) >= 3
    for link in links:
        client.get(link[:-4] + "xyz/")  # 410 or 404: logged with the address of the page
    client.get("/leerstaende/?near=52.4001,13.0711,5&q=Kanarie&transit=Z")
    client.get("/gibt-es-nicht/kanarie@example.org/?near=52.4001,13.0711")
    anna = account("kanarie-anna")
    sign_in(client, anna)
    client.post("/gesuche/neu/5/", {"title": "Werkstatt Kanarie", "story": "Kanarie", "go": "next"})

    def broken(*_given: Any, **_words: Any) -> None:
        raise ValueError("cannot write to kanarie@example.org from 198.51.100.77")

    monkeypatch.setattr(post, "write", broken)
    answer = client.post("/daten/anfordern/?near=52.4001,13.0711", {"address": "kanarie@example.net"})
    assert answer.status_code == 500
    page = answer.content.decode()
    assert not [page[page.index(sign) - 80 :][:160] for sign in ("anarie", PASSWORD) if sign in page], (
        "the page of an error says nothing, too"
    )
    text = written.getvalue()
    assert "Internal Server Error: /daten/anfordern/" in text, "the log is of use"
    assert "Traceback" in text
    found = [line for line in text.splitlines() if any(sign in line for sign in SIGNS)]
    assert not found, "\n".join(found)


def test_a_row_that_the_database_refuses_is_not_quoted(written: io.StringIO) -> None:
    row = ["Kanarie", "kanarie@example.org"]
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {OwnerContact._meta.db_table} (name, email) VALUES (%s, %s)", row)
    assert "Kanarie" in str(caught.value), "PostgreSQL does quote it"
    logging.getLogger("django.request").error("failed", exc_info=caught.value)
    assert "IntegrityError" in written.getvalue()
    assert not any(sign in written.getvalue() for sign in SIGNS)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Not Found: /orte/wittenberge/", "Not Found: /orte/wittenberge/"),
        ("GET /leerstaende/?near=52.4,13.1 from 192.0.2.7", "GET /leerstaende/?[query] from 192.0.2.0"),
        ("to Anna.Muster+x@mail.example.org now", "to [address] now"),
        ("/x/anna%40example.org/", "/x/[address]/"),
        ("Gone: /daten/WyJlcm5hQGV4YW1wbGUub3JnIl0:1xWRK5:cjhij_TLPVSA1h5jSrz7vNEzYizyqWfZdv3VqzZ6W84/", "Gone: /daten/[token]/"),
        ("2001:db8:85a3:1:2:8a2e:370:7334 asks", "[ip] asks"),
        ("at 12:30:15 version 2.0.0, took 3.5 s?", "at 12:30:15 version 2.0.0, took 3.5 s?"),
    ],
)
def test_what_is_taken_out_of_a_line(line: str, left: str) -> None:
    assert quiet(line) == left


def test_every_way_out_is_quiet_and_no_error_is_mailed() -> None:
    for name, handler in given.LOGGING["handlers"].items():
        assert handler["formatter"] == "quiet", name
    loggers = [logging.getLogger(), *(x for x in logging.Logger.manager.loggerDict.values() if isinstance(x, logging.Logger))]
    assert not [x.name for x in loggers if any(isinstance(h, AdminEmailHandler) for h in x.handlers)]
