"""How reports come in: counted per address and connection, once per form, confirmed by mail."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from geo.errors import Expired, TooMany
from network import post
from network.reports.models import Kind, Report, State
from network.signin.tasks import shortened
from vacancies.models import Vacancy

PER_ADDRESS, PER_NETWORK = 5, 20  # reports a day


def network_of(request: HttpRequest) -> str:
    """Return what a day's reports of one connection are counted by; its neighbours have the same, and tomorrow has another."""
    address = shortened(get_adapter().get_client_ip(request))
    words = f"network.reports {timezone.localdate()} {address}"
    return hmac.new(settings.SECRET_KEY.encode(), words.encode(), hashlib.sha256).hexdigest()[:32]


def must_not_be_too_many(network: str, email: str = "") -> None:
    """Raise `TooMany` where a connection or an address has reported enough for today."""
    today = Report.objects.all().of_today
    if email and today(email__iexact=email).count() >= PER_ADDRESS:
        text = _("Von dieser E-Mail-Adresse kamen heute schon {n} Meldungen. Bitte machen Sie morgen weiter.")
        raise TooMany(text.format(n=PER_ADDRESS))
    if today(network=network).count() >= PER_NETWORK:
        text = _("Von Ihrem Anschluss kamen heute schon {n} Meldungen. Bitte machen Sie morgen weiter.")
        raise TooMany(text.format(n=PER_NETWORK))


def receive(report: Report, request: HttpRequest) -> Report:
    """Keep a report and ask by mail whether it comes from its address; a form that is sent twice counts once.

    Raises
    ------
    TooMany
    """
    if known := Report.objects.all().of_form(report.form_key):
        return known
    report.network = network_of(request)
    must_not_be_too_many(report.network, report.email)
    report.language = translation.get_language() or "de"
    try:
        _keep(report)
    except IntegrityError:  # of two clicks at once the other was faster
        if (known := Report.objects.all().of_form(report.form_key)) is None:
            raise
        if report.photo:
            report.photo.delete(save=False)
        return known
    return report


@transaction.atomic
def _keep(report: Report) -> None:
    report.save()
    token = post.seal("report", report.key, report.email)
    link = post.base_url() + reverse("report_confirm", args=[token])
    context = {"report": report, "link": link, "months": settings.RETENTION["report_unconfirmed_months"]}
    post.write(report.email, "report_confirm", context, language=report.language)


@transaction.atomic
def tap(vacancy: Vacancy, kind: Kind, request: HttpRequest) -> None:
    """Keep that somebody says of a public vacancy that it is still, or no longer, vacant; once a day from one connection."""
    network = network_of(request)
    if Report.objects.all().same_tap(vacancy, kind, network):
        return
    must_not_be_too_many(network)
    report = Report(kind=kind, town=vacancy.town, vacancy=vacancy, network=network, language=translation.get_language() or "de")
    report.save()
    report.go(State.IN_REVIEW, reason=_("ohne E-Mail-Adresse"))


def named_by(token: str) -> Report:
    """Return the report that a link of a mail stands for; raises `Expired` when there is none any more."""
    key, _email = post.unseal("report", token, datetime.timedelta(days=31 * settings.RETENTION["report_unconfirmed_months"]))
    found = Report.objects.all().with_rows().filter(key=key).first()
    if found is None:
        raise Expired(_("Diese Meldung gibt es nicht mehr. Bitte melden Sie das Gebäude noch einmal."))
    return found


@transaction.atomic
def confirm(report: Report) -> None:
    """Note that the address is the reporter's; a second time changes nothing."""
    own = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if own.state == State.RECEIVED:
        own.go(State.EMAIL_CONFIRMED)


def hand_in(report: Report, user: Any) -> None:
    """Keep the report of somebody who is signed in: their address is known to be theirs."""
    report.user, report.email = user, user.email
    report.save()
    report.go(State.EMAIL_CONFIRMED, by=user)
