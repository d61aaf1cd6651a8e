"""What the browser tests share: the pages, a watch over what a page does, and questions to the public view."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import ConsoleMessage, Page, Request, WebError, expect
from pyproj import Transformer
from scipy.spatial import cKDTree

from geo import crs
from geo.models import Town

Open = Callable[..., Page]
Beside = Callable[..., Any]
PUBLIC_PAGES = {
    "map": "/",
    "list": "/leerstaende/",
    "empty": "/leerstaende/?town_size=rural&central=oberzentrum",
    "detail": "{vacancy}",
    "town": "/orte/wittenberge/",
    "towns": "/orte/",
    "district": "/landkreise/prignitz/",
    "districts": "/landkreise/",
    "overview": "/ueberblick/",
    "charts": "/leerstaende/?town_size=rural&transit_is=D#verteilung",
    "sources": "/datenquellen/",
    "embedded map": "/embed?town=wittenberge",
    "embedded list": "/embed?town=wittenberge&view=list",
    "embed builder": "/einbetten/?town=wittenberge",
    "requests": "/gesuche/",
    "offering room": "/raum-anbieten/",
    "for municipalities": "/fuer-gemeinden/",
    "mails about a search": "/benachrichtigen/?town=wittenberge",
    "report": "/melden/",
    "request, step": "/gesuche/neu/1/",
    "know-how": "/wissen/",
    "article": "/wissen/erbbaurecht/",
    "funding": "/foerderung/",
    "advice": "/beratung/anfrage/",
    "events": "/termine/",
    "showcases": "/beispiele/",
    "showcase": "/beispiele/hallo-perle/",
    "actors": "/netzwerk/akteure/",
    "contacts": "/kontakte/",
    "impact": "/ueberblick/wirkung/",
    "sign in": "/konto/anmelden/",
    "sign up": "/konto/neu/",
    "impressum": "/impressum/",
    "datenschutz": "/datenschutz/",
    "barrierefreiheit": "/barrierefreiheit/",
    "easy words": "/leichte-sprache/",
    "english": "/en/",
    "wrong filter": "/?transit=Z",
    "not found": "/gibt-es-nicht/",
}


class Watch:
    """What went to other hosts, and what the browser complained about."""

    def __init__(self, *own: str) -> None:
        self.own = set(own)
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def request(self, request: Request) -> None:
        self.asked.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc not in self.own:
            self.foreign.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        expected = "status of 400" in message.text or "status of 404" in message.text
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(message.text)

    def error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))


def violations(page: Page, **options: object) -> list[dict[str, Any]]:
    """Return what axe finds on a page that has all its styles; it is put into the page once."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(
        "o => axe.run(document, o).then(r => r.violations)", {"resultTypes": ["violations"], **options}
    )
    return found


def rows(sql: str, *values: object) -> list[tuple]:
    """Ask the public view directly: an expectation that does not pass through the filter."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def count(condition: str = "true") -> int:
    return rows(f"SELECT count(*) FROM public_vacancy WHERE {condition}")[0][0]


def painted(page: Page, shown: int | None = None) -> None:
    """Wait until the map is painted; with a number until it shows so many hits."""
    page.wait_for_selector("#map[data-ready]" + (f'[data-shown="{shown}"]' if shown is not None else "[data-shown]"))


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def agree(page: Page, expected: int) -> None:
    """List, count, map and title tell of the same number of hits."""
    expect(page.locator("#count")).to_have_attribute("data-total", str(expected))
    painted(page, expected)
    shown = f"{expected:,}".replace(",", ".")
    expect(page.locator("#count")).to_contain_text(re.compile(rf"^\s*{re.escape(shown)} Leerst"))
    heading = page.locator("#answer h1").inner_text()
    expect(page).to_have_title(re.compile("^" + re.escape(heading) + " – "))
    assert page.locator("#answer .card").count() == min(expected, 20)


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'#filter-form [name="{name}"][value="{value}"]').check()


def first_circle(page: Page) -> tuple[float, float]:
    """Look for a circle on the map as a person does: where the pointer changes."""
    box = page.locator("#map").bounding_box()
    assert box
    for step in range(400):
        x, y = box["x"] + 100 + (step % 20) * 20, box["y"] + 150 + (step // 20) * 20
        page.mouse.move(x, y)
        if "over-point" in (page.locator("#map").get_attribute("class") or ""):
            return x, y
    raise AssertionError("no circle")


@functools.cache
def lone_vacancy() -> tuple[str, str, float, float]:
    """Key, page name, latitude and longitude of an exact rural vacancy with no other within 800 m."""
    found = rows("SELECT key, slug, is_exact AND town_size_class = 'rural', ST_X(point), ST_Y(point) FROM public_vacancy ORDER BY key")
    places = np.array([row[3:] for row in found])
    next_away = cKDTree(places).query(places, k=2)[0][:, 1]
    key, slug, _fits, x, y = next(row for row, metres in zip(found, next_away, strict=True) if row[2] and metres > 800)
    lon, lat = Transformer.from_crs(25833, 4326, always_xy=True).transform(x, y)
    return key, slug, round(lat, 4), round(lon, 4)


def middle_of(slug: str, east: float = 0) -> tuple[float, float]:
    centre = Town.objects.get(slug=slug).centre
    lon, lat = crs.transform_xy(centre.x + east, centre.y, crs.STORAGE, crs.WEB)
    return round(float(lon), 6), round(float(lat), 6)


def fits(page: Page) -> bool:
    """Return whether nothing is wider than the screen, once all styles and letters have come."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.fonts.ready.then(() => document.documentElement.scrollWidth <= innerWidth)"))


def is_in_order(page: Page) -> None:
    """No wider than the screen, and nothing that axe finds."""
    assert fits(page)
    assert violations(page) == []
