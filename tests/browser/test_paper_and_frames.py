"""Pages inside a stranger's page, and on paper."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Open, Watch, count

pytestmark = pytest.mark.browser
Frames = Callable[[str], str]


@pytest.fixture
def stranger(watch: Watch) -> Iterator[Frames]:
    """A page of another origin that frames an address: `stranger("http://…")` returns where it is."""
    framed: list[str] = []

    class Town(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            page = '<!doctype html><title>Stadt</title><link rel="icon" href="data:,">'
            self.wfile.write(f'{page}<iframe src="{framed[-1]}" width="600" height="500"></iframe>'.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Town)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    watch.own.add(urlsplit(address).netloc)

    def frames(page: str) -> str:
        framed.append(page)
        return address

    yield frames
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("view", ["map", "list"])
def test_a_strange_page_shows_the_embedded_one_without_cookies(open_page: Open, site: str, stranger: Frames, view: str) -> None:
    page = open_page(stranger(f"{site}/embed?town=wittenberge&view={view}"))
    inside = page.frame_locator("iframe")
    wanted = count("town_slug = 'wittenberge'")
    expect(inside.locator(".embed-head strong")).to_have_text(f"{wanted} Leerstände")
    if view == "map":
        expect(inside.locator(f'#map[data-ready][data-shown="{wanted}"]')).to_be_visible()
    else:
        expect(inside.locator(".card")).to_have_count(20)
    assert page.context.cookies() == []
    with page.context.expect_page() as opened:
        inside.get_by_role("link", name=re.compile("Mehr auf Raumwohlstand")).click()
    expect(opened.value.locator("#count")).to_have_attribute("data-total", str(wanted))


def test_other_pages_do_not_show_in_a_strange_frame(open_page: Open, site: str, watch: Watch, stranger: Frames) -> None:
    page = open_page(stranger(f"{site}/leerstaende/"))
    page.wait_for_timeout(300)
    assert page.frame_locator("iframe").locator(".card").count() == 0
    refused = [c for c in watch.complaints if "frame-ancestors" in c or "X-Frame-Options" in c]
    assert refused
    watch.complaints.clear()


def test_code_and_preview_follow_the_form(open_page: Open) -> None:
    page = open_page("/einbetten/?town=wittenberge")
    page.get_by_label("Liste", exact=True).check()
    expect(page.locator("#code")).to_have_value(re.compile(r"view=list"))
    expect(page.frame_locator("#preview").locator(".card").first).to_be_visible()
    page.get_by_label("Höhe in Pixel").fill("700")
    page.get_by_label("Höhe in Pixel").blur()
    expect(page.locator("#preview")).to_have_attribute("height", "700")
    assert "height=700" in page.url


@pytest.mark.parametrize(("path", "most"), [("{vacancy}", 2), ("/leerstaende/?town=wittenberge", 3), ("/orte/wittenberge/", 3)])
def test_paper_shows_the_address_and_no_navigation(open_page: Open, vacancy: str, path: str, most: int) -> None:
    page = open_page(path.format(vacancy=vacancy))
    page.emulate_media(media="print")
    for part in (".top nav", ".bottom", ".print-action"):
        expect(page.locator(part).first).to_be_hidden()
    code = page.locator(".permalink img")
    expect(code).to_be_visible()
    code.scroll_into_view_if_needed()
    code.evaluate("picture => picture.decode()")  # wait_for_function would need eval, which the policy forbids
    expect(page.locator(".permalink")).to_contain_text(page.url)
    expect(page.locator(".permalink")).to_contain_text(re.compile(r"Gedruckt am .+ Quellen: .*GeoBasis-DE"))
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert 1 <= pages <= most
