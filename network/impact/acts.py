"""What happened, read from the rows that tell of it, for `counting`; invented examples are never among it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.apps import apps
from django.utils import timezone

from network.advice.models import AdviceCase
from network.gathering.models import Event, Registration
from network.ical import ZONE
from network.impact.counting import Act
from network.impact.models import Attendance
from network.inquiries.models import Inquiry
from network.seeking.models import SpaceMatch, SpaceRequest, StateChange
from network.seeking.states import MatchState, RequestState

Moment = datetime.datetime


def changes(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every kept change of a vacancy of the register (`begin` ≤ moment < `end`)."""
    history = apps.get_model("vacancies", "VacancyEvent").objects
    rows = history.filter(pgh_created_at__gte=begin, pgh_created_at__lt=end, is_example=False)
    for at, key, size, use in rows.values_list("pgh_created_at", "key", "town__size_class", "former_use").iterator():
        yield Act(at, key, size, (use,))


def requests(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every time a request became active."""
    rows = StateChange.objects.filter(state=RequestState.ACTIVE, at__gte=begin, at__lt=end).select_related("request")
    for row in rows.iterator():
        yield Act(row.at, row.request.key, uses=_uses(row.request))


def matches(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every match that was found; the thing is the vacancy."""
    rows = SpaceMatch.objects.filter(first_seen__gte=begin, first_seen__lt=end, vacancy__is_example=False)
    for row in rows.select_related("vacancy__town", "request").defer("vacancy__town__geom").iterator():
        yield Act(row.first_seen, row.vacancy.key, row.vacancy.town.size_class, (row.vacancy.former_use,))


def inquiries(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every inquiry; the thing is the vacancy."""
    rows = Inquiry.objects.filter(created_at__gte=begin, created_at__lt=end, vacancy__is_example=False)
    for row in rows.select_related("vacancy__town").defer("vacancy__town__geom"):
        yield Act(row.created_at, row.vacancy.key, row.vacancy.town.size_class, (row.vacancy.former_use,))


def agreements(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every inquiry that stands as agreed, when it came to that; the thing is the vacancy, public or not."""
    rows = Inquiry.objects.filter(state=MatchState.AGREED, ended_at__gte=begin, ended_at__lt=end, vacancy__is_example=False)
    for row in rows.select_related("vacancy__town").defer("vacancy__town__geom"):
        if row.ended_at:
            yield Act(row.ended_at, row.vacancy.key, row.vacancy.town.size_class, (row.vacancy.former_use,))


def cases(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every advice case that was confirmed, and every step and message in it; the thing is the case."""
    found = AdviceCase.objects.all().submitted().select_related("town").defer("town__geom").prefetch_related("entries")
    for case in found:
        size = case.town.size_class if case.town else ""
        for at in (case.confirmed_at, *(e.created_at for e in case.entries.all())):
            if at and begin <= at < end:
                yield Act(at, case.key, size)


def events(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every time a published event took place, as far as it is over; the thing is the event."""
    now = timezone.now()
    for event in Event.objects.all().running().select_related("town").defer("town__geom"):
        size = event.town.size_class if event.town else ""
        for at in event.times(begin, min(end, now)):
            if at < end and event.end_of(at) <= now:
                yield Act(at, event.slug, size)


def seats(begin: Moment, end: Moment) -> Iterator[Act]:
    """Every seat somebody had at an event; the thing is the seat, for names are not kept."""
    noted = Attendance.objects.filter(begins_at__gte=begin, begins_at__lt=end).select_related("event__town").defer("event__town__geom")
    known = set()
    for row in noted:
        known.add((row.event_id, row.begins_at))  # type: ignore[attr-defined]
        size = row.event.town.size_class if row.event.town else ""
        for n in range(row.seats):
            yield Act(row.begins_at, f"{row.event_id}.{row.begins_at:%s}.{n}", size)  # type: ignore[attr-defined]
    for seat in (
        Registration.objects.filter(begins_at__gte=begin, begins_at__lt=min(end, timezone.now())).seated().select_related("event__town")
    ):
        if (seat.event_id, seat.begins_at) not in known:  # type: ignore[attr-defined]
            yield Act(seat.begins_at, f"r{seat.pk}", seat.event.town.size_class if seat.event.town else "")


def moments(first: datetime.date, last: datetime.date) -> tuple[Moment, Moment]:
    """Return the moments at which a period begins and is over, by the clock in Brandenburg."""
    after = last + datetime.timedelta(days=1)
    return (datetime.datetime.combine(first, datetime.time(), ZONE), datetime.datetime.combine(after, datetime.time(), ZONE))


def _uses(request: SpaceRequest) -> tuple[str, ...]:
    return tuple(request.needs.get("target_uses", {}).get("value", ()))
