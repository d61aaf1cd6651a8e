"""The queue's work for subscriptions."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from network.alerts import sending
from network.alerts.models import Frequency


@app.periodic(cron="*/10 * * * *")
@app.task(name="alerts_at_once", queueing_lock="alerts_at_once", lock="alerts")
def alerts_at_once(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """New hits for those who want to hear at once."""
    sending.tell(Frequency.AT_ONCE)


@app.periodic(cron="40 6 * * 1")
@app.task(name="alerts_of_the_week", queueing_lock="alerts_of_the_week", lock="alerts")
def alerts_of_the_week(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """New hits of the week."""
    sending.tell(Frequency.WEEKLY)


@app.periodic(cron="20 6 * * *")
@app.task(name="remind_alerts", queueing_lock="remind_alerts", lock="alerts")
def remind_alerts(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """What is about to end."""
    sending.remind(timezone.now())
