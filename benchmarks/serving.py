"""The platform served for a while as `./dev run` serves it, for pictures, measurements and conformance tests."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*words: str) -> Iterator[tuple[str, int]]:
    """Serve the database of DATABASE_URL on a free port as `./dev run` does, with more words for gunicorn; yields address and process."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", address, "--config", "config/gunicorn.py"]
    server = subprocess.Popen([*command, *words], cwd=ROOT)
    try:
        for _wait in range(300):
            if server.poll() is not None:
                sys.exit(f"The server ended with {server.returncode}.")
            with suppress(urllib.error.URLError), urllib.request.urlopen(f"http://{address}/impressum/", timeout=30):
                break
            time.sleep(0.1)
        yield f"http://{address}", server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def served() -> Iterator[str]:
    """Bring the database of DATABASE_URL up to date and serve it; yields the address."""
    subprocess.run([sys.executable, "manage.py", "bootstrap"], cwd=ROOT, check=True)
    with serving() as (address, _pid):
        yield address
