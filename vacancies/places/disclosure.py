"""Numbers of objects that are not public: shown only where they tell of at least five, and so that none can be worked out.

Fewer than five are shown as "fewer than five", nought included. The whole is shown, too, so what is missing must not follow
from it: where it would, the smallest of the other numbers is held back as well, and where that is not enough, the whole.
Whoever knows all shown numbers and this rule still holds every value from 0 to 4 possible for every "fewer than five".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEWEST = 5  # distinct objects


@dataclass(frozen=True)
class Shown:
    """A number as it may be shown: itself, or that it is fewer than five, or that it is held back (five or more)."""

    n: int | None = None
    is_few: bool = False


FEW, HELD = Shown(is_few=True), Shown()


def protect(counts: Mapping[str, int], fewest: int = FEWEST) -> tuple[dict[str, Shown], Shown]:
    """Return each number and their sum as they may be shown.

    Parameters
    ----------
    counts : mapping of str to int
        Numbers of distinct objects; no object counts twice.
    fewest : int
        Smaller numbers are not shown.
    """
    few = [n for n in counts.values() if n < fewest]
    others = sorted((n, key) for key, n in counts.items() if n >= fewest)
    held = next((others[:m] for m in range(len(others) + 1) if _hides(few, others[:m], fewest)), None)
    hidden = {key for _n, key in held or ()}
    shown = {key: FEW if n < fewest else HELD if key in hidden else Shown(n) for key, n in counts.items()}
    total = sum(counts.values())
    return shown, Shown(total) if held is not None and total >= fewest else HELD if total >= fewest else FEW


def _hides(few: Sequence[int], held: Sequence[tuple[int, str]], fewest: int) -> bool:
    """Whether the sum of what is missing leaves every value below `fewest` possible for each of the few."""
    if not few:
        return not held
    missing = sum(few) + sum(n for n, _key in held)
    most = fewest - 1
    if held:
        return missing >= fewest * len(held) + most
    return fewest <= missing <= most * (len(few) - 1)
