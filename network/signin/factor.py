"""Pages that need a second factor in this very session."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

View = Callable[..., HttpResponse]
APPS = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]


def used_second_factor(request: HttpRequest) -> bool:
    """Whether the person showed a second factor (or a passkey) since they signed in."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def second_factor_required(view: View) -> View:
    """Return the view for people who signed in with a second factor; others are led to it, or to setting one up."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        if used_second_factor(request):
            return view(request, *args, **words)
        if not is_mfa_enabled(request.user):
            text = _("Diese Seite zeigt personenbezogene Daten. Richten Sie dafür zuerst einen zweiten Faktor ein.")
            messages.info(request, text)
            return redirect("mfa_index")
        by_app = is_mfa_enabled(request.user, APPS)
        page = reverse("mfa_reauthenticate" if by_app else "mfa_reauthenticate_webauthn")
        back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("account")  # nothing is sent a second time
        return redirect(f"{page}?{urlencode({'next': back})}")

    return guarded
