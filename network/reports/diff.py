"""What a report would change: line by line, as it is and as it should be."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from network.reports.decisions import plain
from network.reports.models import Report
from vacancies.models import Vacancy


@dataclass(frozen=True)
class Line:
    """One statement: its field and label, as it is in the register and as it was proposed."""

    name: str
    label: str
    now: str
    proposed: str
    is_the_same: bool


def lines_of(report: Report) -> list[Line]:
    """Return the proposed statements beside those in the register now."""
    if report.vacancy is None:
        return []
    found = []
    for name, value in report.proposed.items():
        column, now = Vacancy._meta.get_field(name), getattr(report.vacancy, name)
        wanted = column.to_python(value)  # type: ignore[union-attr]
        label = str(column.verbose_name)  # type: ignore[union-attr]
        found.append(Line(name, label, shown(name, now), shown(name, wanted), plain(now) == plain(wanted)))
    return found


def shown(name: str, value: Any) -> str:
    """Return a value of the register as people read it."""
    if value in (None, "", []):
        return _("keine Angabe")
    column = Vacancy._meta.get_field(name)
    listed = getattr(column, "base_field", column).choices  # type: ignore[union-attr]
    if listed:
        labels = {v: str(label) for v, label in listed}
        return ", ".join(labels.get(v, v) for v in (value if isinstance(value, list) else [value]))
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    return formats.date_format(value, "DATE_FORMAT") if isinstance(value, datetime.date) else str(value)
