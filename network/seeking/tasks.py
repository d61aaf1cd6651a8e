"""The queue's work for requests for space."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from network.seeking import mails, matches
from network.seeking.models import Notify


@app.periodic(cron="*/5 * * * *")
@app.task(name="match_requests", queueing_lock="match_requests", lock="matches")
def match_requests(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Match the requests that are new or changed, or all when the register has changed, and tell those who want to hear at once."""
    matches.renew()
    mails.tell_matches(Notify.AT_ONCE)


@app.periodic(cron="30 6 * * 1")
@app.task(name="tell_matches", queueing_lock="tell_matches", lock="matches")
def tell_matches(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """The mail of the week."""
    mails.tell_matches(Notify.WEEKLY)


@app.periodic(cron="10 6 * * *")
@app.task(name="end_requests", queueing_lock="end_requests", lock="matches")
def end_requests(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Reminders and ends of the day."""
    mails.end_requests(timezone.localdate())
