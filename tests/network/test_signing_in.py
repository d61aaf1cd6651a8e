"""Signing in, signing up, second factor; and what strangers try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from network.models import Person
from network.signin.tasks import shortened
from tests.network.people import PASSWORD, account, code_of, link_of, mails, sign_in, sign_in_with_app, with_app

pytestmark = pytest.mark.django_db
NEW = {"email": "ilse@example.org", "password1": PASSWORD}


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_an_account_opens_once_its_address_is_confirmed(client: Client) -> None:
    assert client.post("/konto/neu/", NEW)["Location"] == "/konto/e-mail/bestaetigung/"
    [sent] = mails()
    assert sent.subject == "Willkommen: Bitte bestätigen Sie Ihre E-Mail-Adresse"
    assert sent.to == ["ilse@example.org"]
    assert client.get("/konto/")["Location"].startswith("/konto/anmelden/"), "not yet"
    assert client.post("/konto/anmelden/", {"login": NEW["email"], "password": PASSWORD})["Location"] == "/konto/e-mail/bestaetigung/"
    link = link_of(sent)
    page = client.get(link).content.decode()
    assert "ilse@example.org" in page
    address = EmailAddress.objects.get(email=NEW["email"])
    assert not address.verified, "looking is not confirming: programs open links of mails"
    client.post(link)
    address.refresh_from_db()
    assert address.verified
    assert client.post("/konto/anmelden/", {"login": "Ilse@example.org", "password": PASSWORD})["Location"] == "/konto/"
    assert Person.objects.get(user__email=NEW["email"]).language == "de"
    assert "Mein Konto" in client.get("/konto/").content.decode()


def test_a_confirmation_link_is_of_no_use_twice_or_changed(client: Client) -> None:
    client.post("/konto/neu/", NEW)
    link = link_of(mails()[0])
    client.post(link)
    User.objects.filter(email=NEW["email"]).delete()
    for again in (link, link[:-3] + "xx/", "/konto/e-mail/bestaetigung/MQ:1abc:x/"):
        assert "gilt nicht mehr" in client.get(again).content.decode()
        assert client.post(again).status_code in (302, 404)
    assert not EmailAddress.objects.filter(email=NEW["email"]).exists()


def test_english_pages_and_mails_are_english(client: Client) -> None:
    assert "Sign in" in client.get("/en/konto/anmelden/").content.decode()
    client.post("/en/konto/neu/", NEW)
    [sent] = mails()
    assert sent.subject == "Welcome: please confirm your e-mail address"
    assert link_of(sent).startswith("/en/konto/e-mail/bestaetigung/")
    assert Person.objects.get(user__email=NEW["email"]).language == "en"


def test_nobody_learns_which_addresses_have_accounts(client: Client) -> None:
    account("ilse")
    stranger = Client()
    answers = [c.post("/konto/neu/", {**NEW, "email": e}) for c, e in ((client, "ilse@example.org"), (stranger, "otto@example.org"))]
    assert len({(a.status_code, a["Location"]) for a in answers}) == 1
    assert {m.to[0]: m.subject for m in mails()} == {
        "ilse@example.org": "Sie haben schon ein Konto",
        "otto@example.org": "Willkommen: Bitte bestätigen Sie Ihre E-Mail-Adresse",
    }
    answers = [Client().post("/konto/passwort/vergessen/", {"email": e}) for e in ("ilse@example.org", "niemand@example.org")]
    assert len({(a.status_code, a["Location"]) for a in answers}) == 1
    assert [m.subject for m in mails()[2:]] == ["Neues Passwort setzen", "Kein Konto mit dieser Adresse"]
    wrong = [Client().post("/konto/anmelden/", {"login": e, "password": "falsch"}).content.decode() for e in ("ilse@example.org", "x@y.de")]
    told = [re.findall(r'class="errorlist[^>]*>(.*?)</ul>', w, re.DOTALL) for w in wrong]
    assert told[0] == told[1] != []


def test_a_new_password_is_set_once_by_the_link_and_links_name_this_site_whatever_host_was_asked(client: Client, settings: Any) -> None:
    user = account("ilse")
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://raum.example.org", ["*"]
    client.post(
        "/konto/passwort/vergessen/", {"email": user.email}, headers={"host": "boese.example.com", "x-forwarded-host": "boese.example.com"}
    )
    [sent] = mails()
    assert "https://raum.example.org/konto/passwort/neu/" in sent.body
    assert "boese" not in sent.body
    link = link_of(sent)
    form = client.get(link)["Location"]
    assert client.post(form, {"password1": "ein anderes Kennwort", "password2": "ein anderes Kennwort"}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("ein anderes Kennwort")
    assert "gilt nicht mehr" in Client().get(link).content.decode()
    assert mails()[-1].subject == "Änderung an Ihrem Konto"


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get("/konto/anmelden/", headers={"host": "boese.example.com"}).status_code == 400


@pytest.mark.parametrize("target", ["https://boese.example.com/", "//boese.example.com", "javascript:alert(1)", "/\\boese.example.com"])
def test_after_signing_in_nobody_is_sent_elsewhere(target: str) -> None:
    user = account("ilse")
    client = Client()
    answer = client.post("/konto/anmelden/", {"login": user.email, "password": PASSWORD, "next": target})
    assert answer["Location"] == "/konto/"
    assert "boese" not in client.get("/admin/login/", {"next": target}).get("Location", "")


def test_the_session_is_a_new_one_after_signing_in(client: Client) -> None:
    user = account("ilse")
    client.session["planted"] = True
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client, user)
    assert client.session.session_key != before
    assert not Client().get("/konto/", headers={"cookie": f"sessionid={before}"}).context


def test_forms_want_their_token() -> None:
    account("ilse")
    strict = Client(enforce_csrf_checks=True)
    for page in ("/konto/anmelden/", "/konto/neu/", "/konto/passwort/vergessen/", "/konto/abmelden/"):
        assert strict.post(page, NEW).status_code == 403, page


def test_guessing_passwords_comes_to_an_end(client: Client) -> None:
    user = account("ilse")
    for _guess in range(5):
        client.post("/konto/anmelden/", {"login": user.email, "password": "geraten"})
    page = Client().post("/konto/anmelden/", {"login": user.email, "password": PASSWORD})
    assert page.status_code == 200, "even the right one, for a while"
    assert "Zu viele" in page.content.decode()


def test_many_sign_ups_from_one_place_come_to_an_end(client: Client) -> None:
    last = [Client().post("/konto/neu/", {"email": f"p{n}@example.org", "password1": "kurz"}).status_code for n in range(21)][-1]
    assert last == 429
    assert "Zu viele Versuche" in client.post("/konto/neu/", NEW).content.decode()


def test_a_second_factor_stands_before_every_door(client: Client) -> None:
    user = account("ilse", is_staff=True, is_superuser=True)
    secret = with_app(user)
    assert secret not in str(Authenticator.objects.values_list("data", flat=True)), "kept encrypted"
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/auth/user/")["Location"] == "/konto/anmelden/?next=/admin/auth/user/"
    assert client.post("/admin/login/", {"username": "ilse", "password": PASSWORD})["Location"].startswith("/konto/anmelden/")
    assert sign_in(client, user)["Location"] == "/konto/anmelden/zweiter-faktor/"
    assert client.get("/admin/").status_code == 302, "half signed in is not signed in"
    assert client.post("/konto/anmelden/zweiter-faktor/", {"code": "000000"}).status_code == 200
    code = code_of(secret)
    assert client.post("/konto/anmelden/zweiter-faktor/", {"code": code})["Location"] == "/konto/"
    assert client.get("/admin/").status_code == 200
    other = Client()
    sign_in(other, user)
    assert other.post("/konto/anmelden/zweiter-faktor/", {"code": code}).status_code == 200, "a code is good once"


def test_an_app_is_set_up_with_codes_to_recover_and_told_by_mail(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    user = account("ilse")
    sign_in(client, user)
    assert client.get("/konto/zweiter-faktor/app/")["Location"].startswith("/konto/bestaetigen/"), "first the password again"
    client.post("/konto/bestaetigen/?next=/konto/zweiter-faktor/app/", {"password": PASSWORD})
    page = client.get("/konto/zweiter-faktor/app/")
    secret = page.context["form"].secret
    assert 'src="data:image/svg+xml' in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/konto/zweiter-faktor/app/", {"code": code_of(secret)})
    assert "Authenticator-App wurde eingeschaltet" in mails()[-1].body
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    lost = Client()
    for expected in (302, 200):
        sign_in(lost, user)
        assert lost.post("/konto/anmelden/zweiter-faktor/", {"code": code}).status_code == expected, "good once"
        lost = Client()


def test_pages_of_an_account_are_kept_by_nobody_and_run_under_the_strict_policy(client: Client) -> None:
    user = account("ilse")
    for page in ("/konto/anmelden/", "/konto/neu/"):
        answer = client.get(page)
        assert answer["Cache-Control"] == "private, no-store"
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not re.findall(r"<script(?![^>]*(src=|application/json))[^>]*>(?!document\.documentElement)", answer.content.decode())
    sign_in(client, user)
    for page in ("/konto/", "/konto/app-passwoerter/", "/konto/geraete/"):
        answer = client.get(page)
        assert answer["Cache-Control"] == "private, no-store"
        assert "Cookie" in answer["Vary"]
    assert "no-store" not in client.get("/impressum/").get("Cache-Control", ""), "pages for everybody may be kept"


def test_sessions_are_listed_and_others_ended(client: Client) -> None:
    user, other = account("ilse"), Client()
    sign_in(other, user)
    sign_in(client, user)
    assert "dieses Gerät" in client.get("/konto/geraete/").content.decode()
    client.post("/konto/geraete/")
    assert other.get("/konto/").status_code == 302
    assert client.get("/konto/").status_code == 200
    assert (shortened("192.0.2.77"), shortened("2001:db8:1:2::9")) == ("192.0.2.0", "2001:db8:1::")


def test_allauth_says_sie() -> None:
    """Its own catalogue says „du“ here and there; what it can say on our pages is put right in locale/de."""
    import allauth

    own = polib.pofile(str(Path(allauth.__file__).parent / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    place = re.compile(r"(templates/)?(account|mfa|usersessions)/")
    shown = [e for e in own if any(place.match(o[0]) for o in e.occurrences)]
    written = (
        "templates/account/email/",
        "templates/account/login.html",
        "templates/account/signup",
        "templates/account/phone",
        "templates/social",
    )
    written = (*written, "templates/account/verification_sent.html", "templates/account/email_change.html")  # ours are other ones
    with translation.override("de"):
        said = {
            e.msgid: gettext(e.msgid)
            for e in shown
            if "Username" not in e.msgid and not all(o[0].startswith(written) for o in e.occurrences)
        }
    assert len(said) > 80
    assert {t for t in said.values() if re.search(r"\b(du|dich|dir|dein\w*|gib|bist)\b|\bbitte \w+e\b(?! Sie)", t, re.IGNORECASE)} == set()


def test_a_person_says_how_others_see_them(client: Client) -> None:
    user = account("ilse")
    sign_in(client, user)
    assert client.post("/konto/", {"display_name": "Ilse Beispiel", "language": "en"}).status_code == 302
    assert (user.person.display_name, user.person.language) == ("Ilse Beispiel", "en")
    answer = client.post("/konto/", {"display_name": "x" * 81, "language": "xx"})
    assert 'aria-invalid="true"' in answer.content.decode()


def test_the_factor_is_asked_for_where_owners_are(client: Client) -> None:
    user = account("ilse")
    sign_in(client, user)
    page = "/register/eigentuemer/protokoll/"
    assert client.get(page)["Location"] == "/konto/zweiter-faktor/", "none is set up"
    secret = with_app(user)
    asked = client.get(page)["Location"]
    assert asked.startswith("/konto/bestaetigen/zweiter-faktor/?next=%2Fregister")
    client.post(asked, {"code": code_of(secret)})
    assert client.get(page).status_code == 403, "now the right is asked for"
    fresh = Client()
    sign_in_with_app(fresh, user, secret)
    assert fresh.get(page).status_code == 403
