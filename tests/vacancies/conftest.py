"""What several tests of imports share."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def called() -> Iterator[tuple[int, list[bytes]]]:
    """A server on this machine that notes whoever calls it."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                caller, _address = server.accept()
            except OSError:
                return
            with caller:
                heard.append(caller.recv(200))

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], heard
    server.close()
