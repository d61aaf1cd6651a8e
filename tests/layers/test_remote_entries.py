"""Entries of remote services: ready ones, what is checked on saving, the command and the administration."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from layers.models import RemoteLayer
from layers.remote import hosts
from layers.remote.fetching import Limits
from tests.layers import remote_server as remote
from tests.layers.remote_server import entry, needs_mapserver

pytestmark = pytest.mark.django_db
QUICK = Limits(connect_s=1, total_s=1.5, most_bytes=3_000_000)


def test_the_ready_entries_are_valid_off_and_say_where_their_address_comes_from() -> None:
    assert hosts.register() == []  # the prepared database has them
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())
    for layer in RemoteLayer.objects.all():
        layer.full_clean()
        assert not layer.enabled
        assert layer.checked_on is None
        assert re.search(r"\b\d\d\.\d\d\.20\d\d\b", layer.source), f"{layer.key}: when the address was read, or looked for"
        assert layer.url == "" or layer.url.startswith("https://")
        assert layer.url or "Adresse" in layer.source, f"{layer.key}: why there is no address"
        assert hosts.ready_entries()[layer.key]["checked"] == ""
    known = hosts.allowed_hosts().public
    assert {"schullandschaft.brandenburg.de", "inspire.brandenburg.de", "isk.geobasis-bb.de"} <= known
    assert {"maps.brandenburg.de", "www.bbsr-geodienste.de"} <= known
    assert "" not in known


def test_the_real_school_service_by_its_own_words() -> None:
    """What is known of the answer of the Ministry's service fits the entry's mapping."""
    mapping = hosts.ready_entries()["schulen-mbjs"]["mapping"]
    published = {"schul_nr", "schulname", "strasse_hausnr", "plz", "ort", "homepage", "schulform", "traeger"}  # as public code reads it
    assert set(mapping.values()) <= published
    assert {"telefonnummer", "dienst_email"}.isdisjoint(mapping.values())


def test_register_keeps_what_an_operator_changed() -> None:
    RemoteLayer.objects.filter(key="denkmale-bldam").update(url="https://isk.geobasis-bb.de/ows/x", title="unsere")
    RemoteLayer.objects.filter(key="schulen-mbjs").delete()
    assert hosts.register() == ["schulen-mbjs"]
    assert RemoteLayer.objects.get(key="denkmale-bldam").title == "unsere"


@pytest.mark.parametrize("missing", [{"checked_on": None}, {"url": ""}, {"layer": ""}, {"licence": ""}, {"attribution": ""}])
def test_only_checked_entries_can_be_switched_on(server: remote.Server, missing: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="remote_layer_enabled_is_checked"), transaction.atomic():
        entry(server, **missing)


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"url": "https://evil.example/wfs"}, "url", "not among the allowed"),
        ({"url": "http://127.0.0.1/wfs"}, "url", "only https"),
        ({"url": "https://isk.geobasis-bb.de/ows?service=WFS&request=GetCapabilities"}, "url", "ohne service und request"),
        ({"layer": "a b"}, "layer", "Leerzeichen"),
        ({"version": "1.3.0"}, "version", "Erlaubt: 2.0.0"),
        ({"mapping": {"farbe": "x"}}, "mapping", "Erlaubt: ref"),
        ({"mapping": ["ref"]}, "mapping", "Erlaubt: ref"),
        ({"service": "wms", "version": "1.3.0"}, "target", "Bilder"),
        ({"shown_on_map": True}, "shown_on_map", "WMS"),
    ],
)
def test_an_entry_is_checked_before_it_is_saved(server: remote.Server, changed: dict[str, Any], field: str, message: str) -> None:
    layer = entry(server)
    for name, value in changed.items():
        setattr(layer, name, value)
    with pytest.raises(ValidationError) as refused:
        layer.full_clean()
    assert message in " ".join(refused.value.message_dict[field])


def told(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("refresh_remote", *args, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"!{error}")
    return out.getvalue(), err.getvalue()


@needs_mapserver
def test_the_command_fetches_what_is_due_and_says_what_failed(server: remote.Server) -> None:
    assert told()[0] == "nothing to fetch: no layer is switched on\n"
    layer = entry(server)
    entry(server, "/kaputt", key="kaputt", title="kaputt")
    server.answers["/kaputt"] = remote.answer(b"weg", "text/plain", 500)
    out, err = told("--due")
    assert "probe: 4 read, 4 new" in out
    assert "kaputt: 127.0.0.1: answers 500 weg" in err
    assert "!failed: kaputt; the rows of the last success stay" in err
    server.answers.clear()
    server.asked.clear()
    RemoteLayer.objects.filter(key="kaputt").delete()
    assert told("--due")[0] == "nothing to fetch: no layer is due\n"
    assert server.asked == []
    RemoteLayer.objects.filter(pk=layer.pk).update(last_success_at=timezone.now() - datetime.timedelta(days=31))
    assert "4 unchanged" in told("--due")[0]
    assert "no remote layer x" in told("x")[1]
    assert "switched off: schulen-mbjs" in told("schulen-mbjs")[1]
    RemoteLayer.objects.update(enabled=False)
    assert "dry run: nothing was written" in told("probe", "--dry-run")[0]
    assert "denkmale-bldam: off, no address, never fetched" in told("--list")[0]
    assert "there is no address; the operator enters it" in told("denkmale-bldam", "--dry-run")[1]


@needs_mapserver
def test_the_administration_fetches_and_shows_errors(server: remote.Server, client: Client) -> None:
    client.force_login(get_user_model().objects.create_superuser("chef", password="x" * 12))  # type: ignore[attr-defined]
    layer = entry(server)
    address = "/admin/layers/remotelayer/"
    form = {"action": "fetch_now", "_selected_action": [layer.pk]}
    assert "Probe: 4 gelesen, 4 neu" in client.post(address, form, follow=True).content.decode()
    server.answers["/ows"] = remote.answer(b"weg", "text/plain", 500)
    page = client.post(address, form, follow=True).content.decode()
    assert page.count("127.0.0.1: answers 500 weg") >= 2  # as a message and in the list
    assert client.get(f"{address}{layer.pk}/change/").status_code == 200
    RemoteLayer.objects.update(enabled=False)
    assert "ist ausgeschaltet" in client.post(address, form, follow=True).content.decode()
