"""Events as calendar entries."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable
from urllib.parse import urlsplit

import icalendar
from django.utils.translation import gettext as _

from network import ical
from network.gathering import recurrence
from network.gathering.models import Event
from network.post import base_url

log = logging.getLogger(__name__)


def entry_of(event: Event) -> icalendar.Event:
    """Return an event as an entry, recurring by its rule, with the days on which it does not take place."""
    begins = event.starts_at.astimezone(ical.ZONE)
    link = base_url() + event.get_absolute_url()
    made = ical.entry(
        f"{event.key}@{urlsplit(base_url()).hostname}",
        _("Abgesagt: {title}").format(title=event.title) if event.is_cancelled else event.title,
        begins,
        event.updated_at,
        dtend=event.ends_at.astimezone(ical.ZONE),
        location=", ".join(part for part in (event.venue, event.town.name if event.town else "") if part) or event.online_url,
        description=f"{event.description.strip()[:1000]}\n\n{link}",
        url=link,
        categories=[str(event.get_kind_display())],
        status="CANCELLED" if event.is_cancelled else "CONFIRMED",
        last_modified=event.updated_at.astimezone(datetime.UTC),
    )
    if event.rule:
        made.add("rrule", recurrence.for_calendar(event.rule, ical.ZONE))
        skipped = [datetime.datetime.combine(day, begins.time(), ical.ZONE) for day in sorted(event.skipped)]
        if skipped:
            made.add("exdate", skipped)
    return made


def entries_of(events: Iterable[Event]) -> list[icalendar.Event]:
    """Return events as entries, without those whose recurrence cannot be read: one wrong row takes no calendar down."""
    made = []
    for event in events:
        try:
            made.append(entry_of(event))
        except ValueError:
            log.error("the recurrence of event %s cannot be read: %s", event.slug, event.rule)
    return made
