"""Where to search: drawn, around a town, around one's own place, while moving the map; by pointer and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import Open, count, first_circle, painted, rows

pytestmark = pytest.mark.browser


def near(lon: float, lat: float, metres: int) -> int:
    point = f"ST_Transform(ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), 25833)"
    return count(f"ST_DWithin(point, {point}, {metres})")


def open_panel(page: Page) -> None:
    page.locator("#area > summary").click()
    expect(page.locator("#area-town option").nth(5)).to_be_attached()


def test_around_a_town_is_a_filter_like_any_other(open_page: Open) -> None:
    page = open_page("/")
    painted(page)
    open_panel(page)
    page.locator("#area-town").select_option("wittenberge")
    page.locator("#area-km").fill("15")
    page.locator("#area-around").click()
    expect(page).to_have_url(re.compile("near="))
    lon, lat, metres = re.search(r"near=([\d.]+),([\d.]+),(\d+)", page.url).groups()  # type: ignore[union-attr]
    assert metres == "15000"
    expected = near(float(lon), float(lat), 15_000)
    centre = rows("SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(centre, 4326) p FROM geo_town WHERE slug = 'wittenberge') t")[0]
    assert (float(lon), float(lat)) == pytest.approx(centre, abs=2e-5)
    expect(page.locator("#count")).to_have_attribute("data-total", str(expected))
    painted(page, expected)
    page.locator("#area-clear").click()
    painted(page, count())


def test_an_area_is_drawn_by_clicks_and_by_keys(open_page: Open) -> None:
    page = open_page("/?at=8/52.40/13.00")
    painted(page)
    open_panel(page)
    page.locator("#area-draw").click()
    box = page.locator("#map").bounding_box()
    assert box
    for x, y in ((0.2, 0.3), (0.45, 0.3), (0.3, 0.55)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(page.locator("#area-note")).to_contain_text("Ecken: 3,")
    page.locator("#map").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(350)
    page.keyboard.press("Enter")
    expect(page.locator("#area-note")).to_contain_text("Ecken: 4,")
    page.locator("#area-undo").click()
    page.locator("#area-draw").click()
    expect(page).to_have_url(re.compile("polygon="))
    corners = re.search(r"polygon=([^&]+)", page.url)[1].split(";")  # type: ignore[index]
    ring = ", ".join(c.replace(",", " ") for c in [*corners, corners[0]])
    shape = f"ST_Transform(ST_GeomFromText('POLYGON(({ring}))', 4326), 25833)"
    painted(page, count(f"ST_Intersects(point, {shape})"))


def test_a_corner_on_a_circle_is_a_corner_and_nothing_else(open_page: Open) -> None:
    page = open_page("/?at=8/52.40/13.00")
    painted(page)
    open_panel(page)
    page.locator("#area-draw").click()
    x, y = first_circle(page)
    page.mouse.click(x, y)
    expect(page.locator("#area-note")).to_contain_text("Ecken: 1,")
    page.wait_for_timeout(300)
    assert re.search(r"at=8/", page.url) or "at=" not in page.url, "the map stays where it is"
    assert page.locator(".leaflet-popup").count() == 0


def test_the_buttons_of_the_map_set_no_corner(open_page: Open) -> None:
    page = open_page("/?at=8/52.40/13.00")
    painted(page)
    open_panel(page)
    page.locator("#area-draw").click()
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#area-note")).to_contain_text("Ecken: 1,")
    page.get_by_role("button", name="Vergrößern").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("at=(8.5|9)/"))
    expect(page.locator("#area-note")).to_contain_text("Ecken: 1,")


def test_back_ends_the_drawing(open_page: Open) -> None:
    page = open_page("/?at=8/52.40/13.00&town_size=rural")
    painted(page)
    page.locator('#filter-form [name="transit"][value="C"]').check()
    expect(page).to_have_url(re.compile("transit=C"))
    open_panel(page)
    page.locator("#area-draw").click()
    expect(page.locator("#map")).to_have_class(re.compile("draws"))
    page.go_back()
    expect(page.locator("#area-draw")).to_have_text("Gebiet zeichnen")
    expect(page.locator("#map")).not_to_have_class(re.compile("draws"))
    painted(page, count("town_size_class = 'rural'"))


def test_the_place_of_the_device_is_asked_for_only_by_a_click(open_page: Open) -> None:
    page = open_page("/", geolocation={"latitude": 52.995, "longitude": 11.75}, permissions=["geolocation"])
    painted(page)
    open_panel(page)
    page.locator("#area-here").click()
    painted(page, near(11.75, 52.995, 10_000))


def test_the_search_follows_the_map_when_asked_to(open_page: Open) -> None:
    page = open_page("/?at=9/52.40/13.00")
    painted(page)
    page.locator("#follow").check()
    expect(page).to_have_url(re.compile("bbox="))
    first = page.url
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    before = re.search(r"bbox=([^&]+)", first)[1]  # type: ignore[index]
    expect(page).not_to_have_url(re.compile(re.escape(before)))
    page.wait_for_timeout(400)  # the map glides on for a moment
    west, south, east, north = re.search(r"bbox=([^&]+)", page.url)[1].split(",")  # type: ignore[index]
    shape = f"ST_Transform(ST_Segmentize(ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326), 0.05), 25833)"
    expected = count(f"ST_Intersects(point, {shape})")
    expect(page.locator("#count")).to_have_attribute("data-total", re.compile(r"\d+"))
    page.wait_for_function("() => document.getElementById('count').dataset.total === document.getElementById('map').dataset.shown")
    assert abs(int(page.locator("#count").get_attribute("data-total") or 0) - expected) <= 1, "edges are cut into other pieces here"


def test_on_a_phone_the_list_has_three_stops_by_button_and_by_drag(open_page: Open) -> None:
    page = open_page("/", width=360, height=740, has_touch=True)
    painted(page)
    cards = page.locator("#answer .cards")
    expect(cards).to_be_hidden()
    page.get_by_role("button", name="beides").click()
    expect(cards).to_be_visible()
    expect(page.locator("#map")).to_be_visible()
    expect(page).to_have_url(re.compile("view=both"))
    page.get_by_role("button", name="Liste", exact=True).click()
    expect(page.locator("#map")).to_be_hidden()
    page.get_by_role("button", name="Karte", exact=True).click()
    grip = page.locator("#grip").bounding_box()
    assert grip
    page.get_by_role("button", name="beides").click()
    grip = page.locator("#grip").bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 40, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 40, grip["y"] + 200, steps=4)
    page.mouse.up()
    expect(cards).to_be_hidden()
    touch_and_drag(page, -150)
    expect(cards).to_be_visible()
    touch_and_drag(page, 150)
    expect(cards).to_be_hidden()
    page.locator("#grip").focus()
    page.keyboard.press("Enter")
    expect(cards).to_be_visible()


def touch_and_drag(page: Page, down: int) -> None:
    """Drag the grip by a finger, after which browsers tell of no click."""
    grip = page.locator("#grip").bounding_box()
    assert grip
    fingers = page.context.new_cdp_session(page)
    x, y = grip["x"] + 40, grip["y"] + 8
    for kind, moved in (("touchStart", 0), ("touchMove", down / 2), ("touchMove", down)):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y + moved}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_search_is_kept_in_the_browser_and_tells_what_is_new(open_page: Open) -> None:
    page = open_page("/leerstaende/?town_size=rural&transit=C")
    expect(page.locator("#saved")).to_be_hidden()
    page.locator(".menu.end > summary").click()
    page.locator("[data-save-search]").click()
    page.reload()
    page.locator("#saved > summary").click()
    links = page.locator("#saved li a")
    expect(links.first).to_have_text(page.locator("#answer h1").inner_text())
    assert re.search(r"town_size=rural&transit=C&verified_since=20\d\d-\d\d-\d\d", links.nth(1).get_attribute("href") or "")
    page.locator("#saved li button").click()
    expect(page.locator("#saved")).to_be_hidden()
