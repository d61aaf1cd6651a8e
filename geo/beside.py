"""Work that takes much memory is done in a process beside this one, so that this one stays small.

Libraries for tables, files and timetables stay in a process once they are loaded, and much of what they took does. The web
server's processes answer for days; those beside them end when nobody has asked for a while, and when the one they serve ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from geo.errors import Busy, RaumError
from geo.memory import keep_little

log = logging.getLogger(__name__)
P, T = ParamSpec("P"), TypeVar("T")
WATCH_S = 2.0


class Beside:
    """Up to `at_once` processes that do one thing after the other, each in at most `seconds`, and end after `idle_s` without work."""

    def __init__(self, at_once: int, idle_s: float, seconds: int) -> None:
        self.at_once, self.idle_s, self.seconds = at_once, idle_s, seconds
        self._lock = threading.Lock()
        self._crew: ProcessPoolExecutor | None = None
        self._pid, self._working, self._end_at, self._is_watched = 0, 0, 0.0, False

    def do(self, function: Callable[P, T], *arguments: P.args, **words: P.kwargs) -> T:
        """Return what a function of a module returns for plain values, in the language of this request.

        Raises
        ------
        RaumError
            As the function does; `Busy` when it takes longer than `seconds` or its process ends.
        """
        crew, future = self._begin(function, arguments, words)
        try:
            error, made = future.result()
        except BrokenProcessPool:
            self._forget(crew)
            log.warning("%s.%s ended early or took longer than %s s", function.__module__, function.__qualname__, self.seconds)
            raise Busy(_("Das hat zu lange gedauert oder zu viel Speicher gebraucht. Bitte weniger auf einmal abfragen."), 30) from None
        finally:
            self._end_later()
        if error is not None:
            raise _again(error)
        return made  # type: ignore[no-any-return]

    def read(self, function: Callable[P, T], *arguments: P.args, **words: P.kwargs) -> T:
        """Do the same with a function that reads the database; within a transaction here, as nobody else sees its rows."""
        return function(*arguments, **words) if connection.in_atomic_block else self.do(function, *arguments, **words)

    def close(self) -> None:
        """End the processes; the next work starts new ones."""
        with self._lock:
            crew, self._crew = self._crew, None
        if crew:
            crew.shutdown(wait=True)

    def _begin(self, function: Callable[..., Any], arguments: Any, words: Any) -> tuple[ProcessPoolExecutor, Future[tuple[Any, Any]]]:
        """Hand work over; a crew whose processes ended while they had none is replaced."""
        told = (get_language(), self.seconds, function, arguments, words)
        with self._lock:
            if self._pid != os.getpid():  # a forked process has none
                self._crew, self._pid, self._working, self._is_watched = None, os.getpid(), 0, False
            for _attempt in (1, 2):
                crew = self._crew = self._crew or self._new()
                try:
                    future = crew.submit(_called, *told)
                except BrokenProcessPool:
                    crew.shutdown(wait=False)
                    self._crew = None
                    continue
                self._working += 1
                return crew, future
        raise Busy(_("Gerade nicht möglich. Bitte in einer halben Minute noch einmal versuchen."), 30)

    def _new(self) -> ProcessPoolExecutor:
        known = (str(connection.settings_dict["NAME"]), os.getpid())
        return ProcessPoolExecutor(self.at_once, mp_context=get_context("spawn"), initializer=_set_up, initargs=known)

    def _forget(self, crew: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._crew is crew:
                self._crew = None
        crew.shutdown(wait=False)

    def _end_later(self) -> None:
        with self._lock:
            self._working -= 1
            self._end_at = time.monotonic() + self.idle_s
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """End the processes when they have been idle for long enough."""
        left = self.idle_s
        while left > 0:
            time.sleep(left)
            with self._lock:
                left = self.idle_s if self._working else self._end_at - time.monotonic()
                if left <= 0:
                    crew, self._crew, self._is_watched = self._crew, None, False
        if crew:
            crew.shutdown(wait=False)


def _set_up(database: str, parent: int) -> None:
    """Make a new process ready: the same settings and database; it ends when its parent has."""
    import django
    from django.conf import settings

    keep_little()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent ends it
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    django.setup()
    settings.DATABASES["default"]["NAME"] = database


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os._exit(0)


def _called(language: str | None, seconds: int, function: Callable[..., Any], arguments: Any, words: Any) -> tuple[Any, Any]:
    """Call a function in the other process; an error for a person is returned in parts, because not every one can be pickled."""
    signal.alarm(seconds)  # ends the process
    try:
        with override(language) if language else contextlib.nullcontext():
            return None, function(*arguments, **words)
    except RaumError as error:
        return (type(error), error.args, vars(error)), None
    finally:
        signal.alarm(0)
        connection.close()


def _again(error: tuple[type[RaumError], tuple[Any, ...], dict[str, Any]]) -> RaumError:
    kind, arguments, values = error
    made = kind.__new__(kind)
    made.args = arguments
    made.__dict__.update(values)
    return made
