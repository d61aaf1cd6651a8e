"""The pages for everyone: keyboard, phone, no JavaScript, large letters, other colours, and what axe finds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import PUBLIC_PAGES, Open, Watch, count, painted, violations

pytestmark = pytest.mark.browser

# more of the same costs axe a minute
REPEATED = (
    ".cards > li:nth-child(n + 6), tbody > tr:nth-child(n + 5), .chart li:nth-child(n + 5), .district-grid > section:nth-child(n + 3), "
    "option:nth-child(n + 12)"
)
FOCUSED = """() => { const e = document.activeElement; return e === document.body ? "" :
  [e.tagName.toLowerCase(), e.id || e.textContent.trim().slice(0, 30), e.name, e.value, e.closest("article") ? "card" : ""].join("|"); }"""


def test_the_keyboard_alone_filters_and_opens_the_first_result(open_page: Open) -> None:
    page = open_page("/")
    painted(page)
    seen: list[str] = []
    for _tab in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1].endswith("|rural|"):
            page.keyboard.press("Space")
            expect(page.locator("#count")).to_have_attribute("data-total", str(count("town_size_class = 'rural'")))
        if "|transit|" in seen[-1]:
            page.keyboard.press("ArrowDown")
            expect(page.locator("#count")).to_have_attribute("data-total", str(count("town_size_class = 'rural' AND transit_class = 'A'")))
            page.keyboard.press("ArrowUp")
            expect(page.locator("#count")).to_have_attribute("data-total", str(count("town_size_class = 'rural'")))
        if seen[-1].endswith("|card"):
            break
    assert seen[-1].endswith("|card"), f"no result after {len(seen)} steps: {seen}"
    assert "" not in seen
    assert any("|target_use|" in s for s in seen)
    page.keyboard.press("Enter")
    page.wait_for_url("**/leerstaende/*/")


def test_the_keyboard_is_never_trapped(open_page: Open) -> None:
    page = open_page("/?town=wittenberge&transit=C")
    painted(page)
    seen = []
    for _tab in range(130):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if len(seen) > 1 and seen[-1] == seen[0]:
            break
    assert any(s.startswith("div|map") for s in seen), "the map can be reached"
    assert "button|search-here|||" in seen
    assert seen[-1] == seen[0], f"still inside after {len(seen)} steps: {seen[-5:]}"


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_the_skip_link_leads_to_the_results_and_asks_nothing_anew(open_page: Open, watch: Watch, path: str) -> None:
    page = open_page(path)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    watch.asked.clear()
    page.keyboard.press("Enter")
    expect(page.locator("#treffer")).to_be_focused()
    for _tab in range(4):  # order, files, charts
        page.keyboard.press("Tab")
    page.wait_for_timeout(300)  # time for an answer that would take the focus away, if one were asked for
    assert page.evaluate(FOCUSED).endswith("|card")
    # the keys of the map's rows are loaded when a card is first pointed at
    assert [url for url in watch.asked if not url.endswith(("/icon.svg", "/kennungen.bin"))] == []
    assert page.evaluate("window.announced") == []


def test_a_phone_switches_between_map_and_list(open_page: Open) -> None:
    page = open_page("/", width=360, height=740, has_touch=True, is_mobile=True)
    painted(page)
    cards = page.locator("#answer .cards")
    expect(page.locator("#count")).to_be_visible()
    expect(cards).to_be_hidden()
    page.get_by_role("button", name="Liste", exact=True).tap()
    expect(cards).to_be_visible()
    expect(page.locator(".map-pane")).to_be_hidden()
    page.wait_for_function("new URLSearchParams(location.search).get('view') === 'list'")
    page.reload()
    expect(cards).to_be_visible()
    page.get_by_role("button", name="Karte", exact=True).tap()
    painted(page, count())
    expect(page.locator(".map-pane")).to_be_visible()
    page.wait_for_function("Number((new URLSearchParams(location.search).get('at') ?? '9').split('/')[0]) >= 6.5")


def test_a_phone_filters_in_a_sheet(open_page: Open) -> None:
    page = open_page("/", width=360, height=740, has_touch=True, is_mobile=True)
    painted(page)
    opener = page.get_by_role("button", name="Filter", exact=True)
    sheet = page.locator("#filters")
    expect(sheet).to_be_hidden()
    opener.tap()
    expect(sheet).to_be_visible()
    expect(page.get_by_role("button", name="Schließen")).to_be_focused()
    assert page.locator(".map-pane").evaluate("e => e.inert")
    page.locator('[name="town_size"][value="rural"]').check()
    rural = count("town_size_class = 'rural'")
    show = page.get_by_role("button", name=f"{rural:,} Leerstände zeigen".replace(",", "."))
    expect(show).to_be_in_viewport()
    show.tap()
    expect(sheet).to_be_hidden()
    expect(page.locator("#filter-button")).to_be_focused()
    expect(page.locator("#filter-button .number")).to_have_text("1")
    page.locator("#filter-button").tap()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1280])
def test_without_javascript_form_list_pages_order_and_detail_work(open_page: Open, width: int) -> None:
    page = open_page("/", width=width, java_script_enabled=False)
    expect(page.get_by_role("button", name="In diesem Ausschnitt suchen")).to_be_hidden()  # it would do nothing
    expect(page.locator("#surface")).to_be_hidden()
    expect(page.locator("#count")).to_have_attribute("data-total", str(count()))
    page.locator('[name="town_size"][value="rural"]').check()
    page.locator('[name="transit"][value="D"]').check()
    page.locator("#filter-form button[type=submit]").click()
    wanted = "town_size_class = 'rural' AND transit_class IN ('A', 'B', 'C', 'D')"
    expect(page.locator("#count")).to_have_attribute("data-total", str(count(wanted)))
    expect(page.locator('[name="town_size"][value="rural"]')).to_be_checked()
    first = page.locator("#answer .card h2").first.inner_text()
    page.get_by_role("link", name="weiter").click()
    page.get_by_role("link", name="zurück").click()
    assert page.locator("#answer .card h2").first.inner_text() == first
    page.locator(".menu > summary").first.click()
    page.get_by_role("link", name="kürzester Weg zur Haltestelle").click()
    assert "sort=stop" in page.url
    page.locator("#answer .card a").first.click()
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("main")).to_contain_text("ÖV-Güteklasse")


def paths(vacancy: str, *without: str) -> dict[str, str]:
    return {name: path.format(vacancy=vacancy) for name, path in PUBLIC_PAGES.items() if name not in without}


SYSTEM_LETTERS = """() => {
  document.documentElement.style.fontFamily = "system-ui";
  document.documentElement.style.setProperty("--head", "system-ui");
}"""


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_nothing_scrolls_sideways_at_320_pixels_or_with_letters_twice_as_large(open_page: Open, vacancy: str) -> None:
    page = open_page("/impressum/")
    for name, path in paths(vacancy).items():
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(path)
        assert overflow(page) <= 0, f"{name} at 320 px"
        page.evaluate(SYSTEM_LETTERS)
        assert overflow(page) <= 0, f"{name} at 320 px while our letters have not come"
        page.set_viewport_size({"width": 640, "height": 400})
        page.evaluate("document.documentElement.style = 'font-size: 200%'")
        assert overflow(page) <= 0, f"{name} at 640 px with letters twice as large"


@pytest.mark.parametrize("page_name", [name for name in PUBLIC_PAGES if name != "english"])
def test_axe_finds_nothing(open_page: Open, vacancy: str, page_name: str) -> None:
    path = paths(vacancy)[page_name]
    page = open_page(path)
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-ready]")
    page.evaluate("for (const same of document.querySelectorAll(REPEATED)) same.remove()".replace("REPEATED", repr(REPEATED)))
    found = []
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, forced in (("light", "none"), ("dark", "none"), ("light", "active")):
            page.emulate_media(color_scheme=scheme, forced_colors=forced)  # type: ignore[arg-type]
            colours_alone = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
            asked = {} if (scheme, forced) == ("light", "none") else colours_alone
            found += [(width, scheme, forced, v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in violations(page, **asked)]
    assert found == []


def test_axe_finds_nothing_in_the_sheet_and_the_popup(open_page: Open) -> None:
    page = open_page("/", width=360, height=740)
    painted(page)
    page.locator("#filter-button").click()
    page.locator("#filters details").evaluate_all("all => all.forEach((d) => { d.open = true; })")
    assert [v["id"] for v in violations(page)] == []


def test_targets_are_large_enough(open_page: Open) -> None:
    """WCAG 2.5.8: 24 by 24 CSS pixels, links in running text excepted."""
    for width in (360, 1280):
        page = open_page("/?town=wittenberge", width=width)
        painted(page)
        small = page.evaluate("""() => [...document.querySelectorAll("button, summary, .option, .chips a, .top a, .leaflet-bar a")]
          .filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
          .filter(([, r]) => r.width < 24 || r.height < 24).map(([html, r]) => `${html} ${r.width}×${r.height}`)""")
        assert small == []


def test_less_motion_is_respected(open_page: Open) -> None:
    page = open_page("/", width=360, height=740, reduced_motion="reduce")
    painted(page)
    assert page.locator("#filters").evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
    page.locator(".leaflet-control-zoom-in").click()
    assert page.locator(".leaflet-zoom-anim").count() == 0
    moving = open_page("/", width=360, height=740, reduced_motion="no-preference")
    painted(moving)
    assert moving.locator("#filters").evaluate("e => getComputedStyle(e).transitionDuration") != "0s"


def test_what_a_screen_reader_said_badly_once(open_page: Open) -> None:
    """Names as docs/accessibility-check.md has them: no number without a word, no words that run together, no silent map."""
    page = open_page("/?town=wittenberge&transit=C")
    painted(page)
    page.locator("#filters details").evaluate_all("all => all.forEach((d) => { d.open = true; })")
    for role, name in (
        ("checkbox", r"^Landgemeinde unter 5\.000 ?, \d+\sTreffer$"),
        ("radio", r"^B – gut ?, \d+\sTreffer$"),
        ("spinbutton", r"^Zur nächsten Haltestelle höchstens … m$"),
        ("link", r"^in Wittenberge ?, entfernen$"),
        ("link", r"^Alte Schule ?, Wittenberge$"),
        ("group", r"^Karte; dieselben Leerstände stehen in der Liste$"),
    ):
        expect(page.get_by_role(role, name=re.compile(name)).first).to_be_attached()  # type: ignore[arg-type]
    page.locator("#bilder summary").first.click()
    expect(page.get_by_role("columnheader", name="A – sehr gut")).to_be_attached()
    expect(page.get_by_role("link", name=re.compile(r"^Größere Kleinstadt ?: \d+$"))).to_be_attached()
    page.goto("/ueberblick/")
    expect(page.get_by_role("table", name="Nach Landkreisen und kreisfreien Städten")).to_be_attached()
    expect(page.get_by_role("link", name=re.compile(r"^[\d.]+ ?, als Liste$")).first).to_be_attached()
    page.goto("/ogc/")
    assert page.locator("[aria-live]").count() == 0, "three buttons that appear are not news"
    page.context.grant_permissions(["clipboard-write"])
    page.get_by_role("button", name=re.compile(r"^kopieren ?: WMS")).click()
    expect(page.get_by_role("button", name=re.compile(r"^kopiert ?: WMS"))).to_be_focused()
    expect(page.get_by_role("button", name=re.compile(r"^kopieren ?: WMS"))).to_be_visible()
    page.goto("/wissen/konzeptverfahren/")
    expect(page.locator(".badges").first).to_have_text(re.compile("^Gemeinden, Initiativen und Unternehmen, Konzeptverfahren, "))


def test_in_a_low_window_the_bar_lies_on_no_other_button(open_page: Open) -> None:
    """As at 300 % in a small window: what floats at the bottom of a phone stands above the map there."""
    page = open_page("/?town=wittenberge", width=424, height=250)
    painted(page)
    bar, shown = page.locator(".bar").bounding_box(), page.locator(".map-pane :is(button, summary, .leaflet-bar a), .answer-head .count")
    boxes = [box for one in shown.all() if (box := one.bounding_box())]
    assert bar
    assert len(boxes) > 7
    assert [b for b in boxes if bar["y"] < b["y"] + b["height"] and b["y"] < bar["y"] + bar["height"]] == []


def test_letters_set_wider_cover_nothing(open_page: Open) -> None:
    """WCAG 1.4.12: the bar of a phone stays one row, and a long term stays beside its value."""
    page = open_page("/?town=wittenberge", width=360, height=740)
    painted(page)
    wider = "line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important"
    adopt = f"() => {{ const s = new CSSStyleSheet(); s.replaceSync('* {{ {wider} }}'); document.adoptedStyleSheets = [s]; }}"
    page.evaluate(adopt)
    assert page.locator(".bar").evaluate("e => e.offsetHeight") < 60
    page.goto("/orte/wittenberge/")
    page.evaluate(adopt)
    assert page.locator("dt").evaluate_all("all => all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)") == []


@pytest.mark.parametrize(
    "path", ["/konto/anmelden/", "/konto/neu/", "/rundbrief/", "/beratung/anfrage/", "/benachrichtigen/?town_size=rural"]
)
def test_an_empty_form_says_itself_what_is_missing(open_page: Open, path: str) -> None:
    """No bubble of the browser, which Orca does not say: an alert with the field's name, and the words at the field."""
    page = open_page(path)
    page.locator("main form[method=post] .primary").first.click()
    alert = page.locator("main [role=alert]").first
    expect(alert).to_have_text(re.compile(r"\w+: Dieses Feld ist zwingend erforderlich|Bitte"))
    expect(page.locator("main .wrong :is(input, select, textarea)").first).to_have_attribute("aria-invalid", "true")


def test_the_map_of_districts_is_no_row_of_stops_before_its_table(open_page: Open) -> None:
    page = open_page("/ueberblick/")
    shapes = page.locator("svg.sketch a")
    assert shapes.count() == 18
    assert page.locator('svg.sketch a:not([tabindex="-1"])').count() == 0
    hrefs = "all => all.map((a) => a.getAttribute('href')).sort()"
    assert shapes.evaluate_all(hrefs) == page.locator("table[aria-labelledby=kreise] th a").evaluate_all(hrefs)
    page.set_viewport_size({"width": 320, "height": 256})
    lines = "all => Math.max(...all.map((a) => a.getClientRects().length))"
    assert page.locator("table[aria-labelledby=kreise] th a").evaluate_all(lines) <= 4, "a table that scrolls breaks no word into letters"
