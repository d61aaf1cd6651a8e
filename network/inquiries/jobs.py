"""What happens to inquiries by the calendar: reminders, ends of reservations, the end of what nobody speaks of."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from network.inquiries import mails, thread
from network.inquiries.models import Inquiry, InquiryQuerySet
from network.inquiries.steps import Side
from network.seeking.states import MatchState

REMIND_DAYS = (7, 14)  # after the second one it stands on the coordinators' list
LISTED_DAYS = 14
BEFORE_END = datetime.timedelta(days=7)


def remind(now: datetime.datetime) -> int:
    """Remind contacts of inquiries that they have had for 7 and for 14 days without an answer; returns how many mails."""
    sent = 0
    for times, least in reversed(list(enumerate(REMIND_DAYS))):
        for inquiry in list(Inquiry.objects.all().to_remind(now, least, times)):
            with transaction.atomic():
                Inquiry.objects.filter(pk=inquiry.pk).update(reminded=times + 1)
                mails.to_contact(inquiry, None, "inquiry_reminder", days=(now - inquiry.waiting_since).days)
                sent += 1
    return sent


def end_reservations(day: datetime.date) -> tuple[int, int]:
    """Remind both sides a week before a reservation ends, end it the day after; returns how many of each."""
    reminded = ended = 0
    for inquiry in list(Inquiry.objects.all().reserved_until(day + BEFORE_END)):
        with transaction.atomic():
            if inquiry.reserved_until < day:
                thread.step(inquiry, Side.PLATFORM, MatchState.EXPIRED)
                ended += 1
            elif inquiry.reservation_reminded != inquiry.reserved_until:
                Inquiry.objects.filter(pk=inquiry.pk).update(reservation_reminded=inquiry.reserved_until)
                mails.to_contact(inquiry, None, "inquiry_reservation_contact")
                mails.to_seeker(inquiry, None, "inquiry_reservation")
                reminded += 1
    return reminded, ended


def close(now: datetime.datetime) -> int:
    """End what nobody spoke of for half a year; returns how many."""
    idle = list(Inquiry.objects.all().idle(now))
    for inquiry in idle:
        thread.step(inquiry, Side.PLATFORM, MatchState.EXPIRED)
    return len(idle)


def forget(inquiries: InquiryQuerySet) -> None:
    """Delete inquiries with their threads and the mails that still wait (network.privacy.retention says when)."""
    for inquiry in inquiries:
        with transaction.atomic():
            mails.forget(inquiry)
            inquiry.delete()


def run(now: datetime.datetime | None = None) -> None:
    """All of it, for a moment (by default now)."""
    now = now or timezone.now()
    remind(now)
    end_reservations(timezone.localdate(now))
    close(now)
