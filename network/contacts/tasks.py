"""The queue's work for the directory."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from network.contacts import mails


@app.periodic(cron="50 6 * * *")
@app.task(name="verify_contacts", queueing_lock="verify_contacts", lock="contacts")
def verify_contacts(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Ask offices whether their entry still holds, each once a year."""
    mails.ask_again(timezone.localdate())
