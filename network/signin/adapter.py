"""How django-allauth speaks to people and keeps secrets: its mails wait in our queue, in our words; its keys lie encrypted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from network import post
from network.people.models import Person
from network.seeking.drafts import NEW
from network.seeking.drafts import PLACE as DRAFTS

# What changed, by the name of allauth's mail; all of them are one mail of ours.
CHANGES = {
    "email_changed": _("Die E-Mail-Adresse des Kontos wurde geändert."),
    "email_deleted": _("Eine E-Mail-Adresse des Kontos wurde entfernt."),
    "password_changed": _("Das Passwort wurde geändert."),
    "password_reset": _("Das Passwort wurde neu gesetzt."),
    "password_set": _("Ein Passwort wurde festgelegt."),
    "recovery_codes_generated": _("Neue Wiederherstellungscodes wurden angelegt; die alten gelten nicht mehr."),
    "totp_activated": _("Die Anmeldung mit Authenticator-App wurde eingeschaltet."),
    "totp_deactivated": _("Die Anmeldung mit Authenticator-App wurde ausgeschaltet."),
    "webauthn_added": _("Ein Sicherheitsschlüssel oder Passkey wurde hinzugefügt."),
    "webauthn_removed": _("Ein Sicherheitsschlüssel oder Passkey wurde entfernt."),
}
NEEDLESS = {"email_confirm"}  # whoever confirms an address knows


class AccountAdapter(DefaultAccountAdapter):
    """Mails by `network.post`, links to this site's own address whatever host was asked for."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        name = template_prefix.rpartition("/")[2]
        if name in NEEDLESS:
            return
        language = translation.get_language() or "de"
        values = {**context, "email": email}
        if name in CHANGES:
            with translation.override(language):
                values |= {"change": str(CHANGES[name]), "reset": self.link("account_reset_password")}
            name = "account_changed"
        post.write(email, name, values, language=language)

    def send_account_already_exists_mail(self, email: str) -> None:
        links = {"login_url": self.link("account_login"), "password_reset_url": self.link("account_reset_password")}
        self.send_mail("account_already_exists", email, links)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return self.link("account_confirm_email", emailconfirmation.key)

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return self.link("account_reset_password_from_key", uid, token)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to a request for space that was begun before signing up: the way through the mail forgets where one came from."""
        if NEW in request.session.get(DRAFTS, {}):
            return reverse("request_check")
        return str(super().get_login_redirect_url(request))

    def link(self, name: str, *values: str) -> str:
        """Return the whole address of a page."""
        return post.base_url() + reverse(name, args=values)

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            Person.objects.all().of(saved, translation.get_language() or "de")
        return saved


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and of recovery codes, encrypted with a key made from `SECRET_KEY`."""

    def encrypt(self, text: str) -> str:
        return _safe().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _safe().decrypt(encrypted_text.encode()).decode()


def _safe() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    made = [hashlib.sha256(b"network.signin.mfa" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in made])
