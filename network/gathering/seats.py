"""Seats of an event: given under a lock on the event, so that two who ask at once never get the same one."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import Expired, NotAllowed
from network import limits, post
from network.gathering.models import Event, EventState, Registration, RegistrationQuerySet
from network.ical import ZONE
from network.impact.models import Attendance

CONFIRM, CANCEL = "event-confirm", "event-cancel"
CONFIRM_WITHIN = datetime.timedelta(days=3)
A_DAY = {"address": 5, "connection": 20}  # registrations
State = Registration.State


def ask(event: Event, request: HttpRequest, **answers: Any) -> Registration:
    """Take in a filled-in form; raises `TooMany`: each sends a mail to an address that nobody has confirmed."""
    limits.note("event", A_DAY, request, address=answers["mail"])
    return register(event, answers["begins_at"], answers)


@transaction.atomic
def register(event: Event, begins: datetime.datetime, answers: dict[str, Any]) -> Registration:
    """Note a wish to come and ask by mail whether it is meant; a second one of the same address only sends the mail again."""
    words = {"name": answers["name"], "needs": answers["needs"], "language": get_language() or "de"}
    who = {"event": event, "begins_at": begins, "mail": answers["mail"].lower()}
    found, new = Registration.objects.select_for_update().get_or_create(**who, defaults=words)
    if not new and found.state in (State.PENDING, State.CANCELLED):  # what is written last counts; a seat keeps what it was given for
        words |= {"state": State.PENDING, "confirmed_at": None, "created_at": timezone.now()}
        for name, value in words.items():
            setattr(found, name, value)
        found.save(update_fields=list(words))
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
def keep(event: Event) -> int:
    """Keep a new or a changed event, give free seats to those who wait, and return how many are told of a change.

    Who comes to an event that takes place once moves with it; who comes on a day that falls out is told and loses the seat. An event
    that would leave people behind at a time it no longer has does not get here (`Event.clean`).
    """
    before = Event.objects.select_for_update().filter(pk=event.pk).first()
    event.save()
    told: list[Registration] = []
    if event.is_cancelled:
        return 0  # everybody knows that it does not take place
    if before and before.starts_at != event.starts_at and before.starts_at > timezone.now() and not (before.rule or event.rule):
        told += _move(event, before.starts_at)
    if event.rule:
        told += _skip(event)
    fill(event)
    return len(told)


def _move(event: Event, old: datetime.datetime) -> list[Registration]:
    """Take everybody along to the new beginning."""
    there = event.registrations.filter(begins_at=event.starts_at).values("mail")
    here = list(event.registrations.filter(begins_at=old).exclude(mail__in=there).values_list("pk", flat=True))
    moved: RegistrationQuerySet = event.registrations.filter(pk__in=here)
    moved.update(begins_at=event.starts_at)
    told = list(moved.confirmed())
    for registration in told:
        _tell(registration, "event_moved")
    return told


def _skip(event: Event) -> list[Registration]:
    """Call off the days that fall out."""
    coming = event.registrations.all().to_come(timezone.now()).confirmed()
    told = [r for r in coming if r.begins_at.astimezone(ZONE).date() in event.skipped]
    for registration in told:
        registration.state = State.CANCELLED
        registration.save(update_fields=["state"])
        _tell(registration, "event_called_off")
    return told


@transaction.atomic
def call_off(event: Event) -> int:
    """Call a published event off and tell everybody who wanted to come; return how many. A second time changes nothing.

    Raises
    ------
    NotAllowed
        For a draft: nobody has heard of it, and what is called off is shown to everybody.
    """
    locked = Event.objects.select_for_update().get(pk=event.pk)
    if locked.is_cancelled:
        return 0
    if locked.state != EventState.PUBLISHED:
        raise NotAllowed(_("Absagen lässt sich nur ein veröffentlichter Termin; von einem Entwurf weiß noch niemand."))
    event.state = EventState.CANCELLED
    event.save(update_fields=["state", "updated_at"])
    told = list(event.registrations.all().to_come(timezone.now()).confirmed())
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
    if event.is_cancelled:
        return False
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
