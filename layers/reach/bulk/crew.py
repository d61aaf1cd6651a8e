"""Who does the work: threads of this process, or workers of Dask on this machine or others. Pure: no database, no clock.

Both take the same functions and give the same answers. Dask schedules, moves and repeats; nothing of that is ours.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from geo.errors import InvalidParameter, RaumError

ADDRESS = re.compile(r"(tcp|tls)://\S+:\d+")
TIMEOUT_S = 10
ALLOWED = "tcp://HOST:PORT of a Dask scheduler, or processes:N for N processes on this machine (1 to 256)"
Job = tuple[Any, ...]


class Crew(Protocol):
    """Does jobs. What `share` and `keep` return stands in a job's arguments for the value, also inside lists."""

    def share(self, value: Any) -> Any:
        """Bring a value to every worker, once."""

    def keep(self, function: Callable[..., Any], jobs: Sequence[Job]) -> list[Any]:
        """Do jobs and leave the answers where they are made."""

    def each(self, function: Callable[..., Any], jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Do jobs and yield the number and answer of each as it is done, in no order."""


class Threads:
    """Threads of this process."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    def share(self, value: Any) -> Any:
        return value

    def keep(self, function: Callable[..., Any], jobs: Sequence[Job]) -> list[Any]:
        return list(self.pool.map(lambda job: function(*job), jobs))

    def each(self, function: Callable[..., Any], jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        numbers: dict[Future[Any], int] = {self.pool.submit(function, *job): n for n, job in enumerate(jobs)}
        for done in as_completed(list(numbers)):
            yield numbers.pop(done), done.result()


class Workers:
    """Workers of a Dask scheduler."""

    def __init__(self, dask: Any, client: Any) -> None:
        self.dask, self.client = dask, client

    def share(self, value: Any) -> Any:
        return self.client.scatter([value], broadcast=True, hash=False)[0]  # a tuple itself would be taken apart

    def keep(self, function: Callable[..., Any], jobs: Sequence[Job]) -> list[Any]:
        # jobs travel with their arguments, so that the scheduler can give them to another worker when one is lost
        return [self.client.submit(function, *job, pure=False) for job in jobs]

    def each(self, function: Callable[..., Any], jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        numbers = {future: n for n, future in enumerate(self.keep(function, jobs))}
        for future, answer in self.dask.as_completed(list(numbers), with_results=True):
            yield numbers.pop(future), answer
            future.release()


@contextmanager
def crew(scheduler: str | None = None, retries: int = 3) -> Iterator[Crew]:
    """Give who does the work: threads of this process, or the workers of a scheduler.

    Parameters
    ----------
    scheduler : str, optional
        `tcp://HOST:PORT` of a running Dask scheduler, or `processes:N`: a scheduler of our own on 127.0.0.1 with N worker
        processes, gone at the end.
    retries : int
        How many workers may be lost on one job before it counts as the job's fault. A running scheduler has its own
        setting (`distributed.scheduler.allowed-failures`).

    Raises
    ------
    InvalidParameter
        For any other text.
    RaumError
        When Dask is not installed, the scheduler does not answer or has no workers, or workers are lost for good.
    """
    if scheduler is None:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            yield Threads(pool)
        return
    local = re.fullmatch(r"processes:([1-9]\d{0,2})", scheduler)
    if not (local and int(local[1]) <= 256) and not ADDRESS.fullmatch(scheduler):
        raise InvalidParameter("scheduler", scheduler, ALLOWED)
    try:
        dask, distributed = (importlib.import_module(name) for name in ("dask", "distributed"))
    except ImportError:
        raise RaumError("a scheduler needs Dask, which is not installed here; requirements/cluster.txt has it") from None
    try:
        if local:
            own = {"host": "127.0.0.1", "dashboard_address": None, "n_workers": int(local[1]), "threads_per_worker": 1}
            with (
                dask.config.set({"distributed.scheduler.allowed-failures": retries}),
                distributed.LocalCluster(processes=True, **own) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield Workers(distributed, client)
            return
        with _connected(distributed, scheduler) as client:
            yield Workers(distributed, client)
    except distributed.KilledWorker as error:
        raise RaumError(f"workers were lost again and again on the same job ({error.task}); they may be short of memory") from error
    except (distributed.comm.CommClosedError, distributed.client.FutureCancelledError) as error:
        raise RaumError(f"the connection to the scheduler {scheduler} or all workers that held the timetable were lost") from error


def code() -> str:
    """Return a hash of the code that computes travel times, to compare it between machines."""
    made = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()


def _connected(distributed: Any, address: str) -> Any:
    try:
        client = distributed.Client(address, timeout=TIMEOUT_S)
    except (OSError, TimeoutError) as error:
        raise RaumError(f"the scheduler {address} does not answer; start one with: dask scheduler --host HOST") from error
    try:
        if not client.scheduler_info()["workers"]:
            raise RaumError(f"the scheduler {address} has no workers; start some with: dask worker {address}")
        try:
            there = {client.run_on_scheduler(code), *client.run(code).values()}
        except Exception as error:  # whatever a Python without our modules makes of it
            raise RaumError(
                f"the scheduler {address} or a worker does not find this project; start both in its folder with PYTHONPATH=. set"
            ) from error
        if there != {code()}:
            raise RaumError(f"the scheduler {address} or a worker has another version of this project; all need the same one")
    except BaseException:
        client.close()
        raise
    return client
