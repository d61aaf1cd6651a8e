"""When a recurring event takes place (RFC 5545), reckoned in the clock on the wall: 18 o'clock stays 18 o'clock all year.

Pure: knows no framework.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from zoneinfo import ZoneInfo

from dateutil import rrule

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
MOST = 500  # times looked at in one go


def parts_of(rule: str) -> dict[str, str]:
    """Return the parts of a rule by name.

    Raises
    ------
    ValueError
        When the rule is none, recurs more often than daily, or has parts that are not among `PARTS`.
    """
    found: dict[str, str] = {}
    for part in rule.strip().removeprefix("RRULE:").upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name not in PARTS or name in found:
            raise ValueError(part)
        found[name] = value
    if found.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ={found.get('FREQ', '')}")
    if "UNTIL" in found:
        _day_of(found["UNTIL"])
    for name in ("INTERVAL", "COUNT"):
        if name in found and not re.fullmatch(r"[1-9]\d{0,2}", found[name]):
            raise ValueError(f"{name}={found[name]}")
    if "UNTIL" in found and "COUNT" in found:
        raise ValueError("UNTIL and COUNT")
    return found


def _day_of(text: str) -> datetime.datetime:
    """The day of an UNTIL; raises `ValueError` for one that is not in the calendar."""
    if not re.fullmatch(r"\d{8}", text):
        raise ValueError(f"UNTIL={text}")
    return datetime.datetime.strptime(text, "%Y%m%d")


def _rule(rule: str, starts: datetime.datetime, end: datetime.datetime) -> rrule.rrule:
    """The rule from a beginning on, ended where nobody asks any more."""
    parts = parts_of(rule)
    if "COUNT" not in parts:
        last = parts.get("UNTIL", "99991231")
        parts["UNTIL"] = min(f"{last}T235959", f"{end:%Y%m%dT%H%M%S}")  # the last day counts whole
    made = rrule.rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=starts)
    assert isinstance(made, rrule.rrule)
    return made


def check(rule: str) -> None:
    """Raise `ValueError` for a rule that cannot be reckoned with, or that does not come true within five years."""
    begin, parts = datetime.datetime(2026, 1, 1), parts_of(rule)
    endless = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    if not next(iter(_rule(endless, begin, begin.replace(year=2031))), None):
        raise ValueError(rule)


def occurrences(
    starts: datetime.datetime,
    rule: str,
    skipped: Collection[datetime.date],
    since: datetime.datetime,
    until: datetime.datetime,
    zone: ZoneInfo,
) -> list[datetime.datetime]:
    """Return the beginnings between two moments, both included, earliest first, at most `MOST`.

    Parameters
    ----------
    starts : datetime
        The first beginning, with its time zone.
    rule : str
        `FREQ=WEEKLY;BYDAY=WE`; empty for an event that takes place once. UNTIL is a day (`20270331`) and counts.
    skipped : collection of dates
        Days on which it does not take place, in the time zone.
    zone : ZoneInfo
        Where the clock hangs.
    """
    if not rule:
        return [starts] if since <= starts <= until else []
    wall = starts.astimezone(zone).replace(tzinfo=None)
    low, high = since.astimezone(zone).replace(tzinfo=None), until.astimezone(zone).replace(tzinfo=None)
    found: list[datetime.datetime] = []
    day = datetime.timedelta(days=1)
    for moment in _rule(rule, wall, high + day).xafter(low - day, inc=True):  # a day more on both sides: the hour that is twice
        if moment > high + day or len(found) == MOST:
            break
        aware = moment.replace(tzinfo=zone)
        if moment.date() not in skipped and since <= aware <= until:
            found.append(aware)
    return found


def for_calendar(rule: str, zone: ZoneInfo) -> dict[str, object]:
    """Return the rule as calendars want it: UNTIL in UTC, since the beginning names a time zone."""
    made: dict[str, object] = {}
    for name, value in parts_of(rule).items():
        if name == "UNTIL":
            last = _day_of(value).replace(hour=23, minute=59, second=59, tzinfo=zone)
            made[name] = last.astimezone(datetime.UTC)
        else:
            made[name] = value.split(",")
    return made
