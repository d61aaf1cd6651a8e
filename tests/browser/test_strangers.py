"""No page speaks to another host, unless the operator names one, and then to that one only."""

from __future__ import annotations

import http.server
import io
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.watching import PUBLIC_PAGES, Open, Watch, painted

pytestmark = pytest.mark.browser


def test_no_page_asks_another_host(open_page: Open, watch: Watch, vacancy: str) -> None:
    page = open_page("/")
    for path in PUBLIC_PAGES.values():
        page.goto(path.format(vacancy=vacancy))
        page.wait_for_load_state("networkidle")
        wanted = {"csrftoken"} if page.locator("form[method=post] [name=csrfmiddlewaretoken]").count() else set()
        assert {cookie["name"] for cookie in page.context.cookies()} == wanted, path
        page.context.clear_cookies()
    assert len(watch.asked) > 60
    assert watch.foreign == []


def test_the_pages_run_under_their_strict_policy(open_page: Open, watch: Watch) -> None:
    page = open_page("/impressum/")
    policy = page.request.get("/impressum/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page.evaluate("""() => { const s = document.createElement("script"); s.textContent = "window.broken = 1"; document.body.append(s); }""")
    assert page.evaluate("window.broken") is None
    page.wait_for_timeout(100)
    assert "Content Security Policy" in watch.complaints.pop()  # the watch sees what the browser stops


@pytest.fixture
def administrator(db: None) -> Iterator[dict[str, str]]:
    """A signed-in administrator, written by a thread of its own so that the server sees it; removed afterwards."""

    def make() -> tuple[int, str]:
        user = get_user_model()._default_manager.create_superuser("browser", password=None)  # type: ignore[attr-defined]
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        connection.close()
        return user.pk, str(session.session_key)

    def remove(pk: int, key: str) -> None:
        SessionStore(key).delete()
        get_user_model()._default_manager.filter(pk=pk).delete()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(make).result()
        yield {"name": settings.SESSION_COOKIE_NAME, "value": made[1]}
        pool.submit(remove, *made).result()


def test_the_administration_draws_its_map_without_a_stranger(open_page: Open, site: str, administrator: dict[str, str]) -> None:
    page = open_page("/impressum/")
    page.context.add_cookies([{**administrator, "url": site}])  # type: ignore[typeddict-item]
    page.goto("/admin/vacancies/vacancy/add/")
    expect(page.locator(".leaflet-container[data-ready]")).to_have_count(2)
    page.locator(".leaflet-draw-draw-marker").click()
    field = page.locator("#id_point-map")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.click(box["x"] + 300, box["y"] + 200)
    assert '"Point"' in page.locator("#id_point").input_value()
    page.goto("/admin/geo/town/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".leaflet-container[data-ready]")).not_to_have_count(0)


# --- an operator's own basemap ---------------------------------------------------------------------------------------


@pytest.fixture
def tiles() -> Iterator[tuple[str, list[str]]]:
    """A tile server on this machine: its address, and the paths it was asked for."""
    asked: list[str] = []
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), (200, 220, 210)).save(picture, "PNG")

    class Tiles(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture.getvalue())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def site_with_tiles(tiles: tuple[str, list[str]], database_url: str, db: None) -> Iterator[str]:
    """The pages from a process of their own whose environment names the tile server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "RW_DEBUG": "1",
        "RW_BASEMAP_URL": tiles[0] + "/{z}/{x}/{y}.png",
        "RW_BASEMAP_ATTRIBUTION": "© Prüfkarte",
    }
    command = [sys.executable, "-W", "ignore", "manage.py", "runserver", "--noreload", "--skip-checks", address]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _wait in range(600):
            try:
                urllib.request.urlopen(f"http://{address}/impressum/", timeout=10).close()
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def test_an_operators_basemap_is_used_and_nobody_else_is_asked(
    browser: Browser, site_with_tiles: str, tiles: tuple[str, list[str]]
) -> None:
    watch = Watch(urlsplit(site_with_tiles).netloc, urlsplit(tiles[0]).netloc)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="de-DE")
    context.on("request", watch.request)
    context.on("console", watch.console)
    page = context.new_page()
    answer = page.goto(site_with_tiles + "/")
    assert answer
    directives = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";") if " " in part.strip())
    assert directives["img-src"].split() == ["'self'", "data:", tiles[0]]
    assert directives["connect-src"] == "'self'"
    painted(page)
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("© Prüfkarte")
    expect(page.locator(".leaflet-control-attribution")).not_to_contain_text("GeoBasis")
    context.close()
    assert len(tiles[1]) >= 6
    assert all(p.count("/") == 3 and p.endswith(".png") for p in tiles[1])
    assert not any("/basemap/" in url for url in watch.asked)
    assert (watch.foreign, watch.complaints) == ([], [])


@pytest.mark.parametrize("given", ["tiles.example/{z}/{x}/{y}.png", "https://tiles.example/", "ftp://tiles.example/{z}/{x}/{y}"])
def test_a_basemap_that_cannot_work_is_refused_with_a_sentence(given: str) -> None:
    command = [sys.executable, "-c", "import config.settings"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | {"RW_BASEMAP_URL": given}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "RW_BASEMAP_URL" in done.stderr
    assert "{z}, {x} and {y}" in done.stderr
