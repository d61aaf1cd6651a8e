"""More rows than a browser should hold: the server counts and gathers, near the ground tiles are loaded; the rows are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.browser.watching import Open, count, painted

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def few_rows_fit() -> Iterator[None]:
    before, settings.MAP_ROWS = settings.MAP_ROWS, 1_000  # the server runs in a thread of this process
    yield
    settings.MAP_ROWS = before


def asked(page: Page, name: str) -> int:
    return page.evaluate("(name) => performance.getEntriesByType('resource').filter((r) => r.name.includes(name)).length", name)


def test_counts_list_and_map_agree_and_no_row_is_loaded(open_page: Open) -> None:
    page = open_page("/")
    painted(page, count())
    page.locator('#filter-form [name="town_size"][value="rural"]').check()
    painted(page, count("town_size_class = 'rural'"))
    expect(page.locator("#count")).to_have_attribute("data-total", str(count("town_size_class = 'rural'")))
    good = count("town_size_class = 'rural' AND transit_class IN ('A', 'B', 'C')")
    expect(page.locator('[data-name="transit"] [data-hits="C"]')).to_have_text(str(good))
    assert asked(page, "zuerst.bin") == asked(page, "kachel/") == 0
    assert asked(page, "antwort.json") >= 2


def test_near_the_ground_tiles_are_loaded_and_a_click_opens_the_card(open_page: Open) -> None:
    town = "town_slug = 'wittenberge'"
    page = open_page("/?town=wittenberge&at=13/52.9950/11.7500")
    painted(page, count(town))
    assert asked(page, "kachel/") > 0
    page.goto("/?town=wittenberge&q=Laden&at=13/52.9950/11.7500")
    painted(page)
    shown = int(page.locator("#map").get_attribute("data-shown") or 0)
    assert shown == int(page.locator("#count").get_attribute("data-total") or -1) > 0
    key = page.locator("#answer .card").first.get_attribute("data-key")
    page.goto(f"/?town=wittenberge&at=13/52.9950/11.7500&sel={key}")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_moving_the_map_gathers_anew(open_page: Open) -> None:
    page = open_page("/?transit=C")
    painted(page)
    before = asked(page, "antwort.json")
    page.get_by_role("button", name="Vergrößern").click()
    page.wait_for_function(
        "(n) => performance.getEntriesByType('resource').filter((r) => r.name.includes('antwort.json')).length > n", arg=before
    )
