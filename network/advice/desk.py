"""What happens with a case and who is told by mail: intake, confirmation, messages, handing over."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import Expired, NotAllowed
from network import limits, post
from network.advice.forms import CONSENT_VERSION
from network.advice.models import AdviceCase, CaseEntry, State
from network.people.models import chosen_name

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CONFIRM, READ = "advice-confirm", "advice-case"
CONFIRM_WITHIN = datetime.timedelta(days=3)
READ_WITHIN = datetime.timedelta(days=400)
A_DAY = {"address": 5, "connection": 10}  # questions


def take_in(request: HttpRequest, **answers: Any) -> AdviceCase:
    """Keep a filled-in intake; sent twice it is one case. Without an account a mail asks to confirm the address. Raises `TooMany`."""
    words = {name: value for name, value in answers.items() if name != "consent"} | {"consent_text_version": CONSENT_VERSION}
    if (known := AdviceCase.objects.filter(once=words["once"]).first()) is not None:
        return known
    user = request.user
    if user.is_authenticated and user.email:
        name = words.get("client_name") or chosen_name(user)
        words |= {"client": user, "client_name": name, "client_mail": user.email, "confirmed_at": timezone.now()}
    limits.note("advice", A_DAY, request, address=words["client_mail"])
    return _keep(words.pop("once"), words | {"language": get_language() or "de"})


@transaction.atomic
def _keep(once: uuid.UUID, words: dict[str, Any]) -> AdviceCase:
    case, new = AdviceCase.objects.get_or_create(once=once, defaults=words)
    if new and not case.confirmed_at:
        link = reverse("advice_confirm", args=[post.seal(CONFIRM, case.pk)])
        post.write(case.client_mail, "advice_confirm", {"case": case, "link": link}, language=case.language)
    elif new:
        _welcome(case)
    return case


def sealed_case(purpose: str, token: str, lasts: datetime.timedelta) -> AdviceCase:
    """Return the case of a link from a mail; raises `Expired` when the link is no longer good or the case is gone."""
    found = AdviceCase.objects.filter(pk=post.unseal(purpose, token, lasts)[0]).first()
    if found is None:
        raise Expired(_("Diese Anfrage gibt es nicht mehr; sie wurde gelöscht."))
    return found


def client_link(case: AdviceCase) -> str:
    """Return the path of the client's own page, which needs no account."""
    return reverse("advice_mine", args=[post.seal(READ, case.pk)])


def _welcome(case: AdviceCase) -> None:
    post.write(case.client_mail, "advice_received", {"case": case, "link": client_link(case)}, language=case.language)


@transaction.atomic
def confirm(case: AdviceCase) -> None:
    """The client reads the mails: the case is now seen by coordinators."""
    if case.confirm():
        _welcome(case)


@transaction.atomic
def write_to_client(case: AdviceCase, text: str, by: User) -> CaseEntry:
    """Send the client a message; from then on the case waits for an answer."""
    if not case.is_open:
        raise NotAllowed(_("Der Fall ist erledigt; bitte öffnen Sie ihn zuerst wieder."))
    entry = case.note(CaseEntry.Kind.TO_CLIENT, text, by)
    if case.state == State.NEW:
        case.hand_to(adviser=by, by=by)
    case.move(State.WAITING_CLIENT, by)
    context = {"case": case, "text": text, "link": client_link(case), "adviser": chosen_name(by)}
    post.write(case.client_mail, "advice_message", context, language=case.language)
    return entry


@transaction.atomic
def answer(case: AdviceCase, text: str) -> CaseEntry:
    """Keep the client's answer; the case goes on, a resolved one is open again."""
    if case.state == State.CLOSED:
        raise NotAllowed(_("Diese Anfrage ist geschlossen. Bitte stellen Sie eine neue."))
    entry = case.note(CaseEntry.Kind.FROM_CLIENT, text, case.client)
    if case.state in (State.WAITING_CLIENT, State.RESOLVED):
        case.move(State.IN_PROGRESS)
    _tell_handlers(case, "advice_answer")
    return entry


@transaction.atomic
def hand_over(case: AdviceCase, by: User, **answers: Any) -> AdviceCase:
    """Give the case to somebody, tell them, and tell the client who it is."""
    case.hand_to(answers["adviser"], answers["organisation"], reason=answers["reason"], by=by)
    _tell_handlers(case, "advice_assigned", but=by)
    name = case.organisation.name if case.organisation else chosen_name(case.adviser)
    post.write(case.client_mail, "advice_handed", {"case": case, "name": name, "link": client_link(case)}, language=case.language)
    return case


def _tell_handlers(case: AdviceCase, mail: str, but: User | None = None) -> None:
    for user in case.handlers:
        if user != but and user.email:
            post.write(user.email, mail, {"case": case, "link": case.get_absolute_url()})
