"""The directory of contacts: who answers for a place, names only with consent, out of date by one click, seeds, the yearly mail."""

from __future__ import annotations

import datetime
import shutil
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from geo.errors import InvalidFile
from geo.models import District, Town
from network.contacts import mails, seeds
from network.contacts.directory import contacts_of, to_write_to
from network.contacts.models import CONSENT_VERSION, ContactPoint
from network.members import Membership
from network.seeds import Seed
from tests.network.contacting import SCRIPT, link_in, office, seeker, sent
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db


def body(path: str, client: Client | None = None, **data: Any) -> str:
    return unescape((client or Client()).get(path, data).content.decode())


@pytest.fixture
def empty() -> None:
    ContactPoint.objects.all().delete()


@pytest.fixture
def manager() -> Client:
    user = seeker("manager")
    Membership.objects.create(user=user, town=Town.objects.get(slug="gransee"), role="manager")
    client = Client()
    client.force_login(user)
    return client


# --- who answers ------------------------------------------------------------------------------------------------------


def test_from_the_town_to_the_contact_point_each_with_its_reason(empty: None, settings: Any) -> None:
    settings.CONTACT = settings.CONTACT | {"name": "KoLaB Beispielstelle", "mail": "kolab@example.org"}
    settings.CONTACT_IS_NAMED = True
    town = Town.objects.get(slug="gransee")
    office("Land", statewide=True)
    office("Landkreis", district=town.district)
    office("Amt", admin_union=town.admin_union)
    office("Rathaus", "gransee")
    office("Anderswo", "wittenberge")
    found = [(a.name, a.reason) for a in contacts_of(town)]
    assert found == [
        ("Rathaus", "zuständig für Gransee"),
        ("Amt", f"zuständig für das ganze Amt {town.admin_union}"),
        ("Landkreis", "zuständig für Oberhavel als Ganzes"),
        ("Land", "zuständig für ganz Brandenburg"),
        ("KoLaB Beispielstelle", "Kontaktstelle für das ganze Land; hilft weiter, wenn vor Ort niemand bekannt ist."),
    ]
    assert [a.name for a in contacts_of(town.district)] == ["Landkreis", "Land", "KoLaB Beispielstelle"]


def test_without_anybody_the_page_says_so_and_names_the_contact_point(empty: None, settings: Any) -> None:
    settings.CONTACT = settings.CONTACT | {"name": "KoLaB Beispielstelle", "mail": "kolab@example.org"}
    settings.CONTACT_IS_NAMED = True
    vacancy = PublicVacancy.objects.filter(town_slug="gransee")[0]
    for path in ("/orte/gransee/", "/landkreise/oberhavel/", vacancy.get_absolute_url(), "/kontakte/?ort=gransee&thema=use"):
        text = body(path)
        assert "noch keine eigene Ansprechstelle bekannt" in text, path
        assert "KoLaB Beispielstelle" in text, path
        assert "kolab@example.org" in text, path
    office("Rathaus", "gransee", mailbox="rathaus@example.org")
    text = body("/orte/gransee/")
    assert "noch keine eigene Ansprechstelle" not in text
    assert "rathaus@example.org" in text
    assert f"/anfragen/neu/{vacancy.slug}/" in body(vacancy.get_absolute_url())


def test_an_operator_without_a_name_shows_no_made_up_mailbox(empty: None, settings: Any) -> None:
    settings.CONTACT_IS_NAMED = False
    assert "nicht-gesetzt@example.org" not in body("/orte/gransee/")


def test_mail_goes_to_the_first_with_a_mailbox_and_never_to_one_out_of_date(empty: None) -> None:
    town = Town.objects.get(slug="gransee")
    assert to_write_to(town, "use") is None
    district = office("Landkreis", district=town.district)
    old = office("Rathaus", "gransee", is_stale=True)
    office("Ohne Postfach", "gransee", mailbox="", phone="03306 1234")
    assert to_write_to(town, "use") == district
    old.confirm()
    assert to_write_to(town, "use") == old
    office("Denkmal", "gransee", topics=["monument"])
    assert str(to_write_to(town, "monument")) == "Denkmal"


@pytest.mark.parametrize("query", ["ort=entenhausen", "thema=alles-moegliche", "ort=gransee&thema=<script>"])
def test_a_place_or_topic_that_is_none_is_told(query: str) -> None:
    answer = Client().get(f"/kontakte/?{query}")
    assert answer.status_code == 400
    assert b"<script>alert" not in answer.content


# --- names, areas -----------------------------------------------------------------------------------------------------


def test_a_name_needs_a_consent_in_database_and_form(empty: None, manager: Client) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        office("Rathaus", "gransee", person="Maria Canary")
    found = office("Rathaus", "gransee")
    given = {"name": "Rathaus", "function": "mayor", "mailbox": "rathaus@example.org", "person": "Maria Canary"}
    page = f"/kontakte/{found.key}/aendern/"
    answer = manager.post(page, given)
    assert answer.status_code == 400
    assert "nur mit ihrer Zustimmung" in unescape(answer.content.decode())
    assert manager.post(page, given | {"agreed": "on"}).status_code == 302
    found.refresh_from_db()
    assert (found.person, found.consent_on, found.consent_version) == ("Maria Canary", timezone.localdate(), CONSENT_VERSION)
    assert "Maria Canary" in body("/orte/gransee/")
    assert manager.post(page, given | {"person": ""}).status_code == 302
    found.refresh_from_db()
    assert (found.person, found.consent_on, found.consent_version) == ("", None, "")
    found.withdraw()
    assert "Rathaus" not in body("/kontakte/?ort=gransee")


def test_one_kind_of_area(empty: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        office("Zwei", statewide=True, district=District.objects.get(ags5="12065"))
    with pytest.raises(ValidationError):
        ContactPoint(name="x", function="mayor", admin_union="Entenhausen").full_clean()


def test_managers_keep_the_contacts_of_their_own_area_alone(empty: None, manager: Client) -> None:
    own, wide, foreign = office(), office("Landkreis", district=District.objects.get(ags5="12065")), office("Fremd", "wittenberge")
    shared = office("Zwei Orte", "gransee", "wittenberge")
    nobody = Client()
    nobody.force_login(seeker("ohne"))
    for contact, wanted in ((own, 200), (wide, 404), (foreign, 404), (shared, 404)):
        assert manager.get(f"/kontakte/{contact.key}/aendern/").status_code == wanted, contact
        assert nobody.get(f"/kontakte/{contact.key}/aendern/").status_code == 404
        if wanted == 404:
            assert manager.post(f"/kontakte/{contact.key}/zurueckziehen/").status_code == 404
    assert nobody.get("/kontakte/neu/").status_code == 403
    town = Town.objects.get(slug="gransee")
    given = {"name": SCRIPT, "function": "mayor", "mailbox": "neu@example.org", "note": SCRIPT, "phone": SCRIPT[:40], "topics": ["use"]}
    assert manager.post("/kontakte/neu/", given | {"area": "town:12070424"}).status_code == 400, "not theirs"
    assert manager.post("/kontakte/neu/", given | {"area": f"town:{town.ags8}"}).status_code == 302
    made = ContactPoint.objects.get(mailbox="neu@example.org")
    assert [t.slug for t in made.towns.all()] == ["gransee"]
    assert made.verified_at
    page = Client().get("/kontakte/?ort=gransee").content.decode()
    assert "alert(" in page
    assert SCRIPT not in page


# --- out of date ------------------------------------------------------------------------------------------------------


def test_one_click_reports_it_once_and_it_keeps_its_place_until_somebody_looked(empty: None) -> None:
    contact = office()
    strict = Client(enforce_csrf_checks=True)
    assert strict.get("/orte/gransee/").cookies.keys() == set(), "readers need no cookie"
    for _again in range(2):
        answer = strict.post(f"/kontakte/{contact.key}/veraltet/")
        assert "als veraltet gemeldet" in answer.content.decode()
    contact.refresh_from_db()
    first = contact.reported_at
    assert not contact.is_stale
    assert list(ContactPoint.objects.all().reported_stale()) == [contact]
    assert to_write_to(Town.objects.get(slug="gransee"), "use") == contact, "a stranger's click sends nobody's mail elsewhere"
    assert strict.post("/kontakte/gibtesnicht/veraltet/").status_code == 404
    assert strict.get(f"/kontakte/{contact.key}/veraltet/").status_code == 405
    codes = [strict.post(f"/kontakte/{contact.key}/veraltet/").status_code for _n in range(9)]
    assert codes == [200] * 8 + [429]
    contact.refresh_from_db()
    assert contact.reported_at == first
    contact.confirm()
    assert not ContactPoint.objects.all().reported_stale().exists()


def test_once_a_year_the_office_confirms_by_a_link(empty: None) -> None:
    contact = office()
    ContactPoint.objects.filter(pk=contact.pk).update(verified_at=timezone.now() - datetime.timedelta(days=400), phone="03306 1")
    office("Ohne Postfach", "gransee", mailbox="")
    today = timezone.localdate()
    assert list(ContactPoint.objects.all().unverified_since(today - datetime.timedelta(days=401))) == [
        ContactPoint.objects.get(name="Ohne Postfach")
    ]
    assert [mails.ask_again(today), mails.ask_again(today)] == [1, 0]
    [message] = sent()
    assert message.to == ["bauamt-gransee@example.org"]
    assert "„Bauamt Gransee“, zuständig für Gransee" in message.body
    path = link_in(message, "kontakte/bestaetigen")
    client = Client(enforce_csrf_checks=True)
    assert "Stimmt Ihr Eintrag noch?" in client.get(path).content.decode()
    contact.refresh_from_db()
    assert contact.verified_at < timezone.now() - datetime.timedelta(days=399), "a program that opens links confirms nothing"
    for _again in range(2):
        assert "heute bestätigt" in Client().post(path, {"yes": "1"}).content.decode()
    contact.refresh_from_db()
    assert contact.verified_at.date() == timezone.now().date()
    assert "als veraltet gemeldet" in Client().post(path, {"no": "1"}).content.decode()
    ContactPoint.objects.filter(pk=contact.pk).update(mailbox="anders@example.org")
    assert Client().get(path).status_code == 410, "the link was for another mailbox"
    assert Client().get(path[:-2] + "x/").status_code == 410


# --- seeds ------------------------------------------------------------------------------------------------------------


def test_seeds_load_once_and_leave_hand_edits_alone(empty: None, tmp_path: Path) -> None:
    Seed.objects.all().of(ContactPoint).delete()
    names = set(seeds.entries())
    first, second = seeds.load(), seeds.load()
    assert (first.created, first.changed, second.created, second.changed, second.unchanged) == (len(names), 0, 0, 0, len(names))
    edited = ContactPoint.objects.get(phone="033702 211-1200")
    gone = ContactPoint.objects.get(function="funding")
    assert (edited.source_on, edited.statewide, edited.person) == (datetime.date(2026, 11, 23), True, "")
    assert ContactPoint.objects.get(mailbox="info@lag-havelland.de").district.ags5 == "12063"
    assert {t.slug for t in ContactPoint.objects.get(function="vacancy").towns.all()} == {"perleberg", "wittenberge"}
    edited.phone = "033702 1"
    edited.save()
    gone.withdraw()
    shutil.copy(seeds.FOLDER / "brandenburg.toml", tmp_path)
    changed = (tmp_path / "brandenburg.toml").read_text().replace("info@lag-havelland.de", "neu@lag-havelland.de")
    (tmp_path / "brandenburg.toml").write_text(changed.replace("033702 211-1200", "033702 2"))
    report = seeds.load(tmp_path)
    assert (report.created, report.changed, report.kept_edits) == (0, 1, 1)
    edited.refresh_from_db()
    gone.refresh_from_db()
    assert edited.phone == "033702 1"
    assert gone.withdrawn_on
    assert ContactPoint.objects.filter(mailbox="neu@lag-havelland.de").count() == 1
    told = StringIO()
    call_command("load_contacts", stdout=told)
    assert "0 new" in told.getvalue()


@pytest.mark.parametrize("wrong", ['name = "ohne Quelle"\nfunction = "mayor"', 'name = "x"\nperson = "Maria"', "name ="])
def test_a_seed_without_a_source_or_with_a_person_is_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "wrong.toml").write_text(f"[x]\n{wrong}\n")
    with pytest.raises(InvalidFile):
        seeds.load(tmp_path)
