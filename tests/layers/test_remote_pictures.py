"""Pictures of a remote WMS: the real ones from MapServer, from the cache, and nothing to see when something is wrong."""

from __future__ import annotations

import datetime
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from geo import crs
from geo.errors import RemoteFailed
from layers.models import RemoteLayer
from layers.remote import proxy
from layers.remote.refresh import refresh
from tests.layers import remote_server as remote
from tests.layers.remote_server import needs_mapserver

pytestmark = pytest.mark.django_db
MIDDLE = crs.transform_xy(*remote.PLACES["Luckenwalde"], crs.WEB, crs.MERCATOR)


def box(half: float = 1_000.0) -> str:
    """A square around Luckenwalde's market, in the units of the web map."""
    x, y = MIDDLE
    return f"{x - half},{y - half},{x + half},{y + half}"


@pytest.fixture
def layer(server: remote.Server) -> RemoteLayer:
    return RemoteLayer.objects.create(
        key="bild",
        title="Bilder",
        service="wms",
        url=server.url("/ows"),
        layer="schulen",
        version="1.3.0",
        licence="CC0 1.0",
        attribution="© Probe",
        enabled=True,
        shown_on_map=True,
        checked_on=datetime.date(2026, 1, 1),
    )


def opened(response: Any) -> Image.Image:
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(response.content)).convert("RGBA")


def reds(picture: Image.Image) -> list[tuple[int, int]]:
    """Where the colour of the school's mark is."""
    found = picture.load()
    assert found is not None
    spots = [(x, y) for x in range(picture.width) for y in range(picture.height)]
    return [spot for spot in spots if found[spot][0] > 150 and found[spot][1] < 80 and found[spot][3] > 200]


def is_empty(picture: Image.Image) -> bool:
    return picture.getextrema()[3] == (0, 0)


@needs_mapserver
@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_a_school_is_drawn_where_it_is(client: Client, layer: RemoteLayer, version: str) -> None:
    RemoteLayer.objects.update(version=version)
    picture = opened(client.get(f"/karte/fern/bild/?bbox={box()}&width=200&height=200&crs=EPSG:3857"))
    marks = reds(picture)
    assert marks
    assert sum(x for x, _y in marks) / len(marks) == pytest.approx(100, abs=1.5)
    assert sum(y for _x, y in marks) / len(marks) == pytest.approx(100, abs=1.5)
    assert picture.getpixel((5, 5))[3] == 0  # the rest is transparent


@needs_mapserver
def test_what_leaflet_sends_is_understood_and_the_second_time_comes_from_the_cache(
    client: Client, layer: RemoteLayer, server: remote.Server
) -> None:
    asked = (
        "/karte/fern/bild/?service=WMS&request=GetMap&layers=schulen&styles=&format=image%2Fpng&transparent=true&version=1.3.0"
        f"&width=256&height=256&crs=EPSG%3A3857&bbox={box()}"
    )
    first = client.get(asked)
    assert first["Cache-Control"] == "public, max-age=86400"
    assert reds(opened(first))
    assert len(server.asked) == 1
    assert client.get(asked).content == first.content
    assert len(server.asked) == 1


@needs_mapserver
def test_an_old_picture_is_fetched_anew_or_kept_when_that_fails(
    client: Client, layer: RemoteLayer, server: remote.Server, settings: Any
) -> None:
    address = f"/karte/fern/bild/?bbox={box()}&width=100&height=100&crs=EPSG:3857"
    first = client.get(address)
    (kept,) = Path(settings.REMOTE_TILES).glob("*/*/*.png")
    old = time.time() - 86_400 * (layer.refresh_days + 1)
    os.utime(kept, (old, old))
    client.get(address)
    assert len(server.asked) == 2
    os.utime(kept, (old, old))
    server.answers["/ows"] = remote.answer(b"weg", "text/plain", 500)
    again = client.get(address)
    assert again.content == first.content
    assert again["Cache-Control"] == "public, max-age=60"


PNG = proxy.transparent(100, 100)
WRONG = {
    "fails": remote.answer(b"weg", "text/plain", 500),
    "redirects": remote.answer(b"", status=302, Location="http://169.254.169.254/"),
    "sends a page": remote.answer(b"<script>alert(1)</script>", "text/html"),
    "calls a page a picture": remote.answer(b"<script>alert(1)</script>", "image/png"),
    "calls a picture a page": remote.answer(PNG, "text/html"),
    "sends another size": remote.answer(proxy.transparent(4_000, 4_000), "image/png"),
    "sends a drawing": remote.answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "reports": remote.answer(b"<ServiceExceptionReport/>", "text/xml"),
    "sends too much": remote.flood(announce=False),
}


@pytest.mark.parametrize("name", WRONG)
def test_nothing_is_seen_when_the_service(client: Client, layer: RemoteLayer, server: remote.Server, name: str, caplog: Any) -> None:
    server.answers["/ows"] = WRONG[name]
    address = f"/karte/fern/bild/?bbox={box()}&width=100&height=100&crs=EPSG:3857"
    response = client.get(address)
    assert is_empty(opened(response))
    assert response["Cache-Control"] == "public, max-age=60"
    assert "remote layer bild" in caplog.text
    assert client.get(address).status_code == 200
    assert len(server.asked) == 1  # it is left alone for a minute


def test_a_service_that_hangs_holds_nobody_up(
    client: Client, layer: RemoteLayer, server: remote.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "LIMITS", proxy.Limits(connect_s=1, total_s=1, most_bytes=1_000))
    server.answers["/ows"] = remote.hang
    start = time.monotonic()
    assert is_empty(opened(client.get(f"/karte/fern/bild/?bbox={box()}&width=64&height=64&crs=EPSG:3857")))
    assert time.monotonic() - start < 10  # it would take twenty


def test_outside_our_region_nobody_is_asked(client: Client, layer: RemoteLayer, server: remote.Server) -> None:
    assert is_empty(opened(client.get("/karte/fern/bild/?bbox=0,0,1000,1000&width=64&height=32&crs=EPSG:3857")))
    assert server.asked == []


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"width": "1025"}, "width"),
        ({"height": "0"}, "height"),
        ({"width": "-5"}, "width"),
        ({"width": "1e3"}, "width"),
        ({"height": ""}, "height"),
        ({"width": "9" * 40}, "width"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "nan,0,1,1"}, "bbox"),
        ({"bbox": "inf,0,1,1"}, "bbox"),
        ({"bbox": "10,0,1,1"}, "bbox"),
        ({"bbox": "0,0,1e12,1"}, "bbox"),
        ({"bbox": ""}, "bbox"),
        ({"crs": "EPSG:4326"}, "crs"),
        ({"srs": "EPSG:25833"}, "srs"),
        ({"layers": "viele"}, "layers"),
        ({"request": "GetCapabilities"}, "request"),
        ({"format": "image/svg+xml"}, "format"),
        ({"styles": "x"}, "styles"),
        ({"sld": "http://evil.example/"}, "sld"),
        ({"map": "/etc/passwd"}, "map"),
        ({"url": "http://169.254.169.254/"}, "url"),
    ],
)
def test_other_parameters_are_refused_by_name(
    client: Client, layer: RemoteLayer, server: remote.Server, changed: dict[str, str], parameter: str
) -> None:
    query = {"bbox": box(), "width": "64", "height": "64", "crs": "EPSG:3857"} | changed
    response = client.get("/karte/fern/bild/", query, headers={"accept": "application/json"})
    assert response.status_code == 400
    assert [e["parameter"] for e in response.json()["errors"]] == [parameter]
    assert server.asked == []


def test_only_layers_that_are_on_and_shown_exist(client: Client, layer: RemoteLayer) -> None:
    listed = client.get("/karte/fern.json").json()["layers"]
    assert listed == [
        {
            "key": "bild",
            "title": "Bilder",
            "attribution": "© Probe",
            "licence": "CC0 1.0",
            "licence_url": "",
            "url": "/karte/fern/bild/",
        }
    ]
    for off in ({"enabled": False}, {"enabled": True, "shown_on_map": False}):
        RemoteLayer.objects.filter(pk=layer.pk).update(**off)
        assert client.get("/karte/fern.json").json() == {"layers": []}
        assert client.get(f"/karte/fern/bild/?bbox={box()}&width=9&height=9&crs=EPSG:3857").status_code == 404
    assert client.get("/karte/fern/luftbild-lgb/?bbox=1,1,2,2&width=9&height=9").status_code == 404
    assert client.post("/karte/fern/bild/").status_code == 405


def test_many_at_once_ask_once_and_see_whole_pictures(layer: RemoteLayer, server: remote.Server) -> None:
    """Twelve readers of one picture."""
    body, gate = proxy.transparent(64, 64), threading.Barrier(12)

    def slow(handler: Any) -> None:
        time.sleep(0.3)
        remote.answer(body, "image/png")(handler)

    server.answers["/ows"] = slow
    asked = proxy.Picture(tuple(float(v) for v in box().split(",")), 64, 64)  # type: ignore[arg-type]

    def read(_n: int) -> tuple[bytes, bool]:
        gate.wait()
        return proxy.picture(layer, asked)

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(read, range(12))) == {(body, True)}
    assert len(server.asked) == 1


def test_the_cache_stays_within_its_bound(tmp_path: Path) -> None:
    now = time.time()
    for n in range(20):
        path = tmp_path / "bild" / f"{n:02}" / f"{n}.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(1_000))
        os.utime(path, (now - n, now - n))  # 19 is the oldest
    assert proxy.prune(tmp_path, 20_000) == 0
    assert proxy.prune(tmp_path, 10_000) == 12  # down to 8,000 bytes, four fifths of the bound
    assert sorted(int(p.stem) for p in tmp_path.glob("*/*/*.png")) == list(range(8))


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (256, 256), (1_024, 1)])
def test_a_transparent_picture_is_one(size: tuple[int, int]) -> None:
    picture = Image.open(io.BytesIO(proxy.transparent(*size)))
    assert picture.size == size
    assert is_empty(picture.convert("RGBA"))


@needs_mapserver
def test_a_wms_is_asked_whether_it_fits(layer: RemoteLayer, server: remote.Server) -> None:
    refresh(layer)
    layer.refresh_from_db()
    assert layer.last_success_at is not None
    layer.layer = "fort"
    with pytest.raises(RemoteFailed, match=r"no layer 'fort'; it has .*schulen"):
        refresh(layer)
    server.write_map("EPSG:25833", "narrow.map", ("schulen",))
    layer.layer, layer.url = "schulen", server.url("/narrow.map")
    with pytest.raises(RemoteFailed, match="not offered in EPSG:3857, which the map needs"):
        refresh(layer)
    layer.refresh_from_db()
    assert "EPSG:3857" in layer.last_error
