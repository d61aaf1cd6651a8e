"""Services are looked up in a real catalogue (pycsw) and become entries that are off; the service itself has the last word."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.management import CommandError, call_command
from django.utils import timezone

from geo.errors import RaumError, RemoteFailed
from layers.models import RemoteLayer
from layers.remote import hosts
from layers.remote.adopt import Undecided, entries, save
from layers.remote.catalogue import Catalogue, Found, catalogue_named, search
from layers.remote.fetching import fetch
from layers.remote.refresh import refresh
from tests.layers import catalogue_records as known
from tests.layers import remote_server as remote
from tests.layers.catalogue_records import needs_pycsw
from tests.layers.remote_server import needs_mapserver

pytestmark = [pytest.mark.django_db, needs_pycsw, needs_mapserver]


@pytest.fixture(scope="module")
def pycsw(served: remote.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with known.serving(tmp_path_factory.mktemp("pycsw"), served) as url:
        yield url


@pytest.fixture
def catalogue(pycsw: str, server: remote.Server, settings: Any) -> Catalogue:
    settings.REMOTE_INTERNAL_HOSTS = [server.host, urlsplit(pycsw).netloc]
    return catalogue_named(pycsw)


def told(catalogue: Catalogue, *words: str) -> str:
    """Return what the command says, errors after a "!"."""
    out = io.StringIO()
    try:
        call_command("find_remote_layers", *words, "--catalogue", catalogue.url, stdout=out)
    except CommandError as error:
        out.write(f"!{error}")
    return out.getvalue()


def found(catalogue: Catalogue, *words: str, service: str = "") -> Found:
    return search(words, catalogue, service)


# --- looking ----------------------------------------------------------------------------------------------------------


def test_services_are_listed_with_what_their_records_say(catalogue: Catalogue, server: remote.Server) -> None:
    said = told(catalogue, "raumwohlstand", "beispiel-landesamt")
    assert "wfs  WFS Raumwohlstand Brandenburg".upper() in said.upper()
    assert "Beispiel-Landesamt für Denkmalpflege · Beschreibung vom 2026-03-07" in said
    assert server.url("/ogc/wfs\n") in said
    assert f"Nutzung: {known.LICENCE}" in said
    every = len(known.records(known.site_of(server)))
    assert (
        f"Treffer: {every - 1}; gelesen: {every - 1} von {every - 1} Beschreibungen." in said
    )  # not the record of data, and all of four pages
    assert "--add N" in said
    assert server.asked == []  # looking asks the catalogue alone
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


def test_every_word_must_be_there_and_a_kind_may_be_wanted(catalogue: Catalogue) -> None:
    assert {h.title for h in found(catalogue, "RAUMWOHL", service="wfs").hits} == {"WFS Raumwohlstand Brandenburg"}
    (one,) = found(catalogue, "Raumwohlstand", "Wort-elsewhere").hits
    assert (one.url, one.service, one.kind) == ("https://geo.example/ows?map=denkmal", "wms", "view OGC:WMS 1.3.0 OGC:WMS 1.1.1")
    assert found(catalogue, "Raumwohlstand", "Backofen").hits == []
    assert found(catalogue, "denkmalpflege für").hits  # umlauts, and two words as one
    api = next(h for h in found(catalogue, "OGC API").hits)
    assert (api.service, api.problem) == ("", "Weder WMS noch WFS, kann hier nicht benutzt werden.")


def test_nothing_found_says_what_may_help(catalogue: Catalogue) -> None:
    said = told(catalogue, "Backofen", "--type", "wfs")
    assert "Kein Treffer für „Backofen“" in said
    assert "Weniger oder kürzere Wörter finden mehr" in said
    assert "--catalogue mit gdi-bb, metaver, gdi-de, bbsr" in said
    assert "--type wms" in said
    with pytest.raises(RaumError, match="mindestens ein Wort"):
        search(["*", " ? "], catalogue)


def test_only_the_guarded_way_out_is_used(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """OWSLib speaks to the network by requests; it never does."""

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("OWSLib opened a connection of its own")

    monkeypatch.setattr(requests.sessions.Session, "request", refuse)
    hit = found(catalogue, "Raumwohlstand", service="wfs").hits[0]
    assert entries(hit, catalogue, layers=["schulen"])


ODD = {
    "script": "Der Katalog nennt keine Adresse.",
    "file": "Der Katalog nennt keine Adresse.",
    "inside": "169.254.169.254 ist keine öffentliche Adresse.",
    "elsewhere": "Der Rechner geo.example ist nicht freigegeben.",
}


@pytest.mark.parametrize("name", ODD)
def test_what_may_not_be_asked_is_listed_with_the_reason_and_not_asked(catalogue: Catalogue, server: remote.Server, name: str) -> None:
    assert ODD[name] in told(catalogue, f"Wort-{name}")
    said = told(catalogue, f"Wort-{name}", "--add", "1")
    assert ODD[name] in said
    assert ("RW_REMOTE_HOSTS=" in said) == (name == "elsewhere")
    if name == "elsewhere":
        assert "geo.example," in said  # with all that are allowed now
        assert "schullandschaft.brandenburg.de" in said
    assert server.asked == []
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


def test_a_title_does_not_steer_the_terminal(catalogue: Catalogue) -> None:
    said = told(catalogue, "Wort-obeys")
    assert "Terminal 31m rot tor WMS Raumwohlstand" in said
    assert all(c.isprintable() or c == "\n" for c in said)
    (crowded,) = found(catalogue, "Wort-crowded").hits
    assert len(crowded.title) == 200


# --- entering ---------------------------------------------------------------------------------------------------------


def test_a_hit_becomes_an_entry_that_is_off_and_works(catalogue: Catalogue, server: remote.Server) -> None:
    hits = found(catalogue, "Raumwohlstand").hits
    (number,) = [n for n, h in enumerate(hits, 1) if h.title == "WMS Raumwohlstand Brandenburg" and h.licence and "ogc/wms" in h.url][:1]
    chosen = ("Raumwohlstand", "--add", str(number), "--layer", "schulen")
    assert "Probelauf: Nichts wurde geschrieben." in told(catalogue, *chosen, "--dry-run")
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())
    said = told(catalogue, *chosen)
    assert "„wms-raumwohlstand-brandenburg“ ist eingetragen und ausgeschaltet." in said
    assert "refresh_remote wms-raumwohlstand-brandenburg --dry-run" in said
    entry = RemoteLayer.objects.get(key="wms-raumwohlstand-brandenburg")
    assert (entry.title, entry.publisher) == ("WMS Raumwohlstand Brandenburg", "Beispiel-Landesamt für Denkmalpflege")
    assert (entry.url, entry.layer, entry.version) == (server.url("/ogc/wms"), "schulen", "1.3.0")
    assert (entry.licence, entry.attribution) == (known.LICENCE, "© Beispiel-Landesamt, dl-de/by-2-0")
    assert entry.licence_url == "https://www.govdata.de/dl-de/by-2-0"
    assert (entry.enabled, entry.checked_on, entry.shown_on_map) == (False, None, False)
    assert f"gelesen am {timezone.localdate():%d.%m.%Y}; Beschreibung vom 2026-03-07" in entry.source
    address = re.search(r"http://\S+csw\?\S+?(?=,)", entry.source)
    assert address
    assert hits[number - 1].identifier.encode() in fetch(address[0], hosts.allowed_hosts()).body  # the record can be read there
    refresh(entry)  # the service has the layer in our CRS
    assert "gibt es schon: „wms-raumwohlstand-brandenburg“" in told(catalogue, *chosen)


def test_a_hit_is_named_by_its_identifier_too_and_several_layers_become_several_entries(catalogue: Catalogue) -> None:
    hit = found(catalogue, "Raumwohlstand", service="wfs").hits[0]
    said = told(catalogue, "Raumwohlstand", "--add", hit.identifier, "--layer", "schulen", "--layer", "ms:nsg")
    assert said.count("ausgeschaltet") == 2
    made = RemoteLayer.objects.filter(url=hit.url).order_by("key")
    assert [(e.title, e.layer, e.version, e.service) for e in made] == [
        ("WFS Raumwohlstand Brandenburg: nsg", "ms:nsg", "2.0.0", "wfs"),
        ("WFS Raumwohlstand Brandenburg: schulen", "ms:schulen", "2.0.0", "wfs"),
    ]


def test_nothing_is_written_when_the_layer_is_not_there_or_not_clear(catalogue: Catalogue) -> None:
    hit = found(catalogue, "Raumwohlstand", service="wfs").hits[0]
    with pytest.raises(Undecided, match=r"Der Dienst hat 4 Ebenen\. Welche soll es sein\? ms:schulen \(schulen\); ms:leer"):
        entries(hit, catalogue, ["Raumwohlstand"])
    assert [e.layer for e in entries(hit, catalogue, ["NSG"])] == ["ms:nsg"]  # the words fit one layer
    said = told(catalogue, "Raumwohlstand", "--type", "wfs", "--add", "1")
    assert "--layer NAME" in said
    said = told(catalogue, "Raumwohlstand", "--type", "wfs", "--add", "1", "--layer", "ms:schulen", "--layer", "fort")
    assert "!Der Dienst hat keine Ebene fort; er hat ms:schulen, ms:leer" in said
    for wrong in ("0", "99", "-1", "²", "9" * 40, "x"):
        assert "gibt es nicht; gefunden: 1" in told(catalogue, "Raumwohlstand", "--type", "wfs", "--add", wrong)
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


def test_nothing_is_written_when_the_service_does_not_answer(catalogue: Catalogue, server: remote.Server) -> None:
    server.answers["/kaputt"] = remote.answer(b"weg", "text/plain", 500)
    said = told(catalogue, "Wort-silent", "--add", "1")
    assert "kaputt antwortet nicht, wie er soll: 127.0.0.1: answers 500 weg" in said
    for body in (b"<html/>", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", b"<WMS_Capabilities version='1.3.0'/>"):
        server.answers["/kaputt"] = remote.answer(body)
        assert "!Der Dienst" in told(catalogue, "Wort-silent", "--add", "1")
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


def test_an_older_service_is_asked_in_its_version(catalogue: Catalogue, server: remote.Server) -> None:
    def old(query: dict[str, str]) -> tuple[bytes, str]:
        return fetch(server.url("/probe.map?service=WMS&request=GetCapabilities&version=1.1.1"), hosts.allowed_hosts()).body.replace(
            b'<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd"', b"<!-- "
        ).replace(b" [\n <!ELEMENT VendorSpecificCapabilities EMPTY>\n ]>", b" -->"), "text/xml"

    server.answers["/kaputt"] = remote.layered(old)
    (hit,) = found(catalogue, "Wort-silent").hits
    (entry,) = entries(hit, catalogue, layers=["nsg"])
    assert (entry.version, entry.layer) == ("1.1.1", "nsg")


def test_terms_that_differ_leave_the_licence_to_the_operator(catalogue: Catalogue) -> None:
    (hit,) = found(catalogue, "Wort-unclear").hits
    assert (hit.licence, hit.attribution) == ("", "")
    (entry,) = entries(hit, catalogue, layers=["nsg"])
    assert entry.licence == ""
    assert "Nutzung nach dem Katalog:" in entry.note
    assert known.LICENCE in entry.note
    assert "CC BY 4.0" in entry.note


# --- entries that wait for their address ------------------------------------------------------------------------------


def test_an_entry_without_address_is_filled_in_by_one_command(catalogue: Catalogue, server: remote.Server) -> None:
    before = RemoteLayer.objects.get(key="denkmale-bldam")
    asked = ("Denkmalpflege", "--for", "denkmale-bldam", "--layer", "schulen")
    assert "Probelauf" in told(catalogue, *asked, "--dry-run")
    before.refresh_from_db()
    assert before.url == ""
    assert "„denkmale-bldam“ ist eingetragen und ausgeschaltet." in told(catalogue, *asked)
    after = RemoteLayer.objects.get(key="denkmale-bldam")
    assert (after.url, after.layer, after.version) == (server.url("/ogc/wfs"), "ms:schulen", "2.0.0")
    assert (after.licence, after.attribution) == (known.LICENCE, "© Beispiel-Landesamt, dl-de/by-2-0")
    assert catalogue.url in after.source
    assert f"{timezone.localdate():%d.%m.%Y}" in after.source
    kept = ("title", "publisher", "target", "note", "refresh_days", "enabled")
    assert [getattr(after, k) for k in kept] == [getattr(before, k) for k in kept]
    said = told(catalogue, *asked)
    assert f"!„denkmale-bldam“ hat schon eine Adresse: {after.url}." in said
    assert hosts.register() == []  # and it stays so at the next start
    assert RemoteLayer.objects.get(key="denkmale-bldam").url == after.url


def test_an_entry_is_only_filled_in_by_its_kind_of_service_and_once(catalogue: Catalogue) -> None:
    assert "ist ein WFS, der Treffer ein WMS" in told(
        catalogue, "Wort-unclear", "--type", "wms", "--for", "denkmale-bldam", "--layer", "nsg"
    )
    assert "Ohne Adresse sind: denkmale-bldam, ueberschwemmungsgebiete-lfu" in told(catalogue, "Denkmal", "--for", "denkmal")
    several = told(catalogue, "Raumwohlstand", "--for", "ueberschwemmungsgebiete-lfu")
    assert "Mehrere Treffer für „ueberschwemmungsgebiete-lfu“: Wählen Sie einen mit --add N." in several
    entry = RemoteLayer.objects.get(key="denkmale-bldam")
    made = entries(found(catalogue, "Raumwohlstand", service="wfs").hits[0], catalogue, layers=["nsg"], into=entry)
    RemoteLayer.objects.filter(pk=entry.pk).update(url="https://inspire.brandenburg.de/ows")
    with pytest.raises(RaumError, match="hat schon eine Adresse: https://inspire"):
        save(made)  # somebody entered one while the service was asked
    assert RemoteLayer.objects.get(pk=entry.pk).layer == ""


# --- catalogues that may not be asked, or answer badly ----------------------------------------------------------------


def test_catalogues_are_known_with_their_source(catalogue: Catalogue) -> None:
    out = io.StringIO()
    call_command("find_remote_layers", stdout=out)
    ready = hosts.ready_catalogues()
    for key, entry in ready.items():
        assert f"{key}: {entry['title']}" in out.getvalue()
        assert catalogue_named(key).url == entry["url"]
        assert entry["url"].startswith("https://")
        assert "?" not in entry["url"]
        assert re.search(r"Gelesen am \d\d\.\d\d\.20\d\d; nicht aufgerufen\.$", entry["source"])
        assert urlsplit(entry["url"]).hostname in hosts.allowed_hosts().public
    assert catalogue_named("").key == "gdi-bb"
    with pytest.raises(RaumError, match=r"„x“ gibt es nicht\. Bekannt sind gdi-bb, metaver, gdi-de, bbsr"):
        catalogue_named("x")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://katalog.example/csw", "Der Rechner katalog.example ist nicht freigegeben.*RW_REMOTE_HOSTS=.*katalog.example"),
        ("http://metaver.de/csw", "only https"),
        ("https://127.0.0.1/csw", "127.0.0.1 ist keine öffentliche Adresse"),
        ("https://10.0.0.1:8443/csw", "10.0.0.1:8443 ist keine öffentliche Adresse"),
        ("file:///etc/passwd", "begins with https"),
        ("https://a:b@metaver.de/csw", "no user name"),
        ("https://[/csw", "darf nicht abgefragt werden"),
    ],
)
def test_other_catalogues_are_not_asked(url: str, message: str) -> None:
    with pytest.raises(RemoteFailed, match=message):
        search(["Denkmal"], Catalogue("", "Probe", url))
