"""Pages made for one person are kept by nobody."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

OWN = ("/konto/", "/daten/", "/einladung/", "/register/", "/admin/", "/melden/bestaetigen/", "/pruefen/", "/eintragen/")


class OwnPagesMiddleware:
    """Forbids caches to keep what was made for a person who is signed in, and every page of an account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        own = request.path_info.removeprefix("/en").startswith(OWN)
        if own or (request.session.accessed and request.user.is_authenticated):
            response["Cache-Control"] = "private, no-store"
        return response
