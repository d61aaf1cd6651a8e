"""The loops of the connection scan, compiled. Importing this module imports numba: `scan` does so on the first call.

Compiled code is kept on disk: in `NUMBA_CACHE_DIR` when that is set (an operator with a read-only installation sets it to a
folder the service may write), else beside this file, else in the user's cache folder. Where none can be written, each
process compiles anew, which takes some seconds. The loops hold no lock, so threads run them side by side.

No bounds are checked here; `scan` checks what comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

UNREACHABLE = 2**31 - 1
END = -1
BITS = 20  # hold the seconds of more than a week
LOWER = (1 << BITS) - 1


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with the result kept on disk, or only in memory where no folder can be written."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available"
        return numba.njit(nogil=True)(function)


@compiled
def earliest(connections: Any, trips: int, paths: Any, board: Any, latest: int) -> Any:
    """Return the earliest arrival by ride at each stop; `board` is when one may board first, and is moved down.

    Arrival by ride is kept apart from the moment of boarding: a footpath leads only from a ride to a ride.
    """
    departs, arrives, from_stop, to_stop, trip, boards, alights = connections
    path_start, path_stop, transfer, change = paths
    ride = np.full(len(board), UNREACHABLE, np.int32)
    aboard = np.zeros(trips, np.bool_)
    first = np.searchsorted(departs, board.min())
    for c in range(first, len(departs)):
        leaves = departs[c]
        if leaves > latest:
            break
        t = trip[c]
        if not aboard[t]:
            if board[from_stop[c]] > leaves or not boards[c]:
                continue
            aboard[t] = True
        stop, at = to_stop[c], arrives[c]
        if at < ride[stop] and at <= latest and alights[c]:
            ride[stop] = at
            board[stop] = min(board[stop], at + change[stop])
            for k in range(path_start[stop], path_start[stop + 1]):
                board[path_stop[k]] = min(board[path_stop[k]], at + transfer[k])
    return ride


@compiled
def _insert(front: Any, pool: Any, used: int, stop: int, when: int, arrival: int) -> int:
    """Add "at the stop by `when`, at the target at `arrival`" to the stop's list unless something there is as good.

    A list goes from the earliest moment to the latest, and arrivals rise with it; its last entry is no moment at all. The first
    entry stands in `front`, which the cache holds for all stops, the others in the pool. Returns how much of the pool is used.
    """
    if front[stop, 0] > when and front[stop, 1] > arrival:  # by far the most frequent
        pool[used, 0], pool[used, 1], pool[used, 2] = front[stop, 0], front[stop, 1], front[stop, 2]
        front[stop, 0], front[stop, 1], front[stop, 2] = when, arrival, used
        return used + 1
    if front[stop, 0] >= when:
        front[stop, 1] = min(front[stop, 1], arrival)  # only of the same moment may it be later
        return used
    i = front[stop, 2]
    while pool[i, 0] < when:
        i = pool[i, 2]
    if pool[i, 1] <= arrival:
        return used
    if pool[i, 0] == when:
        i = pool[i, 2]
    # what stands before and arrives no earlier is of no use any more
    if front[stop, 1] >= arrival:
        front[stop, 0], front[stop, 1], front[stop, 2] = when, arrival, i
        return used
    before, k = END, front[stop, 2]
    while k != i and pool[k, 0] < when and pool[k, 1] < arrival:
        before, k = k, pool[k, 2]
    pool[used, 0], pool[used, 1], pool[used, 2] = when, arrival, i
    if before == END:
        front[stop, 2] = used
    else:
        pool[before, 2] = used
    return used + 1


@compiled
def _settle(travel: Any, ride: Any, stop: int, low: int, high: int, begin: int, best: int, leaves: int, walk: int, longest: int) -> None:
    """Write what holds at a stop for the minutes low … high − 1: the best ride of that time, or the walk to the target."""
    near = high  # the first minute from which the ride is not too long
    if best != UNREACHABLE:
        near = min(max(-((begin + longest - best) // 60), low), high)
    travel[stop, low:near], ride[stop, low:near] = UNREACHABLE, UNREACHABLE
    for m in range(near, high):
        travel[stop, m], ride[stop, m] = best - begin - 60 * m, best - leaves
    if walk <= longest:
        for m in range(low, high):
            if walk <= travel[stop, m]:
                ride[stop, m] = min(ride[stop, m], walk) if walk == travel[stop, m] else walk
                travel[stop, m] = walk


@compiled
def profile(connections: Any, trips: int, paths: Any, egress: Any, begin: int, longest: int, pool: Any, travel: Any, ride: Any) -> None:
    """Scan backward and write, by stop and minute, the seconds to the target (`travel`) and those of them after first boarding.

    Profile connection scan (Dibbelt, Pajor, Strasser, Wagner: Connection Scan Algorithm, 2018). Three things are kept
    apart: `state`, what somebody gets who stands at the stop and may board at once; the lists, what somebody gets who
    has just left a ride there and still has to change or walk; and `egress`, the walk from the stop to the target. `pool` is room
    for the lists, an entry a row; more is taken when it does not suffice.
    """
    departs, arrives, from_stop, to_stop, trip, boards, alights = connections
    path_start, path_stop, transfer, change = paths
    stops, minutes = travel.shape
    # what is asked for together stands together: best arrival, its departure, the first settled minute, the change time
    state = np.empty((stops, 4), np.int32)
    state[:, 0], state[:, 1], state[:, 2], state[:, 3] = UNREACHABLE, 0, minutes, change
    stay = np.full(trips, UNREACHABLE, np.int32)
    front = np.full((stops, 4), UNREACHABLE, np.int32)  # the first entry of each list, and the egress
    front[:, 3] = egress
    used = 0
    first = np.searchsorted(departs, begin)
    latest = begin + 60 * (minutes - 1) + longest
    last = np.searchsorted(departs, latest, side="right")
    for c in range(last - 1, first - 1, -1):
        t = trip[c]
        arrival = stay[t]
        if alights[c]:
            stop, at = to_stop[c], arrives[c]
            if front[stop, 3] != UNREACHABLE:
                arrival = min(arrival, at + front[stop, 3])
            if front[stop, 0] >= at:
                arrival = min(arrival, front[stop, 1])
            else:
                i = front[stop, 2]
                while pool[i, 0] < at:
                    i = pool[i, 2]
                arrival = min(arrival, pool[i, 1])
            stay[t] = arrival
        start, leaves = from_stop[c], departs[c]
        if arrival >= state[start, 0] or arrival > min(leaves + longest, latest) or not boards[c]:
            continue
        # somebody who comes after this departure still gets what was best so far
        low = max((leaves - begin) // 60 + 1, 0)
        if low < state[start, 2]:
            _settle(travel, ride, start, low, state[start, 2], begin, state[start, 0], state[start, 1], egress[start], longest)
            state[start, 2] = low
        state[start, 0], state[start, 1] = arrival, leaves
        paths = path_start[start + 1] - path_start[start]
        if used + paths + 1 > len(pool):
            larger = np.empty((2 * len(pool) + paths, 3), np.int32)
            larger[:used] = pool[:used]
            pool = larger
        used = _insert(front, pool, used, start, leaves - state[start, 3], arrival)
        for k in range(path_start[start], path_start[start + 1]):
            # who may board there at once, later than here, and arrives no later need not have walked from here
            if arrival < state[path_stop[k], 0]:
                used = _insert(front, pool, used, path_stop[k], leaves - transfer[k], arrival)
    for stop in range(stops):
        _settle(travel, ride, stop, 0, state[stop, 2], begin, state[stop, 0], state[stop, 1], egress[stop], longest)


@compiled
def _select(values: Any, low: int, rank: int) -> int:
    """Return the value that would stand at `rank` if all were sorted (Hoare's selection); those before `low` stand right already.

    Afterwards everything before the rank is no larger and everything after it no smaller.
    """
    high = len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]  # type: ignore[no-any-return]


@compiled
def reduced(
    travel: Any,
    ride: Any,
    start: Any,
    stop: Any,
    walk: Any,
    low: int,
    high: int,
    minutes: int,
    longest: int,
    best: Any,
    ranks: Any,
    at: Any,
) -> None:
    """Write for the places low … high − 1 the best ride and, for each rank (rising), the value of that many minutes.

    Both numbers of a minute stand in one integer, the whole journey above, its part without the wait below: so one
    minimum picks the best journey and among equals the one with the shortest wait left out.
    """
    pair, total = np.empty(minutes, np.int64), np.empty(minutes, np.int32)
    for place in range(low, high):
        pair[:] = np.int64(UNREACHABLE) << BITS
        for k in range(start[place], start[place + 1]):
            later = (walk[k] + 59) // 60
            whole, part = travel[stop[k], later : later + minutes], ride[stop[k], later : later + minutes]
            added = (np.int64(60 * later) << BITS) + 60 * later
            for m in range(minutes):
                pair[m] = min(pair[m], (np.int64(whole[m]) << BITS) + (part[m] & LOWER) + added)
        shortest = UNREACHABLE
        for m in range(minutes):
            total[m] = UNREACHABLE
            if pair[m] >> BITS <= longest:
                total[m] = pair[m] >> BITS
                shortest = min(shortest, pair[m] & LOWER)
        best[place] = shortest
        sorted_to = 0
        for r in range(len(ranks)):
            at[place, r] = _select(total, sorted_to, ranks[r])
            sorted_to = ranks[r]


@compiled
def candidates(low: Any, high: Any, groups: Any, start: Any, stop: Any, walk: Any, longest: int) -> tuple[Any, Any]:
    """Return the pairs of centre and place, in order of places, where the centre may be the next of one of its groups.

    `low` and `high`, stop × centre, bound the best ride of those who stand at the stop; `groups`, group × centre, says which
    belong together; everything is in whole minutes. A place's best ride is at least the smallest of its stops' `low` with the
    walk, and at most the smallest `high` with the walk; so what begins above the smallest end of its group is never the next.
    """
    count = low.shape[1]
    least, most = np.empty(count, np.int32), np.empty(count, np.int32)
    wanted = np.empty(count, np.bool_)
    pairs, used = np.empty((1 << 16, 2), np.int32), 0
    for place in range(len(start) - 1):
        least[:], most[:] = UNREACHABLE, UNREACHABLE
        for k in range(start[place], start[place + 1]):
            s, on_foot = stop[k], (walk[k] + 59) // 60
            for c in range(count):
                least[c] = min(least[c], low[s, c] + on_foot)
                most[c] = min(most[c], high[s, c] + on_foot)
        wanted[:] = False
        for g in range(len(groups)):
            end = longest
            for c in range(count):
                if groups[g, c]:
                    end = min(end, most[c])
            for c in range(count):
                wanted[c] |= groups[g, c] and least[c] <= end
        if used + count > len(pairs):
            larger = np.empty((2 * len(pairs) + count, 2), np.int32)
            larger[:used] = pairs[:used]
            pairs = larger
        for c in range(count):
            if wanted[c]:
                pairs[used, 0], pairs[used, 1] = c, place
                used += 1
    return pairs[:used, 0].copy(), pairs[:used, 1].copy()
