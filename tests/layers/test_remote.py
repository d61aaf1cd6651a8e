"""Remote layers: a real MapServer is read completely, and whatever a service does wrong changes nothing here."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import shapely
from django.utils import timezone

from geo import crs
from geo.errors import InvalidFile, RaumError, RemoteFailed
from geo.importing import LoadReport
from geo.models import Dataset
from geo.shapes import read_gml
from layers.facilities.rows import Row
from layers.facilities.store import bring_up_to_date
from layers.models import Facility, RemoteLayer, Zone
from layers.remote.fetching import Hosts, Limits, fetch
from layers.remote.refresh import refresh
from tests.layers import remote_server as remote
from tests.layers.remote_server import MAPPING, entry, needs_mapserver

pytestmark = pytest.mark.django_db
QUICK = Limits(connect_s=1, total_s=1.5, most_bytes=3_000_000)


def rows() -> set[tuple[str, str, str]]:
    found = Facility.objects.filter(dataset__key="fern-probe").select_related("town")
    return {(f.kind, f.ref, f.town.name if f.town else "") for f in found}


def ask(server: remote.Server, path: str) -> bytes:
    return fetch(server.url(path), Hosts(internal=frozenset({server.host}))).body


SCHOOLS = {
    ("school_primary", "100", "Luckenwalde"),
    ("school_secondary", "007", "Wittenberge"),
    ("school_primary", "101", "Eberswalde"),
    ("school_secondary", "101", "Eberswalde"),
}

# --- a service that works ---------------------------------------------------------------------------------------------


@needs_mapserver
@pytest.mark.parametrize("version", ["2.0.0", "1.1.0"])
def test_every_version_puts_each_school_into_its_town(server: remote.Server, version: str) -> None:
    layer = entry(server, version=version)
    report = refresh(layer)
    assert rows() == SCHOOLS
    assert (report.created, report.adds_up) == (4, True)
    school = Facility.objects.get(ref="101", kind="school_primary")
    assert (school.name, school.detail) == ("Schule am Kanal <&> „Süd“", {"postcode": "16225"})
    assert Facility.objects.get(ref="100").detail == {"postcode": "03149"}  # the zero is there
    expected = crs.transform_xy(*remote.PLACES["Eberswalde"], crs.WEB, crs.STORAGE)
    assert school.point.coords == pytest.approx(expected, abs=0.1)
    source = Dataset.objects.get(key="fern-probe")
    assert (source.licence, source.attribution, source.row_count) == ("CC0 1.0", "© Probe", 4)
    layer.refresh_from_db()
    assert (layer.last_error, layer.row_count, len(layer.sha256)) == ("", 4, 64)
    assert layer.last_success_at is not None
    # the address that the capabilities name (169.254.169.254) was not followed, else this would have failed
    assert all(a.startswith("/ows?") for a in server.asked)
    assert refresh(layer).unchanged == 4


@needs_mapserver
@pytest.mark.parametrize("version", ["2.0.0", "1.1.0"])
@pytest.mark.parametrize("srs", ["EPSG:4326", "EPSG:4258", "EPSG:25832", "EPSG:3035"])
def test_other_crss_and_their_axis_orders_land_in_the_same_towns(server: remote.Server, srs: str, version: str) -> None:
    server.write_map(srs, "other.map", ("schulen",))
    # MapServer lists the layer's own CRS first only when no list is given; here it offers nothing but this one
    refresh(entry(server, "/other.map", version=version))
    assert rows() == SCHOOLS
    asked = server.asked[-1]
    assert srs.split(":")[1] in asked


def test_properties_stay_text_whatever_they_look_like() -> None:
    """A key such as 12E4 is no number, and twenty digits are more than a number holds."""
    for spelled in ("12E4", "12345678901234567890", "1.50", "007"):
        answer = collection(*TOWNS, srs="urn:ogc:def:crs:EPSG::4326").replace(b"<ms:plz>1<", f"<ms:plz>{spelled}<".encode())
        assert {row["plz"] for row in read_gml(answer, "probe").rows} == {spelled}


@needs_mapserver
def test_an_area_with_a_hole_becomes_a_zone(server: remote.Server) -> None:
    mapping = {"ref": "Kennung", "name": "Gebietsname"}
    refresh(entry(server, layer="ms:nsg", target="nature", mapping=mapping))
    zone = Zone.objects.get()
    assert (zone.kind, zone.ref, zone.name) == ("nature", "N1", "Ring")
    assert zone.geom.area == pytest.approx(1_000_000 - 40_000, abs=1)


@needs_mapserver
def test_pages_bring_every_feature_once(server: remote.Server) -> None:
    """The service gives at most 900 features a page, in an order of its own."""
    server.write_map("EPSG:25833", "capped.map", ("viele",), most=900)
    report = refresh(entry(server, "/capped.map", layer="ms:viele", target="charging", mapping={"ref": "nr"}))
    assert report.created == remote.MANY
    assert set(Facility.objects.values_list("ref", flat=True)) == {f"{n:05}" for n in range(remote.MANY)}
    assert sum("GetFeature" in a for a in server.asked) >= 3


@needs_mapserver
def test_a_service_that_cuts_and_does_not_page_is_told(server: remote.Server) -> None:
    """MapServer counts only as many as it gives; others say how many there are."""
    server.write_map("EPSG:25833", "capped.map", ("viele",), most=900)
    layer = entry(server, "/capped.map", layer="ms:viele", version="1.1.0", target="charging", mapping={"ref": "nr"})
    report = refresh(layer)
    assert report.created == 900
    assert any("exactly 900 features came" in f.rule for f in report.findings)

    def honest(query: dict[str, str]) -> tuple[bytes, str]:
        if query.get("resulttype") == "hits":
            return b'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" numberOfFeatures="2500"/>', "text/xml"
        server.answers.pop("/capped.map", None)
        found = ask(server, "/capped.map?" + urlencode(query))
        server.answers["/capped.map"] = remote.layered(honest)
        return found, "text/xml"

    server.answers["/capped.map"] = remote.layered(honest)
    with pytest.raises(RemoteFailed, match="only 900 of 2,500 features came, and the service does not page"):
        refresh(layer)


@needs_mapserver
def test_a_dry_run_saves_nothing(server: remote.Server) -> None:
    layer = entry(server, enabled=False, checked_on=None)
    report = refresh(layer, write=False)
    assert report.created == 4
    assert rows() == set()
    layer.refresh_from_db()
    assert layer.last_try_at is None
    assert not Dataset.objects.filter(key="fern-probe").exists()


# --- a service that changes or fails: the last good rows stay, and the error is told ------------------------------------


@pytest.fixture
def good(server: remote.Server) -> RemoteLayer:
    """A layer whose rows are there from a time when all was well: the same as the server has."""
    layer = entry(server, last_success_at=timezone.now())
    place = {
        s[4]: shapely.Point(*(round(v, 1) for v in crs.transform_xy(*remote.PLACES[s[4]], crs.WEB, crs.STORAGE))) for s in remote.SCHOOLS
    }
    known = {s[0]: s for s in remote.SCHOOLS}
    found = [Row(1, kind, ref, known[ref][1], place[town], {"postcode": known[ref][3]}) for kind, ref, town in sorted(SCHOOLS)]
    bring_up_to_date(found, layer.dataset(), LoadReport("probe"), write=True)
    return layer


def stays(layer: RemoteLayer, message: str, limits: Limits = QUICK, error: type[Exception] = RemoteFailed) -> None:
    before = list(Facility.objects.order_by("id").values()), Dataset.objects.values().get(key="fern-probe"), layer.last_success_at
    with pytest.raises(error, match=message):
        refresh(layer, limits=limits)
    layer.refresh_from_db()
    assert (list(Facility.objects.order_by("id").values()), Dataset.objects.values().get(key="fern-probe"), layer.last_success_at) == before
    assert layer.last_error
    assert layer.last_try_at > layer.last_success_at


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>'
LURE = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><WFS_Capabilities version="2.0.0">&x;</WFS_Capabilities>'
)
METADATA = "http://169.254.169.254/latest/meta-data/"
FAILURES = {
    "fails": (remote.answer(b"<h1>Wartung</h1>", "text/html", 503), "answers 503 Wartung"),
    "hangs": (remote.hang, "no complete answer within 2 seconds|does not answer in time"),
    "drips": (remote.drip, "no complete answer within 2 seconds|does not answer in time"),
    "drips its head": (remote.drip_head, "no complete answer within 2 seconds|does not answer in time"),
    "redirects": (remote.answer(b"", status=302, Location=METADATA), r"redirects to http://169\.254\.169\.254/.*not followed"),
    "bomb": (remote.answer(BOMB), "declares a document type"),
    "bomb in UTF-16": (remote.answer(BOMB.decode().encode("utf-16")), "declares a document type"),
    "lure": (remote.answer(LURE), "declares a document type"),
    "a gigabyte": (remote.flood(announce=True), "more than 3 MB"),
    "a gigabyte unannounced": (remote.flood(announce=False), "more than 3 MB"),
    "cut": (remote.cut, "the answer was cut off"),
    "compressed": (remote.answer(b"\x1f\x8b", Content_Encoding="gzip"), "answers compressed"),
    "a page": (
        remote.answer(b"<html><body>Willkommen</body></html>", "text/html"),
        r"no capabilities of WFS 2\.0\.0; .* html",
    ),
    "nothing": (remote.answer(b""), "no XML"),
    "half a document": (remote.answer(b'<WFS_Capabilities version="2.0.0"><a>'), "a damaged XML document"),
    "no capabilities at all": (remote.answer(b'<WFS_Capabilities version="2.0.0"/>'), "capabilities cannot be read|no layer"),
    "another version": (remote.answer(b'<WFS_Capabilities version="1.1.0"/>'), r"no capabilities of WFS 2\.0\.0; .* 1\.1\.0"),
    "a report": (
        remote.answer(b"<ExceptionReport><Exception><ExceptionText>Datenbank weg</ExceptionText></Exception></ExceptionReport>"),
        "the service reports: Datenbank weg",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_the_last_rows_stay_when_a_service(good: RemoteLayer, server: remote.Server, name: str) -> None:
    server.answers["/ows"], message = FAILURES[name]
    start = time.monotonic()
    stays(good, message)
    assert time.monotonic() - start < 10  # it would take twenty


def test_the_last_rows_stay_when_nobody_answers(good: RemoteLayer, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings.REMOTE_INTERNAL_HOSTS = [address]
    good.url = f"http://{address}/ows"
    stays(good, "no proper answer")


def fake(server: remote.Server, features: bytes) -> None:
    """Real capabilities, but features as given."""

    def serve(query: dict[str, str]) -> tuple[bytes, str]:
        if query["request"] == "GetCapabilities":
            return fetch(
                server.url("/real?service=WFS&version=2.0.0&request=GetCapabilities"), Hosts(internal=frozenset({server.host}))
            ).body, "text/xml"
        return features, "text/xml"

    server.answers["/ows"] = remote.layered(serve)


def collection(*places: tuple[float, float], srs: str, attributes: str = "") -> bytes:
    """WFS 2.0 features at the given pairs of numbers; they are all there are unless `attributes` say otherwise."""
    attributes = attributes or f'numberMatched="{len(places)}"'
    members = "".join(
        f'<wfs:member><ms:schulen gml:id="s.{n}">'
        f'<ms:msGeometry><gml:Point srsName="{srs}"><gml:pos>{a} {b}</gml:pos></gml:Point></ms:msGeometry>'
        f"<ms:schul_nr>{n}</ms:schul_nr><ms:schulname>S{n}</ms:schulname><ms:schulform>Grundschule</ms:schulform><ms:plz>1</ms:plz>"
        "</ms:schulen></wfs:member>"
        for n, (a, b) in enumerate(places)
    )
    names = 'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:ms="http://mapserver.gis.umn.edu/mapserver"'
    return f"<wfs:FeatureCollection {names} {attributes}>{members}</wfs:FeatureCollection>".encode()


TOWNS = list(remote.PLACES.values())


@needs_mapserver
def test_swapped_axes_are_turned_and_told(good: RemoteLayer, server: remote.Server) -> None:
    """The service says EPSG:25833 and gives north before east."""
    metres = [crs.transform_xy(*p, crs.WEB, crs.STORAGE)[::-1] for p in TOWNS]
    fake(server, collection(*metres, srs="urn:ogc:def:crs:EPSG::25833"))
    report = refresh(good, force=True)
    assert {f.town.name for f in Facility.objects.select_related("town")} == set(remote.PLACES)
    assert any("swapped axes" in f.rule for f in report.findings)


@needs_mapserver
@pytest.mark.parametrize("srs", ["urn:ogc:def:crs:EPSG::25833", "urn:ogc:def:crs:EPSG::3857"])
def test_degrees_that_claim_to_be_metres_are_refused(good: RemoteLayer, server: remote.Server, srs: str) -> None:
    fake(server, collection(*TOWNS, srs=srs))
    stays(good, "do not lie in our region as EPSG:.*CRS or axis order of the service are wrong")


@needs_mapserver
def test_an_unknown_crs_is_refused(good: RemoteLayer, server: remote.Server) -> None:
    fake(server, collection(*TOWNS, srs="urn:ogc:def:crs:EPSG::999999"))
    stays(good, "999999", error=RaumError)


@needs_mapserver
def test_an_empty_layer_does_not_empty_ours(good: RemoteLayer, server: remote.Server) -> None:
    good.layer = "ms:leer"
    stays(good, "the layer has no features in our region")
    fake(server, collection(srs="x", attributes='numberMatched="0" numberReturned="0"'))
    good.layer = "ms:schulen"
    stays(good, "the layer has no features in our region")


@needs_mapserver
def test_a_layer_that_vanished_is_named_with_those_there_are(good: RemoteLayer) -> None:
    good.layer = "ms:schulen_neu"
    stays(good, r"no layer 'ms:schulen_neu'; it has ms:schulen, ms:leer, ms:viele, ms:nsg")


@needs_mapserver
def test_a_property_that_vanished_is_named(good: RemoteLayer) -> None:
    good.mapping = MAPPING | {"name": "bezeichnung"}
    stays(good, "there is no column 'bezeichnung'; there are .*schulname", error=InvalidFile)


@needs_mapserver
def test_features_that_are_damaged_are_refused(good: RemoteLayer, server: remote.Server) -> None:
    whole = collection(*TOWNS, srs="urn:ogc:def:crs:EPSG::4326")
    fake(server, whole[: len(whole) // 2])
    stays(good, "a damaged XML document")


@needs_mapserver
def test_a_service_that_repeats_its_first_page_is_refused(good: RemoteLayer, server: remote.Server) -> None:
    places = [(lat, lon) for lon, lat in TOWNS]
    fake(server, collection(*places, srs="urn:ogc:def:crs:EPSG::4326", attributes='numberMatched="9"'))
    stays(good, "gives the same features again")


@needs_mapserver
def test_a_changed_layer_changes_only_what_differs(good: RemoteLayer, server: remote.Server) -> None:
    places = [(lat, lon) for lon, lat in TOWNS]
    fake(server, collection(*places, srs="urn:ogc:def:crs:EPSG::4326", attributes='numberMatched="3" numberReturned="3"'))
    report = refresh(good)
    assert (report.created, len(report.vanished)) == (3, 4)
    assert {f.town.name for f in Facility.objects.select_related("town")} == set(remote.PLACES)
