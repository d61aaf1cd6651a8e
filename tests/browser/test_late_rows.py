"""Requests that break off, and rows that change while a page is open: the map says so, tries again, and opens what is there now."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from geo import crs
from geo.models import Town
from tests.browser.watching import Beside, Open, Watch, agree, choose, count, lone_vacancy, painted, rows
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.browser
WORDS = "Mühle"


@pytest.fixture
def dropped(open_page: Open, watch: Watch) -> Any:
    """Open a page of which some requests break off: `dropped("/", "**/dann.bin", 2)` loses two of them."""

    def opened(path: str, pattern: str, times: int) -> Page:
        page = open_page("/impressum/")
        page.route(pattern, lambda route: route.abort(), times=times)
        page.goto(path)
        return page

    yield opened
    watch.complaints[:] = [c for c in watch.complaints if "ERR_FAILED" not in c]


def again(page: Page) -> None:
    """The map says that it lags behind, and loads what is missing."""
    late = page.locator("#late")
    expect(late).to_contain_text("nicht auf dem neuesten Stand")
    late.get_by_role("button").click()
    expect(late).to_be_hidden()


def click_the_middle(page: Page) -> None:
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_map_without_its_columns_says_so_and_tries_again(dropped: Callable[..., Page]) -> None:
    page = dropped("/", "**/dann.bin", 2)
    painted(page, count())
    expect(page.locator("#late")).to_be_hidden()
    page.locator('#filter-form details:has([name="occupancy"]) > summary').click()
    choose(page, "occupancy", "partly_vacant")
    again(page)
    agree(page, count("occupancy = 'partly_vacant'"))


def test_words_that_broke_off_are_asked_for_again(dropped: Callable[..., Page]) -> None:
    page = dropped("/", "**/treffer.bin*", 1)
    page.locator("#f-q").fill(WORDS)
    again(page)
    found = PublicVacancy.objects.matching(VacancyFilter.parse({"q": WORDS})).count()
    assert 0 < found < count()
    agree(page, found)


@pytest.mark.parametrize(("path", "part"), [("/?town=wittenberge", "zuerst.bin"), ("/embed?town=wittenberge", "kriterien.json")])
def test_a_map_that_did_not_load_does_so_later(dropped: Callable[..., Page], path: str, part: str) -> None:
    page = dropped(path, f"**/{part}", 1)
    again(page)
    painted(page, count("town_slug = 'wittenberge'"))


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_an_answer_that_broke_off_is_asked_for_again(dropped: Callable[..., Page], path: str) -> None:
    """The page stays as it is, with what has been loaded; going back asks anew as well."""
    page = dropped(path, "**/*town_size=rural*", 1)
    choose(page, "town_size", "rural")
    again(page)
    expect(page.locator("#count")).to_have_attribute("data-total", str(count("town_size_class = 'rural'")))
    page.go_back()
    expect(page.locator("#count")).to_have_attribute("data-total", str(count()))


def test_a_layer_that_broke_off_is_off(dropped: Callable[..., Page]) -> None:
    page = dropped("/", "**/gueteklassen.geojson", 1)
    page.locator("#layers > summary").click()
    box = page.locator('#layer-list input[value="classes"]')
    box.click()
    expect(page.locator("#late")).to_be_visible()
    expect(box).not_to_be_checked()
    expect(page).not_to_have_url(re.compile("layers="))
    box.check()
    expect(page.locator(".leaflet-overlays-pane path").first).to_be_attached()


def test_keys_that_broke_off_are_asked_for_with_the_next_click(dropped: Callable[..., Page]) -> None:
    _key, slug, lat, lon = lone_vacancy()
    page = dropped(f"/?at=14/{lat}/{lon}", "**/kennungen.bin", 1)
    painted(page)
    click_the_middle(page)
    expect(page.locator("#late")).to_be_visible()
    click_the_middle(page)
    expect(page.locator(".leaflet-popup h2 a")).to_have_attribute("href", f"/leerstaende/{slug}/")


def make(visibility: str, n: int, at: str) -> list[str]:
    """Publish so many vacancies where another lies; returns their keys."""
    other = Vacancy.objects.get(key=at)
    public = {"publication": "published", "visibility": visibility, "basis": "municipal_property", "occupancy": "vacant"}
    made = [Vacancy(town=other.town, point=other.point, **public) for _n in range(n)]
    for vacancy in made:
        vacancy.save()
    return [vacancy.key for vacancy in made]


@pytest.mark.parametrize("path", ["/?at=14/{lat}/{lon}", "/embed?near={lon},{lat},60"])
def test_a_click_opens_what_is_there_now(open_page: Open, beside: Beside, path: str) -> None:
    key, slug, lat, lon = lone_vacancy()
    page = open_page(path.format(lat=lat, lon=lon))
    page.route("**/kennungen.bin", lambda route: route.continue_())  # and not from what the browser kept
    painted(page)
    shown = int(page.locator("#map").get_attribute("data-shown") or 0)
    [new] = beside(make, "exact", 1, key)
    click_the_middle(page)
    cards = page.locator(".leaflet-popup .card")
    expect(cards).to_have_count(2)
    assert {card.get_attribute("data-key") for card in cards.all()} == {key, new}
    painted(page, shown + 1)
    expect(page.locator("#count, .embed-head p").first).to_contain_text(f"{shown + 1:,} Leerst".replace(",", "."))
    page.goto(path.format(lat=lat, lon=lon))
    painted(page, shown + 1)
    beside(lambda: Vacancy.objects.get(key=new).delete())
    click_the_middle(page)
    expect(cards).to_have_count(1)
    expect(cards.locator("h2 a")).to_have_attribute("href", f"/leerstaende/{slug}/")
    painted(page, shown)


def test_all_that_lie_at_one_place_can_be_reached(open_page: Open, beside: Beside) -> None:
    found = Vacancy.objects.filter(town=Town.objects.get(slug="bad-wilsnack"), visibility="exact").order_by("key").first()
    assert found
    made = set(beside(make, "coarse", 12, found.key))
    here = "point = (SELECT point FROM public_vacancy WHERE key = %s)"
    wanted = {key for (key,) in rows(f"SELECT key FROM public_vacancy WHERE {here}", next(iter(made)))}
    assert made <= wanted
    x, y = rows("SELECT ST_X(point), ST_Y(point) FROM public_vacancy WHERE key = %s", next(iter(made)))[0]
    lon, lat = crs.transform_xy(x, y, crs.STORAGE, crs.WEB)
    page = open_page(f"/?at=16/{lat}/{lon}")
    painted(page)
    click_the_middle(page)
    cards = page.locator(".leaflet-popup .card")
    for _again in range(2):
        expect(cards).to_have_count(8)
        more = page.locator(".leaflet-popup").get_by_role("button", name=f"Noch {len(wanted) - 8} zeigen")
        first = cards.first.get_attribute("data-key")
        expect(page.locator(".leaflet-pan-anim")).to_have_count(0)  # else the click may meet the map that still moves
        more.click()
        expect(cards).to_have_count(len(wanted))
        expect(more).to_be_hidden()
        expect(cards.nth(8).locator("a")).to_be_focused()
        assert {card.get_attribute("data-key") for card in cards.all()} == wanted
        page.wait_for_function("new URLSearchParams(location.search).has('sel')")
        page.goto(page.url)
        painted(page)
    expect(cards.first).to_have_attribute("data-key", first or "")


TWO_AT_ONCE = """
async (queries) => {
  const { Hits } = await import("/static/js/hits.js");
  const settings = JSON.parse(document.getElementById("map-settings").textContent);
  const [alone, helped] = [new Hits(settings), new Hits({ ...settings, many: 0, worker: "/static/js/hits_worker.js" })];
  await Promise.all([alone.load(), helped.load()]);
  const ask = (hits) => Promise.all(queries.map(async (query) => [...(await hits.ask(new URLSearchParams(query))).rows]));
  const late = new Promise((_done, fail) => setTimeout(fail, 5000, new Error("a question was never answered")));
  return { worked: Boolean(helped.worker), same: String(await Promise.race([ask(helped), late])) === String(await ask(alone)) };
}
"""


def test_questions_asked_at_once_get_their_own_answers(open_page: Open) -> None:
    queries = ["town_size=rural", "transit=A", "transit=C&town_size=rural"]
    assert open_page("/embed").evaluate(TWO_AT_ONCE, queries) == {"worked": True, "same": True}
