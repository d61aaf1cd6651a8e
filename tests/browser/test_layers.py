"""Layers behind the hits: the travel-time surface and its limit as a filter, classes, isochrones, facilities, remote pictures."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import Open, count, painted, rows

pytestmark = pytest.mark.browser

LONGEST_PIXEL = """() => {
  const image = document.querySelector(".leaflet-surface-pane img");
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let seen = 0;
  for (let i = 3; i < data.length; i += 4) seen += data[i] > 0;
  return seen;
}"""


def surface(page: Page) -> int:
    """Return how many pixels of the surface are coloured."""
    expect(page.locator(".leaflet-surface-pane img")).to_have_count(1)
    page.wait_for_function("document.querySelector('.leaflet-surface-pane img').complete")
    return int(page.evaluate(LONGEST_PIXEL))


def test_the_slider_colours_the_surface_and_becomes_a_filter(open_page: Open) -> None:
    page = open_page("/")
    page.locator("#surface > summary").click()
    page.locator("#surface-centre").select_option("berlin-hbf")
    within_60 = surface(page)
    page.locator("#surface-minutes").fill("90")
    page.locator("#surface-minutes").blur()
    page.wait_for_timeout(300)
    within_90 = surface(page)
    assert within_90 > within_60 * 1.3 > 0, (within_60, within_90)
    assert parse_qs(urlsplit(page.url).query)["surface"] == ["berlin-hbf,90,best"]
    page.locator("#surface-filter").click()
    painted(page, count("berlin_best_min <= 90"))
    assert parse_qs(urlsplit(page.url).query)["berlin_max"] == ["90"]
    page.locator("#surface-centre").select_option("potsdam")
    expect(page.locator("#surface-filter")).to_be_hidden()


@pytest.mark.parametrize(("name", "address"), [("classes", "gueteklassen"), ("isochrones", "isochronen/berlin-hbf")])
def test_areas_are_loaded_when_switched_on_and_go_again(open_page: Open, name: str, address: str) -> None:
    page = open_page("/")
    page.locator("#layers > summary").click()
    box = page.locator(f'#layer-list input[value="{name}"]')
    with page.expect_response(re.compile(address)) as answer:
        box.check()
    features = answer.value.json()["features"]
    shapes = page.locator(".leaflet-overlays-pane path")
    expect(shapes).to_have_count(len(features))
    assert len(features) > 3
    box.uncheck()
    expect(shapes).to_have_count(0)


def test_the_legend_names_what_is_switched_on(open_page: Open) -> None:
    page = open_page("/")
    legend = page.locator("#legend")
    expect(legend).not_to_contain_text("Minuten", use_inner_text=True)
    page.locator("#layers > summary").click()
    page.locator('#layer-list input[value="isochrones"]').check()
    expect(legend).to_contain_text("Berlin Hbf, höchstens … Minuten:15304560", use_inner_text=False)
    expect(legend.get_by_text("Berlin Hbf")).to_be_visible()
    page.locator('#layer-list input[value="isochrones"]').uncheck()
    expect(legend.get_by_text("Berlin Hbf")).to_be_hidden()
    page.locator('#layer-list input[value="facilities"]').check()
    expect(page.locator("#layers-note")).to_contain_text("noch keine Daten" if not rows("SELECT 1 FROM public_facility LIMIT 1") else "")
    page.locator("#surface > summary").click()
    page.locator("#surface-centre").select_option("potsdam")
    expect(page.locator("#surface-note")).to_contain_text("Fahrplan vom 20. April 2021, Aufbruch 07:00–09:00 Uhr")
    expect(legend.get_by_text("Reisezeit, höchstens")).to_be_visible()


def test_nothing_lies_over_a_popup(open_page: Open, vacancy: str) -> None:
    key = vacancy.strip("/")[-8:]
    for width, also in (
        (360, "view=map"),
        (360, "view=both"),
        (768, ""),
        (1280, ""),
        (1280, "surface=potsdam,60,best"),
        (1920, "layers=classes"),
    ):
        page = open_page(f"/?sel={key}&{also}", width=width, height=780)
        close = page.locator(".leaflet-popup-close-button")
        expect(close).to_be_visible()
        close.click(trial=True)
        page.locator(".leaflet-popup h2 a").click(trial=True)


def test_who_draws_on_a_phone_has_the_map(open_page: Open) -> None:
    page = open_page("/", width=360, height=740)
    painted(page)
    page.locator("#area > summary").click()
    page.locator("#area-draw").click()
    box = page.locator("#map").bounding_box()
    assert box
    for n, (x, y) in enumerate(((60, 0.6), (300, 0.6), (300, 0.8), (60, 0.8)), 1):
        page.mouse.click(x, box["y"] + box["height"] * y)
        expect(page.locator("#area-note")).to_contain_text(f"Ecken: {n},")
    page.locator("#area-draw").click()
    expect(page).to_have_url(re.compile("polygon="))


def test_one_panel_is_open_at_a_time(open_page: Open) -> None:
    page = open_page("/", width=360, height=740)
    page.locator("#surface > summary").click()
    expect(page.locator("#surface-centre")).to_be_visible()
    page.locator("#layers > summary").click()
    expect(page.locator("#surface-centre")).to_be_hidden()
    expect(page.locator("#layer-list")).to_be_visible()
