"""What reports leave behind is forgotten, with the file of their picture (network.privacy.retention says when)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from vacancies.models import Vacancy

if TYPE_CHECKING:
    from django.core.files.storage import Storage
    from django.db.models.fields.files import FieldFile

    from network.reports.models import ReportQuerySet


def forget(reports: ReportQuerySet) -> None:
    """Delete reports."""
    for report in reports:
        with transaction.atomic():
            forget_picture(report.photo)
            report.delete()


def forget_who(reports: ReportQuerySet) -> None:
    """Keep reports without what tells of the person: account, address, note and picture."""
    for report in reports:
        with transaction.atomic():
            forget_picture(report.photo)
            report.steps.filter(by=report.user_id).update(by=None)
            report.email = report.note = report.photo = ""
            report.user = None
            report.save(update_fields=["email", "note", "photo", "user"])


def forget_connection(reports: ReportQuerySet) -> None:
    """Keep reports without the digest by which those of one connection are counted."""
    reports.update(network="")


def forget_picture(file: FieldFile) -> None:
    """Delete the file of a picture once the transaction is through, unless a vacancy shows it."""
    if file:
        transaction.on_commit(partial(_delete_unless_shown, file.storage, file.name))


def _delete_unless_shown(storage: Storage, name: str) -> None:
    if not Vacancy.objects.all().show(name):
        storage.delete(name)
