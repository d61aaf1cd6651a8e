"""Set-up trials in fresh clones: how long until the first page, and whether every odd place works. Prints one line each.

As root one more trial runs as an ordinary user made for it, below a home that nobody else may enter (0700).
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USER = "raum-probe"


def clone(target: Path) -> Path:
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(target)], check=True)
    return target


def start(where: Path, name: str, *words: str, user: str = "") -> bool:
    """Run `./dev run --once` and print how long it took and how many checks failed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RW_", "DATABASE_URL", "DJANGO_", "PYTHON"))}
    command = [sys.executable if sys.prefix == sys.base_prefix else "python3", "dev", "run", "--once", *words]
    if user:
        command = ["runuser", "-u", user, "--", "env", f"HOME={pwd.getpwnam(user).pw_dir}", *command]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=where, env=kept, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    took = time.perf_counter() - begin
    ready = re.search(r"ready after ([\d.]+) s", done.stdout)
    fine = done.returncode == 0
    print(
        f"  {'ok  ' if fine else 'FAIL'} {name:<52} first page {ready[1] if ready else '–':>5} s, with all checks {took:5.1f} s", flush=True
    )
    if not fine:
        print("\n".join(done.stdout.splitlines()[-25:] + done.stderr.splitlines()[-15:]))
    return fine


def down(where: Path, user: str = "") -> None:
    command = ["runuser", "-u", user, "--"] if user else []
    subprocess.run([*command, "python3", "dev", "reset", "--yes"], cwd=where, capture_output=True, stdin=subprocess.DEVNULL)


def postmaster(where: Path) -> int:
    pid = next(where.glob(".run/pg/data/postmaster.pid"))
    return int(pid.read_text().split()[0])


def main() -> int:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = clone(Path(folder) / "Räume und Orte")
        try:
            results.append(start(place, "fresh clone, path with spaces and umlauts"))
            results.append(start(place, "second start, database left running"))
            os.kill(postmaster(place), signal.SIGKILL)
            time.sleep(1)
            results.append(start(place, "after the database was killed (-9)"))
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                port = str(taken.getsockname()[1])
                results.append(start(place, "port taken", "--port", port))
        finally:
            down(place)
    if os.geteuid() == 0 and shutil.which("useradd"):
        subprocess.run(["useradd", "-m", "-s", "/bin/sh", USER], check=True)
        home = Path(pwd.getpwnam(USER).pw_dir)
        home.chmod(0o700)
        place = home / "raumwohlstand"
        try:
            clone(place)
            subprocess.run(["chown", "-R", f"{USER}:", str(place)], check=True)
            results.append(start(place, "ordinary user without sudo, home 0700", user=USER))
            results.append(start(place, "ordinary user, second start", user=USER))
        finally:
            down(place, USER)
            subprocess.run(["userdel", "-r", USER], capture_output=True)
        with tempfile.TemporaryDirectory() as folder:  # 0700 and root's: the database's user cannot enter
            place = clone(Path(folder) / "raumwohlstand")
            try:
                results.append(start(place, "root, below a folder of mode 0700"))
            finally:
                down(place)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
