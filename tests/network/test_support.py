"""The directory and the inquiries in the administration: who sees them, what can be found and changed, and what never stands there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geo.models import Town
from network.contacts.models import CONSENT_VERSION, ContactPoint
from network.inquiries.models import Inquiry
from network.inquiries.thread import begin
from network.models import Membership
from tests.network.people import account, sign_in, sign_in_with_app, with_app
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
CONTACTS, INQUIRIES = "/admin/network/contactpoint/", "/admin/network/inquiry/"
CANARIES = ("canary@seeker.example", "Ilse Kanarie", "Wir suchen einen Kanarienraum")


@pytest.fixture
def erna() -> User:
    user = account("erna")
    Membership.objects.create(user=user, statewide=True, role="moderator")
    return user


@pytest.fixture
def inside(client: Client, erna: User) -> Client:
    sign_in_with_app(client, erna, with_app(erna))
    return client


@pytest.fixture
def inquiry() -> Inquiry:
    town = Town.objects.get(slug="gransee")
    office = ContactPoint.objects.create(name="Bauamt Gransee", function="building", mailbox="bauamt@gransee.example")
    office.towns.add(town)
    ilse = User.objects.create_user("ilse", CANARIES[0], first_name=CANARIES[1])
    vacancy = Vacancy.objects.filter(town=town, publication="published").first()
    assert vacancy
    return begin(ilse, vacancy, CANARIES[2], shares_address=True)[0]


def form_of(client: Client, path: str, **changed: Any) -> dict[str, Any]:
    """What the page would send as it is, with changes."""
    found = client.get(path).context["adminform"].form
    told = {name: found[name].value() for name in found.fields}
    return {name: value for name, value in (told | changed).items() if value not in (None, False, "")}


def test_a_contact_is_entered_found_and_changed_and_a_name_needs_a_consent(inside: Client) -> None:
    gransee = Town.objects.get(slug="gransee")
    given: dict[str, Any] = {"name": "Kulturamt", "function": "culture", "topics": ["culture"], "towns": [gransee.pk]}
    given |= {"mailbox": "kultur@gransee.example"}
    named = inside.post(f"{CONTACTS}add/", given | {"person": "Maria Kanarie"})
    assert "nur mit ihrer Zustimmung" in named.content.decode()
    two_areas = inside.post(f"{CONTACTS}add/", given | {"statewide": "on", "admin_union": "Gransee und Gemeinden"})
    assert "nur eines angeben" in two_areas.content.decode()
    assert not ContactPoint.objects.filter(name="Kulturamt").exists()
    assert inside.post(f"{CONTACTS}add/", given | {"person": "Maria Kanarie", "agreed": "on"})["Location"] == CONTACTS
    found = ContactPoint.objects.get(name="Kulturamt")
    assert (found.person, found.consent_version, found.area) == ("Maria Kanarie", CONSENT_VERSION, "Gransee")
    assert found.verified_at
    asked = {"q=kultur@gransee": 1, "q=Gransee+Kulturamt": 1, "q=Wittenstock+Kulturamt": 0, "q=Kulturamt&reported_at__isempty=1": 1}
    asked |= {"q=Kulturamt&withdrawn_on__isempty=0": 0, "q=Kulturamt&function__exact=mayor": 0}
    for words, n in asked.items():
        assert inside.get(f"{CONTACTS}?{words}").context["cl"].result_count == n, words
    page = f"{CONTACTS}{found.pk}/change/"
    text = inside.get(page).content.decode()
    assert "Speichern heißt: Der Eintrag gilt heute als bestätigt" in text
    inside.post(page, form_of(inside, page, person="", agreed="", phone="03306 7"))
    found.refresh_from_db()
    assert (found.person, found.consent_on, found.phone) == ("", None, "03306 7")
    inside.post(CONTACTS, {"action": "withdraw", "_selected_action": [found.pk]})
    found.refresh_from_db()
    assert found.withdrawn_on == timezone.localdate()
    assert inside.get(f"{CONTACTS}{found.pk}/delete/").status_code == 403, "a row stays, so that no file brings it again"


def test_inquiries_show_state_dates_and_keys_and_nothing_of_the_person(inside: Client, inquiry: Inquiry) -> None:
    listed, one = inside.get(INQUIRIES), inside.get(f"{INQUIRIES}{inquiry.pk}/change/")
    for page in (listed, one):
        text = page.content.decode()
        assert page.status_code == 200
        assert [part for part in (inquiry.key, inquiry.vacancy_id, "Bauamt Gransee", inquiry.get_state_display()) if part not in text] == []
        assert [canary for canary in CANARIES if canary in text] == []
    assert "steht hier nicht" in one.content.decode()
    asked = {f"q={inquiry.key}": 1, f"q={inquiry.vacancy_id}": 1, "q=bauamt@gransee": 1, "q=canary": 0, "q=Kanarienraum": 0}
    asked |= {"state__exact=agreed": 0, "waiting_since__isempty=0": 1}
    for words, n in asked.items():
        assert inside.get(f"{INQUIRIES}?{words}").context["cl"].result_count == n, words
    state = inquiry.state
    assert inside.post(f"{INQUIRIES}{inquiry.pk}/change/", {"state": "agreed"}).status_code == 403
    for path in ("add/", f"{inquiry.pk}/delete/"):
        assert inside.get(INQUIRIES + path).status_code == 403
    inquiry.refresh_from_db()
    assert inquiry.state == state


def test_inquiries_need_a_second_factor_and_the_contact_point(client: Client, erna: User, inquiry: Inquiry) -> None:
    sign_in(client, erna)
    for path in (INQUIRIES, f"{INQUIRIES}{inquiry.pk}/change/", f"{INQUIRIES}{inquiry.pk}/history/"):
        assert client.get(path)["Location"].startswith("/konto/zweiter-faktor/"), path
    officer, other = account("otto"), Client()
    Membership.objects.create(user=officer, town=Town.objects.get(slug="gransee"), role="admin")
    sign_in_with_app(other, officer, with_app(officer))
    for path in (INQUIRIES, f"{INQUIRIES}{inquiry.pk}/change/", CONTACTS, f"{CONTACTS}add/"):
        assert other.get(path).status_code == 403, path
