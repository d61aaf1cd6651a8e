"""Work that pages do not wait for, queued in the database; `./dev run` and `manage.py procrastinate worker` do it."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

WAITING = ("todo", "doing")


@app.task(name="complete_run", queueing_lock="complete_run", lock="reach")
def complete_run() -> None:
    """Compute travel times, surfaces and areas when the live run lacks them."""
    from layers.reach import runs

    runs.ensure(parts=runs.PARTS)


@app.periodic(cron="*/5 * * * *")
@app.task(name="fill_reach", queueing_lock="fill_reach", lock="reach")
def fill_reach(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Compute the reach of vacancies that are new or moved, whoever wrote them."""
    from layers.reach import runs

    runs.refresh(runs.missing())


def soon(task: Any) -> None:
    """Queue a task unless it already waits."""
    try:
        task.defer()
    except AlreadyEnqueued:
        return


def is_waiting(name: str) -> bool:
    """Whether a task is queued or under way."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(task_name=name, status__in=WAITING).exists()
