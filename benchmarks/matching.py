"""Matching: 10,000 requests × 100,000 vacancies, the best 20 of each; one request alone. Made data, no database.

The peer is the same rule written as plain numpy, one wish after the other over all vacancies, on a few of the same requests.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from network import matching
from network.matching import MISSING, Candidates, Importance, Kind, Place, Wish

REQUESTS, VACANCIES, LENGTH, THREADS = 10_000, 100_000, 20, 2
COLUMNS = ("town", "x", "y", "uses", "disposal", "usable", "least", "rent", "price", "berlin", "class", "size", "condition", "power", "net")
LIMIT_S, LIMIT_ONE_MS = 60, 100
PEERS = 20


def vacancies(dice: np.random.Generator, rows: int) -> Candidates:
    """Rows like those of the register: every third figure is not known, prices hardly ever are."""

    def some(values: np.ndarray, share: float, missing: int = MISSING) -> np.ndarray:
        return np.where(dice.random(rows) < share, values, missing)

    usable = dice.lognormal(5.5, 1, rows).astype(np.int64)
    bit = lambda n: 1 << dice.integers(0, n, rows)  # noqa: E731
    numbers = (
        dice.integers(0, 413, rows), dice.integers(250_000, 480_000, rows), dice.integers(5_690_000, 5_940_000, rows),
        some(bit(14) | bit(14) | bit(14), 0.8, 0), some(bit(10) | bit(10), 0.7, 0), some(usable, 0.8), some(usable // 3, 0.3),
        some(dice.integers(200, 1200, rows), 0.1), some(dice.integers(20_000, 900_000, rows), 0.1), some(dice.integers(30, 200, rows), 0.9),
        some(bit(7), 0.95, 0), some(bit(6), 1, 0),
        some(bit(9), 0.7, 0), some(bit(2), 0.5, 0), some(dice.choice([30, 100, 1000], rows), 0.6),
    )  # fmt: skip
    return Candidates(np.arange(rows).astype(str).tolist(), COLUMNS, np.array(numbers).astype(np.int32), tuple(map(str, range(413))))


def requests(dice: np.random.Generator, count: int) -> list[list[Wish]]:
    """Requests of six to thirteen wishes, two to four of which must be met."""
    made = []
    for _ in range(count):
        low = int(dice.integers(40, 400))
        towns = frozenset(map(str, dice.integers(0, 413, 40)))
        circle = (float(dice.integers(250_000, 480_000)), float(dice.integers(5_690_000, 5_940_000)), 30_000.0)
        every = [
            Wish("uses", Kind.SET, "uses", int(dice.integers(1, 2**14)) & int(dice.integers(1, 2**14)) | 1),
            Wish("area", Kind.SPAN, "usable", low, low * 3),
            Wish("place", Kind.PLACE, "town", place=Place(towns, (circle,))),
            Wish("disposal", Kind.SET, "disposal", int(dice.integers(1, 2**10))),
            Wish("budget", Kind.PRICE, "rent", 600, 300_000),
            Wish("berlin", Kind.AT_MOST, "berlin", int(dice.integers(45, 120))),
            Wish("class", Kind.SET, "class", 0b1111),
            Wish("size", Kind.SET, "size", int(dice.integers(1, 2**6))),
            Wish("condition", Kind.SET, "condition", int(dice.integers(1, 2**9))),
            Wish("power", Kind.SET, "power", 0b10),
            Wish("net", Kind.AT_LEAST, "net", 100),
        ]
        kept = [every[i] for i in sorted(dice.choice(len(every), int(dice.integers(6, 12)), replace=False))]
        musts = int(dice.integers(2, 5))
        soft = (Importance.IMPORTANT, Importance.NICE, Importance.LITTLE)
        levels = [Importance.MUST if i < musts else soft[int(dice.integers(0, 3))] for i in range(len(kept))]
        made.append([Wish(w.name, w.kind, w.column, w.a, w.b, level, w.place) for w, level in zip(kept, levels, strict=True)])
    return made


def plain(request: list[Wish], rows: Candidates) -> np.ndarray:
    """The best rows of one request by whole-array operations."""
    numbers = dict(zip(rows.columns, rows.numbers, strict=True))
    after = {name: rows.columns[i + 1] for i, name in enumerate(rows.columns[:-1])}
    good, bad, out = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows), bool)
    for w in request:
        v = numbers[w.column]
        known, met = v != MISSING, v <= w.a
        if w.kind == Kind.SET:
            known, met = v != 0, (v & w.a) > 0
        elif w.kind == Kind.AT_LEAST:
            met = v >= w.a
        elif w.kind == Kind.SPAN:
            least = numbers[after[w.column]]
            met = (v >= w.a) & (np.where(least == MISSING, v, np.minimum(least, v)) <= w.b)
        elif w.kind == Kind.PRICE:
            other = numbers[after[w.column]]
            met = (known & met) | ((other != MISSING) & (other <= w.b))
            known = known | (other != MISSING)
        elif w.kind == Kind.PLACE:
            wanted = np.isin(v, [int(t) for t in w.place.towns])
            near = [np.hypot(numbers["x"] - x, numbers["y"] - y) <= r for x, y, r in w.place.circles]
            known, met = np.ones(len(rows), bool), np.logical_or.reduce([wanted, *near])
        good += np.where(known & met, w.weight, 0)
        bad += np.where(known & ~met, w.weight, 0)
        if w.importance == Importance.MUST:
            out |= known & ~met
    whole = good + bad
    key = np.where(whole > 0, good / np.maximum(whole, 0.5), 0.5) * 1e9 + 2 * good
    key[out] = -1
    first = np.lexsort((np.arange(len(rows)), -key))[:LENGTH]
    return np.where(key[first] >= 0, first, -1)


def main() -> int:
    dice = np.random.default_rng(17)
    rows, wanted = vacancies(dice, VACANCIES), requests(dice, REQUESTS)
    matching.best(wanted[:2], rows)  # compiles
    matching.count(wanted[0], rows)
    start = time.perf_counter()
    found = matching.best_rows(wanted, rows, LENGTH, THREADS)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    same = all((plain(r, rows) == found[n]).all() for n, r in enumerate(wanted[:PEERS]))
    peer = (time.perf_counter() - start) / PEERS
    ones = []
    for request in wanted[:50]:
        start = time.perf_counter()
        matching.best([request], rows)
        matching.count(request, rows)
        ones.append((time.perf_counter() - start) * 1e3)
    one, slowest = statistics.median(ones), max(ones)
    print(f"{REQUESTS:,} requests × {VACANCIES:,} vacancies, best {LENGTH} each, {THREADS} threads: {whole:.1f} s (limit {LIMIT_S})")
    every = peer * REQUESTS / THREADS
    print(f"one request with its count and reasons: median {one:.1f} ms, slowest {slowest:.1f} ms (limit {LIMIT_ONE_MS})")
    print(f"the same by plain numpy: {peer * 1e3:.1f} ms a request, {every:.0f} s for all on {THREADS} cores; same rows: {same}")
    print(f"requests with a match: {int((found[:, 0] >= 0).sum()):,}")
    return 0 if same and whole <= LIMIT_S and slowest <= LIMIT_ONE_MS else 1


if __name__ == "__main__":
    sys.exit(main())
