"""Processes beside this one: what they return and raise, and when they end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils.translation import get_language, override

from geo.beside import Beside
from geo.errors import Busy, InvalidParameter
from layers.publish.collection import collection


@pytest.fixture(scope="module")
def crew() -> Iterator[Beside]:
    made = Beside(at_once=1, idle_s=60, seconds=20)
    yield made
    made.close()


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def is_there(pid: int) -> bool:
    """Whether a process lives (one that waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_work_is_done_in_another_process_in_the_language_of_the_request(crew: Beside) -> None:
    other = crew.do(os.getpid)
    assert other != os.getpid()
    assert crew.do(os.getpid) == other  # the same one goes on
    for language in ("de", "en"):
        with override(language):
            assert crew.do(get_language) == language


def test_errors_for_a_person_arrive_as_they_are_and_others_too(crew: Beside) -> None:
    with pytest.raises(InvalidParameter) as known:
        crew.do(collection, "gibtsnicht")
    assert (known.value.name, known.value.value) == ("layer", "gibtsnicht")
    assert "leerstaende" in str(known.value)
    with pytest.raises(ZeroDivisionError):
        crew.do(divmod, 1, 0)
    assert crew.do(divmod, 7, 2) == (3, 1)


def test_a_process_that_died_between_two_pieces_of_work_is_replaced(crew: Beside) -> None:
    other = crew.do(os.getpid)
    os.kill(other, signal.SIGKILL)
    assert until(lambda: not is_there(other))
    assert until(lambda: bool(crew._crew and crew._crew._broken))
    assert crew.do(os.getpid) not in (other, os.getpid())


def test_what_takes_too_long_is_ended_and_what_is_idle_ends() -> None:
    crew = Beside(at_once=1, idle_s=0.3, seconds=1)
    other = crew.do(os.getpid)
    with pytest.raises(Busy) as late:
        crew.do(time.sleep, 30)
    assert late.value.retry_after_s == 30
    assert until(lambda: not is_there(other))
    other = crew.do(os.getpid)
    assert until(lambda: not is_there(other))
    assert crew._crew is None


@pytest.mark.django_db
def test_within_a_transaction_what_reads_the_database_does_so_here(crew: Beside) -> None:
    assert connection.in_atomic_block
    assert crew.read(os.getpid) == os.getpid()
