"""MapServer as helpers of this process: started when needed, asked over FastCGI, replaced when they die, hang or grow.

Each helper is `mapserv` on a socket that only this process has; it ends with it. There is nothing to configure or to
start beside the server. Where no helper can be started, each request gets a `mapserv` of its own (`once`): slower, else the same.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from layers.publish.mapserver import once
from layers.publish.ows.reports import OwsError

SECONDS = 25.0  # longer than the database lets a query run
LARGEST_ANSWER = 150_000_000  # bytes
LARGEST_SPACE = 3_000_000_000  # bytes of address space
MOST_REQUESTS, MOST_MEMORY = 2_000, 300_000_000  # then a helper is replaced
REST_S = 60.0  # before helpers are tried again that could not be started
BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7  # FastCGI 1.0, section 8
RECORD = struct.Struct("!BBHHBx")
PLACES = ("/usr/lib/cgi-bin/mapserv", "/usr/local/bin/mapserv", "/usr/bin/mapserv")


log = logging.getLogger(__name__)


class Died(Exception):
    """A helper ended or spoke no FastCGI."""


@dataclass(frozen=True)
class Answer:
    """What MapServer answered."""

    content_type: str
    body: bytes


def program() -> str:
    """Return where MapServer is; raises `OwsError` (503) with the command that installs it."""
    named = os.environ.get("RW_MAPSERV", "")
    found = shutil.which(named) if named else next((p for p in PLACES if Path(p).exists()), None) or shutil.which("mapserv")
    if not found:
        raise OwsError("NoApplicableCode", "MapServer is not installed: apt install cgi-mapserver", status=503)
    return found


class Helper:
    """One `mapserv` and the connection to it."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.requests = 0
        folder = Path(tempfile.mkdtemp(prefix="rw-ms-"))  # mode 0700
        try:
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(folder / "s"))
                listening.listen(1)
                self.process = subprocess.Popen(
                    command, stdin=listening, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(environment), cwd="/"
                )
                self.line = socket.socket(socket.AF_UNIX)
                try:
                    self.line.connect(str(folder / "s"))
                except OSError:
                    self.end()
                    raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (LARGEST_SPACE, LARGEST_SPACE))

    def ask(self, words: Mapping[str, str], body: bytes, seconds: float) -> bytes:
        """Return the raw CGI answer; raises `Died`, or `TimeoutError`."""
        self.requests += 1
        until = time.monotonic() + seconds
        pairs = b"".join(_length(k) + _length(v) + k + v for k, v in ((k.encode(), v.encode()) for k, v in words.items()))
        begin = RECORD.pack(1, BEGIN, 1, 8, 0) + struct.pack("!HB5x", 1, 1)  # a responder that keeps the connection
        try:
            self.line.settimeout(seconds)
            self.line.sendall(begin + _stream(PARAMS, pairs) + _stream(STDIN, body))
            out, size = [], 0
            while True:
                _version, kind, _id, length, padding = RECORD.unpack(self._exactly(RECORD.size, until))
                content = self._exactly(length + padding, until)[:length]
                if kind == END:
                    return b"".join(out)
                if kind == STDOUT:
                    size += length
                    if size > LARGEST_ANSWER:
                        raise once.TooLarge
                    out.append(content)
        except TimeoutError:
            raise
        except OSError as error:
            raise Died(str(error)) from error

    def worn(self) -> bool:
        """Whether it has served long enough, or has grown."""
        if self.requests >= MOST_REQUESTS or self.process.poll() is not None:
            return True
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except OSError:
            return False
        return pages * resource.getpagesize() > MOST_MEMORY

    def end(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.wait()

    def _exactly(self, length: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.line.settimeout(left)
            part = self.line.recv(min(length - len(parts), 1 << 20))
            if not part:
                raise Died("mapserv closed the connection")
            parts += part
        return bytes(parts)


class Pool:
    """The helpers of this process. As many work as there are requests at once; the gate before it limits those."""

    def __init__(self, environment: Mapping[str, str], note: Path) -> None:
        self.environment = dict(environment)
        self.note = note  # holds the reason while helpers cannot be started; `./dev status` shows it
        self._idle: list[Helper] = []
        self._lock = threading.Lock()
        self._rests_until, self._failure, self._told = 0.0, "", False
        # helpers end with the thread that started them: one that lives as long as the process
        self._starter = ThreadPoolExecutor(1, "mapserv")

    def ask(self, words: Mapping[str, str], body: bytes = b"", seconds: float = SECONDS) -> Answer:
        """Return MapServer's answer to a CGI request; raises `OwsError` when there is none."""
        until = time.monotonic() + seconds
        try:
            raw = None if self.by_cgi else self._by_helper(words, body, until)
            return _answer(self._once(words, body, until) if raw is None else raw)
        except TimeoutError:
            raise OwsError("NoApplicableCode", f"the answer took longer than {seconds:g} s; ask for less at once", status=503) from None
        except once.TooLarge:
            text = f"the answer has more than {LARGEST_ANSWER // 1_000_000} MB; ask for less at once"
            raise OwsError("NoApplicableCode", text, status=503) from None
        except OSError:
            raise OwsError("NoApplicableCode", "MapServer could not be started", status=503) from None

    @property
    def by_cgi(self) -> bool:
        """Whether requests get a process each, because helpers could not be started a moment ago."""
        return time.monotonic() < self._rests_until

    def _by_helper(self, words: Mapping[str, str], body: bytes, until: float) -> bytes | None:
        """Return a helper's answer, None when there is none that can answer."""
        for _attempt in (1, 2):
            try:
                helper = self._take()
            except OSError as error:
                self._failure = str(error)
                return None
            try:
                raw = helper.ask(words, body, max(until - time.monotonic(), 0.01))
            except Died as error:
                helper.end()
                if helper.requests > 1:  # it may have died before this request
                    continue
                self._failure = str(error)
                return None
            except BaseException:
                helper.end()
                raise
            self._give_back(helper)
            if helper.requests == 1:
                self.note.unlink(missing_ok=True)
            return raw
        return b""

    def _once(self, words: Mapping[str, str], body: bytes, until: float) -> bytes:
        """Return the answer of a process of its own; what it can answer and a new helper cannot tells that helpers do not work."""
        left = max(until - time.monotonic(), 0.01)
        raw = once.ask(self._command(), self.environment, words, body, left, (LARGEST_SPACE, LARGEST_ANSWER))
        if raw and not self.by_cgi:
            self._rests_until = time.monotonic() + REST_S
            self.note.write_text(self._failure, encoding="utf-8")
            if not self._told:
                log.warning("MapServer does not run as FastCGI (%s); it is started for each request, which is slower", self._failure)
            self._told = True
        return raw

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.end()
        self._starter.shutdown()

    def _take(self) -> Helper:
        with self._lock:
            while self._idle:
                helper = self._idle.pop()
                if helper.process.poll() is None:
                    return helper
                helper.end()
        return self._starter.submit(Helper, self._command(), self.environment).result()

    @staticmethod
    def _command() -> list[str]:
        setpriv = shutil.which("setpriv")
        return [*([setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []), program()]

    def _give_back(self, helper: Helper) -> None:
        if helper.worn():
            helper.end()
            return
        with self._lock:
            self._idle.append(helper)


def _length(text: bytes) -> bytes:
    return bytes([len(text)]) if len(text) < 128 else struct.pack("!I", len(text) | 0x80000000)


def _stream(kind: int, content: bytes) -> bytes:
    """Return a stream as records, with the empty one that ends it."""
    blocks = [content[i : i + 65_535] for i in range(0, len(content), 65_535)]
    return b"".join(RECORD.pack(1, kind, 1, len(b), 0) + b for b in (*blocks, b""))


def _answer(raw: bytes) -> Answer:
    head, gap, body = raw.partition(b"\r\n\r\n")
    if not gap:
        raise OwsError("NoApplicableCode", "MapServer gave no answer to this request", status=503)
    lines = dict(line.split(": ", 1) for line in head.decode("latin-1").splitlines() if ": " in line)
    kinds = {name.lower(): value for name, value in lines.items()}
    return Answer(kinds.get("content-type", "text/xml"), body)
