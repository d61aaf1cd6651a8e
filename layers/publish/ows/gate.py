"""A door before costly work: so many at once, the rest wait in line, one client never fills the line; then 503."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from layers.publish.ows.reports import OwsError


class Gate:
    """Lets `slots` pass at once; up to `line` wait at most `seconds`, no client more than a quarter of the line.

    First come, first served. The limits hold per server process.
    """

    def __init__(self, slots: int, line: int = 40, seconds: float = 15.0) -> None:
        self.slots, self.line, self.seconds = slots, line, seconds
        self._changed = threading.Condition()
        self._inside = 0
        self._waiting: list[object] = []
        self._clients: Counter[str] = Counter()

    @contextmanager
    def passage(self, client: str) -> Iterator[None]:
        """Hold a slot; raises `OwsError` ("Busy", 503) when the line is full or the wait too long."""
        self._enter(client)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _enter(self, client: str) -> None:
        ticket, until = object(), time.monotonic() + self.seconds
        with self._changed:
            if self._inside < self.slots and not self._waiting:
                self._inside += 1
                return
            if len(self._waiting) >= self.line or self._clients[client] >= max(self.line // 4, 1):
                raise OwsError("Busy", "too many requests are waiting; please try again in ten seconds")
            self._waiting.append(ticket)
            self._clients[client] += 1
            try:
                while self._inside >= self.slots or self._waiting[0] is not ticket:
                    left = until - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        raise OwsError("Busy", f"the request waited {self.seconds:g} s; please try again in ten seconds")
                self._inside += 1
            finally:
                self._waiting.remove(ticket)
                self._clients[client] -= 1
                self._clients += Counter()  # forget clients that left
                self._changed.notify_all()
