"""Numbers, dates and labels as people read them here."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo import figures
from layers.models import FacilityKind
from vacancies.choices import DatePrecision
from vacancies.public import PublicVacancy

register = template.Library()


@register.filter
def figure(value: int | Decimal | float | None, digits: int = 0) -> str:
    """Return a number in the language's way, or '' for None."""
    return "" if value is None else figures.figure(value, digits)


@register.simple_tag
def density(population: int, area_km2: Decimal) -> str:
    """Return inhabitants per square kilometre."""
    return figures.figure(population / float(area_km2))


@register.filter
def walk(metres: float | None) -> str:
    """Return a distance as the crow flies: 420 m, 3,4 km."""
    if metres is None:
        return ""
    return f"{round(metres)}\u00a0m" if metres < 1000 else f"{figure(metres / 1000, 1)}\u00a0km"


@register.filter
def head(label: Any) -> str:
    """Return the part of a label before its bracket."""
    return str(label).split(" (")[0]


@register.filter
def bracket(label: Any) -> str:
    """Return the part of a label inside its bracket, or ''."""
    return str(label).partition(" (")[2].rstrip(")")


@register.filter
def thousands(numbers: str) -> str:
    """Return numbers in thousands, short: "5.000 bis unter 10.000" gives "5–10 Tsd."."""
    found = re.findall(r"(\d+)[.,]000", numbers)
    if len(found) == 2:
        return "{}–{}\u00a0{}".format(*found, _("Tsd."))
    return re.sub(r"(\d+)[.,]000", "\\1\u00a0" + _("Tsd."), numbers)


@register.filter
def words(label: Any) -> str:
    """Return the words of a class label: "A – sehr gut" gives "sehr gut"."""
    return str(label).partition(" – ")[2]


@register.filter
def since(vacancy: PublicVacancy) -> str:
    """Return since when a building is vacant, no more exactly than it is known."""
    date = vacancy.vacant_since
    if date is None:
        return ""
    if vacancy.vacant_since_precision == DatePrecision.DAY:
        return formats.date_format(date, "DATE_FORMAT")
    if vacancy.vacant_since_precision == DatePrecision.MONTH:
        return formats.date_format(date, "F Y")
    year = str(date.year)
    return _("etwa {year}").format(year=year) if vacancy.vacant_since_precision == DatePrecision.ESTIMATE else year


@register.filter
def yes_no(value: bool | None) -> str:
    """Return yes, no or nothing for unknown."""
    return {True: _("ja"), False: _("nein")}.get(value, "")  # type: ignore[arg-type]


@register.filter
def labels(vacancy: PublicVacancy, name: str) -> list[str]:
    """Return the labels of a list-valued field."""
    field = vacancy._meta.get_field(name).base_field  # type: ignore[union-attr]
    known = dict(field.choices)
    return [str(known[v]) for v in getattr(vacancy, name)]


@register.filter
def ago(date: datetime.date | None) -> str:
    """Return how many months ago a date was."""
    if date is None:
        return ""
    today = datetime.date.today()
    months = (today.year - date.year) * 12 + today.month - date.month
    if months < 1:
        return _("in diesem Monat")
    return ngettext("vor {n} Monat", "vor {n} Monaten", months).format(n=months)


@register.filter
def hits(n: int) -> str:
    """Return the number of hits as a phrase."""
    return ngettext("{n} Leerstand", "{n} Leerstände", n).format(n=figure(n))


@register.filter
def minutes(value: int | None) -> str:
    """Return minutes with their unit: 45 min, 1 h 50 min; a dash where there is no connection."""
    if value is None:
        return "–"
    hours, rest = divmod(value, 60)
    return f"{hours}\u00a0h\u00a0{rest:02}\u00a0min" if hours else f"{rest}\u00a0min"


@register.filter
def clock(value: int) -> str:
    """Return minutes after midnight as a time of day; minutes of the night after count on."""
    return f"{value // 60 % 24:02}:{value % 60:02}"


@register.filter
def places(nearby: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the nearest facilities with the labels of their kinds, in the order of the kinds."""
    return [{"label": label, **nearby[kind]} for kind, label in FacilityKind.choices if kind in nearby]


@register.filter
def any_chosen(options: Iterable[dict[str, Any]]) -> bool:
    """Whether one of a criterion's options is chosen."""
    return any(o.get("chosen") for o in options)
