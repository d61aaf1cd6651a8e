"""What reports leave behind is forgotten at night."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import transaction
from procrastinate.contrib.django import app

from network.reports.models import Report
from vacancies.models import Vacancy


@app.periodic(cron="11 2 * * *")
@app.task(name="forget_reports", queueing_lock="forget_reports", lock="people")
def forget_reports(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete reports nobody confirmed, and of the others what is not needed any more: address, note and picture, connection."""
    reports = Report.objects.all()
    reports.with_needless_connection().update(network="")
    for report in reports.never_confirmed():
        with transaction.atomic():
            forget_picture(report)
            report.delete()
    for report in reports.with_needless_address():
        with transaction.atomic():
            forget_picture(report)
            report.email = report.note = report.photo = ""
            report.save(update_fields=["email", "note", "photo"])


def forget_picture(report: Report) -> None:
    """Delete the file of a report's picture once the transaction is through, unless a vacancy shows it."""
    name = report.photo.name if report.photo else ""
    if name and not Vacancy.objects.all().show(name):
        transaction.on_commit(lambda: default_storage.delete(name))
