"""Search criteria of time: months before today, a time of day, a day."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from typing import ClassVar

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo.criteria import Criterion, Number
from geo.figures import figure


def today() -> datetime.date:
    """Return the day it is where the buildings are."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def day_of(moment: datetime.datetime) -> datetime.date:
    """Return the day that a moment has where the buildings are; one without a zone is meant to be there."""
    return (timezone.localtime(moment, timezone.get_default_timezone()) if moment.tzinfo else moment).date()


def months_before(day: datetime.date, months: int) -> datetime.date:
    """Return the day so many months before another; from the 29th on, that of the 28th."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(max(year, 1), month + 1, min(day.day, 28))


@dataclass(frozen=True, kw_only=True)
class Months(Number):
    """A number of months before `day` (None is today): `lte` asks for dates at least so long ago, `gte` for later ones."""

    highest: int = 1200
    day: datetime.date | None = None
    kind: ClassVar[str] = "months"

    def seen_from(self, day: datetime.date) -> Months:
        return replace(self, day=day)

    def limit(self, value: int) -> datetime.date:
        """Return the day so many months before."""
        return months_before(self.day or today(), value)

    def q(self, value: int) -> Q:
        return Q(**{f"{self.column}__{self.lookup}": self.limit(value)})

    def spoken(self, value: int) -> str:
        return ngettext("{n}\u00a0Monat", "{n}\u00a0Monaten", value).format(n=figure(value))


@dataclass(frozen=True, kw_only=True)
class Clock(Criterion):
    """A time of day, `HH:MM`, not before it; `column` holds minutes after midnight, more than 1,440 for the night after.

    Times before four in the morning belong to the evening before: 00:30 is later than 23:00.
    """

    kind: ClassVar[str] = "clock"

    def parse(self, raw: list[str]) -> int:
        text = self.single(raw)
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
        if match is None:
            raise self.refuse(text, _("eine Uhrzeit wie 22:30"))
        minutes = int(match[1]) * 60 + int(match[2])
        return minutes + 1_440 if minutes < 240 else minutes

    def q(self, value: int) -> Q:
        return Q(**{f"{self.column}__gte": value})

    def dump(self, value: int) -> list[str]:
        return [f"{value // 60 % 24:02}:{value % 60:02}"]

    def spoken(self, value: int) -> str:
        return _("{time} Uhr").format(time=self.dump(value)[0])


@dataclass(frozen=True, kw_only=True)
class Day(Criterion):
    """A day, `YYYY-MM-DD`, and all later ones."""

    kind: ClassVar[str] = "day"

    def parse(self, raw: list[str]) -> datetime.date:
        text = self.single(raw)
        try:
            if re.fullmatch(r"(19|20)\d\d-\d\d-\d\d", text, re.ASCII) is None:
                raise ValueError
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise self.refuse(text[:40], _("ein Tag von 1900 bis 2099, zum Beispiel 2026-05-31")) from None

    def q(self, value: datetime.date) -> Q:
        return Q(**{f"{self.column}__gte": value})

    def spoken(self, value: datetime.date) -> str:
        return date_format(value, "DATE_FORMAT")
