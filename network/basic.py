"""HTTP Basic for the services below `/ogc/intern/`: the way GIS programs sign in, with a password made for the program.

The person's own password is not taken here: programs keep what they are given, and send it with every request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from network.models import AppPassword

PREFIX = "/ogc/intern/"


class BasicAuthMiddleware:
    """Signs the program in below `/ogc/intern/`, or answers 401; a session counts for nothing there, so no page can borrow it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info.removeprefix("/en")
        if not path.startswith(PREFIX):
            return self.get_response(request)
        given = credentials(request.headers.get("Authorization", ""))
        user = AppPassword.objects.opened_by(*given) if given else None
        if user is None:
            text = _("Bitte melden Sie sich mit Ihrem Namen und einem App-Passwort an.")
            response = HttpResponse(text, status=401, content_type="text/plain; charset=utf-8")
            response["WWW-Authenticate"] = 'Basic realm="Raumwohlstand", charset="UTF-8"'
        else:
            request.user = user
            response = self.get_response(request)
        response["Cache-Control"] = "private, no-store"
        return response


def credentials(header: str) -> tuple[str, str] | None:
    """Return name and password of an Authorization header, None when it is none of HTTP Basic."""
    kind, _space, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if colon else None
