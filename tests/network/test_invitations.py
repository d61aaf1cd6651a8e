"""Invitations to memberships, and what managers may change."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geo.models import Town
from network.models import Invitation, Membership
from tests.network.people import PASSWORD, account, link_of, mails, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/konto/mitglieder/"


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


def manager(client: Client, role: str = "manager", **tenant: object) -> User:
    user = account(f"m-{role}-{next(iter(tenant))}")
    Membership.objects.create(user=user, role=role, **tenant)
    sign_in(client, user)
    return user


def invited(client: Client, email: str = "neu@example.org", role: str = "editor", place: str = "town:12065100", **more: str) -> Client:
    assert client.post(PAGE, {"email": email, "place": place, "role": role, **more}).status_code == 302
    return Client()


def test_who_is_invited_signs_up_and_is_a_member_without_a_second_mail(client: Client, gransee: Town) -> None:
    manager(client, town=gransee)
    ends = str(timezone.localdate() + datetime.timedelta(days=200))
    guest = invited(client, ends_on=ends)
    [sent] = mails()
    assert "Gransee" in sent.subject
    assert "Bearbeiten" in sent.body
    link = link_of(sent)
    assert "Neues Konto anlegen" in guest.get(link).content.decode()
    answer = guest.post("/konto/neu/", {"email": "neu@example.org", "password1": PASSWORD, "next": link})
    assert answer["Location"] == link, "the link has shown that the address is theirs"
    assert not Membership.objects.filter(role="editor").exists(), "nothing without a click"
    assert guest.post(link)["Location"] == "/konto/"
    held = Membership.objects.get(role="editor")
    assert (held.user.email, held.town, str(held.ends_on)) == ("neu@example.org", gransee, ends)
    assert guest.get("/admin/vacancies/vacancy/").status_code == 200
    assert guest.post(link).status_code == 410, "used up"
    assert Client().get(link).status_code == 410


def test_an_invitation_is_for_its_address_alone(client: Client, gransee: Town) -> None:
    manager(client, town=gransee)
    invited(client)
    link, other = link_of(mails()[0]), Client()
    sign_in(other, account("other"))
    assert "gilt für neu@example.org" in other.get(link).content.decode()
    assert other.post(link).status_code == 403
    assert not Membership.objects.filter(role="editor").exists()
    assert Client().get("/einladung/gefaelscht/").status_code == 410


def test_an_invitation_ends_by_time_by_withdrawal_and_with_the_right_to_invite(client: Client, gransee: Town) -> None:
    boss = manager(client, town=gransee)
    guest = account("neu")
    for n, spoil in enumerate(("time", "withdrawal", "right")):
        invited(client)
        link, row = link_of(mails()[n]), Invitation.objects.latest("pk")
        if spoil == "time":
            Invitation.objects.filter(pk=row.pk).update(created_at=timezone.now() - datetime.timedelta(days=15))
        elif spoil == "withdrawal":
            client.post(f"{PAGE}einladung/{row.pk}/zurueckziehen/")
        else:
            boss.memberships.update(role="editor")
        there = Client()
        sign_in(there, guest)
        assert there.post(link).status_code == 410, spoil
    assert not guest.memberships.exists()


def test_nobody_gives_more_than_they_have_or_elsewhere(client: Client, gransee: Town) -> None:
    manager(client, town=gransee)
    page = client.post(PAGE, {"email": "neu@example.org", "place": "town:12065100", "role": "admin"}).content.decode()
    assert "höher als Ihre eigene" in page
    for place in ("town:12070424", "district:12065", "union:Gransee und Gemeinden", "state", "town:x"):
        answer = client.post(PAGE, {"email": "neu@example.org", "place": place, "role": "viewer"})
        assert answer.status_code == 200, place
    past = client.post(PAGE, {"email": "neu@example.org", "place": "town:12065100", "role": "viewer", "ends_on": "2020-01-01"})
    assert "schon zu Ende" in past.content.decode()
    assert not Invitation.objects.exists()
    assert not mails()


def test_an_amt_invites_for_its_towns_and_the_contact_point_for_all(client: Client, gransee: Town) -> None:
    manager(client, "admin", admin_union="Gransee und Gemeinden")
    invited(client, place="town:12065100", role="admin")
    invited(client, place="union:Gransee und Gemeinden", role="manager")
    assert client.post(PAGE, {"email": "a@example.org", "place": "town:12070424", "role": "viewer"}).status_code == 200
    state = Client()
    manager(state, "manager", statewide=True)
    for place in ("town:12070424", "district:12065", "union:Gransee und Gemeinden", "state"):
        invited(state, place=place, role="manager")
    assert [i.tenant for i in Invitation.objects.order_by("pk")[2:]] == [
        "Wittenberge",
        "Oberhavel",
        "Amt Gransee und Gemeinden",
        "Kontaktstelle (KoLaB)",
    ]


def test_managers_change_and_end_what_is_not_above_them(client: Client, gransee: Town) -> None:
    manager(client, town=gransee)
    peer, above = account("peer"), account("above")
    held = Membership.objects.create(user=peer, town=gransee, role="viewer")
    high = Membership.objects.create(user=above, town=gransee, role="admin")
    foreign = Membership.objects.create(user=peer, town=Town.objects.get(slug="wittenberge"), role="viewer")
    client.post(f"{PAGE}{held.pk}/", {"role": "moderator", "ends_on": ""})
    held.refresh_from_db()
    assert held.role == "moderator"
    assert client.post(f"{PAGE}{held.pk}/", {"role": "admin"}).status_code == 200
    assert client.post(f"{PAGE}{high.pk}/", {"role": "viewer"}).status_code == 403
    assert client.post(f"{PAGE}{high.pk}/beenden/").status_code == 403
    assert client.post(f"{PAGE}{foreign.pk}/beenden/").status_code == 404
    for _twice in range(2):
        assert client.post(f"{PAGE}{held.pk}/beenden/").status_code == 302
    held.refresh_from_db()
    assert not held.is_in_force
    high.refresh_from_db()
    assert (high.role, high.ends_on) == ("admin", None)


def test_a_second_invitation_raises_a_role_and_never_lowers_it(client: Client, gransee: Town) -> None:
    manager(client, "admin", town=gransee)
    guest, there = account("neu"), Client()
    sign_in(there, guest)
    for n, (role, then) in enumerate((("editor", "editor"), ("viewer", "editor"), ("manager", "manager"))):
        invited(client, role=role)
        there.post(link_of(mails()[n]))
        assert guest.memberships.get().role == then


def test_a_member_resigns(client: Client, gransee: Town) -> None:
    user = manager(client, "viewer", town=gransee)
    held, other = user.memberships.get(), Membership.objects.create(user=account("x"), town=gransee)
    assert client.get("/admin/").status_code == 200
    assert client.post(f"/konto/mitgliedschaft/{other.pk}/beenden/").status_code == 404
    assert client.post(f"/konto/mitgliedschaft/{held.pk}/beenden/")["Location"] == "/konto/"
    assert client.get("/admin/").status_code == 302
    assert client.post(f"/konto/mitgliedschaft/{held.pk}/beenden/").status_code == 404


def test_no_membership_is_over_when_it_begins(client: Client, gransee: Town) -> None:
    manager(client, town=gransee)
    today = timezone.localdate()
    given = {"email": "neu@example.org", "place": "town:12065100", "role": "viewer", "ends_on": str(today)}
    refused = client.post(PAGE, given)
    assert "schon zu Ende" in refused.content.decode()
    assert not Invitation.objects.exists()
    guest = invited(client, ends_on=str(today + datetime.timedelta(days=3)))
    link = link_of(mails()[-1])
    sign_in(guest, account("neu"))
    Invitation.objects.update(ends_on=today)
    assert guest.get(link).status_code == 410
    assert guest.post(link).status_code == 410, "accepted after its end"
    assert not Membership.objects.filter(user__username="neu").exists()
