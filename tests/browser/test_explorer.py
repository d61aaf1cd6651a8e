"""Filter, list, map, count, title and address say the same, whichever way a person got there."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Open, agree, choose, count, first_circle, lone_vacancy, painted, query, rows

pytestmark = pytest.mark.browser

RURAL, GOOD = "town_size_class = 'rural'", "transit_class IN ('A', 'B', 'C')"


def test_a_click_changes_list_count_map_address_and_title_together(open_page: Open) -> None:
    page = open_page("/")
    agree(page, count())
    assert urlsplit(page.url).query == ""
    choose(page, "town_size", "rural")
    agree(page, count(RURAL))
    assert query(page)["town_size"] == ["rural"]
    for where in page.locator("#answer .card .where").all_inner_texts():
        assert where.endswith("Landgemeinde")
    choose(page, "transit", "C")
    agree(page, count(f"{RURAL} AND {GOOD}"))
    choose(page, "target_use", "workshop")
    agree(page, count(f"{RURAL} AND {GOOD} AND 'workshop' = ANY(target_uses)"))
    assert {k: query(page)[k] for k in ("town_size", "transit", "target_use")} == {
        "town_size": ["rural"], "transit": ["C"], "target_use": ["workshop"],
    }  # fmt: skip
    for place, link in (("/", "Karte"), ("/leerstaende/", "Liste")):
        target = urlsplit(page.locator(".top nav").get_by_role("link", name=link).get_attribute("href") or "")
        assert target.path == place
        assert parse_qs(target.query)["transit"] == ["C"]


def test_the_numbers_beside_the_options_follow(open_page: Open) -> None:
    page = open_page("/")
    hits = page.locator('[data-name="transit"] [data-hits="C"]')
    expect(hits).to_have_text(f"{count(GOOD):,}".replace(",", "."))
    choose(page, "town_size", "rural")
    expect(hits).to_have_text(str(count(f"{RURAL} AND {GOOD}")))


def test_back_and_forward_step_through_the_filters(open_page: Open) -> None:
    page = open_page("/")
    agree(page, count())
    choose(page, "town_size", "rural")
    agree(page, count(RURAL))
    choose(page, "transit", "C")
    agree(page, count(f"{RURAL} AND {GOOD}"))
    page.go_back()
    agree(page, count(RURAL))
    expect(page.locator('[name="transit"][value=""]')).to_be_checked()
    page.go_back()
    agree(page, count())
    expect(page.locator('[name="town_size"][value="rural"]')).not_to_be_checked()
    page.go_forward()
    agree(page, count(RURAL))
    expect(page.locator('[name="town_size"][value="rural"]')).to_be_checked()


def test_a_shared_address_restores_filter_place_and_selection(open_page: Open) -> None:
    key, slug, lat, lon = lone_vacancy()
    address = f"/?town_size=rural&at=12/{lat}/{lon}&sel={key}"
    page = open_page(address)
    agree(page, count(RURAL))
    popup = page.locator(".leaflet-popup")
    expect(popup.locator("h2 a")).to_have_attribute("href", f"/leerstaende/{slug}/")
    expect(page.locator('[name="town_size"][value="rural"]')).to_be_checked()
    zoom, north, east = (float(n) for n in query(page)["at"][0].split("/"))
    assert (zoom, query(page)["sel"]) == (12, [key])
    assert abs(north - lat) < 0.05
    assert abs(east - lon) < 0.08
    again = open_page(urlsplit(page.url).path + "?" + urlsplit(page.url).query)
    expect(again.locator(".leaflet-popup h2 a")).to_have_attribute("href", f"/leerstaende/{slug}/")


def test_leaving_a_selection_and_coming_back_restores_it(open_page: Open) -> None:
    key, slug, lat, lon = lone_vacancy()
    page = open_page(f"/?at=12/{lat}/{lon}&sel={key}")
    expect(page.locator(".leaflet-popup")).to_be_visible()
    choose(page, "town_size", "rural")
    agree(page, count(RURAL))
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    page.go_back()
    agree(page, count())
    expect(page.locator(".leaflet-popup h2 a")).to_have_attribute("href", f"/leerstaende/{slug}/")
    assert query(page)["sel"] == [key]


def test_a_single_point_opens_a_popup_with_the_focus_and_escape_returns_it(open_page: Open) -> None:
    _key, slug, lat, lon = lone_vacancy()
    page = open_page(f"/?at=14/{lat}/{lon}")
    painted(page)
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    link = page.locator(".leaflet-popup h2 a")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("href", f"/leerstaende/{slug}/")
    assert page.locator(".leaflet-popup").get_attribute("role") == "dialog"
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(page.locator("#map")).to_be_focused()


def test_a_ring_zooms_in(open_page: Open) -> None:
    page = open_page("/?at=8/52.4/13.4")
    painted(page)
    page.mouse.click(*first_circle(page))
    page.wait_for_function("Number(new URLSearchParams(location.search).get('at').split('/')[0]) > 8")
    assert page.locator(".leaflet-popup").count() == 0


def test_the_visible_part_of_the_map_becomes_a_filter(open_page: Open) -> None:
    page = open_page("/?at=11/52.9931/11.7505")
    painted(page)
    page.get_by_role("button", name="In diesem Ausschnitt suchen").click()
    page.wait_for_function("new URLSearchParams(location.search).has('bbox')")
    box = [float(n) for n in query(page)["bbox"][0].split(",")]
    inside = "ST_Transform(point, 4326) && ST_MakeEnvelope(%s, %s, %s, %s, 4326)"
    expected = rows(f"SELECT count(*) FROM public_vacancy WHERE {inside}", *box)[0][0]
    assert 0 < expected < count()
    expect(page.locator("#count")).to_have_attribute("data-total", str(expected))
    painted(page, expected)


def test_an_invalid_parameter_is_named_with_a_way_on(open_page: Open) -> None:
    page = open_page("/?transit=Z&town_size=rural")
    expect(page.locator("main")).to_contain_text("transit")
    expect(page.locator("main")).to_contain_text("A, B, C, D, E, F")
    page.locator("main a").click()
    agree(page, count(RURAL))


def test_an_empty_result_names_the_filter_to_drop(open_page: Open) -> None:
    page = open_page("/?town_size=rural&central=oberzentrum")
    painted(page, 0)
    link = page.locator(".empty li a").first
    promised = int(re.sub(r"\D", "", link.inner_text().rpartition(":")[2]))
    link.click()
    agree(page, promised)
    expect(page.locator("#answer h1")).to_be_focused()


def test_the_count_is_announced_once(open_page: Open) -> None:
    page = open_page("/")
    painted(page)
    assert page.evaluate("announced") == []
    choose(page, "town_size", "rural")
    agree(page, count(RURAL))
    page.wait_for_timeout(300)  # time for a second announcement, if there were one
    shown = f"{count(RURAL):,}".replace(",", ".")
    assert page.evaluate("announced") == [f"{shown} Leerstände"]


def test_the_list_answers_in_place_too(open_page: Open) -> None:
    page = open_page("/leerstaende/")
    page.evaluate("window.still = true")
    choose(page, "transit", "C")
    expect(page.locator("#count")).to_have_attribute("data-total", str(count(GOOD)))
    assert page.locator("h1, main, #answer").count() == 3  # the answer holds the answer, not a whole page
    page.get_by_role("link", name="weiter").click()
    expect(page.get_by_role("link", name="zurück")).to_be_visible()
    page.locator(".chips a").click()
    expect(page.locator("#count")).to_have_attribute("data-total", str(count()))
    expect(page.locator('[name="transit"][value=""]')).to_be_checked()
    page.go_back()
    page.go_back()
    expect(page.locator("#count")).to_have_attribute("data-total", str(count(GOOD)))
    assert page.evaluate("window.still")


def test_several_towns_in_an_address_survive_a_further_filter(open_page: Open) -> None:
    page = open_page("/?town=wittenberge&town=luckenwalde")
    both = "town_slug IN ('wittenberge', 'luckenwalde')"
    agree(page, count(both))
    choose(page, "transit", "D")
    agree(page, count(f"{both} AND transit_class IN ('A', 'B', 'C', 'D')"))


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_a_menu_closes_by_itself(open_page: Open, path: str) -> None:
    page = open_page(path)
    menus = page.locator("#answer .menu")
    for menu in menus.all():
        menu.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(menu.locator("a").first).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(menu.locator("a").first).to_be_hidden()
        expect(menu.locator("summary")).to_be_focused()
        page.keyboard.press("Enter")
        expect(menu.locator("a").first).to_be_visible()
        page.keyboard.press("Shift+Tab")
        expect(menu.locator("a").first).to_be_hidden()
    menus.first.locator("summary").click()
    menus.last.locator("summary").click()
    expect(menus.first.locator("a").first).to_be_hidden()
    expect(menus.last.locator("a").first).to_be_visible()
    page.locator("#count").click()
    expect(menus.last.locator("a").first).to_be_hidden()
