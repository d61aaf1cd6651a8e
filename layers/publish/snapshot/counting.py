"""Filters and counts over a table: one bit per row and option, combined and counted. Pure; the same ids as in the database.

Counts are disjunctive: beside an option stands how many rows there are when it is chosen in its criterion and all other
criteria stay ("if I add this").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from geo.columnar import Table, is_columnar, mask_of
from geo.criteria import AtLeastRank, Choice, Criterion
from geo.filtering import FilterSet
from geo.time_criteria import Months

Ask = Callable[[FilterSet], np.ndarray]  # rows that meet criteria which only the database can answer (bool)
KEPT = 256  # masks of values that are kept


def packed(mask: np.ndarray) -> np.ndarray:
    """Return a mask (bool) as bits in 64-bit words."""
    bits = np.packbits(mask, bitorder="little")
    return np.frombuffer(bits.tobytes() + bytes(-len(bits) % 8), np.uint64)


def unpacked(bits: np.ndarray, rows: int) -> np.ndarray:
    """Return bits as a mask (bool)."""
    return np.unpackbits(bits.view(np.uint8), count=rows, bitorder="little").view(bool)


def total(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum())


@dataclass
class Counter:
    """Answers filters over one table; keeps the bits of options and of the values that were asked for."""

    table: Table
    ask: Ask
    _keys: dict[str, dict[str, int]] = field(default_factory=dict)
    _options: dict[str, np.ndarray] = field(default_factory=dict)
    _masks: dict[tuple[str, Any], np.ndarray] = field(default_factory=dict)

    def options(self, facet: Choice) -> np.ndarray:
        """Return the bits of each option: (options, words); for a rank those at least as good."""
        if facet.name not in self._options:
            self._keys[facet.name] = {key: place for place, (key, _label) in enumerate(facet.options())}
            masks = [packed(mask_of(facet, (key,), self.table)) for key in self._keys[facet.name]]
            self._options[facet.name] = np.stack(masks) if masks else np.zeros((0, 0), np.uint64)
        return self._options[facet.name]

    def bits(self, criterion: Criterion, value: Any) -> np.ndarray:
        """Return the bits of the rows that meet one criterion."""
        if isinstance(criterion, Choice) and not isinstance(criterion, AtLeastRank) and criterion.name in self._options:
            places = [self._keys[criterion.name][v] for v in value if v in self._keys[criterion.name]]
            return np.bitwise_or.reduce(self.options(criterion)[places], axis=0)
        day = criterion.limit(value) if isinstance(criterion, Months) else value
        return self._kept((criterion.name, day), lambda: mask_of(criterion, value, self.table))

    def _kept(self, asked: tuple[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        if asked not in self._masks:
            if len(self._masks) >= KEPT:
                self._masks.clear()
            self._masks[asked] = packed(make())
        return self._masks[asked]

    def parts(self, wanted: FilterSet) -> dict[str, np.ndarray]:
        """Return the bits of each set criterion; those that only the database answers are one part."""
        columnar = {c.name: self.bits(c, value) for c, value in wanted.active() if is_columnar(c)}
        others = type(wanted)({c.name: value for c, value in wanted.active() if not is_columnar(c)})
        if others:
            columnar["database"] = self._kept(("database", others.query_string()), lambda: self.ask(others))
        return columnar

    def everything(self) -> np.ndarray:
        return packed(np.ones(len(self.table), bool))

    def rows(self, wanted: FilterSet) -> np.ndarray:
        """Return the numbers of the rows that meet a filter, ascending."""
        return np.flatnonzero(self.mask(wanted))

    def mask(self, wanted: FilterSet) -> np.ndarray:
        """Return which rows meet a filter (bool)."""
        return unpacked(self._all(self.parts(wanted)), len(self.table))

    def _all(self, parts: Mapping[str, np.ndarray], but: str = "") -> np.ndarray:
        asked = [bits for name, bits in parts.items() if name != but]
        return reduce(np.bitwise_and, asked) if asked else self.everything()

    def count(self, wanted: FilterSet) -> int:
        """Return how many rows meet a filter."""
        return total(self._all(self.parts(wanted)))

    def tally(self, wanted: FilterSet, *facets: Choice) -> dict[tuple[str, ...], int]:
        """Return the hits per combination of the values of facets that hold one value a row; those without a hit are left out."""
        lists = [self.table.values[f.column] for f in facets]
        hits = self.mask(wanted) if wanted else slice(None)
        number = np.zeros(1, np.int64)
        for facet, values in zip(facets, lists, strict=True):
            code = self.table.columns[facet.column][hits].astype(np.int64)
            number = number * (len(values) + 1) + np.where(code, code + self.table.low[facet.column], 0)
        counts = np.bincount(number, minlength=1)
        found = np.flatnonzero(counts)
        places = np.unravel_index(found, [len(values) + 1 for values in lists])
        known = [(row, n) for *row, n in zip(*places, counts[found].tolist(), strict=True) if all(row)]  # 0 is unknown
        return {tuple(values[place - 1] for values, place in zip(lists, row, strict=True)): n for row, n in known}

    def hits_by_option(self, wanted: FilterSet, facets: Iterable[Choice]) -> tuple[int, dict[str, dict[str, int]]]:
        """Return the hits in all, and for each facet the hits per option under the other criteria."""
        parts = self.parts(wanted)
        all_of_them = self._all(parts)
        counted = {}
        for facet in facets:
            rest = self._all(parts, facet.name) if facet.name in parts else all_of_them
            hits = np.bitwise_count(self.options(facet) & rest).sum(axis=1)
            counted[facet.name] = dict(zip(self._keys[facet.name], hits.tolist(), strict=True))
        return total(all_of_them), counted
