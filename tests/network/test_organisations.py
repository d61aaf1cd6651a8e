"""Organisations: founded by their people, verified by the contact point, public only when both say so."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from geo.models import Town
from network.models import Membership, Organisation
from tests.network.people import account, sign_in

pytestmark = pytest.mark.django_db
GIVEN = {"name": "Beispiel e. V.", "kind": "association", "offers": "Werkzeug", "url": "beispiel.example.org", "visibility": "public"}


def founded(client: Client, name: str = "ilse") -> Organisation:
    sign_in(client, account(name))
    client.post("/konto/organisationen/neu/", {**GIVEN, "municipality": Town.objects.get(slug="gransee").pk})
    return Organisation.objects.get(name=GIVEN["name"])


def test_it_is_public_once_the_contact_point_verified_it_and_its_people_want_it(client: Client) -> None:
    made = founded(client)
    page = f"/netzwerk/organisationen/{made.key}/"
    assert made.url == "https://beispiel.example.org"
    assert Client().get(page).status_code == 404
    assert "noch nicht geprüft" in client.get(page).content.decode()
    office = Client()
    coordinator = account("kolab")
    Membership.objects.create(user=coordinator, statewide=True, role="moderator")
    sign_in(office, coordinator)
    chosen = {"action": "verify", "_selected_action": [made.pk]}
    assert "1 Organisation geprüft" in office.post("/admin/network/organisation/", chosen, follow=True).content.decode()
    assert "Werkzeug" in Client().get(page).content.decode()
    assert list(Organisation.objects.all().public()) == [made]
    client.post(f"/konto/organisationen/{made.key}/aendern/", {**GIVEN, "municipality": made.municipality_id, "offers": "Leitern"})
    assert "Leitern" in Client().get(page).content.decode(), "what it offers is not checked"
    client.post(f"/konto/organisationen/{made.key}/aendern/", {**GIVEN, "municipality": made.municipality_id, "name": "Andere e. V."})
    assert Client().get(page).status_code == 404, "another name must be checked anew"
    Organisation.objects.update(is_verified=True, visibility="internal")
    assert Client().get(page).status_code == 404
    assert not Organisation.objects.all().visible_to(AnonymousUser()).exists()


def test_people_ask_to_join_and_a_contact_confirms(client: Client) -> None:
    made = founded(client)
    guest, otto = Client(), account("otto")
    sign_in(guest, otto)
    assert "Liste" in guest.post("/konto/organisationen/beitreten/", {"organisation": made.key}, follow=True).content.decode(), "not public"
    Organisation.objects.update(is_verified=True)
    for _twice in range(2):
        guest.post("/konto/organisationen/beitreten/", {"organisation": made.key})
    asked = made.people.get(user=otto)
    assert guest.get(f"/konto/organisationen/{made.key}/").status_code == 404, "asking is not belonging"
    assert guest.post(f"/konto/organisationen/person/{asked.pk}/", {"role": "contact"}).status_code == 404, "nobody confirms themselves"
    client.post(f"/konto/organisationen/person/{asked.pk}/", {"role": "member"})
    assert "Beispiel e. V." in guest.get(f"/konto/organisationen/{made.key}/").content.decode()
    assert guest.get(f"/konto/organisationen/{made.key}/aendern/").status_code == 404, "members look, contacts change"
    assert "ilse@example.org" not in guest.get(f"/konto/organisationen/{made.key}/").content.decode()


def test_somebody_stays_the_contact(client: Client) -> None:
    made = founded(client)
    first = made.people.get()
    second = made.people.create(user=account("otto"))
    second.confirm()
    assert client.post(f"/konto/organisationen/person/{first.pk}/entfernen/").status_code == 403
    assert client.post(f"/konto/organisationen/person/{first.pk}/", {"role": "member"}).status_code == 403
    client.post(f"/konto/organisationen/person/{second.pk}/", {"role": "contact"})
    assert client.post(f"/konto/organisationen/person/{first.pk}/entfernen/")["Location"] == "/konto/"
    assert [p.user.username for p in made.people.all()] == ["otto"]


def test_the_same_organisation_is_not_entered_twice_and_text_stays_text(client: Client) -> None:
    before = Organisation.objects.count()
    made = founded(client)
    given = {**GIVEN, "municipality": made.municipality_id}
    assert "gibt es schon" in client.post("/konto/organisationen/neu/", given).content.decode()
    assert Organisation.objects.count() == before + 1
    hostile = {**given, "offers": "<script>alert(1)</script>"}
    client.post(f"/konto/organisationen/{made.key}/aendern/", {**hostile, "url": "javascript:alert(1)"})
    made.refresh_from_db()
    assert made.offers == "Werkzeug", "refused as a whole"
    client.post(f"/konto/organisationen/{made.key}/aendern/", hostile)
    assert "<script>alert" not in client.get(made.get_absolute_url()).content.decode()
    assert client.post("/konto/organisationen/neu/", {**given, "name": "Lang", "offers": "x" * 2001}).status_code == 200
