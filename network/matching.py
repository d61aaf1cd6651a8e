"""Which vacancies fit a request for space, and which requests fit a vacancy: values in, values out.

A request is a list of wishes. Each wish has a verdict on each vacancy: it speaks for it, against it, or the register does not know.
What must be met and is refused leaves no match; all other wishes weigh. The score is the share of the known weights that speak for
a vacancy, the reliability the share of all weights that are known: two figures that are never mixed. What is not known
counts for neither side. One verdict serves both directions, so that a pair is the same from either.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -(2**31)  # a number that the register does not know; a set that it does not know is 0
NEUTRAL = 50.0  # the score where nothing is known: neither for nor against
AT_ONCE = 64  # requests that one thread takes


class Kind(IntEnum):
    """How a wish is asked of a column."""

    SET = 0  # the row's bits and the wanted bits `a` have one in common
    AT_MOST = 1  # the number is at most `a`
    AT_LEAST = 2  # the number is at least `a`
    SPAN = 3  # a part of the row from its smallest (next column) to its whole size lies between `a` and `b`
    PRICE = 4  # the rent is at most `a`, or the price (next column) at most `b`; a limit may be MISSING
    PLACE = 5  # the row lies in one of the towns or circles of `place`


class Verdict(IntEnum):
    FOR = 1
    UNKNOWN = 0
    AGAINST = -1


class Importance(StrEnum):
    """How much a wish matters; what does not matter is no wish."""

    MUST = "must"
    IMPORTANT = "important"
    NICE = "nice"
    LITTLE = "little"


WEIGHTS = {Importance.MUST: 2.0, Importance.IMPORTANT: 2.0, Importance.NICE: 1.0, Importance.LITTLE: 0.5}  # for, and as much against
HALVES = 2  # weights are added as whole halves, so that sums do not depend on their order


@dataclass(frozen=True)
class Place:
    """Where: towns by name, and circles (x, y, radius in metres, all in one plane CRS)."""

    towns: frozenset[str] = frozenset()
    circles: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Wish:
    """One thing that somebody looks for. `name` says which need it is of."""

    name: str
    kind: Kind
    column: str
    a: int = 0
    b: int = 0
    importance: Importance = Importance.IMPORTANT
    place: Place = field(default_factory=Place)

    @property
    def weight(self) -> float:
        return WEIGHTS[self.importance]


Request = Sequence[Wish]


@dataclass(frozen=True)
class Candidates:
    """Vacancies as columns.

    Parameters
    ----------
    keys : sequence of str
        One per row; among equals the row that stands first is named first.
    columns : tuple of str
        Names of the rows of `numbers`.
    numbers : int32 array (columns, rows)
        Whole numbers; bits for what is one or several of a list. x and y in whole metres.
    towns : tuple of str
        What the numbers of the column of towns stand for.
    """

    keys: Sequence[str]
    columns: tuple[str, ...]
    numbers: NDArray[np.int32]
    towns: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    def only(self, rows: NDArray[Any]) -> Candidates:
        """Return those rows alone (numbers or mask)."""
        places = np.arange(len(self))[rows]
        return Candidates([self.keys[i] for i in places], self.columns, np.ascontiguousarray(self.numbers[:, places]), self.towns)


@dataclass(frozen=True)
class Match:
    """A vacancy for a request: the verdicts in the order of its wishes."""

    row: int
    wishes: tuple[Wish, ...]
    verdicts: tuple[Verdict, ...]

    def named(self, verdict: Verdict) -> list[str]:
        """Return the needs that have this verdict."""
        return [w.name for w, v in zip(self.wishes, self.verdicts, strict=True) if v == verdict]

    def _sum(self, *wanted: Verdict) -> float:
        return sum(w.weight for w, v in zip(self.wishes, self.verdicts, strict=True) if v in wanted)

    @property
    def score(self) -> float:
        """0 to 100: the share of the known weights that speak for it."""
        good, bad = self._sum(Verdict.FOR), self._sum(Verdict.AGAINST)
        return NEUTRAL if good + bad == 0 else good / (good + bad) * 100

    @property
    def reliability(self) -> float:
        """0 to 10: the share of all weights that are known."""
        whole = self._sum(*Verdict)
        return 0.0 if whole == 0 else self._sum(Verdict.FOR, Verdict.AGAINST) / whole * 10

    @property
    def rank(self) -> tuple[float, float]:
        """What matches are ordered by: the score, among equal scores the weight that speaks for it."""
        return self.score, self._sum(Verdict.FOR)


def band(reliability: float) -> str:
    """Return how far a score carries: excellent (9 and more), good (7), medium (5), insufficient."""
    return "excellent" if reliability >= 9 else "good" if reliability >= 7 else "medium" if reliability >= 5 else "insufficient"


@dataclass(frozen=True)
class Asked:
    """Requests made ready to be asked of candidates; worth keeping where the same ones are asked of one vacancy after the other."""

    candidates: Candidates
    wishes: tuple[tuple[Wish, ...], ...]
    first: NDArray[np.int64]
    flat: tuple[NDArray[Any], ...]
    place: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, requests: Sequence[Request], candidates: Candidates) -> Asked:
        ordered = tuple(tuple(_in_order(request)) for request in requests)
        return cls(candidates, ordered, *_flat(ordered, candidates))

    def verdicts(self, pairs: NDArray[Any]) -> NDArray[np.int8]:
        """Return the verdicts of pairs (number of the request, number of the row): (pairs, most wishes of a request)."""
        from network import matching_loops as loops

        found = np.zeros((len(pairs), int(np.diff(self.first).max(initial=0))), np.int8)
        loops.judge_pairs(self.first, self.flat, self.candidates.numbers, self.place, pairs.astype(np.int64), found)
        return found

    def matches(self, pairs: NDArray[Any]) -> list[Match]:
        """Return the matches of pairs, refused or not."""
        known = {int(v): v for v in Verdict}
        return [
            Match(int(row), self.wishes[int(r)], tuple(known[v] for v in given[: len(self.wishes[int(r)])]))
            for (r, row), given in zip(pairs, self.verdicts(pairs).tolist(), strict=True)
        ]

    def takers(self, row: int) -> list[tuple[int, Match]]:
        """Return the requests that a vacancy is a match for (their numbers), with it, best first."""
        pairs = np.column_stack((np.arange(len(self.wishes)), np.full(len(self.wishes), row)))
        found = [(int(pair[0]), match) for pair, match in zip(pairs[self._open(row)], self.matches(pairs[self._open(row)]), strict=True)]
        return sorted(found, key=lambda pair: (*(-value for value in pair[1].rank), pair[0]))

    def count_takers(self, row: int) -> int:
        """Return how many requests a vacancy is a match for."""
        return int(self._open(row).sum())

    def _open(self, row: int) -> NDArray[np.bool_]:
        """Return which requests do not refuse a row."""
        pairs = np.column_stack((np.arange(len(self.wishes)), np.full(len(self.wishes), row)))
        verdicts = self.verdicts(pairs)
        musts = self.flat[-1]
        counts = np.diff(self.first)
        asked = np.arange(verdicts.shape[1]) < counts[:, None]
        must = np.zeros(verdicts.shape, np.bool_)
        must[asked] = musts
        return np.asarray(~((verdicts < 0) & must).any(axis=1))


def best(requests: Sequence[Request], candidates: Candidates, length: int = 20, threads: int = 2) -> list[list[Match]]:
    """Return the best matches of each request, best first; none that is refused."""
    asked = Asked.of(requests, candidates)
    rows = _best_rows(asked, length, threads)
    pairs = np.argwhere(rows >= 0)
    flat = np.column_stack((pairs[:, 0], rows[rows >= 0])) if len(pairs) else np.zeros((0, 2), np.int64)
    found: list[list[Match]] = [[] for _ in requests]
    for (r, _row), match in zip(flat, asked.matches(flat), strict=True):
        found[int(r)].append(match)
    return found


def best_rows(requests: Sequence[Request], candidates: Candidates, length: int = 20, threads: int = 2) -> NDArray[np.int32]:
    """Return the numbers of the best rows: (requests, length), best first, −1 where there are no more."""
    return _best_rows(Asked.of(requests, candidates), length, threads)


def _best_rows(asked: Asked, length: int, threads: int) -> NDArray[np.int32]:
    from network import matching_loops as loops

    count, numbers = len(asked.wishes), asked.candidates.numbers
    rows = np.full((count, length), -1, np.int32)
    keys = np.full((count, length), -1.0)

    def part(low: int) -> None:
        loops.best_rows(asked.first, asked.flat, numbers, asked.place, low, min(low + AT_ONCE, count), rows, keys)

    if len(asked.candidates):
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(0, count, AT_ONCE)))
    return rows


@dataclass(frozen=True)
class Hits:
    """How many vacancies a request leaves: `fitting` are not refused, for `certain` every must is known besides.

    `refused` says per must how many rows it refuses, `without` how many would fit if it were dropped.
    """

    fitting: int
    certain: int
    refused: dict[str, int]
    without: dict[str, int]


def count(request: Request, candidates: Candidates) -> Hits:
    """Count what a request leaves of the vacancies."""
    from network import matching_loops as loops

    wishes = _in_order(request)
    refused, alone = np.zeros(len(wishes), np.int64), np.zeros(len(wishes), np.int64)
    first, flat, place = _flat([wishes], candidates)
    fitting, certain = (int(n) for n in loops.refusals(first, flat, candidates.numbers, place, refused, alone))
    musts = [(i, w.name) for i, w in enumerate(wishes) if w.importance == Importance.MUST]
    without = {name: fitting + int(alone[i]) for i, name in musts}
    return Hits(fitting, certain, {name: int(refused[i]) for i, name in musts}, without)


def _in_order(request: Request) -> list[Wish]:
    """Return what must be met first; otherwise in the given order."""
    return sorted(request, key=lambda w: w.importance != Importance.MUST)


def _flat(requests: Sequence[Request], candidates: Candidates) -> tuple[Any, Any, Any]:
    """Return wishes, musts first, as arrays: where each request begins, what they ask, and where."""
    wishes = [w for request in requests for w in request]
    first = np.cumsum([0, *(len(request) for request in requests)])
    column = {name: i for i, name in enumerate(candidates.columns)}
    town = {name: i for i, name in enumerate(candidates.towns)}
    flat = (
        np.array([w.kind for w in wishes], np.int8),
        np.array([column[w.column] for w in wishes], np.int16),
        np.array([w.a for w in wishes], np.int32),
        np.array([w.b for w in wishes], np.int32),
        np.array([w.weight * HALVES for w in wishes], np.int32),
        np.array([w.importance == Importance.MUST for w in wishes], np.bool_),
    )
    towns = np.zeros((len(wishes), max(len(town), 1)), np.bool_)
    circles: list[tuple[float, float, float]] = []
    starts = [0]
    for i, w in enumerate(wishes):
        if w.place.towns:
            towns[i, [town[t] for t in w.place.towns if t in town]] = True
        circles += [(x, y, r * r) for x, y, r in w.place.circles]
        starts.append(len(circles))
    return first, flat, (towns, np.array(starts, np.int64), np.array(circles, np.float64).reshape(-1, 3))
