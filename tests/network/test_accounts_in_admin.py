"""Deleting accounts in the administration is leaving for good."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from network.organisations.models import Organisation, OrganisationMember, OrganisationRole, OrganisationVisibility
from network.seeking.models import SpaceRequest
from tests.network.people import account, sign_in_with_app, with_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def ilse() -> User:
    user = User.objects.create_user("ilse", "ilse@example.org")
    SpaceRequest.objects.create(owner=user, title="Holzwerkstatt")
    verein = Organisation.objects.create(name="Holz e. V.", visibility=OrganisationVisibility.PUBLIC)
    OrganisationMember.objects.create(organisation=verein, user=user).confirm(OrganisationRole.CONTACT)
    return user


@pytest.fixture
def admin() -> Client:
    client, user = Client(), account("anna", is_staff=True, is_superuser=True)
    sign_in_with_app(client, user, with_app(user))
    return client


def test_one_account(admin: Client, ilse: User) -> None:
    path = f"/admin/auth/user/{ilse.pk}/delete/"
    asked = admin.get(path).content.decode()
    assert "Gesuche: 1" in asked
    assert admin.post(path, {"post": "yes"}).status_code == 302
    _is_gone(ilse)


def test_several(admin: Client, ilse: User) -> None:
    otto = User.objects.create_user("otto", "otto@example.org")
    words = {"action": "delete_selected", "_selected_action": [ilse.pk, otto.pk]}
    assert "Gesuche: 1" in admin.post("/admin/auth/user/", words).content.decode()
    assert admin.post("/admin/auth/user/", words | {"post": "yes"}).status_code == 302
    _is_gone(ilse)
    assert not User.objects.filter(pk=otto.pk).exists()


def test_the_last_administrator_stays(admin: Client) -> None:
    own = User.objects.get(pk=int(admin.session["_auth_user_id"]))
    User.objects.filter(is_superuser=True).exclude(pk=own.pk).delete()
    answer = admin.post(f"/admin/auth/user/{own.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    assert "einzige" in answer.content.decode()
    assert User.objects.filter(pk=own.pk).exists()


def _is_gone(user: User) -> None:
    assert not User.objects.filter(pk=user.pk).exists()
    assert not SpaceRequest.objects.filter(title="Holzwerkstatt").exists()
    assert Organisation.objects.get(name="Holz e. V.").visibility == OrganisationVisibility.INTERNAL
