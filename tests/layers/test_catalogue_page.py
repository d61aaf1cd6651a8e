"""The administration looks in a catalogue and enters what it finds; a reader without the right does not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from layers.models import RemoteLayer
from layers.publish.describe.about import SERVICES
from layers.publish.describe.iso import service_record
from layers.remote import hosts
from tests.layers import remote_server as remote
from tests.layers.catalogue_records import DATA, LICENCE, site_of
from tests.layers.remote_server import needs_mapserver
from tests.layers.test_catalogue_answers import REPORT, listed

pytestmark = pytest.mark.django_db
PAGE = "/admin/layers/remotelayer/katalog/"
ASKED = {"words": "Denkmal", "catalogue": "probe", "service": "", "entry": ""}


@pytest.fixture
def boss(client: Client, server: remote.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Somebody who may enter services, and one catalogue that describes a WFS and a WMS."""
    path = tmp_path / "catalogues.toml"
    path.write_text(f'[probe]\ntitle = "Probekatalog"\nurl = "{server.url("/csw")}"\n', encoding="utf-8")
    monkeypatch.setattr(hosts, "CATALOGUES", path)
    hosts.ready_catalogues.cache_clear()
    day = datetime.datetime(2026, 3, 7, tzinfo=datetime.UTC)
    made = [service_record(s, [], site_of(server), [DATA], day).decode() for s in SERVICES]
    made[0] = made[0].replace("WMS Raumwohlstand", "WMS &lt;script&gt;alert(1)&lt;/script&gt;")
    server.answers["/csw"] = remote.answer(listed(*made))
    client.force_login(get_user_model().objects.create_superuser("chef", password="x" * 12))  # type: ignore[attr-defined]
    yield client
    hosts.ready_catalogues.cache_clear()


def test_the_list_leads_to_the_page_and_the_page_lists_what_is_there(boss: Client, server: remote.Server) -> None:
    assert f'href="{PAGE}"' in boss.get("/admin/layers/remotelayer/").content.decode()
    empty = boss.get(PAGE).content.decode()
    assert "Probekatalog" in empty
    assert "Denkmale in Brandenburg" in empty  # waits for its address
    assert server.asked == []
    page = boss.get(PAGE, ASKED).content.decode()
    assert "Treffer: 3; gelesen: 3 von 3 Beschreibungen." in page
    assert "Beschreibung vom 2026-03-07" in page
    assert LICENCE in page
    assert server.url("/ogc/wfs") in page
    assert "Weder WMS noch WFS" in page
    assert "<script>alert" not in page
    assert "WMS &lt;script&gt;alert(1)" in page
    assert server.asked == ["/csw"]
    assert "Treffer: 1; gelesen: 3" in boss.get(PAGE, ASKED | {"service": "wfs"}).content.decode()


def test_what_is_wrong_is_said_on_the_page(boss: Client, server: remote.Server) -> None:
    wrong = boss.get(PAGE, ASKED | {"words": "", "catalogue": "x"})
    assert wrong.status_code == 400
    assert "errorlist" in wrong.content.decode()
    server.answers["/csw"] = remote.answer(REPORT)
    failed = boss.get(PAGE, ASKED)
    assert failed.status_code == 502
    assert "Der Katalog Probekatalog meldet einen Fehler" in failed.content.decode()
    server.answers["/csw"] = remote.answer(listed())
    assert "Weniger oder kürzere Wörter finden mehr" in boss.get(PAGE, ASKED).content.decode()
    assert "gibt es nicht" in boss.post(PAGE, ASKED | {"hit": "1"}).content.decode()
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


@needs_mapserver
def test_a_result_is_entered_after_its_layer_is_chosen(boss: Client, server: remote.Server) -> None:
    several = boss.post(PAGE, ASKED | {"service": "wfs", "hit": "1", "entry": "denkmale-bldam"}).content.decode()
    assert "Der Dienst hat mehrere Ebenen. Wählen Sie eine." in several
    assert '<option value="ms:nsg">ms:nsg (nsg)</option>' in several
    assert 'name="entry" value="denkmale-bldam"' in several
    assert RemoteLayer.objects.get(key="denkmale-bldam").url == ""
    chosen = ASKED | {"service": "wfs", "hit": "1", "entry": "denkmale-bldam", "layer": "ms:nsg"}
    entered = boss.post(PAGE, chosen, follow=True)
    entry = RemoteLayer.objects.get(key="denkmale-bldam")
    assert entered.redirect_chain == [(f"/admin/layers/remotelayer/{entry.pk}/change/", 302)]
    assert "ist eingetragen und ausgeschaltet" in entered.content.decode()
    assert (entry.url, entry.layer, entry.enabled) == (server.url("/ogc/wfs"), "ms:nsg", False)
    again = boss.post(PAGE, chosen)  # a second click: the entry no longer waits
    assert again.status_code == 400
    new = boss.post(PAGE, ASKED | {"service": "wms", "hit": "1", "layer": "schulen"}, follow=True)
    assert RemoteLayer.objects.get(url=server.url("/ogc/wms")).layer == "schulen"
    assert "<script>alert" not in new.content.decode()
    twice = boss.post(PAGE, ASKED | {"service": "wms", "hit": "1", "layer": "schulen"})
    assert "gibt es schon" in twice.content.decode()


def test_who_may_not_enter_services_does_not_search(boss: Client, server: remote.Server) -> None:
    reader = get_user_model().objects.create_user("leser", password="x" * 12, is_staff=True)  # type: ignore[attr-defined]
    boss.force_login(reader)
    assert boss.get(PAGE, ASKED).status_code == 403
    assert boss.post(PAGE, ASKED | {"hit": "1"}).status_code == 403
    boss.logout()
    assert boss.get(PAGE, ASKED).status_code == 302
    assert server.asked == []
