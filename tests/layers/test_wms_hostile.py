"""Requests that are wrong or mean ill: always the standard's report, never a page, never 5xx, never a look outside."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from layers.publish.mapserver import engine, mapfile, pool, sql
from layers.publish.ows.reports import OwsError
from layers.publish.rights import reader_dsn
from tests.layers.services import get_map, is_report, needs_mapserver, pixels, wms
from vacancies.published import VACANCIES

pytestmark = [pytest.mark.django_db]
ROOT = Path(__file__).resolve().parents[2]
FILTER = "<Filter><PropertyIsEqualTo><PropertyName>title</PropertyName><Literal>{}</Literal></PropertyIsEqualTo></Filter>"
SLD = (
    '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:xlink="http://www.w3.org/1999/xlink"><NamedLayer>'
    "<Name>leerstaende</Name><UserStyle><FeatureTypeStyle><Rule>{}</Rule></FeatureTypeStyle></UserStyle></NamedLayer>"
    "</StyledLayerDescriptor>"
)
MARK = '<Mark><WellKnownName>{}</WellKnownName><Fill><CssParameter name="fill">#0000ff</CssParameter></Fill></Mark><Size>20</Size>'

BREAKING = ["'", '"', "\\", "%", "[key]", "'; SELECT 1; --", '" END END LAYER NAME "x', "!BOX!", " using unique x ", "ä<&>"]


def point(graphic: str) -> str:
    return SLD.format(f"<PointSymbolizer><Graphic>{graphic}</Graphic></PointSymbolizer>")


@needs_mapserver
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("map", "/etc/passwd"),
        ("MAP", "x.map"),
        ("SLD", "http://169.254.169.254/style.xml"),
        ("WIDTH", "0"),
        ("WIDTH", "-1"),
        ("WIDTH", "1e9"),
        ("WIDTH", "abc"),
        ("HEIGHT", "99999999999999999999"),
        ("WIDTH", ""),
        ("BBOX", "NaN,0,1,1"),
        ("BBOX", "inf,0,1,1"),
        ("BBOX", "1,2,3"),
        ("BBOX", "10,10,0,0"),
        ("BBOX", "5,5,5,5"),
        ("BBOX", ""),
        ("BBOX", "1e308,1e308,1.1e308,1.1e308"),
        ("LAYERS", ""),
        ("LAYERS", "geheim"),
        ("LAYERS", "leerstaende,geheim"),
        ("LAYERS", ",".join(["leerstaende"] * 100)),
        ("LAYERS", 'leerstaende" END'),
        ("LAYERS", "vacancies_vacancy"),
        ("STYLES", "gibtesnicht"),
        ("CRS", "EPSG:9999999"),
        ("CRS", "EPSG:31468"),
        ("CRS", "+proj=longlat"),
        ("CRS", ""),
        ("CRS", "AUTO2:42001,1,0,0"),
        ("FORMAT", "application/pdf"),
        ("FORMAT", "image/svg+xml"),
        ("FORMAT", "text/html"),
        ("VERSION", "9.9.9"),
        ("VERSION", "abc"),
        ("REQUEST", "Steal"),
        ("SERVICE", "WCS"),
        ("DPI", "1000000"),
        ("DPI", "²"),
        ("MAP_RESOLUTION", "²"),
        ("WIDTH", "²"),
        ("WIDTH", "٢٥٦"),
        ("town_size", "riesig"),
        ("town_sise", "rural"),
        ("town", "'; DROP TABLE vacancies_vacancy; --"),
        ("near", "1,2,3,4"),
        ("SLD_BODY", "<a"),
        ("SLD_BODY", "kein XML"),
        ("SLD_BODY", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><StyledLayerDescriptor/>'),
        ("SLD_BODY", point('<ExternalGraphic><OnlineResource xlink:href="http://127.0.0.1:1/x.png"/></ExternalGraphic>')),
        ("SLD_BODY", point(MARK.format("file:///etc/passwd"))),
        ("SLD_BODY", point(MARK.format("/etc/passwd"))),
        ("SLD_BODY", SLD.replace("<Name>leerstaende</Name>", "<RemoteOWS><Service>WFS</Service></RemoteOWS>").format("")),
        ("SLD_BODY", SLD.format(FILTER.format('x" or 1=1'))),
        ("SLD_BODY", SLD.format("<a>" * 100 + "</a>" * 100)),
    ],
)
def test_what_is_wrong_is_reported_in_the_words_of_the_version(client: Client, name: str, value: str) -> None:
    for version in ("1.1.1", "1.3.0"):
        given = "SRS" if name == "CRS" and version == "1.1.1" else name
        answer = wms(client, "GetMap", version, **{**_usual(version), given: value})
        assert is_report(answer), (version, answer.status_code, answer.content[:300])
        if name == "VERSION":
            continue  # it says which report is given
        assert answer["Content-Type"].startswith("application/vnd.ogc.se_xml" if version == "1.1.1" else "text/xml")
        assert "/tmp" not in answer.content.decode()


def _usual(version: str) -> dict[str, Any]:
    word = "CRS" if version == "1.3.0" else "SRS"
    return {"LAYERS": "leerstaende", "STYLES": "", word: "EPSG:25833", "BBOX": "230000,5690000,490000,5950000", "WIDTH": 64, "HEIGHT": 64}


@needs_mapserver
def test_errors_as_pictures(client: Client) -> None:
    said = pixels(get_map(client, layers="geheim", exceptions="INIMAGE", width=300, height=100))
    assert said.shape == (100, 300, 4)
    assert (said[:, :, :3] != 255).any()
    assert (pixels(get_map(client, layers="geheim", exceptions="BLANK"))[:, :, :3] == 255).all()
    assert (pixels(get_map(client, layers="geheim", exceptions="BLANK", transparent="TRUE"))[:, :, 3] == 0).all()
    old = get_map(client, "1.1.1", layers="geheim", exceptions="application/vnd.ogc.se_inimage", format="image/jpeg")
    assert Image.open(io.BytesIO(old.content)).format == "JPEG"
    for width in ("-5", "²", "9" * 5_000):
        assert pixels(get_map(client, width=width, exceptions="INIMAGE")).shape == (256, 256, 4)


@needs_mapserver
def test_a_style_of_the_client_is_drawn(client: Client) -> None:
    drawn = pixels(get_map(client, sld_body=point(MARK.format("square"))))
    assert (drawn[:, :, :3] == (0, 0, 255)).all(axis=2).sum() > 100


@needs_mapserver
@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_a_pixel_outside_the_picture(client: Client, version: str) -> None:
    i, j = ("I", "J") if version == "1.3.0" else ("X", "Y")
    usual = {**_usual(version), "QUERY_LAYERS": "leerstaende", "INFO_FORMAT": "text/plain"}
    assert is_report(wms(client, "GetFeatureInfo", version, **usual, **{i: 64, j: 0}), "InvalidPoint")
    assert is_report(wms(client, "GetFeatureInfo", version, **usual), "InvalidPoint")
    assert is_report(wms(client, "GetFeatureInfo", version, **usual, **{i: "-1", j: 0}))
    assert is_report(wms(client, "GetFeatureInfo", version, **{**usual, "INFO_FORMAT": "x/y"}, **{i: 1, j: 1}), "InvalidFormat")
    assert is_report(wms(client, "GetFeatureInfo", version, **{**usual, "QUERY_LAYERS": "gemeinden"}, **{i: 1, j: 1}), "LayerNotDefined")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("multipart/form-data; boundary=x", "--x--"),
        ("text/xml", '<!DOCTYPE a [<!ENTITY e "e">]><a>&e;</a>'),
        ("text/xml", "<a"),
        ("text/xml", "<GetMap/>"),
        ("text/xml", "<a>" * 200 + "</a>" * 200),
    ],
)
def test_bodies_that_are_not_read(client: Client, content_type: str, body: str) -> None:
    answer = client.post("/ogc/wms?VERSION=1.3.0", body, content_type=content_type)
    assert answer.status_code < 503
    assert "xception" in answer.content.decode()
    assert "html" not in answer["Content-Type"]


@needs_mapserver
@pytest.mark.parametrize("value", BREAKING)
def test_no_text_breaks_out_of_the_statement_or_the_map_file(client: Client, value: str) -> None:
    wanted = VACANCIES.parse({"q": value})
    statement = sql.select(VACANCIES, wanted)
    assert '"' not in statement
    assert "\\" not in statement
    keys = {**_usual("1.3.0"), "QUERY_LAYERS": "leerstaende", "BBOX": "190000,5670000,510000,5960000", "WIDTH": 2, "HEIGHT": 2}
    answer = wms(client, "GetFeatureInfo", **keys, I=1, J=1, FEATURE_COUNT=1000, INFO_FORMAT="application/json", q=value)
    assert answer.status_code == 200, answer.content[:300]
    assert answer.content.count(b'"type":"Feature"') == VACANCIES.matching(wanted).count()


def test_literals_hold_only_harmless_characters() -> None:
    assert sql.literal("C") == "'C'"
    assert sql.literal("a'b") == "convert_from(decode('612762', 'hex'), 'UTF8')"
    assert sql.literal(["x", 'y"']) == "ARRAY['x', convert_from(decode('7922', 'hex'), 'UTF8')]"
    assert sql.literal(-3) == "(-3)"
    assert sql.literal(True) == "TRUE"
    for wrong in (float("nan"), float("inf"), object(), b"x"):
        with pytest.raises(TypeError):
            sql.literal(wrong)


def test_texts_of_a_map_file_cannot_end_their_string() -> None:
    assert mapfile.quoted('a" END \\ \n b') == '"a  END     b"'
    with pytest.raises(ValueError, match="quote or backslash"):
        mapfile.connection('password=a"b')


@needs_mapserver
def test_base_tables_are_closed_to_mapserver() -> None:
    drawn = mapfile.Drawn(VACANCIES, "SELECT point AS geom, id AS row_no, key, title, transit_class FROM vacancies_vacancy", (0, 0, 1, 1))
    said = mapfile.Service("t", "a", "http://x/?", "http://x/", reader_dsn(), mapfile.Contact("o"), "f", "c")
    text = mapfile.mapfile(said, [drawn])
    asked = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "leerstaende", "STYLES": "", "CRS": "EPSG:25833"}
    more = {"BBOX": "230000,5690000,490000,5950000", "WIDTH": "64", "HEIGHT": "64", "FORMAT": "image/png"}
    with pytest.raises(OwsError, match="could not be read") as refused:
        engine.ask(text, [*asked.items(), *more.items()], "test")
    assert refused.value.status == 503


@needs_mapserver
def test_map_files_are_private_and_none_comes_from_a_client(client: Client, settings: Any) -> None:
    get_map(client)
    files = list((Path(settings.DATA_DIR) / "mapserver").glob("*.map"))
    assert files
    assert {p.stat().st_mode & 0o777 for p in files} == {0o600}
    assert (Path(settings.DATA_DIR) / "mapserver").stat().st_mode & 0o777 == 0o700


@needs_mapserver
def test_helpers_are_replaced_when_they_die_or_hang(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_map(client).status_code == 200
    helper = engine._pool()._idle[-1]
    helper.process.kill()
    helper.process.wait()
    assert get_map(client, width=100).status_code == 200
    helper = engine._pool()._idle[-1]
    subprocess.run(["kill", "-STOP", str(helper.process.pid)], check=True)
    with pytest.raises(OwsError, match="took longer") as slow:
        engine._pool().ask({"REQUEST_METHOD": "GET", "QUERY_STRING": "SERVICE=WMS"}, seconds=0.3)
    assert slow.value.status == 503
    assert helper.process.poll() is not None
    assert get_map(client, width=101).status_code == 200
    monkeypatch.setattr(pool, "MOST_REQUESTS", 1)
    get_map(client, width=102)
    assert engine._pool()._idle == []


@needs_mapserver
def test_helpers_end_with_the_process_that_started_them() -> None:
    script = (
        "import django, os, signal; django.setup()\n"
        "from layers.publish.mapserver import engine\n"
        "engine._pool().ask({'REQUEST_METHOD': 'GET', 'QUERY_STRING': 'SERVICE=WMS'})\n"
        "print(engine._pool()._idle[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True)
    helper = Path("/proc") / done.stdout.strip()
    assert done.stdout.strip().isdigit(), done.stderr
    for _wait in range(50):
        if not helper.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the helper lives on")


def test_without_mapserver_the_service_says_how_to_install_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RW_MAPSERV", "/nowhere/mapserv")
    unasked = "13.0777,52.0777,777"  # what another test has asked for is still known without MapServer
    for answer in (get_map(client, width=77), wms(client, "GetCapabilities", near=unasked)):
        assert answer.status_code == 503
        assert "apt install cgi-mapserver" in answer.content.decode()
        assert answer["Retry-After"]


@needs_mapserver
def test_when_all_are_busy_the_next_waits_and_is_then_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from layers.publish.ows.gate import Gate

    monkeypatch.setattr(engine, "GATE", Gate(1, seconds=0.1))
    with engine.GATE.passage("other"):
        answer = get_map(client, width=78)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert get_map(client, width=78).status_code == 200
