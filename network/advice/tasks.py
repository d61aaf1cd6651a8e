"""Advice cases end."""

from __future__ import annotations

from procrastinate.contrib.django import app

from network.advice import desk


@app.periodic(cron="23 3 * * *")
@app.task(name="forget_cases", queueing_lock="forget_cases", lock="advice")
def forget_cases(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete cases that nobody confirmed, and those that were done long ago."""
    desk.forget()
