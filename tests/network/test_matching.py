"""The matching against a rule written out by hand for one pair at a time, and what must hold for all: by hypothesis."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from network import matching
from network.matching import MISSING, Asked, Candidates, Importance, Kind, Match, Place, Verdict, Wish

COLUMNS = ("town", "x", "y", "uses", "minutes", "net", "usable", "least", "rent", "price")
TOWNS = ("angermuende", "luckenwalde", "wittenberge")
Row = tuple[int, ...]
number = st.one_of(st.just(MISSING), st.integers(0, 9))
bits = st.integers(0, 7)
rows_ = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9), bits, number, number, number, number, number, number),
    min_size=1,
    max_size=25,
)
importance = st.sampled_from(list(Importance))


@st.composite
def wish(draw: st.DrawFn, level: st.SearchStrategy[Importance] = importance) -> Wish:
    column, kind = draw(
        st.sampled_from(
            [
                ("uses", Kind.SET),
                ("minutes", Kind.AT_MOST),
                ("net", Kind.AT_LEAST),
                ("usable", Kind.SPAN),
                ("rent", Kind.PRICE),
                ("town", Kind.PLACE),
            ]
        )
    )
    a, b = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    if kind == Kind.SPAN:
        a, b = min(a, b), max(a, b)
    if kind == Kind.PRICE:
        a, b = draw(st.sampled_from([(a, MISSING), (MISSING, b), (a, b)]))
    place = Place(frozenset(draw(st.sets(st.sampled_from(TOWNS)))), ((float(a), float(b), draw(st.floats(0, 5))),))
    return Wish(f"{column}{draw(st.integers(0, 1))}", kind, column, a, b, draw(level), place)


request_ = st.lists(wish(), max_size=7)


def candidates(rows: list[Row]) -> Candidates:
    numbers = np.array(rows, np.int32).T.reshape(len(COLUMNS), len(rows))
    return Candidates([f"k{i:03}" for i in range(len(rows))], COLUMNS, np.ascontiguousarray(numbers), TOWNS)


def verdict_by_hand(w: Wish, row: Row) -> int:
    """The rule for one pair, from the words of the need alone."""
    v = dict(zip(COLUMNS, row, strict=True))
    known = {k: n for k, n in v.items() if n != MISSING}
    if w.kind == Kind.SET:
        return 0 if v["uses"] == 0 else 1 if v["uses"] & w.a else -1
    if w.kind == Kind.AT_MOST:
        return 0 if "minutes" not in known else 1 if v["minutes"] <= w.a else -1
    if w.kind == Kind.AT_LEAST:
        return 0 if "net" not in known else 1 if v["net"] >= w.a else -1
    if w.kind == Kind.SPAN:
        if "usable" not in known:
            return 0
        parts = range(min(known.get("least", v["usable"]), v["usable"]), v["usable"] + 1)
        return 1 if any(w.a <= part <= w.b for part in parts) else -1
    if w.kind == Kind.PRICE:
        asked = [v[name] <= limit for name, limit in (("rent", w.a), ("price", w.b)) if limit != MISSING and name in known]
        return 0 if not asked else 1 if any(asked) else -1
    near = any((v["x"] - x) ** 2 + (v["y"] - y) ** 2 <= r * r for x, y, r in w.place.circles)
    return 1 if TOWNS[v["town"]] in w.place.towns or near else -1


def match_by_hand(request: list[Wish], row: Row) -> tuple[float, float, float] | None:
    """Score, points and reliability, or None where a must refuses."""
    weight = {"must": 2, "important": 2, "nice": 1, "little": 0.5}
    judged = [(w, verdict_by_hand(w, row)) for w in request]
    if any(w.importance == "must" and v < 0 for w, v in judged):
        return None
    good, bad, every = (sum(weight[w.importance] for w, v in judged if v in side) for side in ((1,), (-1,), (1, 0, -1)))
    return 100 * good / (good + bad) if good + bad else 50, good, 10 * (good + bad) / every if every else 0


@settings(max_examples=150, deadline=None)
@given(st.lists(request_, min_size=1, max_size=4), rows_)
def test_the_compiled_loops_say_what_the_rule_by_hand_says(requests: list[list[Wish]], rows: list[Row]) -> None:
    found = matching.best(requests, candidates(rows), length=5)
    for request, matches in zip(requests, found, strict=True):
        by_hand = {i: m for i, row in enumerate(rows) if (m := match_by_hand(request, row))}
        expected = sorted(by_hand, key=lambda i: (-by_hand[i][0], -by_hand[i][1], i))[:5]
        assert [m.row for m in matches] == expected
        for m in matches:
            assert (m.score, m.rank[1], m.reliability) == pytest.approx(by_hand[m.row])
            assert all(m.verdicts[i] == verdict_by_hand(w, rows[m.row]) for i, w in enumerate(m.wishes))


@settings(max_examples=80, deadline=None)
@given(request_, rows_, wish(st.just(Importance.MUST)))
def test_a_further_must_adds_no_match(request: list[Wish], rows: list[Row], must: Wish) -> None:
    here = candidates(rows)
    before = {m.row for m in matching.best([request], here, len(rows))[0]}
    after = {m.row for m in matching.best([[*request, must]], here, len(rows))[0]}
    assert after <= before
    hits = matching.count([*request, must], here)
    assert hits.fitting == len(after)
    assert hits.certain <= hits.fitting
    same_name = [w for w in request if w.name == must.name]
    if not same_name:
        assert hits.without[must.name] == len(before)
        assert hits.refused[must.name] == sum(verdict_by_hand(must, row) < 0 for row in rows)


@settings(max_examples=80, deadline=None)
@given(request_, rows_, st.data())
def test_getting_better_in_one_criterion_never_scores_worse(request: list[Wish], rows: list[Row], data: st.DataObject) -> None:
    if not request:
        return
    w = data.draw(st.sampled_from(request))
    row = data.draw(st.sampled_from(rows))
    other = data.draw(st.sampled_from(rows))
    columns = {Kind.SPAN: ("usable", "least"), Kind.PRICE: ("rent", "price"), Kind.PLACE: ("town", "x", "y")}.get(w.kind, (w.column,))
    changed = tuple(o if name in columns else v for name, v, o in zip(COLUMNS, row, other, strict=True))
    on_it = [one for one in request if one.column == w.column]
    if any(verdict_by_hand(one, changed) < verdict_by_hand(one, row) for one in on_it):
        return  # worse for some wish on the same column
    [old, new] = Asked.of([request], candidates([row, changed])).matches(np.array([[0, 0], [0, 1]]))
    assert new.rank >= old.rank
    assert not refused(new) or refused(old)


def refused(match: Match) -> bool:
    """Whether something that must be met speaks against it."""
    return any(w.importance == Importance.MUST and v < 0 for w, v in zip(match.wishes, match.verdicts, strict=True))


@settings(max_examples=60, deadline=None)
@given(request_, rows_, st.randoms(use_true_random=False))
def test_the_order_of_wishes_and_rows_changes_nothing(request: list[Wish], rows: list[Row], dice: object) -> None:
    mixed, places = list(request), list(range(len(rows)))
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    dice.shuffle(places)  # type: ignore[attr-defined]
    plain = {m.row: (m.rank, m.reliability) for m in matching.best([request], candidates(rows), len(rows))[0]}
    moved = matching.best([mixed], candidates([rows[i] for i in places]), len(rows))[0]
    assert {places[m.row]: (m.rank, m.reliability) for m in moved} == plain
    assert all(a.rank >= b.rank for a, b in pairwise(moved))


@settings(max_examples=60, deadline=None)
@given(st.lists(request_, min_size=1, max_size=4), rows_)
def test_both_directions_agree_pair_by_pair(requests: list[list[Wish]], rows: list[Row]) -> None:
    here = candidates(rows)
    asked = Asked.of(requests, here)
    one_way = {(n, m.row): m for n, matches in enumerate(matching.best(requests, here, len(rows))) for m in matches}
    other_way = {(n, row): m for row in range(len(rows)) for n, m in asked.takers(row)}
    assert one_way == other_way
    assert [asked.count_takers(row) for row in range(len(rows))] == [sum(r == row for _n, r in one_way) for row in range(len(rows))]


@settings(max_examples=60, deadline=None)
@given(request_, rows_)
def test_what_is_unknown_counts_for_neither_side(request: list[Wish], rows: list[Row]) -> None:
    known = [w for w in request if w.column != "minutes"]
    asked = [*known, Wish("minutes0", Kind.AT_MOST, "minutes", 5, importance=Importance.MUST)]
    blank = candidates([(*row[:4], MISSING, *row[5:]) for row in rows])
    without, with_it = (matching.best([r], blank, len(rows))[0] for r in (known, asked))
    assert [(m.row, m.rank) for m in with_it] == [(m.row, m.rank) for m in without]
    assert all(m.named(Verdict.UNKNOWN).count("minutes0") == 1 for m in with_it)
    assert all(a.reliability <= b.reliability for a, b in zip(with_it, without, strict=True))


def test_a_match_by_hand() -> None:
    """Area fits by a part (2 of 2), Berlin is too far (−1 of 1), the rent is not known (0 of 2): 2 / 3, known 3 of 5."""
    request = [
        Wish("area", Kind.SPAN, "usable", 150, 300, Importance.MUST),
        Wish("berlin", Kind.AT_MOST, "minutes", 75, importance=Importance.NICE),
        Wish("budget", Kind.PRICE, "rent", 600, MISSING),
    ]
    row = (0, 0, 0, 0, 90, MISSING, 800, 200, MISSING, 90_000)
    [match] = matching.best([request], candidates([row]))[0]
    assert (match.score, match.reliability) == (pytest.approx(200 / 3), pytest.approx(6))
    assert (match.named(Verdict.FOR), match.named(Verdict.AGAINST), match.named(Verdict.UNKNOWN)) == (["area"], ["berlin"], ["budget"])
    whole = replace(candidates([(*row[:7], MISSING, *row[8:])]))
    assert matching.best([request], whole) == [[]], "800 m² as a whole are not 150 to 300"


@pytest.mark.parametrize(
    ("reliability", "band"),
    [
        (10, "excellent"),
        (9, "excellent"),
        (8.9, "good"),
        (7, "good"),
        (6.9, "medium"),
        (5, "medium"),
        (4.9, "insufficient"),
        (0, "insufficient"),
    ],
)
def test_bands(reliability: float, band: str) -> None:
    assert matching.band(reliability) == band


def test_nothing_asked_and_nobody_there() -> None:
    here = candidates([(0, 0, 0, 0, *(MISSING,) * 6)])
    [match] = matching.best([[]], here)[0]
    assert (match.score, match.reliability) == (50, 0)
    none = Candidates([], COLUMNS, np.zeros((len(COLUMNS), 0), np.int32), TOWNS)
    assert matching.best([[], []], none) == [[], []]
    assert matching.best([], here) == []
