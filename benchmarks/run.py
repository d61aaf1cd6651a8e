"""`./dev bench [NAME …]`: every measurement of the project, each as a ratio to the raw query or a peer in the same run.

Times depend on the machine and its load; ratios hardly do. Nothing here is a test.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
NAME = "bench_raumwohlstand"


def interleaved(runs: int, **calls: Callable[[], object]) -> dict[str, float]:
    """Return the median milliseconds of each call; the calls take turns, so that a drifting machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for n in range(runs + 2):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if n >= 2:  # the first two warm caches
                found[name].append((time.perf_counter() - start) * 1e3)
    return {name: statistics.median(times) for name, times in found.items()}


@contextmanager
def database() -> Iterator[str]:
    """A database of its own beside the one in use, with towns and timetable, dropped at the end; yields its address."""
    base, _sep, _old = os.environ["DATABASE_URL"].rpartition("/")
    template = os.environ.get("RW_TEST_TEMPLATE", "template1")
    from urllib.parse import unquote, urlsplit

    given = urlsplit(base)
    host, user = unquote(given.netloc.rpartition("@")[2].split(":")[0]), unquote(given.username or "")
    keys = {"host": host, "user": user, "password": given.password, "port": given.port}
    with psycopg.connect(dbname="postgres", autocommit=True, **{k: v for k, v in keys.items() if v}) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{NAME}" TEMPLATE "{template}"')
        try:
            url = f"{base}/{NAME}"
            command = [sys.executable, str(ROOT / "manage.py"), "bootstrap", "--no-demo", "--no-static"]
            subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL)
            yield url
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


def main() -> int:
    wanted = sys.argv[1:]
    known = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "run")
    unknown = set(wanted) - set(known)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        return 2
    codes = []
    for name in wanted or known:
        print(f"\n== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
