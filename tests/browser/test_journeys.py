"""Journeys from the first page to the last: who looks around, who seeks room, who has room, who coordinates.

All with the map taken away and by the keyboard where they begin on the map's page; at the width of a phone and of a desk.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from network import post
from network.models import AdviceCase, ContactPoint, Membership, SpaceRequest
from network.seeking import matches
from tests.browser.watching import Beside, Open, count, is_in_order, middle_of
from tests.network.people import PASSWORD, account, code_of, link_of, with_app
from vacancies.models import Vacancy

pytestmark = pytest.mark.browser
WIDTHS = pytest.mark.parametrize("width", [360, 1280])
NO_MAP = "document.querySelectorAll('.map-pane, .map').forEach((e) => { e.style.display = 'none'; })"
FOCUSED = """() => { const e = document.activeElement;
  return [e.name ?? "", e.value ?? "", e.textContent.trim()].join("|"); }"""


def tab_to(page: Page, wanted: str, most: int = 90) -> None:
    """Press Tab until what is wanted has the focus: `name|value|` of a field, or the words of a link or button."""
    seen = []
    for _step in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1].startswith(wanted) or seen[-1].rpartition("|")[2].startswith(wanted):
            return
    raise AssertionError(f"{wanted!r} was not reached: {seen}")


def press(page: Page, name: str) -> None:
    """Reach a button or link by the keyboard, and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def sign_up(page: Page, beside: Beside, address: str) -> None:
    """Make an account where the page asks for one, confirm the address by the link in the mail, and sign in."""
    page.get_by_role("link", name="Neues Konto anlegen").click()
    page.get_by_label("E-Mail-Adresse").fill(address)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Konto anlegen").click()
    beside(post.send_waiting)
    page.goto(link_of(mail.outbox[-1]))
    page.get_by_role("button", name="Bestätigen").click()
    page.get_by_label("E-Mail-Adresse").fill(address)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()


@WIDTHS
def test_who_looks_around_filters_reads_and_shares(open_page: Open, width: int) -> None:
    page = open_page("/?view=list" if width < 700 else "/", width=width)
    page.evaluate(NO_MAP)
    if width < 700:
        tab_to(page, "Filter")
        page.keyboard.press("Enter")
    tab_to(page, "town_size|small_town_l|")
    page.keyboard.press("Space")
    tab_to(page, "Frühere Nutzung")
    page.keyboard.press("Enter")
    tab_to(page, "former_use|retail|")
    page.keyboard.press("Space")
    tab_to(page, "Lage und Erreichbarkeit")
    page.keyboard.press("Enter")
    tab_to(page, "well_connected|1|")
    page.keyboard.press("Space")
    found = count("town_size_class = 'small_town_l' AND former_use = 'retail' AND well_connected")
    assert found
    expect(page.locator("#count")).to_have_attribute("data-total", str(found))
    page.wait_for_function("location.search.includes('well_connected')")
    shared = urlsplit(page.url).query
    again = open_page(f"/leerstaende/?{shared}", width=width)
    expect(again.locator("#count")).to_have_attribute("data-total", str(found))
    again.locator(".cards a").first.focus()
    again.keyboard.press("Enter")
    again.wait_for_url("**/leerstaende/*/")
    again.evaluate(NO_MAP)
    for words in ("Größere Kleinstadt", "Laden", "Förderung und Wissen"):
        expect(again.locator("main")).to_contain_text(words)
    is_in_order(again)


@WIDTHS
def test_who_seeks_room_gets_matches_and_asks(open_page: Open, beside: Beside, width: int) -> None:
    mail.outbox.clear()
    beside(lambda: ContactPoint.objects.create(name="Beispielamt", function="building", mailbox="bauamt@example.org", statewide=True))
    page = open_page("/", width=width)
    page.locator(".doors").get_by_role("link", name="Raum suchen").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/gesuche/neu/**")
    page.get_by_label("Werkstatt, lokale Produktion").check()
    page.get_by_label("Fläche von (m²)").fill("150")
    page.get_by_label("Fläche bis (m²)").fill("300")
    for _step in range(4):
        page.get_by_role("button", name="Weiter").click()
    page.get_by_role("textbox", name="Titel").fill("Offene Holzwerkstatt")
    page.get_by_role("button", name="Zur Übersicht").click()
    page.get_by_role("button", name="Speichern und Suche beginnen").click()
    sign_up(page, beside, f"ilse{width}@example.org")
    page.wait_for_url("**/gesuche/neu/pruefen/")
    page.get_by_role("button", name="Speichern und Suche beginnen").click()
    beside(matches.renew)
    key = beside(lambda: SpaceRequest.objects.get().key)
    page.goto(f"/gesuche/{key}/treffer/")
    expect(page.locator(".match")).to_have_count(matches.KEPT)
    expect(page.locator(".match").first).to_contain_text("Belastbarkeit")
    page.get_by_role("link", name="Anfrage").first.click()
    page.get_by_label("Ihre Nachricht").fill("Wir möchten im Frühjahr eine offene Werkstatt beginnen.")
    page.get_by_role("button", name="Anfrage absenden").click()
    expect(page.get_by_role("status")).to_contain_text("Ihre Anfrage ist unterwegs")
    beside(post.send_waiting)
    [asked] = [m for m in mail.outbox if m.subject and f"ilse{width}@example.org" not in m.to and "Werkstatt" in m.body]
    assert f"ilse{width}@example.org" not in asked.body, "her address stays with the platform"
    is_in_order(page)


def published() -> None:
    """The municipality publishes what the owner entered, and somebody looks for such a room."""
    Vacancy.objects.real().update(publication="published")
    SpaceRequest.objects.create(owner=account("ilse"), title="Werkstatt", needs={}).move("active")


@WIDTHS
def test_who_has_room_enters_it_and_takes_the_consent_back(open_page: Open, beside: Beside, width: int) -> None:
    page = open_page("/", width=width)
    page.locator(".doors").get_by_role("link", name="Raum anbieten").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/raum-anbieten/")
    press(page, "Gebäude eintragen")
    page.wait_for_url("**/konto/anmelden/**")
    sign_up(page, beside, f"otto{width}@example.org")
    lon, lat = middle_of("ziesar", 150)
    page.goto(f"/eintragen/?lon={lon}&lat={lat}")
    expect(page.locator(".spot")).to_contain_text("Ziesar")
    page.get_by_label("Ich bin Eigentümer:in oder Miteigentümer:in").check()
    page.get_by_label("frühere Nutzung").select_option("craft")
    page.get_by_label("Nutzfläche in m²").fill("220")
    page.get_by_label("Werkstatt, lokale Produktion").check()
    page.get_by_role("button", name="Weiter").click()
    page.get_by_role("heading", name="Schritt 3 von 3").wait_for()
    is_in_order(page)
    page.get_by_label("ungefähr", exact=False).first.check()
    page.locator("input[type=checkbox]").first.check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Die Gemeinde prüft den Eintrag")
    page.wait_for_url("**/eintragen/meine/")
    beside(published)
    page.reload()
    expect(page.locator("main")).to_contain_text("1 aktives Gesuch würde passen.")
    address = page.get_by_role("link", name="Exposé als PDF").get_attribute("href")
    assert page.request.get(address).body().startswith(b"%PDF")
    is_in_order(page)
    press(page, "Einwilligung zurückziehen")
    expect(page.get_by_role("link", name="Exposé als PDF")).to_have_count(0)
    assert page.request.get(address).status == 404, "nothing of it is public any more"


def coordinator() -> str:
    user = account("kolab")
    Membership.objects.create(user=user, role="moderator", statewide=True)
    seeker = account("ilse")
    request = SpaceRequest.objects.create(owner=seeker, title="Theater im Stall", needs={})
    request.move("active")
    answers = {"client_mail": "rat@example.org", "consent_text_version": "1", "confirmed_at": timezone.now() - timedelta(days=9)}
    AdviceCase.objects.create(audience="owner", phase="plan", topics=["property"], question="Erbbaurecht?", **answers)
    return with_app(user)


@WIDTHS
def test_who_coordinates_sees_what_waits_and_takes_it(open_page: Open, beside: Beside, width: int) -> None:
    secret = beside(coordinator)
    page = open_page("/schreibtisch/", width=width)
    page.get_by_label("E-Mail-Adresse").fill("kolab@example.org")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.locator("input[name=code]").fill(code_of(secret))
    page.keyboard.press("Enter")
    page.wait_for_url("**/schreibtisch/")
    is_in_order(page)
    page.get_by_role("link", name="Beratungsfälle ohne Berater:in").first.click()
    expect(page.locator(".desk-table tbody tr")).to_have_count(1)
    is_in_order(page)
    page.get_by_role("link", name="zuweisen").click()
    page.get_by_label("Wer", exact=False).first.select_option(index=1)
    page.get_by_role("button", name="Zuweisen").click()
    expect(page.locator(".desk-table tbody")).to_contain_text("kolab@example.org")
    page.goto("/schreibtisch/bericht/")
    expect(page.locator("main")).to_contain_text("Gesuche")
    is_in_order(page)
