"""Organisations: founded by their people, verified by the contact point, public only when both say so."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from geo.models import Town
from network.models import Membership, Organisation
from tests.network.people import account, link_of, mails, sign_in
from tests.network.seekers import made as space_request

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


def test_contacts_hear_of_who_asks_to_join(client: Client) -> None:
    made = founded(client)
    Organisation.objects.update(is_verified=True)
    guest = Client()
    sign_in(guest, account("otto"))
    mails().clear()
    for _twice in range(2):
        guest.post("/konto/organisationen/beitreten/", {"organisation": made.key})
    [told] = mails()
    assert (told.to, link_of(told)) == (["ilse@example.org"], f"/konto/organisationen/{made.key}/")
    assert "otto" not in told.body


def test_the_last_who_leaves_hides_the_page(client: Client) -> None:
    made = founded(client)
    Organisation.objects.update(is_verified=True)
    page = f"/netzwerk/organisationen/{made.key}/"
    assert Client().get(page).status_code == 200
    client.post(f"/konto/organisationen/person/{made.people.get().pk}/entfernen/")
    assert Client().get(page).status_code == 404, "nobody speaks for it"


def test_who_left_no_longer_asks_in_its_name(client: Client) -> None:
    made = founded(client)
    Organisation.objects.update(is_verified=True)
    ilse = made.people.get().user
    wanted = space_request(ilse, organisation=made, visibility="named")
    other = space_request(account("otto"), organisation=made, visibility="named")
    assert wanted.public_organisation == "Beispiel e. V."
    client.post(f"/konto/organisationen/person/{made.people.get(user=ilse).pk}/entfernen/")
    wanted.refresh_from_db()
    other.refresh_from_db()
    assert (wanted.organisation, other.organisation) == (None, made)
    assert "Beispiel e. V." not in Client().get(f"/gesuche/{wanted.key}/").content.decode()


def test_what_is_no_task_is_refused(client: Client) -> None:
    made = founded(client)
    asking = made.people.create(user=account("otto"))
    answer = client.post(f"/konto/organisationen/person/{asking.pk}/", {"role": "king"}, follow=True)
    assert (answer.status_code, "Gespeichert" in answer.content.decode()) == (400, False)
