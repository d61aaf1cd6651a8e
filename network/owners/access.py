"""The way to owners' data: the right where the vacancy is, a second factor, and a purpose that was said not long ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from geo.errors import NotAllowed
from network.owners.models import OwnerPurpose
from network.signin.factor import second_factor_required
from vacancies.models import Vacancy

OPEN_S = 30 * 60  # how long a purpose holds for a vacancy
SAID = "owners_opened"  # in the session: vacancy's key → purpose and when


def owner_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of one vacancy's owners, `view(request, vacancy, …)`, for members who moderate where it is.

    404 where the person sees no such vacancy, 403 where they see it but not its owners.
    """

    @wraps(view)
    @second_factor_required
    def guarded(request: HttpRequest, key: str, **words: Any) -> HttpResponse:
        vacancy = get_object_or_404(Vacancy.objects.visible_to(request.user).select_related("town"), key=key)
        if not request.user.has_perm("network.see_owner", vacancy):
            raise NotAllowed(_("Eigentümerdaten sehen nur Mitglieder mit der Rolle „Prüfen“ oder einer höheren."))
        return view(request, vacancy, **words)

    return guarded


def with_purpose(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view `view(request, vacancy, purpose, …)` once the person said what for; before, they are asked."""

    @wraps(view)
    def asked(request: HttpRequest, vacancy: Vacancy, **words: Any) -> HttpResponse:
        purpose = said_purpose(request, vacancy)
        return view(request, vacancy, purpose, **words) if purpose else redirect("owners_purpose", vacancy.key)

    return owner_page(asked)


def say_purpose(request: HttpRequest, vacancy: Vacancy, purpose: str) -> None:
    """Remember for a while what the person looks at this vacancy's owners for."""
    fresh = {key: said for key, said in request.session.get(SAID, {}).items() if time.time() - said[1] < OPEN_S}
    request.session[SAID] = {**fresh, vacancy.key: [purpose, time.time()]}


def said_purpose(request: HttpRequest, vacancy: Vacancy) -> str:
    """Return what the person said; '' when it was nothing, or too long ago."""
    purpose, at = request.session.get(SAID, {}).get(vacancy.key, ("", 0.0))
    return str(purpose) if purpose in OwnerPurpose.values and time.time() - at < OPEN_S else ""
