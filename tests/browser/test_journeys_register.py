"""Two journeys through the register in a real browser: a citizen reports from a phone, an officer reads a list at a desk."""

from __future__ import annotations

import io
import time
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from PIL import Image
from playwright.sync_api import expect

from geo.models import Town
from network import post
from network.models import Membership, Report
from tests.browser.watching import Beside, Open, is_in_order, middle_of
from tests.network.people import account, link_of

pytestmark = pytest.mark.browser


def officer(role: str, slug: str) -> str:
    user = account("beamtin")
    Membership.objects.create(user=user, role=role, town=Town.objects.get(slug=slug))
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return str(session.session_key)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_citizen_reports(open_page: Open, site: str, beside: Beside, tmp_path: Path, width: int) -> None:
    lon, lat = middle_of("ziesar", 333)
    out = tmp_path / "haus.jpg"
    Image.new("RGB", (60, 40), "brown").save(out)
    phone = {"geolocation": {"latitude": lat, "longitude": lon}, "permissions": ["geolocation"], "has_touch": True}
    page = open_page("/melden/", width=width, height=740, **phone)
    assert page.context.cookies() == [], "who only looks gets no cookie"
    is_in_order(page)
    page.get_by_role("button", name="Weiter").tap()
    expect(page.get_by_role("alert")).to_contain_text("Es fehlt: eine Adresse")
    page.get_by_role("button", name="Meinen Standort nehmen").tap()
    expect(page.locator("#locate-said")).to_contain_text("Standort gefunden")
    page.get_by_role("button", name="Weiter").tap()
    expect(page.locator(".spot")).to_contain_text("Ziesar")
    is_in_order(page)
    page.get_by_label("Foto").set_input_files(out)
    page.get_by_label("Was war es früher?").select_option("retail")
    page.get_by_label("Seit wann steht es ungefähr leer?").fill("2018")
    page.get_by_label("Was ist zu sehen?").fill("Schaufenster verklebt")
    page.get_by_label("Ihre E-Mail-Adresse").fill("mia@example.org")
    page.get_by_role("button", name="Meldung abschicken").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke!")
    beside(post.send_waiting)
    page.goto(link_of(mail.outbox[-1]))
    page.get_by_role("button", name="Ja, das habe ich gemeldet").tap()
    expect(page.get_by_role("status")).to_contain_text("Sie liegt jetzt bei Ziesar")

    desk = open_page("/impressum/", width=width, height=740, color_scheme="dark")
    desk.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": beside(officer, "moderator", "ziesar"), "url": site}])
    desk.goto("/pruefen/")
    is_in_order(desk)
    desk.get_by_role("link", name="Leerstand, der noch nicht im Register steht").click()
    expect(desk.get_by_alt_text("Foto der Meldung")).to_be_visible()
    is_in_order(desk)
    desk.get_by_label("Begründung").fill("Vielen Dank!")
    desk.get_by_role("button", name="Annehmen (als Entwurf)").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("Entschieden: angenommen")
    beside(post.send_waiting)
    assert "Vielen Dank!" in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["mia@example.org"]


def test_no_longer_vacant_is_one_tap(open_page: Open, vacancy: str, beside: Beside) -> None:
    page = open_page(vacancy, width=360, height=740, has_touch=True)
    page.get_by_role("button", name="Steht nicht mehr leer").tap()
    expect(page.get_by_role("status")).to_contain_text("Ihr Hinweis liegt bei der Gemeinde")
    assert page.context.cookies() == []
    assert beside(lambda: Report.objects.get().vacancy.slug) in vacancy


def test_a_report_goes_without_scripts(open_page: Open, beside: Beside) -> None:
    page = open_page("/melden/", width=320, height=700, java_script_enabled=False)
    expect(page.get_by_role("button", name="Meinen Standort nehmen")).to_be_hidden()
    page.get_by_role("textbox", name="Adresse").fill("Hinterm Deich 3")
    page.get_by_label("Gemeinde, falls sie in der Adresse fehlt").select_option("ziesar")
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Ihre E-Mail-Adresse").fill("mia@example.org")
    page.get_by_role("button", name="Meldung abschicken").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke!")
    assert beside(lambda: Report.objects.get().address) == "Hinterm Deich 3"


@pytest.mark.parametrize("width", [360, 1280])
def test_an_officer_reads_a_list_and_publishes(open_page: Open, site: str, beside: Beside, tmp_path: Path, width: int) -> None:
    book, file = openpyxl.Workbook(), tmp_path / "Leerstand Ziesar.xlsx"
    book.active.append(["Nr", "Straße", "Hausnr", "frühere Nutzung", "Nutzfläche", "lon", "lat"])
    book.active.append(["B1", "Beispielweg", "2", "Laden", 80, *middle_of("ziesar", 111)])
    book.active.append(["B2", "Beispielweg", "4", "Laden", "groß", *middle_of("ziesar", 222)])
    book.active.append(["B3", "Anderswo", "6", "Laden", 70, *middle_of("gransee")])
    out = io.BytesIO()
    book.save(out)
    file.write_bytes(out.getvalue())
    page = open_page("/impressum/", width=width, height=900)
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": beside(officer, "editor", "ziesar"), "url": site}])
    page.goto("/register/einlesen/")
    is_in_order(page)
    page.get_by_label("Liste").set_input_files(file)
    page.get_by_role("button", name="Prüfen").click()
    expect(page.get_by_role("status")).to_contain_text("Noch ist nichts geschrieben.")
    expect(page.locator(".findings tbody tr")).to_have_count(3)
    expect(page.get_by_label("Nutzfläche")).to_have_value("usable_m2")
    is_in_order(page)
    page.get_by_role("button", name="Jetzt einlesen: 1 neu").click()
    expect(page.get_by_role("status")).to_contain_text("1 neu, 0 geändert, 0 unverändert, 2 abgelehnt")
    is_in_order(page)
    page.get_by_role("checkbox", name="Beispielweg 2").check()
    page.get_by_label("genaue Lage mit Anschrift").check()
    page.get_by_label("Grundlage").select_option("municipal_property")
    page.get_by_role("button", name="Angehakte veröffentlichen").click()
    expect(page.get_by_role("status")).to_contain_text("1 Leerstand veröffentlicht")
    page.goto("/leerstaende/?town=ziesar&q=Beispielweg")
    expect(page.locator(".cards")).to_contain_text("80 m²")
    page.goto("/register/pruefliste/")
    is_in_order(page)
