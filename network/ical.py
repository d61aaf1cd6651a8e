"""Calendars (RFC 5545) by the icalendar library, in the time of Berlin."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.http import HttpResponse

ZONE = ZoneInfo(settings.TIME_ZONE)
MEDIA_TYPE = "text/calendar; charset=utf-8"


def entry(uid: str, title: str, starts: datetime.date, stamp: datetime.datetime, **words: Any) -> icalendar.Event:
    """Return an entry; `starts` is a moment, or a day for one that lasts it whole. `words` are further properties by name."""
    made = icalendar.Event()
    made.add("uid", uid)
    made.add("dtstamp", stamp.astimezone(datetime.UTC))
    made.add("summary", title)
    made.add("dtstart", starts)
    for name, value in words.items():
        if value not in (None, "", []):
            made.add(name.replace("_", "-"), value)
    return made


def remind(made: icalendar.Event, before: datetime.timedelta, text: str) -> None:
    """Add an alarm that shows a text so long before the entry begins."""
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", text)
    alarm.add("trigger", -before)
    made.add_component(alarm)


def calendar(entries: Iterable[icalendar.Event], name: str) -> bytes:
    """Return a calendar with its time zones."""
    made = icalendar.Calendar()
    made.add("prodid", f"-//{settings.PRODUCT}//DE")
    made.add("version", "2.0")
    made.add("x-wr-calname", icalendar.vText(" ".join(name.split())))
    for one in entries:
        made.add_component(one)
    made.add_missing_timezones()
    return bytes(made.to_ical())


def answer(entries: Iterable[icalendar.Event], name: str, file_name: str) -> HttpResponse:
    """Return a calendar as an answer that programs subscribe to or save."""
    response = HttpResponse(calendar(entries, name), content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'inline; filename="{file_name}.ics"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-cache"
    return response
