"""How this process keeps memory that it no longer needs."""

from __future__ import annotations

import ctypes

ARENAS, TRIM_FROM, MAP_FROM = -8, -1, -3  # mallopt(3)


def keep_little() -> None:
    """Have glibc give back what large answers took: one store for all threads, and what is large or lies at its end returns at once."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option, value in ((ARENAS, 1), (TRIM_FROM, 128 << 10), (MAP_FROM, 128 << 10)):
            libc.mallopt(option, value)
