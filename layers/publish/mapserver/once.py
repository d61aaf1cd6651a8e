"""MapServer started for a single request, as CGI: what answers where no helper can be started."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Mapping

LONGEST_WORD = 100_000  # the system takes 128 KiB for one variable


Limits = tuple[int, int]


class TooLarge(Exception):
    """The answer is longer than allowed."""


def ask(command: list[str], environment: Mapping[str, str], words: Mapping[str, str], body: bytes, seconds: float, limits: Limits) -> bytes:
    """Return the raw CGI answer of a process that lives for it alone.

    Parameters
    ----------
    words : mapping
        The variables of the request, as a helper is sent them.
    limits : (int, int)
        Bytes of address space, and of the answer.

    Raises
    ------
    TimeoutError, TooLarge
        The process has been ended.
    OSError
        It could not be started.
    """
    space, largest = limits
    if len(words["QUERY_STRING"]) > LONGEST_WORD and not body:
        form = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        body = words["QUERY_STRING"].encode()
        words = {**words, **form, "CONTENT_LENGTH": str(len(body)), "QUERY_STRING": ""}
    with os.fdopen(os.memfd_create("mapserv"), "w+b") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, env={**environment, **words}, cwd="/"
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (space, space))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
            process.communicate(body, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            process.kill()
            process.wait()
        if out.seek(0, os.SEEK_END) >= largest:
            raise TooLarge
        out.seek(0)
        return out.read()
