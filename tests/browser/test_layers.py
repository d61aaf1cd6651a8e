"""Layers behind the hits: the travel-time surface and its limit as a filter, classes, isochrones, facilities, remote pictures."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import Open, count, painted

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


def test_one_panel_is_open_at_a_time(open_page: Open) -> None:
    page = open_page("/", width=360, height=740)
    page.locator("#surface > summary").click()
    expect(page.locator("#surface-centre")).to_be_visible()
    page.locator("#layers > summary").click()
    expect(page.locator("#surface-centre")).to_be_hidden()
    expect(page.locator("#layer-list")).to_be_visible()
