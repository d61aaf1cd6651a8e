"""Charts by keyboard and without JavaScript; two pictures compared by keyboard, by drawing, and side by side."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.watching import Open, count, painted

pytestmark = pytest.mark.browser

RURAL = "town_size_class = 'rural'"


def total(page: Page, condition: str) -> None:
    expect(page.locator("#count")).to_have_attribute("data-total", str(count(condition)))


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_a_bar_is_a_filter_that_the_keyboard_sets_and_drops(open_page: Open, path: str) -> None:
    page = open_page(path)
    if path == "/":
        painted(page)
    charts = page.locator(".pictures")
    expect(charts.locator(".chart").first).to_be_hidden()
    page.locator(".pictures > summary").focus()
    page.keyboard.press("Enter")
    expect(charts.locator(".chart").first).to_be_visible()
    bar = page.locator('[data-bar="town_size=rural"]')
    bar.focus()
    page.keyboard.press("Enter")
    total(page, RURAL)
    expect(page.locator('#filter-form [name="town_size"][value="rural"]')).to_be_checked()
    expect(bar).to_have_attribute("aria-current", "true")
    expect(bar).to_be_focused()
    expect(charts).to_have_attribute("open", "")
    expect(page.locator('[data-bar="transit_is=D"] .bar-number')).to_have_text(
        f"{count(RURAL + ' AND transit_class = $$D$$'):,}".replace(",", ".")
    )
    cell = page.locator('[data-bar="rural+D"]')
    cell.focus()
    page.keyboard.press("Enter")
    total(page, f"{RURAL} AND transit_class = 'D'")
    assert "transit_is=D" in page.url
    expect(cell).to_have_attribute("aria-current", "true")
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    total(page, "true")
    expect(charts).to_have_attribute("open", "")
    page.go_back()
    total(page, f"{RURAL} AND transit_class = 'D'")


def test_a_table_stays_unfolded_while_the_filter_changes(open_page: Open) -> None:
    page = open_page("/leerstaende/#verteilung")
    expect(page.locator(".pictures")).to_have_attribute("open", "")
    page.locator("#table-transit_is > summary").click()
    page.locator('#filter-form [name="town_size"][value="rural"]').check()
    total(page, RURAL)
    expect(page.locator("#table-transit_is table")).to_be_visible()
    expect(page.locator("#table-town_size table")).to_be_hidden()


def test_without_javascript_a_bar_leads_to_its_answer_with_the_charts_unfolded(open_page: Open) -> None:
    page = open_page("/leerstaende/", java_script_enabled=False, width=320, height=640)
    page.locator(".pictures > summary").click()
    page.locator('[data-bar="town_size=rural"]').click()
    total(page, RURAL)
    expect(page.locator(".pictures .chart").first).to_be_visible()
    page.locator('[data-bar="town_size=rural"]').click()
    total(page, "true")


def test_numbers_in_the_matrix_fit_their_cells(open_page: Open) -> None:
    for width in (320, 768, 1280):
        page = open_page("/leerstaende/#verteilung", width=width)
        wide = page.evaluate("""() => {
          for (const cell of document.querySelectorAll(".matrix td a")) cell.textContent = "1.234";
          const small = (a) => a.scrollWidth > a.clientWidth || a.clientHeight < 24 || a.clientWidth < 24;
          const cells = [...document.querySelectorAll(".matrix td a")].filter(small);
          return cells.map((a) => `${a.scrollWidth} in ${a.clientWidth}`).slice(0, 3);
        }""")
        assert wide == [], width


def test_the_maps_links_say_where_they_lead(open_page: Open) -> None:
    page = open_page("/ueberblick/")
    area = page.get_by_role("link", name="Uckermark:", exact=False)
    area.focus()
    expect(area).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/landkreise/uckermark/")
    inside = page.locator(".sketch .inside a").first
    assert inside.get_attribute("tabindex") == "-1", "the table below has the same links; forty of them need not be passed"
    assert page.locator(f'table a[href="{inside.get_attribute("href")}"]').count() == 1


# --- before and after -------------------------------------------------------------------------------------------------


def picture(colour: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def component(open_page: Open, **options: object) -> Page:
    """The component on a page of its own, its two pictures of different shape."""
    photos = {
        name: SimpleNamespace(get_absolute_url=f"/probe/{name}.png", alt_text=f"Das Haus {name}", caption="", creator="A. Beispiel",
                              licence="CC BY 4.0", taken_on=None)
        for name in ("vorher", "nachher")
    }  # fmt: skip
    body = render_to_string("_before_after.html", {"before": photos["vorher"], "after": photos["nachher"]})
    styles = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in ("raum", "before_after"))
    html = (
        f'<!doctype html><html lang="de"><meta name="viewport" content="width=device-width"><title>Probe</title>{styles}'
        f'<main><h1>Probe</h1>{body}</main><script src="/static/js/before_after.js" type="module"></script>'
    )

    def answer(route: Route) -> None:
        if route.request.url.endswith(".png"):
            before = "vorher" in route.request.url
            route.fulfill(body=picture("red" if before else "blue", (400, 300) if before else (600, 400)), content_type="image/png")
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page = open_page("/impressum/", **options)
    page.route("**/probe/**", answer)
    page.goto("/probe/")
    return page


def colours(page: Page) -> tuple[str, str]:
    """What is seen a quarter and three quarters across the pictures."""
    with Image.open(io.BytesIO(page.locator(".before-after .frame").screenshot())) as shot:
        w, h = shot.size
        seen = [shot.convert("RGB").getpixel((round(w * x), round(h * 0.7))) for x in (0.25, 0.75)]
    return tuple("red" if r > b else "blue" for r, _g, b in seen)  # type: ignore[misc, return-value]


def test_the_keyboard_slides_one_picture_over_the_other(open_page: Open) -> None:
    page = component(open_page)
    slider = page.get_by_role("slider", name="Vorher und nachher vergleichen")
    expect(slider).to_have_attribute("aria-valuetext", "50 Prozent vorher, 50 Prozent nachher")
    assert colours(page) == ("red", "blue")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 Prozent vorher, 0 Prozent nachher")
    assert colours(page) == ("red", "red")
    page.keyboard.press("Home")
    assert colours(page) == ("blue", "blue")
    for _step in range(3):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("3")
    for alt in ("Das Haus vorher", "Das Haus nachher"):
        expect(page.get_by_alt_text(alt)).to_be_visible()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator(".before-after .frame").bounding_box()
        assert box
        assert box["height"] <= 0.8 * 700 + 1, "pictures and slider are seen together"
        assert [v["id"] for v in Axe().run(page).response["violations"]] == []


def test_drawing_across_the_pictures_does_the_same(open_page: Open) -> None:
    page = component(open_page)
    box = page.locator(".before-after .frame").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 120, steps=4)
    expect(page.locator("input[type=range]")).to_have_value("90")
    page.mouse.up()
    page.mouse.move(box["x"] + 5, box["y"] + 100)
    expect(page.locator("input[type=range]")).to_have_value("90")


def test_without_javascript_and_on_paper_both_pictures_stand_side_by_side(open_page: Open) -> None:
    plain = component(open_page, java_script_enabled=False)
    expect(plain.locator("input[type=range]")).to_be_hidden()
    printed = component(open_page)
    printed.emulate_media(media="print")
    for page in (plain, printed):
        before, after = (page.get_by_alt_text(f"Das Haus {name}").bounding_box() for name in ("vorher", "nachher"))
        assert before
        assert after
        assert before["x"] + before["width"] <= after["x"]
        assert before["width"] == pytest.approx(after["width"], abs=1)
