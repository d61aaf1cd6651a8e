"""The queue's work for inquiries."""

from __future__ import annotations

from procrastinate.contrib.django import app

from network.inquiries import jobs


@app.periodic(cron="10 7 * * *")
@app.task(name="tend_inquiries", queueing_lock="tend_inquiries", lock="inquiries")
def tend_inquiries(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Reminders and ends."""
    jobs.run()
