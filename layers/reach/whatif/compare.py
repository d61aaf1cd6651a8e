"""Two timetables compared place by place: minutes and transit access class before and after. Pure: no database, no clock.

A place without a connection counts as infinitely far: getting one is a gain, losing it a loss. What one of the two did
not compute is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geo.errors import InvalidParameter

NOT = -1  # minutes of a place without a connection
FAR = 1 << 20
MINUTES = ("berlin_best", "berlin_median", "oz_best", "mz_best")
CLASSES = "ABCDEFG"
CLASS = "transit_class"
MEASURES = (*MINUTES, CLASS)
GAIN, SAME, LOSS = 1, 0, -1


@dataclass(frozen=True)
class Results:
    """What one timetable gives some places, one entry each.

    Attributes
    ----------
    minutes : mapping
        Name in `MINUTES` → whole minutes, int, NOT where there is no connection; a name that was not computed is absent.
    transit_class : sequence of str, optional
        A to G, '' where no class is reached; None when it is not compared.
    """

    minutes: Mapping[str, Any]
    transit_class: Sequence[str] | None = None

    def ranks(self, name: str) -> Any:
        """Return a measure as numbers of which the smaller are the better: minutes, or the place of the class in A … G, none."""
        if name != CLASS:
            minutes = np.asarray(self.minutes[name], dtype=np.int64)
            return np.where(minutes == NOT, FAR, minutes)
        return np.array([CLASSES.index(c) if c else len(CLASSES) for c in self.transit_class or ()], dtype=np.int64)

    def has(self, name: str) -> bool:
        return self.transit_class is not None if name == CLASS else name in self.minutes


@dataclass(frozen=True)
class Tally:
    """How many places gain and how many lose by one measure."""

    gain: int
    loss: int


@dataclass(frozen=True)
class Crossing:
    """How many places come within a number of minutes, and how many fall out; and in how many towns these lie."""

    limit: int
    coming: int
    coming_towns: int
    leaving: int
    leaving_towns: int


@dataclass(frozen=True)
class Comparison:
    """Two results of the same places in the same order.

    Raises
    ------
    InvalidParameter
        When they are not of the same places.
    """

    before: Results
    after: Results

    def __post_init__(self) -> None:
        lengths = {len(r.ranks(m)) for r in (self.before, self.after) for m in MEASURES if r.has(m)}
        if len(lengths) > 1:
            raise InvalidParameter("results", " and ".join(map(str, sorted(lengths))), "as many entries before as after")

    @property
    def measures(self) -> list[str]:
        """Measures that both have."""
        return [m for m in MEASURES if self.before.has(m) and self.after.has(m)]

    @cached_property
    def _signs(self) -> dict[str, Any]:
        return {m: np.sign(self.before.ranks(m) - self.after.ranks(m)) for m in self.measures}

    def sign(self, measure: str) -> Any:
        """Return GAIN, SAME or LOSS per place."""
        return self._signs[measure]

    def change(self, measure: str) -> Any:
        """Return after − before per place, minutes or classes; beyond ±`FAR` / 2 a connection was won or lost."""
        return self.after.ranks(measure) - self.before.ranks(measure)

    def tally(self, measure: str, chosen: Any = slice(None)) -> Tally:
        """Count gains and losses, of all places or of the chosen ones."""
        sign = self.sign(measure)[chosen]
        return Tally(int((sign == GAIN).sum()), int((sign == LOSS).sum()))

    @property
    def changed(self) -> Any:
        """Indices of the places that gain or lose by any measure."""
        signs = [self.sign(m) != SAME for m in self.measures]
        return np.flatnonzero(np.logical_or.reduce(signs)) if signs else np.array([], dtype=int)

    def crossing(self, towns: Sequence[object], limit: int, measure: str = "berlin_best") -> Crossing | None:
        """Count the places that come within `limit` minutes and those that fall out; None when minutes are not compared.

        Parameters
        ----------
        towns : sequence
            The town each place lies in.
        """
        if measure not in self.measures:
            return None
        was, now = (r.ranks(measure) <= limit for r in (self.before, self.after))
        coming, leaving = (np.flatnonzero(a).tolist() for a in (now & ~was, was & ~now))
        return Crossing(limit, len(coming), len({towns[i] for i in coming}), len(leaving), len({towns[i] for i in leaving}))

    def order(self, measure: str, places: Any, key: Callable[[int], Any]) -> list[int]:
        """Return places by how much they change by a measure, the largest gains and losses first, then by `key`.

        Connections won or lost come before all others.
        """
        change = np.abs(self.change(measure))
        return sorted((int(i) for i in places), key=lambda i: (-min(int(change[i]), FAR // 2), key(i)))
