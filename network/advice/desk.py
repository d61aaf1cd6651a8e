"""What happens with a case and who is told by mail: intake, confirmation, messages, handing over."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import Expired, NotAllowed
from network import post
from network.advice.forms import CONSENT_VERSION
from network.advice.models import AdviceCase, CaseEntry, State, person_name

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CONFIRM, READ = "advice-confirm", "advice-case"
CONFIRM_WITHIN = datetime.timedelta(days=3)
READ_WITHIN = datetime.timedelta(days=400)
PER_DAY = 5  # questions one address may ask in a day, so that nobody floods another's mailbox


@transaction.atomic
def take_in(answers: dict[str, Any], user: Any) -> AdviceCase:
    """Keep a filled-in intake; sent twice it is one case. Without an account a mail asks to confirm the address."""
    once = answers.pop("once")
    answers.pop("consent", None)
    signed_in = user.is_authenticated and bool(user.email)
    if signed_in:
        answers |= {"client": user, "client_name": person_name(user), "client_mail": user.email, "confirmed_at": timezone.now()}
    day_ago = timezone.now() - datetime.timedelta(days=1)
    if AdviceCase.objects.filter(client_mail__iexact=answers["client_mail"], created_at__gt=day_ago).exclude(once=once).count() >= PER_DAY:
        raise NotAllowed(_("Von dieser Adresse kamen heute schon {n} Anfragen. Bitte schreiben Sie morgen weiter.").format(n=PER_DAY))
    words = {**answers, "consent_text_version": CONSENT_VERSION, "language": get_language() or "de"}
    case, new = AdviceCase.objects.get_or_create(once=once, defaults=words)
    if new and not signed_in:
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
def write_to_client(case: AdviceCase, text: str, by: User) -> None:
    """Send the client a message; from then on the case waits for an answer."""
    if not case.is_open:
        raise NotAllowed(_("Der Fall ist erledigt; bitte öffnen Sie ihn zuerst wieder."))
    case.note(CaseEntry.Kind.TO_CLIENT, text, by)
    if case.state == State.NEW:
        case.hand_to(adviser=by, by=by)
    case.move(State.WAITING_CLIENT, by)
    context = {"case": case, "text": text, "link": client_link(case), "adviser": person_name(by)}
    post.write(case.client_mail, "advice_message", context, language=case.language)


@transaction.atomic
def answer(case: AdviceCase, text: str) -> None:
    """Keep the client's answer; the case goes on, a resolved one is open again."""
    if case.state == State.CLOSED:
        raise NotAllowed(_("Diese Anfrage ist geschlossen. Bitte stellen Sie eine neue."))
    case.note(CaseEntry.Kind.FROM_CLIENT, text, case.client)
    if case.state in (State.WAITING_CLIENT, State.RESOLVED):
        case.move(State.IN_PROGRESS)
    if case.adviser and case.adviser.email:
        post.write(case.adviser.email, "advice_answer", {"case": case, "link": case.get_absolute_url()})


@transaction.atomic
def hand_over(case: AdviceCase, answers: dict[str, Any], by: User) -> None:
    """Give the case to somebody, tell the new adviser, and tell the client who it is."""
    case.hand_to(answers["adviser"], answers["organisation"], reason=answers["reason"], by=by)
    if case.adviser and case.adviser != by and case.adviser.email:
        post.write(case.adviser.email, "advice_assigned", {"case": case, "link": case.get_absolute_url()})
    name = case.organisation.name if case.organisation else person_name(case.adviser)
    post.write(case.client_mail, "advice_handed", {"case": case, "name": name, "link": client_link(case)}, language=case.language)
