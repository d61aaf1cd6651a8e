"""The loops of the matching, compiled. Importing this module imports numba; `matching` does so on the first call.

A request is a run of wishes in flat arrays, rows are columns of whole numbers. Wishes that must be met come first, so that a block
of rows that none survives is left early. The loops hold no lock: threads run them side by side. Nothing is checked here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layers.reach.transit.kernels import compiled

MISSING = -(2**31)
SET, AT_MOST, AT_LEAST, SPAN, PRICE, PLACE = range(6)
FOR, UNKNOWN, AGAINST = 1, 0, -1
BLOCK = 4096  # rows whose verdicts stay in the processor's cache


@compiled
def judge_wish(found: Any, wish: Any, kind: int, column: int, a: int, b: int, numbers: Any, place: Any, begin: int, end: int) -> None:
    """Write the verdict of one wish on each row of a block: 1 speaks for it, −1 against it, 0 is unknown.

    Parameters
    ----------
    found : int8 array
        One entry per row of the block.
    wish : int
        Number of the wish, for its place.
    kind, column, a, b : int
        What is asked of which column. SPAN and PRICE read the next column, too; PLACE reads x and y beside the town.
    numbers : int32 array (columns, rows)
    place : tuple
        `(towns, first, circles)`: towns wanted (wishes × towns, bool); the circles of each wish (x, y, metres²) as `first[n]:first[n + 1]`.
    """
    one = numbers[column]
    if kind == SET:
        for row in range(begin, end):
            v = one[row]
            found[row - begin] = 0 if v == 0 else (1 if (v & a) != 0 else -1)
    elif kind == AT_MOST:
        for row in range(begin, end):
            v = one[row]
            found[row - begin] = 0 if v == MISSING else (1 if v <= a else -1)
    elif kind == AT_LEAST:
        for row in range(begin, end):
            v = one[row]
            found[row - begin] = 0 if v == MISSING else (1 if v >= a else -1)
    elif kind == SPAN:
        part = numbers[column + 1]
        for row in range(begin, end):
            whole, least = one[row], part[row]
            if whole == MISSING:
                found[row - begin] = 0
            else:
                least = whole if least == MISSING else min(least, whole)
                found[row - begin] = 1 if whole >= a and least <= b else -1
    elif kind == PRICE:
        other = numbers[column + 1]
        for row in range(begin, end):
            verdict = 0
            if a != MISSING and one[row] != MISSING:
                verdict = 1 if one[row] <= a else -1
            if verdict < 1 and b != MISSING and other[row] != MISSING:
                verdict = 1 if other[row] <= b else -1
            found[row - begin] = verdict
    else:
        towns, first, circles = place
        xs, ys = numbers[column + 1], numbers[column + 2]
        for row in range(begin, end):
            hit = towns[wish, one[row]]
            for c in range(first[wish], first[wish + 1]):
                dx, dy = float(xs[row]) - circles[c, 0], float(ys[row]) - circles[c, 1]
                hit = hit or dx * dx + dy * dy <= circles[c, 2]
            found[row - begin] = 1 if hit else -1


@compiled
def best_rows(requests: Any, wishes: Any, numbers: Any, place: Any, low: int, high: int, best: Any, keys: Any) -> None:
    """Find the best rows of each request from `low` to `high`: their numbers and keys of rank, best first; −1 where there are no more."""
    kind, column, a, b, points, must = wishes
    rows, length = numbers.shape[1], best.shape[1]
    found, good, bad, out = np.empty(BLOCK, np.int8), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.bool_)
    for begin in range(0, rows, BLOCK):
        end = min(begin + BLOCK, rows)
        for r in range(low, high):
            good[:], bad[:], out[:] = 0, 0, False
            for w in range(requests[r], requests[r + 1]):
                judge_wish(found, w, kind[w], column[w], a[w], b[w], numbers, place, begin, end)
                p = points[w]
                if must[w]:
                    left = 0
                    for i in range(end - begin):
                        out[i] |= found[i] < 0
                        left += not out[i]
                        good[i] += p if found[i] > 0 else 0
                    if left == 0:
                        break
                else:
                    for i in range(end - begin):
                        good[i] += p if found[i] > 0 else 0
                        bad[i] += p if found[i] < 0 else 0
            for i in range(end - begin):
                if out[i]:
                    continue
                key = rank_key(good[i], bad[i])
                if key <= keys[r, length - 1]:
                    continue
                at = length - 1
                while at > 0 and keys[r, at - 1] < key:
                    keys[r, at], best[r, at] = keys[r, at - 1], best[r, at - 1]
                    at -= 1
                keys[r, at], best[r, at] = key, begin + i


@compiled
def rank_key(good: int, bad: int) -> float:
    """Return what rows are ranked by: the score, then the points that speak for them. Scores differ by 1 / (all points)² or more."""
    score = 0.5 if good + bad == 0 else good / (good + bad)
    return score * 1e9 + good


@compiled
def judge_pairs(first: Any, wishes: Any, numbers: Any, place: Any, pairs: Any, verdicts: Any) -> None:
    """Write the verdicts of each pair (request, row): one column per wish of the request, in their order."""
    kind, column, a, b, _points, _must = wishes
    found = np.empty(1, np.int8)
    for n in range(len(pairs)):
        r, row = pairs[n, 0], pairs[n, 1]
        for w in range(first[r], first[r + 1]):
            judge_wish(found, w, kind[w], column[w], a[w], b[w], numbers, place, row, row + 1)
            verdicts[n, w - first[r]] = found[0]


@compiled
def refusals(first: Any, wishes: Any, numbers: Any, place: Any, refused: Any, alone: Any) -> Any:
    """Count for the first request the rows that no must refuses, and those for which all musts are known.

    For each of its wishes also how many rows it refuses, and how many it alone refuses.
    """
    kind, column, a, b, _points, must = wishes
    rows, fitting, certain = numbers.shape[1], 0, 0
    found, times, who, open_ = np.empty(BLOCK, np.int8), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.bool_)
    for begin in range(0, rows, BLOCK):
        end = min(begin + BLOCK, rows)
        times[:], open_[:] = 0, False
        for w in range(first[0], first[1]):
            if not must[w]:
                continue
            judge_wish(found, w, kind[w], column[w], a[w], b[w], numbers, place, begin, end)
            for i in range(end - begin):
                if found[i] < 0:
                    times[i] += 1
                    who[i] = w - first[0]
                    refused[w - first[0]] += 1
                elif found[i] == 0:
                    open_[i] = True
        for i in range(end - begin):
            if times[i] == 0:
                fitting += 1
                certain += not open_[i]
            elif times[i] == 1:
                alone[who[i]] += 1
    return fitting, certain
