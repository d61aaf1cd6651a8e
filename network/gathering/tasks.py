"""Who came to an event is forgotten after it."""

from __future__ import annotations

from procrastinate.contrib.django import app

from network.gathering import seats


@app.periodic(cron="28 3 * * *")
@app.task(name="forget_registrations", queueing_lock="forget_registrations", lock="events")
def forget_registrations(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete registrations some time after their event."""
    seats.forget()
