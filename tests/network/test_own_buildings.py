"""Owners enter their building, say what may be shown, take it back, and are left alone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.models import Town
from network.models import BuildingConsent, Membership, OwnBuilding, OwnerContact, Report
from network.own_buildings.consent import VERSION
from tests.network.people import account, enter, mails
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
FACTS = {
    "street": "Beispielgasse", "house_no": "9", "stated_role": "owner", "former_use": "craft", "occupancy": "vacant",
    "condition": "usable", "usable_m2": "180", "target_uses": ["workshop", "studio"], "disposal": ["rent", "leasehold"],
}  # fmt: skip


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


@pytest.fixture
def owner(client: Client) -> User:
    user = account("erna")
    client.force_login(user, BACKEND)
    return user


@pytest.fixture
def officer(gransee: Town) -> Client:
    user, signed_in = account("prueferin"), Client()
    Membership.objects.create(user=user, role="moderator", town=gransee)
    enter(signed_in, user)
    return signed_in


def place_of(town: Town) -> str:
    lon, lat = crs.transform_xy(town.centre.x, town.centre.y, crs.STORAGE, crs.WEB)
    return f"/eintragen/?lat={lat:.6f}&lon={lon:.6f}"


def settle(client: Client, town: Town, share: str = "none", **more: Any) -> Any:
    return client.post(place_of(town), FACTS | {"go": "settle", "share": share, f"agreed_{share}": "on"} | more)


def entered(client: Client, town: Town, share: str = "none") -> OwnBuilding:
    answer = settle(client, town, share)
    own: OwnBuilding = OwnBuilding.objects.get()
    assert answer["Location"] == "/eintragen/meine/"
    return own


def shown(own: OwnBuilding) -> PublicVacancy | None:
    return PublicVacancy.objects.filter(key=own.vacancy.key).first()


def accepted(client: Client, officer: Client, town: Town, share: str) -> OwnBuilding:
    own = entered(client, town, share)
    report = Report.objects.get()
    assert shown(own) is None, "nothing is public before the municipality has looked"
    officer.post(f"/pruefen/{report.key}/entscheiden/", {"version": report.version, "outcome": "accepted"})
    own.refresh_from_db()
    return own


def test_three_steps_consent_and_the_municipality(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    assert client.get("/eintragen/").status_code == 200
    assert "Schritt 2 von 3" in client.get(place_of(gransee)).content.decode()
    known = Vacancy.objects.count()
    third = client.post(place_of(gransee), FACTS)
    assert third.status_code == 200
    assert "Einwilligung: ungefähre Lage" in third.content.decode()
    assert '<input type="hidden" name="street" value="Beispielgasse"' in third.content.decode()
    unread = settle(client, gransee, "exact", agreed_exact="", agreed_coarse="on")
    assert unread.status_code == 400
    assert "id_agreed_exact_error" in unread.content.decode(), "each kind has a consent of its own"
    back = client.post(place_of(gransee), FACTS | {"go": "back"}).content.decode()
    assert "Schritt 2 von 3" in back
    assert 'value="Beispielgasse"' in back, "what was typed is there on the way back"
    assert Vacancy.objects.count() == known, "nothing is kept before all is said"
    own = entered(client, gransee, "coarse")
    assert (own.vacancy.publication, own.vacancy.visibility, own.vacancy.basis) == ("draft", "coarse", "owner_consent")
    assert (own.vacancy.source, own.vacancy.target_uses, own.vacancy.town) == ("owner", ["workshop", "studio"], gransee)
    consent = BuildingConsent.objects.get()
    assert (consent.text_version, consent.visibility, consent.withdrawn_at) == (VERSION, "coarse", None)
    assert "Rasterfelds von 500 m" in consent.text
    report = Report.objects.get()
    assert (report.kind, report.state, report.user, report.email) == ("own", "email_confirmed", owner, "erna@example.org")
    page = officer.get(f"/pruefen/{report.key}/").content.decode()
    assert "Eigentümer:in oder Miteigentümer:in" in page
    officer.post(f"/pruefen/{report.key}/entscheiden/", {"version": report.version, "outcome": "accepted"})
    public = shown(own)
    assert public
    assert (public.is_exact, public.street) == (False, "")
    own.vacancy.refresh_from_db()
    assert (own.vacancy.basis, own.vacancy.consent_on, own.vacancy.consent_text_version) == ("owner_consent", timezone.localdate(), VERSION)
    answer = mails()[-1]
    assert answer.to == ["erna@example.org"]
    assert "Meine Gebäude" in answer.body
    mine = client.get("/eintragen/meine/").content.decode()
    assert "Exposé als PDF" in mine
    assert "0 aktive Gesuche würden passen" in mine


def test_consent_withdrawn_is_gone_at_once_and_stays_in_the_log(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    own = accepted(client, officer, gransee, "exact")
    public = shown(own)
    assert public
    assert client.get(f"/leerstaende/{public.slug}/").status_code == 200
    for _twice in range(2):
        client.post(f"/eintragen/{own.pk}/zurueckziehen/")
        assert client.get(f"/leerstaende/{public.slug}/").status_code == 404
    consent = BuildingConsent.objects.get()
    assert consent.withdrawn_at
    own.vacancy.refresh_from_db()
    assert (own.vacancy.visibility, own.vacancy.basis, own.vacancy.consent_on) == ("municipality", "none", None)
    mine = client.get("/eintragen/meine/").content.decode()
    assert "Exposé als PDF" not in mine
    assert "zurueckziehen" not in mine


def test_less_may_be_shown_later_without_a_second_look(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    own = accepted(client, officer, gransee, "exact")
    client.post(f"/eintragen/{own.pk}/freigabe/", {"share": "coarse", "agreed_coarse": "on"})
    public = shown(own)
    assert public
    assert not public.is_exact
    assert Report.objects.count() == 1
    assert [bool(c.withdrawn_at) for c in BuildingConsent.objects.order_by("pk")] == [True, False]
    client.post(f"/eintragen/{own.pk}/freigabe/", {"share": "none"})
    assert shown(own) is None


def test_not_public_needs_no_consent(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    own = accepted(client, officer, gransee, "none")
    assert shown(own) is None
    assert not BuildingConsent.objects.exists()
    assert (own.vacancy.publication, own.vacancy.visibility) == ("published", "municipality")


def test_changes_are_free_before_and_proposals_after_the_look(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    own = entered(client, gransee)
    page = f"/eintragen/{own.pk}/aendern/"
    facts = {k: v for k, v in FACTS.items() if k not in ("stated_role", "street", "house_no")}
    client.post(page, facts | {"usable_m2": "200"})
    own.vacancy.refresh_from_db()
    assert own.vacancy.usable_m2 == 200
    Vacancy.objects.filter(pk=own.vacancy.pk).update(publication="published")
    assert "als Vorschlag an die Gemeinde" in client.get(page).content.decode()
    client.post(page, facts | {"usable_m2": "220", "target_uses": ["stage"]})
    own.vacancy.refresh_from_db()
    assert own.vacancy.usable_m2 == 200
    report = Report.objects.get(kind="wrong")
    assert report.proposed == {"usable_m2": 220, "target_uses": ["stage"]}
    assert "Aufführungsort" in officer.get(f"/pruefen/{report.key}/").content.decode()
    words = {"version": report.version, "outcome": "correction_applied", "fields_taken": ["usable_m2", "target_uses"]}
    officer.post(f"/pruefen/{report.key}/entscheiden/", words)
    own.vacancy.refresh_from_db()
    assert (own.vacancy.usable_m2, own.vacancy.target_uses) == (220, ["stage"])


def test_an_entry_of_what_is_there_joins_it_and_can_be_parted(client: Client, owner: User, officer: Client, gransee: Town) -> None:
    there = Vacancy.objects.create(town=gransee, point=gransee.centre, street="Beispielgasse", house_no="9")
    own = entered(client, gransee)
    report, draft = Report.objects.get(), own.vacancy
    words = {"version": report.version, "outcome": "merged", "vacancy": there.key}
    assert officer.post(f"/pruefen/{report.key}/entscheiden/", words).status_code == 302
    own.refresh_from_db()
    draft.refresh_from_db()
    assert (own.vacancy, draft.publication) == (there, "archived")
    report.refresh_from_db()
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    own.refresh_from_db()
    draft.refresh_from_db()
    assert (own.vacancy, draft.publication) == (draft, "draft")


def test_what_stands_on_another_basis_is_not_the_persons_to_change(client: Client, owner: User, gransee: Town) -> None:
    words = {"publication": "published", "visibility": "exact", "basis": "municipal_property"}
    there = Vacancy.objects.create(town=gransee, point=gransee.centre, **words)
    own = OwnBuilding.objects.create(user=owner, vacancy=there, stated_role="owner")
    answer = client.post(f"/eintragen/{own.pk}/freigabe/", {"share": "none"})
    assert answer.status_code == 403
    assert "auf anderer Grundlage" in answer.content.decode()
    client.post(f"/eintragen/{own.pk}/zurueckziehen/")
    assert shown(own)


def test_who_asks_is_left_alone(client: Client, owner: User, gransee: Town) -> None:
    own = entered(client, gransee)
    for _twice in range(2):
        client.post(f"/eintragen/{own.pk}/nicht-ansprechen/")
    contact = OwnerContact.objects.get()
    assert (contact.vacancy, contact.email, contact.rank) == (own.vacancy, "erna@example.org", "do_not_contact")
    other = Vacancy.objects.create(town=gransee, point=gransee.centre)
    known = OwnerContact.objects.create(vacancy=other, name="Erna Beispiel", email="ERNA@example.org", rank="primary")
    second = OwnBuilding.objects.create(user=owner, vacancy=other, stated_role="owner")
    client.post(f"/eintragen/{second.pk}/nicht-ansprechen/")
    known.refresh_from_db()
    assert (known.rank, OwnerContact.objects.count()) == ("do_not_contact", 2)


def test_wrong_facts_and_strangers(client: Client, owner: User, gransee: Town) -> None:
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    answer = client.post(place_of(gransee), FACTS | {"vacant_since": tomorrow})
    assert answer.status_code == 400
    assert "liegt in der Zukunft" in answer.content.decode()
    assert not OwnBuilding.objects.exists()
    assert client.get("/eintragen/?address=Hinterm Deich 3, 16775 Gransee").status_code == 400
    own = entered(client, gransee)
    stranger = Client()
    stranger.force_login(account("otto"), BACKEND)
    for page in ("freigabe", "aendern"):
        assert stranger.get(f"/eintragen/{own.pk}/{page}/").status_code == 404
    for page in ("zurueckziehen", "nicht-ansprechen"):
        assert stranger.post(f"/eintragen/{own.pk}/{page}/").status_code == 404
    assert Client().get("/eintragen/")["Location"].startswith("/konto/anmelden/")
