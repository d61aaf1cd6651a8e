"""Passwords of programs: made, shown once, used by HTTP Basic below /ogc/intern/, revoked."""

from __future__ import annotations

import base64
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from network.basic import credentials
from network.models import MOST, AppPassword

pytestmark = pytest.mark.django_db
PAGE, INSIDE = "/konto/app-passwoerter/", "/ogc/intern/gibt-es-nicht"


@pytest.fixture
def person() -> User:
    return User.objects.create_user("renate", password="ein-langes-passwort", is_staff=True)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_a_person_makes_one_uses_it_and_revokes_it(client: Client, person: User) -> None:
    client.force_login(person)
    page = client.post(PAGE, {"label": "QGIS im Bauamt"}).content.decode()
    secret = re.search(r'value="(raum-[\w-]{32})"', page)[1]  # type: ignore[index]
    assert secret not in client.get(PAGE).content.decode(), "shown once"
    assert not AppPassword.objects.filter(digest__contains=secret).exists(), "kept as a hash alone"
    program = Client()
    assert program.get(INSIDE, headers=basic("renate", secret)).status_code == 404, "inside, where nothing is at that address"
    held = AppPassword.objects.get()
    assert held.last_used_on is not None
    client.post(f"{PAGE}{held.pk}/widerrufen/")
    assert program.get(INSIDE, headers=basic("renate", secret)).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer abc",
        "Basic " + base64.b64encode(b"renate").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    ],
)
def test_without_a_good_header_the_door_stays_shut(client: Client, header: str) -> None:
    answer = client.get(INSIDE, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic realm=")
    assert answer["Cache-Control"] == "private, no-store"


def test_neither_a_session_nor_ones_own_password_nor_anothers_name_opens_it(client: Client, person: User) -> None:
    _held, secret = AppPassword.objects.create_for(person, "QGIS")
    client.force_login(person)
    assert client.get(INSIDE).status_code == 401, "a session"
    assert client.get("/en" + INSIDE).status_code == 401, "in English, too"
    assert client.get(INSIDE, headers=basic("renate", "ein-langes-passwort")).status_code == 401, "one's own password"
    assert client.get(INSIDE, headers=basic("admin", secret)).status_code == 401, "another's name"
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(INSIDE, headers=basic("renate", secret)).status_code == 401, "a person who left"


def test_an_app_password_opens_no_page(client: Client, person: User) -> None:
    _held, secret = AppPassword.objects.create_for(person, "QGIS")
    assert client.get(PAGE, headers=basic("renate", secret)).status_code == 302
    assert client.get("/admin/", headers=basic("renate", secret)).status_code == 302


def test_nobody_sees_or_revokes_anothers(client: Client, person: User) -> None:
    held, _secret = AppPassword.objects.create_for(person, "geheimes Programm")
    client.force_login(User.objects.create_user("otto", password="noch-ein-passwort"))
    assert "geheimes Programm" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{held.pk}/widerrufen/").status_code == 404
    held.refresh_from_db()
    assert held.revoked_at is None


def test_a_label_is_needed_and_the_number_is_limited(client: Client, person: User) -> None:
    client.force_login(person)
    assert 'role="alert"' in client.post(PAGE, {"label": ""}).content.decode()
    for n in range(MOST):
        AppPassword.objects.create_for(person, f"Programm {n}")
    assert client.post(PAGE, {"label": "eines zu viel"}).status_code == 403


def test_colons_belong_to_the_secret() -> None:
    assert credentials(basic("renate", "a:b")["Authorization"]) == ("renate", "a:b")
