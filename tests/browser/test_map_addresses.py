"""What an address says: read in one way by page and server, kept whole by every link and reload, and one step per change."""

from __future__ import annotations

import datetime
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.watching import Open, agree, choose, count, painted, query

pytestmark = pytest.mark.browser
BOTH = "town_slug IN ('perleberg', 'wittenberge')"


def test_two_towns_survive_a_chip_and_a_filter(open_page: Open) -> None:
    page = open_page("/?town=wittenberge&town=perleberg&occupancy=vacant&occupancy=partly_vacant")
    agree(page, count(f"{BOTH} AND occupancy IN ('vacant', 'partly_vacant')"))
    page.locator(".chips a").last.click()
    agree(page, count(BOTH))
    choose(page, "target_use", "workshop")
    agree(page, count(f"{BOTH} AND 'workshop' = ANY(target_uses)"))
    assert sorted(query(page)["town"]) == ["perleberg", "wittenberge"]


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_two_facilities_survive_going_back(open_page: Open, path: str) -> None:
    page = open_page(f"{path}?nearby=supermarket:15&nearby=doctor:30")
    expect(page.locator("#f-nearby")).to_have_value("doctor:30,supermarket:15")
    choose(page, "town_size", "rural")
    expect(page).to_have_url(re.compile("town_size=rural"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("town_size=rural"))
    expect(page.locator("#f-nearby")).to_have_value("doctor:30,supermarket:15")


AROUND = "ST_DWithin(point, ST_Transform(ST_SetSRID(ST_MakePoint(11.75, 52.995), 4326), 25833), 50000)"
ODD = {
    "town_size=%20,rural,&transit=D,&berlin_max=%EF%BC%91%EF%BC%92%EF%BC%90": (  # 120 in full width
        "town_size_class = 'rural' AND transit_class IN ('A', 'B', 'C', 'D') AND berlin_best_min <= 120"
    ),
    "town_size=,&well_connected=TRUE&near=1_1.75,52.995,5e4": f"well_connected AND {AROUND}",
}


@pytest.mark.parametrize(("asked", "condition"), ODD.items())
def test_map_and_list_read_an_address_alike(open_page: Open, asked: str, condition: str) -> None:
    page = open_page(f"/?{asked}&at=8/52.4/13")
    agree(page, count(condition))
    before = page.url
    choose(page, "target_use", "workshop")
    agree(page, count(f"{condition} AND 'workshop' = ANY(target_uses)"))
    page.go_back()
    agree(page, count(condition))
    assert page.url == before
    assert query(page)["at"] == ["8/52.4/13"] or query(page)["at"] == ["8/52.4000/13.0000"]


def test_on_a_phone_the_map_keeps_its_place_whatever_stands_beside(open_page: Open) -> None:
    place = "11/52.9931/11.7505"
    page = open_page(f"/?view=list&at={place}", width=360, height=740)
    for view in ("map", "both", "map"):
        page.locator(f'.switch [data-view="{view}"]').click()
        expect(page.locator("body")).to_have_class(re.compile(f"shows-{view}"))
        zoom, lat, lon = map(float, query(page)["at"][0].split("/"))
        assert (zoom, round(lat, 2), round(lon, 2)) == (11, 52.99, 11.75)


def english(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.locator("a[data-keeps-all]").get_attribute("href") or "").query)


def test_the_other_language_shows_the_same(open_page: Open) -> None:
    page = open_page("/?at=9/52.40/13.00")
    painted(page)
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(re.compile("at=9/52.40/13.00$"))
    choose(page, "town_size", "rural")
    agree(page, count("town_size_class = 'rural'"))
    page.locator("#layers > summary").click()
    page.locator('#layer-list input[value="isochrones"]').check()
    expect(page).to_have_url(re.compile("layers=isochrones"))
    assert english(page) == query(page)
    assert {"at", "town_size", "layers"} == set(query(page))
    page.go_back()
    painted(page, count())
    expect(page).not_to_have_url(re.compile("town_size"))
    assert english(page) == query(page)
    page.go_forward()
    agree(page, count("town_size_class = 'rural'"))
    shown = query(page)["at"]
    page.locator("a[data-keeps-all]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    painted(page, count("town_size_class = 'rural'"))
    assert query(page)["at"] == shown


def test_layers_come_back_with_their_address(open_page: Open) -> None:
    page = open_page("/?layers=isochrones,remote.gone")
    painted(page)
    shapes = page.locator(".leaflet-overlays-pane path")
    expect(shapes.nth(3)).to_be_attached()
    expect(page.locator('#layer-list input[value="isochrones"]')).to_be_checked()
    choose(page, "town_size", "rural")
    agree(page, count("town_size_class = 'rural'"))
    assert query(page)["layers"] == ["isochrones"]
    page.reload()
    painted(page)
    expect(shapes.nth(3)).to_be_attached()
    page.locator("#layers > summary").click()
    page.locator('#layer-list input[value="isochrones"]').uncheck()
    expect(shapes).to_have_count(0)
    expect(page).not_to_have_url(re.compile("layers"))


@pytest.mark.django_db
@pytest.mark.parametrize("layers", ["a b", "classes,", "<b>", "x" * 71, "größe"])
def test_layers_with_impossible_names_are_refused(client: Client, layers: str) -> None:
    response = client.get("/", {"layers": layers})
    assert response.status_code == 400
    assert "layers" in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/leerstaende/"])
def test_what_is_typed_with_pauses_is_one_step(open_page: Open, path: str) -> None:
    page = open_page(path)
    page.locator("#f-q").press_sequentially("La", delay=450)
    expect(page).to_have_url(re.compile("q=La$|q=La&"))
    page.keyboard.type("d")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=Lad$|q=Lad&"))
    choose(page, "town_size", "rural")
    expect(page).to_have_url(re.compile("town_size=rural"))
    page.locator("#f-q").fill("Laden")
    expect(page).to_have_url(re.compile("q=Laden"))
    for typed, rural in (("Lad", True), ("Lad", False), ("", False)):
        page.go_back()
        expect(page.locator("#f-q")).to_have_value(typed)
        expect(page.locator('[name="town_size"][value="rural"]')).to_be_checked(checked=rural)
    expect(page.locator("#count")).to_have_attribute("data-total", str(count()))


def test_a_search_is_kept_with_the_day_in_brandenburg(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    class Night(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return datetime.datetime(2026, 5, 31, 22, 30, tzinfo=datetime.UTC).astimezone(tz)

    monkeypatch.setattr("django.template.defaulttags.datetime", Night)  # half past midnight on the first of June
    page = open_page("/leerstaende/?town_size=rural", timezone_id="America/New_York")
    page.locator(".menu.end > summary").click()
    page.locator("[data-save-search]").click()
    since = page.locator("#saved li a").nth(1)
    assert "verified_since=2026-06-01" in (since.get_attribute("href") or "")
    expect(since).to_have_text("neu bestätigt seit 1.6.2026")
    page.evaluate("localStorage.clear()")
