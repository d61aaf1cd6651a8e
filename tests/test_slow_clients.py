"""The server as it is run: clients that never read their answers do not keep others from theirs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = """
def application(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 100_000] * 300 if environ["PATH_INFO"] == "/large" else [b"fine"]
"""
CONFIG = """
from config import gunicorn
from config.gunicorn import *
gunicorn.IDLE_S = 1
workers, threads, preload_app = 1, 2, False
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """The port of a server of two threads with the project's configuration, but a second in the place of twenty."""
    (tmp_path / "probe.py").write_text(APP)
    (tmp_path / "short.py").write_text(CONFIG)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "probe:application", "--bind", f"127.0.0.1:{port}", "--config", "short.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        for _wait in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait(timeout=20)


def test_clients_that_do_not_read_are_dropped(server: int) -> None:
    idle = []
    for _n in range(2):  # as many as there are threads
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one.connect(("127.0.0.1", server))
        one.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        idle.append(one)
    time.sleep(0.3)
    begin = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{server}/", timeout=15) as answer:
        assert answer.read() == b"fine"
    assert time.monotonic() - begin < 10
    for one in idle:
        one.close()
