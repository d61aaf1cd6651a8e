"""Work that pages do not wait for, queued in the database; `./dev run` and `manage.py procrastinate worker` do it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction
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


@app.periodic(cron="17 3 * * *")
@app.task(name="refresh_remote", queueing_lock="refresh_remote", lock="remote")
def refresh_remote(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Fetch the remote layers that are due; what fails is noted at the layer and tried again the next night."""
    from geo.errors import RaumError
    from layers.remote.layer import RemoteLayer
    from layers.remote.refresh import refresh

    for layer in RemoteLayer.objects.due():
        with suppress(RaumError):
            refresh(layer)


@app.periodic(cron="* * * * *")
@app.task(name="tighten_snapshots", queueing_lock="tighten_snapshots", lock="tighten_snapshots")
def tighten_snapshots(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Make what the map loads after a change that no visitor has asked for yet, and pack it as small as it goes."""
    from layers.publish.collection import collections
    from layers.publish.snapshot import store

    for layer in collections():
        if layer.snapshot:
            store.current(layer)
    store.tighten()


def soon(task: Any) -> None:
    """Queue a task unless it already waits; in a transaction, too, which the refusal must not spoil."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer()


def is_waiting(name: str) -> bool:
    """Whether a task is queued or under way."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(task_name=name, status__in=WAITING).exists()
