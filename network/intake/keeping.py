"""What officers do with many entries at once: confirm, archive, publish. Each act is one statement; the history notes each row."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.db.models import QuerySet
from django.utils import timezone

from vacancies import choices as c

if TYPE_CHECKING:
    from vacancies.models import Vacancy

YEAR = relativedelta(months=12)


def confirm_today(rows: QuerySet[Vacancy]) -> int:
    """Note that the entries are as they say, today."""
    return _write(rows, verified_at=timezone.localdate())


def archive(rows: QuerySet[Vacancy]) -> int:
    """Take the entries out of the register's present."""
    return _write(rows, publication=c.Publication.ARCHIVED)


def back_to_review(rows: QuerySet[Vacancy]) -> int:
    """Take the entries back from the public until somebody has looked."""
    return _write(rows, publication=c.Publication.REVIEW)


def publish(
    rows: QuerySet[Vacancy],
    visibility: str,
    basis: str,
    *,
    consent_on: datetime.date | None = None,
    consent_text_version: str = "",
    notice_on: datetime.date | None = None,
) -> int:
    """Publish entries with their basis; the form has seen to it that what the basis needs is there."""
    words: dict[str, Any] = {"visibility": visibility, "basis": basis, "publication": c.Publication.PUBLISHED}
    if basis == c.Basis.OWNER_CONSENT:
        words |= {"consent_on": consent_on, "consent_text_version": consent_text_version}
    if basis == c.Basis.BAUGB200:
        words |= {"notice_on": notice_on}
    return _write(rows, **words)


def _write(rows: QuerySet[Vacancy], **words: Any) -> int:
    return rows.order_by().update(updated_at=timezone.now(), **words)
