"""Numbers of objects that are not public: shown only where they tell of at least five distinct objects.

Fewer than five read "fewer than five", nought included. What is said of the whole is worked out from the shown numbers alone,
so that it tells nothing they do not tell: a true sum beside them would give away what is missing, and which further
numbers are held back to prevent that would give away some of it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FEWEST = 5  # distinct objects


@dataclass(frozen=True)
class Shown:
    """A number as it may be shown: `n`, fewer than five (`n` is None), or `n` and perhaps more (`is_least`)."""

    n: int | None
    is_least: bool = False


FEW = Shown(None)


def protect(counts: Mapping[str, int], fewest: int = FEWEST) -> dict[str, Shown]:
    """Return each number as it may be shown, by itself: no number depends on another."""
    return {key: Shown(n) if n >= fewest else FEW for key, n in counts.items()}


def together(parts: Iterable[Shown]) -> Shown:
    """Return what the shown numbers make together: their sum, at least that much where some of them are too small to be shown."""
    every = list(parts)
    known = sum(p.n for p in every if p.n is not None)
    few = any(p.n is None for p in every)
    return FEW if few and not known else Shown(known, is_least=few)
