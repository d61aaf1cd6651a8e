"""The letter goes out at the beginning of a month."""

from __future__ import annotations

import datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from network.news import digest


@app.periodic(cron="7 6 1-3 * *")
@app.task(name="send_letters", queueing_lock="send_letters", lock="letters")
def send_letters(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Write the letter of last month; on the second and third day only to those who have not got it."""
    last_month = digest.first_of(digest.first_of(timezone.localdate()) - datetime.timedelta(days=1))
    digest.send_letters(last_month)
