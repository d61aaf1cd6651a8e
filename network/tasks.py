"""Work of the contact point that comes round by the calendar."""

from __future__ import annotations

import datetime

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="23 3 * * *")
@app.task(name="forget_people", queueing_lock="forget_people", lock="people")
def forget_people(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete registrations, advice cases and subscriptions whose time is over."""
    from network.advice import desk
    from network.gathering import seats
    from network.news import digest

    for forget in (seats.forget, desk.forget, digest.forget):
        forget()


@app.periodic(cron="7 6 1-3 * *")
@app.task(name="send_letters", queueing_lock="send_letters", lock="letters")
def send_letters(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Write the letter of last month; on the second and third day only to those who have not got it."""
    from network.news import digest

    last_month = digest.first_of(digest.first_of(timezone.localdate()) - datetime.timedelta(days=1))
    digest.send_letters(last_month)
