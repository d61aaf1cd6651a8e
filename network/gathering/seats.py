"""Seats of an event: given under a lock on the event, so that two who ask at once never get the same one."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import Expired, NotAllowed
from network import post
from network.gathering.models import Event, EventState, Registration, RegistrationQuerySet
from network.ical import ZONE
from network.impact.models import Attendance

CONFIRM, CANCEL = "event-confirm", "event-cancel"
CONFIRM_WITHIN = datetime.timedelta(days=3)
State = Registration.State


@transaction.atomic
def register(event: Event, begins: datetime.datetime, answers: dict[str, Any]) -> Registration:
    """Note a wish to come and ask by mail whether it is meant; a second one of the same address only sends the mail again."""
    words = {"name": answers["name"], "needs": answers["needs"], "language": get_language() or "de"}
    found, new = Registration.objects.select_for_update().get_or_create(
        event=event, begins_at=begins, mail=answers["mail"].lower(), defaults=words
    )
    if not new and found.state == State.CANCELLED:
        found.state, found.confirmed_at, found.created_at = State.PENDING, None, timezone.now()
        found.save(update_fields=["state", "confirmed_at", "created_at"])
    if found.state == State.PENDING:
        _tell(found, "event_confirm", reverse("registration_confirm", args=[post.seal(CONFIRM, found.pk)]))
    else:
        _tell(found, "event_seat")
    return found


def sealed(purpose: str, token: str, lasts: datetime.timedelta | None = None) -> Registration:
    """Return the registration of a link from a mail; raises `Expired` when the link is no longer good or the row is gone."""
    found = Registration.objects.select_related("event").filter(pk=post.unseal(purpose, token, lasts)[0]).first()
    if found is None:
        raise Expired(_("Diese Anmeldung gibt es nicht mehr; sie wurde gelöscht."))
    return found


@transaction.atomic
def confirm(pk: int) -> Registration:
    """Give the person a seat, or a place on the waiting list where there is none left; a second time changes nothing."""
    found = _locked(pk)
    if found.state != State.PENDING:
        return found
    if found.begins_at not in found.event.open_for(timezone.now()):
        raise NotAllowed(_("Zu diesem Termin kann man sich nicht mehr anmelden."))
    found.confirmed_at = timezone.now()
    queue = Registration.objects.all().at(found.event, found.begins_at).waiting()  # nobody overtakes those who wait
    found.state = State.SEATED if _free(found.event, found.begins_at) and not queue.exists() else State.WAITING
    found.save(update_fields=["state", "confirmed_at"])
    _tell(found, "event_seat")
    return found


@transaction.atomic
def cancel(pk: int) -> Registration:
    """Give a seat back; who waits longest gets it and is told. A second time changes nothing."""
    found = _locked(pk)
    if found.state == State.CANCELLED:
        return found
    found.state = State.CANCELLED
    found.save(update_fields=["state"])
    _fill(found.event, found.begins_at)
    return found


@transaction.atomic
def fill(event: Event) -> int:
    """Give free seats to those who wait, after an event got more; return how many moved up."""
    locked = Event.objects.select_for_update().get(pk=event.pk)
    waiting = Registration.objects.filter(event=locked, begins_at__gt=timezone.now()).waiting()
    return sum(_fill(locked, begins) for begins in sorted(set(waiting.values_list("begins_at", flat=True))))


@transaction.atomic
def call_off(event: Event) -> int:
    """Call an event off and tell everybody who wanted to come; return how many. A second time changes nothing."""
    locked = Event.objects.select_for_update().get(pk=event.pk)
    if locked.is_cancelled:
        return 0
    event.state = EventState.CANCELLED
    event.save(update_fields=["state", "updated_at"])
    told = list(event.registrations.filter(begins_at__gt=timezone.now(), state__in=(State.SEATED, State.WAITING)))
    for registration in told:
        _tell(registration, "event_called_off")
    return len(told)


@transaction.atomic
def forget(registrations: RegistrationQuerySet) -> None:
    """Delete registrations; how many came stays."""
    Attendance.objects.all().note(registrations)
    registrations.delete()


def _locked(pk: int) -> Registration:
    """The registration, read after its event is locked: until the transaction ends nobody else gives seats of it."""
    event = Registration.objects.values_list("event", flat=True).filter(pk=pk).first()
    if event is None:
        raise Expired(_("Diese Anmeldung gibt es nicht mehr; sie wurde gelöscht."))
    Event.objects.select_for_update().get(pk=event)
    return Registration.objects.select_related("event").get(pk=pk)


def _free(event: Event, begins: datetime.datetime) -> bool:
    return event.capacity is None or Registration.objects.all().at(event, begins).seated().count() < event.capacity


def _fill(event: Event, begins: datetime.datetime) -> int:
    moved = 0
    while _free(event, begins):
        first = Registration.objects.all().at(event, begins).waiting().first()
        if first is None:
            break
        first.state = State.SEATED
        first.save(update_fields=["state"])
        _tell(first, "event_moved_up")
        moved += 1
    return moved


def _tell(found: Registration, mail: str, link: str = "") -> None:
    stop = reverse("registration_cancel", args=[post.seal(CANCEL, found.pk)])
    context = {"registration": found, "event": found.event, "begins": found.begins_at.astimezone(ZONE), "link": link, "stop": stop}
    post.write(found.mail, mail, context, language=found.language)
