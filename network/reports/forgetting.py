"""What reports leave behind is forgotten, with the file of their picture (network.privacy.retention says when)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import transaction

from vacancies.models import Vacancy

if TYPE_CHECKING:
    from network.reports.models import Report, ReportQuerySet


def forget(reports: ReportQuerySet) -> None:
    """Delete reports."""
    for report in reports:
        with transaction.atomic():
            _forget_picture(report)
            report.delete()


def forget_who(reports: ReportQuerySet) -> None:
    """Keep reports without what tells of the person: address, note and picture."""
    for report in reports:
        with transaction.atomic():
            _forget_picture(report)
            report.email = report.note = report.photo = ""
            report.save(update_fields=["email", "note", "photo"])


def forget_connection(reports: ReportQuerySet) -> None:
    """Keep reports without the digest by which those of one connection are counted."""
    reports.update(network="")


def _forget_picture(report: Report) -> None:
    """Delete the file of a report's picture once the transaction is through, unless a vacancy shows it."""
    name = report.photo.name if report.photo else ""
    if name and not Vacancy.objects.all().show(name):
        transaction.on_commit(lambda: default_storage.delete(name))
