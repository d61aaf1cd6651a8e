"""Catalogues that answer badly: a sentence that says which catalogue and what, nothing asked beyond it, nothing written."""

from __future__ import annotations

import datetime
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from geo.errors import RemoteFailed
from layers.models import RemoteLayer
from layers.publish.describe.about import SERVICES
from layers.publish.describe.iso import service_record
from layers.remote import hosts
from layers.remote.catalogue import MOST, Catalogue, catalogue_named, search
from layers.remote.fetching import Limits
from tests.layers import remote_server as remote
from tests.layers.catalogue_records import DATA, site_of

pytestmark = pytest.mark.django_db
QUICK = Limits(connect_s=1, total_s=1.5, most_bytes=3_000_000)
SPACES = 'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:gmd="http://www.isotc211.org/2005/gmd"'
REPORT = b"""<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0"><ows:Exception
exceptionCode="InvalidParameterValue"><ows:ExceptionText>AnyText unbekannt</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"""
BOMB = b"""<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>"""
XXE = b"""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""
DEEP = b"<a>" * 5_000 + b"</a>" * 5_000


def listed(*records: str, matched: object = None, following: object = 0) -> bytes:
    """Return a list of records as a catalogue gives it; a value of None leaves the attribute out."""
    counts = {"numberOfRecordsMatched": len(records) if matched is None else matched, "numberOfRecordsReturned": len(records)}
    counts |= {} if following is None else {"nextRecord": following}
    said = " ".join(f'{k}="{v}"' for k, v in counts.items())
    body = "".join(record.partition("?>")[2] if record.startswith("<?xml") else record for record in records)
    text = (
        f"<csw:GetRecordsResponse {SPACES}><csw:SearchStatus/><csw:SearchResults {said}>{body}</csw:SearchResults></csw:GetRecordsResponse>"
    )
    return text.encode()


@pytest.fixture
def catalogue(server: remote.Server) -> Catalogue:
    return catalogue_named(server.url("/csw"))


@pytest.fixture
def record(server: remote.Server) -> str:
    """The description of a WMS."""
    day = datetime.datetime(2026, 3, 7, tzinfo=datetime.UTC)
    return service_record(SERVICES[0], [], site_of(server), [DATA], day).decode()


WRONG = {
    "reports": (remote.answer(REPORT), r"meldet einen Fehler: .*AnyText unbekannt"),
    "reports with a status": (remote.answer(REPORT, status=400), r"antwortet nicht, wie er soll: .*answers 400 .*AnyText unbekannt"),
    "is a page": (remote.answer(b"<html><body>Willkommen</body></html>", "text/html"), r"ist kein Katalog: Die Antwort ist html"),
    "is text": (remote.answer(b"Guten Tag", "text/plain"), r"the answer is no XML"),
    "is empty": (remote.answer(b""), r"the answer is no XML"),
    "is cut off": (remote.answer(listed("<gmd:MD_Metadata/>")[:-9]), r"a damaged XML document"),
    "is cut in the middle": (remote.cut, r"the answer was cut off"),
    "reads a file": (remote.answer(XXE), r"declares a document type"),
    "is a bomb": (remote.answer(BOMB), r"declares a document type"),
    "is very deep": (remote.answer(DEEP), r"ist kein Katalog"),
    "is deep inside": (remote.answer(listed(DEEP.decode())), r"gibt keine lesbare Trefferliste"),
    "has no results": (remote.answer(f"<csw:GetRecordsResponse {SPACES}/>".encode()), r"gibt keine lesbare Trefferliste"),
    "counts in words": (remote.answer(listed(matched="viele")), r"gibt keine lesbare Trefferliste"),
    "redirects": (remote.answer(b"", status=302, Location="http://169.254.169.254/"), r"redirects to http://169.254.169.254/"),
    "is another service": (remote.answer(b"<WFS_Capabilities/>"), r"ist kein Katalog: Die Antwort ist WFS_Capabilities"),
    "hangs": (remote.hang, r"no complete answer within|does not answer in time"),
    "drips": (remote.drip, r"no complete answer within|does not answer in time"),
    "floods": (remote.flood(announce=False), r"more than 3 MB"),
    "is compressed": (remote.answer(b"\x1f\x8b", Content_Encoding="gzip"), r"compressed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_that(server: remote.Server, catalogue: Catalogue, name: str) -> None:
    server.answers["/csw"], message = WRONG[name]
    start = time.monotonic()
    with pytest.raises(RemoteFailed, match=message) as refused:
        search(["Denkmal"], catalogue, limits=QUICK)
    assert time.monotonic() - start < 5
    assert "Katalog" in str(refused.value)
    assert catalogue.title in str(refused.value)
    assert len(server.asked) == 1
    assert RemoteLayer.objects.count() == len(hosts.ready_entries())


def test_what_is_asked_is_xml_with_the_words_as_text(server: remote.Server, catalogue: Catalogue) -> None:
    server.answers["/csw"] = remote.answer(listed())
    assert search(["<Denkmal>&", "a*b?c\\d", '"Süd"'], catalogue).hits == []
    (sent,) = server.posted
    root = ElementTree.fromstring(sent)
    assert root.tag == "{http://www.opengis.net/cat/csw/2.0.2}GetRecords"
    assert root.get("outputSchema") == "http://www.isotc211.org/2005/gmd"
    names = [e.text for e in root.iter("{http://www.opengis.net/ogc}PropertyName")]
    assert names == ["apiso:Type", *["csw:AnyText"] * 6]
    words = [e.text for e in root.iter("{http://www.opengis.net/ogc}Literal")]
    assert words == ["service", "*<Denkmal>&*", "*a*", "*b*", "*c*", "*d*", '*"Süd"*']
    assert b'xmlns:apiso="http://www.opengis.net/cat/csw/apiso/1.0"' in sent


def test_a_record_that_cannot_be_read_costs_no_other_one(server: remote.Server, catalogue: Catalogue, record: str) -> None:
    place = "ogc/wms?SERVICE=WMS&amp;REQUEST=GetCapabilities"
    assert place in record
    other = record.replace("<gmd:fileIdentifier>", "<gmd:fileIdentifier><!-- -->").replace(f"http://{server.host}/{place}", "http://[bad/")
    foreign = "<gmd:MD_Metadata><gmd:identificationInfo><gmd:Unknown/></gmd:identificationInfo></gmd:MD_Metadata>"
    server.answers["/csw"] = remote.answer(listed(other, "<gmd:MD_Metadata/>", foreign, record))
    found = search(["Denkmal"], catalogue)
    assert [h.url for h in found.hits] == [server.url("/ogc/wms")]
    assert (found.read, found.broken) == (4, 1)


def test_a_catalogue_that_never_ends_is_left(server: remote.Server, catalogue: Catalogue, record: str) -> None:
    """It says that there is always more: by the next number, by the same one, or by nothing but its count."""
    for following, asked in ((None, MOST), (2, MOST), (1, 1), (10**9, 1), (0, MOST)):
        server.asked.clear()
        server.answers["/csw"] = remote.answer(listed(record, matched=10**6, following=following))
        found = search(["Denkmal"], catalogue)
        assert (len(found.hits), found.matched) == (1, 10**6)
        assert len(server.asked) <= asked
    server.answers["/csw"] = remote.answer(listed(matched=7, following=1))
    assert search(["Denkmal"], catalogue).hits == []


@pytest.mark.parametrize(
    ("terms", "licence", "attribution"),
    [
        (["Nutzungsbedingungen: Datenlizenz Deutschland – Zero – Version 2.0"], "Datenlizenz Deutschland – Zero – Version 2.0", ""),
        (["Es gelten keine Bedingungen", "Quellenvermerk: © Beispiel"], "", "© Beispiel"),
        (["CC BY 4.0", "dl-de/by-2-0"], "", ""),
        (["Lizenz nach Rücksprache. " * 10], "", ""),
        (['{"name": "CC0 1.0", "url": "javascript:alert(1)", "quelle": ["x"]}'], "CC0 1.0", ""),
        (['{"name": "' + "x" * 121 + '", "url": "", "quelle": ""}'], "", ""),
        (['{"name": 7}', "[1, 2]", '{"name": "offen'], "", ""),
        (['{"name": "A", "url": ""}', '{"name": "B", "url": ""}'], "", ""),
        ([], "", ""),
    ],
)
def test_a_licence_is_named_only_when_it_is_clear(
    server: remote.Server, catalogue: Catalogue, record: str, terms: list[str], licence: str, attribution: str
) -> None:
    head, _use, rest = record.partition("<gmd:useConstraints>")
    code, end = rest[: rest.index("</gmd:useConstraints>")], rest[rest.index("</gmd:MD_LegalConstraints>") :]
    said = "".join(f"<gmd:otherConstraints><gco:CharacterString>{t}</gco:CharacterString></gmd:otherConstraints>" for t in terms)
    changed = f"{head}<gmd:useConstraints>{code}</gmd:useConstraints>{said}{end}"
    server.answers["/csw"] = remote.answer(listed(changed))
    (hit,) = search(["Denkmal"], catalogue).hits
    assert (hit.licence, hit.licence_url, hit.attribution) == (licence, "", attribution)
    assert "Zugriff" not in hit.terms  # who may have it is another matter than what may be done with it


def ask_with(place: str, record: str, server: remote.Server, catalogue: Catalogue) -> Any:
    server.answers["/csw"] = remote.answer(listed(record.replace(server.url("/ogc/wms?SERVICE=WMS&amp;REQUEST=GetCapabilities"), place)))
    return search(["Denkmal"], catalogue).hits[0]


@pytest.mark.parametrize(
    ("place", "url", "service"),
    [
        ("https://a.example/wms?Request=GetCapabilities&amp;Service=WMS&amp;VERSION=1.3.0", "https://a.example/wms", "wms"),
        ("https://a.example/ows?map=/srv/a.map&amp;service=wfs&amp;request=GetCapabilities", "https://a.example/ows?map=/srv/a.map", "wfs"),
        ("HTTP://a.example:80/x", "https://a.example/x", "wms"),
        ("https://a.example/wmts?service=WMTS", "https://a.example/wmts", ""),
        ("https://a.example/" + "x" * 400, "", "wms"),
        ("ftp://a.example/wms", "", "wms"),
        ("/wms", "", "wms"),
        ("https://a.example/ä b", "https://a.example/ä b", "wms"),
    ],
)
def test_addresses_lose_what_is_appended_anew(
    server: remote.Server, catalogue: Catalogue, record: str, place: str, url: str, service: str
) -> None:
    hit = ask_with(place, record, server, catalogue)
    assert (hit.url, hit.service) == (url, service)
    assert hit.problem  # none of them may be asked
