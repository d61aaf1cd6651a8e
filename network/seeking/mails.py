"""Mails about requests for space: new matches, a reminder before the end, the end."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from geo.errors import Expired
from network.post import base_url, seal, unseal, write
from network.seeking.matches import explain
from network.seeking.models import SpaceMatch, SpaceRequest
from network.seeking.states import RequestState
from vacancies.public import PublicVacancy

REMIND = datetime.timedelta(days=10)
SHOWN = 5  # matches in a mail
LINK_LASTS = datetime.timedelta(days=400)


def link(name: str, request: SpaceRequest) -> str:
    """Return the path of a page that a link in a mail opens without signing in (`request_renew`, `request_silent`)."""
    return reverse(name, args=[seal(name, request.key)])


def opened(name: str, token: str) -> SpaceRequest:
    """Return the request that a link in a mail is of; raises `Expired`."""
    [key] = unseal(name, token, LINK_LASTS)
    found = SpaceRequest.objects.all().called(key)
    if found is None:
        raise Expired(translation.gettext("Dieses Gesuch gibt es nicht mehr."))
    return found


def tell_matches(notify: str) -> int:
    """Write to all who want to hear so often about new matches; returns how many mails."""
    return sum(_tell(request) for request in SpaceRequest.objects.all().telling(notify))


def _tell(request: SpaceRequest) -> bool:
    with transaction.atomic():
        fresh = list(SpaceMatch.objects.filter(request=request).untold().select_for_update())
        public = PublicVacancy.objects.in_bulk([m.vacancy_id for m in fresh])  # type: ignore[attr-defined]
        fresh = [m for m in fresh if m.vacancy_id in public]  # type: ignore[attr-defined]
        if not fresh:
            return False
        with translation.override(request.language):
            rows = [_row(m, public[m.vacancy_id]) for m in fresh[:SHOWN]]  # type: ignore[attr-defined]
        silent = link("request_silent", request)
        context = {"request": request, "rows": rows, "n": len(fresh), "more": len(fresh) - len(rows)}
        context |= {"matches": base_url() + reverse("request_matches", args=[request.key])}
        write(request.owner.email, "request_matches", context, language=request.language, unsubscribe=silent)
        SpaceMatch.objects.filter(pk__in=[m.pk for m in fresh]).update(told_at=timezone.now())
    return True


def _row(match: SpaceMatch, vacancy: PublicVacancy) -> dict[str, Any]:
    return {"vacancy": vacancy, "why": explain(match.score, match.verdicts), "url": base_url() + vacancy.get_absolute_url()}


def end_requests(day: datetime.date) -> tuple[int, int]:
    """Remind of requests that end within ten days, end those whose day has come; returns how many of each."""
    reminded = ended = 0
    for request in SpaceRequest.objects.all().expiring_on(day + REMIND):
        with transaction.atomic():
            if request.expires_on <= day:
                request.move(RequestState.EXPIRED, day)
                ended += _write_end(request, "request_expired")
            elif request.reminded_on is None:
                SpaceRequest.objects.filter(pk=request.pk).update(reminded_on=day)
                reminded += _write_end(request, "request_expiring")
    return reminded, ended


def _write_end(request: SpaceRequest, name: str) -> int:
    if request.owner.email and request.owner.is_active:
        context = {"request": request, "renew": base_url() + link("request_renew", request)}
        write(request.owner.email, name, context, language=request.language)
    return 1
