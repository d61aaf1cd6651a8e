"""Where MapServer cannot run as FastCGI, each request gets a process of its own, with the same answers and limits."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from django.test import Client

from layers.publish.mapserver import engine, once, pool
from layers.publish.ows.reports import OwsError
from tests.layers.remote_server import MAPSERV
from tests.layers.services import get_map, is_report, needs_mapserver, pixels, wms

pytestmark = [needs_mapserver, pytest.mark.django_db]
POST = """<wfs:GetFeature service="WFS" version="1.1.0" xmlns:wfs="http://www.opengis.net/wfs" maxFeatures="3">
<wfs:Query typeName="raum:leerstaende" xmlns:raum="urn:x-raumwohlstand:layers"/></wfs:GetFeature>"""

# what a MapServer built without it does: it cannot do anything with a socket
WITHOUT_FASTCGI = f"[ -S /dev/stdin ] && exit 1\nexec {MAPSERV}"


def program(folder: Path, text: str) -> str:
    path = folder / "mapserv"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """A pool that knows nothing of other tests, and leaves nothing to them."""
    engine.close()
    yield
    engine.close()


@pytest.fixture
def without_fastcgi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RW_MAPSERV", program(tmp_path, WITHOUT_FASTCGI))


def answers(client: Client, width: int) -> list[bytes]:
    """A map, what is at a pixel, and features, by GET and POST; the width makes the questions new."""
    picture = get_map(client, width=width, height=width, layers="leerstaende,gemeinden")
    at = {"LAYERS": "gemeinden", "QUERY_LAYERS": "gemeinden", "CRS": "EPSG:25833", "BBOX": "230000,5690000,490000,5950000"}
    at |= {"WIDTH": str(width), "HEIGHT": str(width), "I": "30", "J": "30", "INFO_FORMAT": "application/json", "STYLES": ""}
    info = wms(client, "GetFeatureInfo", **at)
    got = client.get("/ogc/wfs?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=raum:leerstaende&MAXFEATURES=3&town=wittenberge")
    posted = client.post("/ogc/wfs", POST, content_type="text/xml")
    for answer in (picture, info, got, posted):
        assert answer.status_code == 200, answer.content[:300]
    assert b"Feature" in info.content
    assert posted.content.count(b"<raum:key>") == 3
    return [pixels(picture).tobytes(), info.content, got.content, posted.content]


def untimed(found: list[bytes]) -> list[bytes]:
    """Without the time of the answer."""
    return [re.sub(rb'timeStamp="[^"]*"', b"", part) for part in found]


def test_without_fastcgi_the_answers_are_the_same_and_the_log_says_so_once(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usual = untimed(answers(client, 90))
    assert not engine._pool().by_cgi
    engine.close()
    monkeypatch.setenv("RW_MAPSERV", program(tmp_path, WITHOUT_FASTCGI))
    with caplog.at_level(logging.WARNING, logger=pool.__name__):
        alone = untimed(answers(client, 90))
        assert engine._pool().by_cgi
        assert np.array_equal(usual, alone)
    (told,) = [r.getMessage() for r in caplog.records]
    assert told.startswith("MapServer does not run as FastCGI (")
    assert told.endswith("); it is started for each request, which is slower")
    assert (engine._folder() / "by-cgi.txt").read_text() in told


def test_a_folder_whose_name_is_too_long_for_a_socket(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deep = tmp_path / ("x" * 110)
    deep.mkdir()
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING, logger=pool.__name__):
        patched.setattr(tempfile, "tempdir", str(deep))
        assert get_map(client, width=91).status_code == 200
        assert engine._pool().by_cgi
        assert list(deep.iterdir()) == []
    assert "AF_UNIX path too long" in caplog.text
    monkeypatch.setattr(engine._pool(), "_rests_until", time.monotonic())  # a minute later
    assert get_map(client, width=92).status_code == 200
    assert not engine._pool().by_cgi
    assert len(engine._pool()._idle) == 1
    assert not (engine._folder() / "by-cgi.txt").exists()


@pytest.mark.usefixtures("without_fastcgi")
def test_wrong_and_hostile_requests_are_refused_as_ever(client: Client) -> None:
    assert get_map(client, width=93).status_code == 200
    assert is_report(get_map(client, layers="gibtsnicht"), "LayerNotDefined")
    assert is_report(get_map(client, MAP="/etc/passwd"))
    assert is_report(get_map(client, transit="Z"))
    assert is_report(client.get("/ogc/wfs?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=raum:leerstaende&PROPERTYNAME=nichts"))
    other = Path(engine._folder()).parent / "other.map"
    other.write_text("MAP NAME x END")
    words = {"REQUEST_METHOD": "GET", "QUERY_STRING": "SERVICE=WMS&REQUEST=GetCapabilities", "MS_MAPFILE": str(other)}
    assert b"WMS_Capabilities" not in engine._pool().ask(words).body
    other.unlink()


@pytest.mark.usefixtures("without_fastcgi")
def test_a_question_longer_than_a_variable_may_be(client: Client) -> None:
    mark = "<Mark><WellKnownName>square</WellKnownName></Mark><Size>9</Size>"
    rule = f"<Rule><PointSymbolizer><Graphic>{mark}</Graphic></PointSymbolizer></Rule>"
    layer = f"<Name>leerstaende</Name><UserStyle><FeatureTypeStyle>{rule * 3}</FeatureTypeStyle></UserStyle>"
    style = f'<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer>{layer}</NamedLayer>'
    style += f"<!-- {'x' * 140_000} --></StyledLayerDescriptor>"
    keys = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "leerstaende", "STYLES": "", "CRS": "EPSG:25833"}
    keys |= {"BBOX": "230000,5690000,490000,5950000", "WIDTH": "94", "HEIGHT": "94", "FORMAT": "image/png", "SLD_BODY": style}
    picture = pixels(client.post("/ogc/wms", urlencode(keys), content_type="application/x-www-form-urlencoded"))
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 1
    assert engine._pool().by_cgi


def test_limits_hold_and_nothing_is_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"QUERY_STRING": ""}
    slow = program(tmp_path, "echo $$ > " + str(tmp_path / "pid") + "; exec sleep 30")
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        once.ask([slow], {"PATH": os.defpath}, words, b"", 0.3, (10**9, 10**6))
    assert time.monotonic() - begin < 3
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()
    endless = program(tmp_path, "exec cat /dev/zero")
    with pytest.raises(once.TooLarge):
        once.ask([endless], {"PATH": os.defpath}, words, b"", 5, (10**9, 10**6))
    with pytest.raises(OSError, match="nowhere"):
        once.ask([str(tmp_path / "nowhere")], {}, words, b"", 5, (10**9, 10**6))
    monkeypatch.setenv("RW_MAPSERV", slow := program(tmp_path, "[ -S /dev/stdin ] && exit 1; exec sleep 30"))
    with pytest.raises(OwsError, match=r"took longer than 0\.4 s") as late:
        engine._pool().ask({"REQUEST_METHOD": "GET", "QUERY_STRING": ""}, seconds=0.4)
    assert late.value.status == 503
    monkeypatch.setattr(pool, "LARGEST_ANSWER", 1_000_000)
    monkeypatch.setenv("RW_MAPSERV", program(tmp_path, "[ -S /dev/stdin ] && exit 1; exec cat /dev/zero"))
    with pytest.raises(OwsError, match="more than 1 MB") as large:
        engine._pool().ask({"REQUEST_METHOD": "GET", "QUERY_STRING": ""})
    assert large.value.status == 503
    monkeypatch.setenv("RW_MAPSERV", program(tmp_path, "exit 1"))
    with pytest.raises(OwsError, match="gave no answer") as dead:
        engine._pool().ask({"REQUEST_METHOD": "GET", "QUERY_STRING": ""})
    assert dead.value.status == 503
    assert not engine._pool().by_cgi  # nothing tells that FastCGI is to blame


@pytest.mark.usefixtures("without_fastcgi")
def test_not_more_run_at_once_than_the_gate_lets_pass(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_map(client, width=95).status_code == 200
    running, most, lock, ask = 0, 0, threading.Lock(), once.ask

    def counted(*given: object) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        try:
            return ask(*given)  # type: ignore[arg-type]
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(once, "ask", counted)
    text = next((Path(engine._folder())).glob("*.map")).read_text()
    keys = [("SERVICE", "WMS"), ("REQUEST", "GetCapabilities")]
    threads = [threading.Thread(target=engine.ask, args=(text, keys, f"client {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == engine.GATE.slots
