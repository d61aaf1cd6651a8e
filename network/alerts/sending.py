"""Mails to those who subscribed without an account: confirmation, new hits of a search, renewal, the end."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from geo.errors import Expired, InvalidParameter, InvalidParameters
from layers.publish.snapshot import store
from network.alerts.models import UNCONFIRMED, Frequency, Kind, Subscription
from network.post import Mail, base_url, seal, unseal, write
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

MOST_HITS = 5000  # of a search that is watched
SHOWN = 10
REMIND = datetime.timedelta(days=10)


def link(name: str, subscription: Subscription) -> str:
    """Return the path of a page for one subscription, for mails (`alert_confirm`, `alert_stop`, `alert_renew`)."""
    return reverse(name, args=[seal(name, subscription.pk, subscription.address)])


def opened(name: str, token: str) -> Subscription | None:
    """Return the subscription of a link, None when it is gone; raises `Expired` for a link that is not good."""
    pk, address = unseal(name, token, UNCONFIRMED if name == "alert_confirm" else None)
    return Subscription.objects.filter(pk=pk, address=address).first()


def hits(query: str) -> list[str]:
    """Return the keys of a search's public hits."""
    return list(PublicVacancy.objects.matching(VacancyFilter.parse(query)).order_by("key").values_list("key", flat=True))


def check_size(query: str) -> None:
    """Raise `InvalidParameter` for a search with more hits than are watched."""
    n = PublicVacancy.objects.matching(VacancyFilter.parse(query)).count()
    if n > MOST_HITS:
        allowed = _("Suchen mit höchstens {most} Treffern; diese hat {n}. Bitte setzen Sie einen Filter mehr.").format(most=MOST_HITS, n=n)
        raise InvalidParameter("query", query[:60] or _("alle Leerstände"), allowed)


def begin(kind: str, address: str, query: str, frequency: str, language: str) -> Subscription:
    """Keep what somebody asks for and send the mail that confirms it.

    Nothing tells whether an address is known here already: who has it gets a mail either way.
    """
    address = address.lower()
    with transaction.atomic():
        known = Subscription.objects.all().same_as(kind, address, query)
        if known is not None and known.confirmed_at is not None:
            write(address, "alert_known", _context(known), language=language, unsubscribe=link("alert_stop", known))
            return known
        wanted = {"frequency": frequency, "language": language, "created_at": timezone.now()}
        found, _made = Subscription.objects.update_or_create(kind=kind, address=address, query=query, defaults=wanted)
        write(address, "alert_confirm", _context(found) | {"confirm": base_url() + link("alert_confirm", found)}, language=language)
        return found


def confirm(token: str) -> Subscription:
    """Begin to send; what the search has now is known. A second click changes nothing."""
    found = opened("alert_confirm", token)
    if found is None:
        raise Expired(_("Dieses Abonnement gibt es nicht mehr. Sie können es auf der Liste neu bestellen."))
    with transaction.atomic():
        if found.confirm() and found.kind == Kind.SEARCH:
            found.known, found.checked_with = hits(found.query), store.name_now(VACANCIES)
            found.save(update_fields=["known", "checked_with"])
    return found


def end(subscription: Subscription) -> None:
    """Delete a subscription and the mails to it that still wait."""
    with transaction.atomic(), translation.override(subscription.language):
        waiting = Mail.objects.filter(to=subscription.address, purpose__in=("alert_hits", "alert_expiring", "alert_known"))
        waiting.filter(text__contains=title_of(subscription)).delete()
        subscription.delete()


def tell(frequency: str) -> int:
    """Write to all who want to hear so often about new hits of their search; returns how many mails."""
    state = store.name_now(VACANCIES)
    due = Subscription.objects.all().due(Kind.SEARCH, frequency)
    return sum(_tell(s, state) for s in due if s.checked_with != state)


def _tell(subscription: Subscription, state: str) -> bool:
    with transaction.atomic():
        found = Subscription.objects.select_for_update().filter(pk=subscription.pk).first()
        if found is None:
            return False
        try:
            now = hits(found.query)
        except InvalidParameters:  # a municipality that is no more; it will not come back, but the subscription may be ended by its reader
            return False
        fresh = sorted(set(now) - set(found.known))
        found.known, found.checked_with = now, state
        if fresh:
            found.last_sent_at = timezone.now()
            rows = list(PublicVacancy.objects.in_bulk(fresh[:SHOWN]).values())
            listed = [{"vacancy": v, "url": base_url() + v.get_absolute_url()} for v in rows]
            more = {"rows": listed, "n": len(fresh), "more": len(fresh) - len(rows)}
            write(found.address, "alert_hits", _context(found) | more, language=found.language, unsubscribe=link("alert_stop", found))
        found.save(update_fields=["known", "checked_with", "last_sent_at"])
    return bool(fresh)


def remind(now: datetime.datetime) -> int:
    """Remind ten days before the end; returns how many. What has ended goes by network.privacy.retention."""
    day, reminded = timezone.localdate(now), 0
    for found in Subscription.objects.all().to_remind(day, day + REMIND):
        with transaction.atomic():
            found.reminded_on = day
            found.save(update_fields=["reminded_on"])
            context = _context(found) | {"renew": base_url() + link("alert_renew", found)}
            write(found.address, "alert_expiring", context, language=found.language, unsubscribe=link("alert_stop", found))
            reminded += 1
    return reminded


def title_of(subscription: Subscription) -> str:
    """Return what a subscription is about, as a person says it."""
    if subscription.kind != Kind.SEARCH:
        return str(Kind(subscription.kind).label)
    try:
        return VacancyFilter.parse(subscription.query).sentence() if subscription.query else _("Leerstände in Brandenburg")
    except InvalidParameters:
        return _("Leerstände in Brandenburg")


def _context(subscription: Subscription) -> dict[str, Any]:
    with translation.override(subscription.language):
        often = str(Frequency(subscription.frequency).label)
        return {"title": title_of(subscription), "often": often, "list": f"{base_url()}{reverse('list')}?{subscription.query}"}
