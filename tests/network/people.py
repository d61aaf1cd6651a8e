"""People of the tests: an account with a confirmed address, a session with a second factor, the mails that were sent."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client

from network import post

PASSWORD = "ein langes Kennwort"


def account(name: str, **words: Any) -> User:
    """A person who may sign in with PASSWORD."""
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **words)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, user: User) -> Any:
    """Sign in on the page, as a person does."""
    return client.post("/konto/anmelden/", {"login": user.email, "password": PASSWORD})


def with_app(user: User) -> str:
    """Give a person an authenticator app; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now; a code is good once, so what was used before is forgotten."""
    cache.clear()
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def sign_in_with_app(client: Client, user: User, secret: str) -> Any:
    """Sign in with password and app."""
    sign_in(client, user)
    return client.post("/konto/anmelden/zweiter-faktor/", {"code": code_of(secret)})


def enter(client: Client, user: User) -> None:
    """Sign in without the pages, with a second factor."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()


def mails() -> list[Any]:
    """Send what waits; returns all that were sent, the last one last."""
    post.send_waiting()
    return mail.outbox


def link_of(message: Any) -> str:
    """The path of the link in a mail that stands in a line of its own."""
    found = re.search(r"^https?://[^/\s]+(/\S+)$", message.body, re.MULTILINE)
    assert found, message.body
    return found[1]
