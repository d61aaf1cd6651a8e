"""A request for space in five steps on a phone and on a desk: the count follows while one types, back keeps all, nothing hides anything."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, Route, expect

from network.seeking import matches, needs
from network.seeking.models import SpaceRequest
from tests.browser.watching import Open, fits, violations

pytestmark = pytest.mark.browser
PLAIN = {"target_uses": {"value": ["workshop"], "importance": "must"}, "area": {"value": [150, 300], "importance": "must"}}


@pytest.fixture
def no_sessions_left(database_url: str) -> Iterator[None]:
    """The pages keep drafts in a session of the prepared database, which others use after us."""
    yield
    with psycopg.connect(database_url.replace("postgis:", "postgresql:"), autocommit=True) as server:
        server.execute("DELETE FROM django_session")


def target_sizes(page: Page) -> list[str]:
    """What is to be pressed and is smaller than 24 pixels."""
    return list(
        page.evaluate("""() => [...document.querySelectorAll("main :is(button, select, input:not([type=hidden]), summary)")]
          .filter((e) => e.getClientRects().length && !e.closest("label")?.querySelector("input[type=checkbox], input[type=radio]"))
          .filter((e) => e.getBoundingClientRect().height < 24 && !["checkbox", "radio"].includes(e.type)).map((e) => e.outerHTML)""")
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_five_steps_with_a_count_that_follows(open_page: Open, no_sessions_left: None, width: int) -> None:
    page = open_page("/gesuche/neu/", width=width)
    told = page.locator("[data-live-count]")
    every = told.inner_text()
    with page.expect_response("**/gesuche/neu/1/anzahl/"):
        page.get_by_label("Werkstatt, lokale Produktion").check()
    expect(told).not_to_have_text(every)
    workshops = told.inner_text()
    with page.expect_response("**/anzahl/") as asked:
        page.get_by_label("Fläche von (m²)").press_sequentially("150", delay=20)
        page.get_by_label("Fläche bis (m²)").press_sequentially("300", delay=20)
    assert asked.value.ok
    expect(told).not_to_have_text(workshops)
    plain = needs.read(PLAIN)
    expect(told).to_contain_text(f"{matches.count(plain).fitting} Leerstände kommen infrage")
    assert fits(page)
    assert target_sizes(page) == []
    assert violations(page) == []
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Wo")
    page.get_by_label("Gemeinden", exact=False).first.fill("Entenhausen")
    page.get_by_role("button", name="Weiter").click()
    expect(page.locator(".field.wrong .error")).to_contain_text("„Entenhausen“ ist keine Gemeinde in Brandenburg.")
    assert violations(page) == []
    page.get_by_label("Gemeinden", exact=False).first.fill("")
    page.get_by_label("Nach Berlin Hbf höchstens (Minuten)").fill("75")
    page.get_by_role("button", name="Zurück").click()
    expect(page.get_by_label("Fläche von (m²)")).to_have_value("150")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_label("Nach Berlin Hbf höchstens (Minuten)")).to_have_value("75")
    for step in (2, 3, 4):
        assert fits(page), step
        page.get_by_role("button", name="Weiter").click()
    page.get_by_role("textbox", name="Titel").fill("Offene Holzwerkstatt")
    assert fits(page)
    assert violations(page) == []
    page.get_by_role("button", name="Zur Übersicht").click()
    page.wait_for_url("**/gesuche/neu/pruefen/")
    expect(page.locator("main")).to_contain_text("150 bis 300 m²")
    assert fits(page)
    assert violations(page) == []
    page.get_by_role("button", name="Speichern und Suche beginnen").click()
    page.wait_for_url("**next=/gesuche/neu/speichern/")


def test_without_a_script_each_step_says_the_count(open_page: Open, no_sessions_left: None) -> None:
    page = open_page("/gesuche/neu/1/", width=360, java_script_enabled=False)
    page.get_by_label("Werkstatt, lokale Produktion").check()
    page.get_by_role("button", name="Weiter").click()
    number = matches.count(needs.read({"target_uses": PLAIN["target_uses"]})).fitting
    expect(page.locator("[data-live-count]")).to_contain_text(f"{number:,}".replace(",", "."))


@pytest.mark.parametrize("width", [360, 1280])
def test_matches_stand_with_their_reasons_and_on_a_map(open_page: Open, width: int) -> None:
    page = open_page("/leerstaende/", width=width)  # before our transaction asks for the state of the register
    owner = User.objects.create_user("ilse")
    request = SpaceRequest.objects.create(owner=owner, title="Offene Holzwerkstatt", needs=needs.read(PLAIN))
    request.move("active")
    matches.renew()
    client = Client()
    client.force_login(owner)
    path = f"/gesuche/{request.key}/treffer/"
    body = client.get(path).content.decode()

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/html; charset=utf-8")

    page.route(f"**{path}", answer)
    page.goto(path)
    expect(page.locator(".match")).to_have_count(matches.KEPT)
    expect(page.locator("#map path.leaflet-interactive")).to_have_count(matches.KEPT)
    page.locator(".match summary").first.press("Enter")
    expect(page.locator(".match").first).to_contain_text("gesucht 150 bis 300 m²")
    assert fits(page)
    assert target_sizes(page) == []
    assert violations(page, exclude=[["#map"]]) == []
    page.unroute(f"**{path}")
