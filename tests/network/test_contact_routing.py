"""The router: nearest level first, whose topic it is before generalists, out of date last, never empty."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.contacts.routing import Candidate, Level, Place, level_of, route

LAST = "last"
PLACE = Place("12070424", "Bad Wilsnack/Weisen", "12070")
TOPICS = ("use", "monument", "culture")


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for n in range(draw(st.integers(0, 8))):
        area = draw(st.sampled_from(["town", "union", "district", "state", "elsewhere"]))
        where = {
            "town": {"towns": frozenset({"12070424", "12070296"})},
            "union": {"union": "Bad Wilsnack/Weisen"},
            "district": {"district": "12070"},
            "state": {"statewide": True},
            "elsewhere": {"district": "12060"},
        }[area]
        topics = frozenset(draw(st.sets(st.sampled_from(TOPICS), max_size=2)))
        found.append(Candidate(f"c{n}", topics=topics, is_stale=draw(st.booleans()), **where))  # type: ignore[arg-type]
    return found


@given(candidates(), st.sampled_from(["", *TOPICS]))
def test_the_order_keeps_its_promises(given_ones: list[Candidate], topic: str) -> None:
    by_key = {c.key: c for c in given_ones}
    steps = route(PLACE, topic, given_ones, LAST)
    assert [s.key for s in steps].count(LAST) == 1, "never empty: the contact point always stands there"
    fresh = [s for s in steps if not s.is_stale]
    assert steps[: len(fresh)] == fresh, "whose entry is out of date comes last"
    assert [s.level for s in fresh] == sorted(s.level for s in fresh), "nearest level first"
    assert not steps[0].is_stale
    for one, two in pairwise(fresh):
        if one.level == two.level:
            assert (one.fits_topic, two.fits_topic) != (False, True), "whose topic it is before generalists"
    expected = {c.key for c in given_ones if level_of(c, PLACE) is not None and (not topic or not c.topics or topic in c.topics)}
    assert {s.key for s in steps} == expected | {LAST}
    for step in steps[:-1]:
        if step.key != LAST:
            assert step.fits_topic == (topic != "" and topic in by_key[step.key].topics)


@given(candidates())
def test_the_order_does_not_hang_on_the_others(given_ones: list[Candidate]) -> None:
    """Taking one away leaves the others in their order."""
    whole = [s.key for s in route(PLACE, "use", given_ones, LAST)]
    for gone in given_ones:
        rest = [s.key for s in route(PLACE, "use", [c for c in given_ones if c is not gone], LAST)]
        assert rest == [k for k in whole if k != gone.key]


def test_by_hand() -> None:
    town = Candidate("town", towns=frozenset({"12070424"}))
    monument = Candidate("monument", towns=frozenset({"12070424"}), topics=frozenset({"monument"}))
    union = Candidate("union", union="Bad Wilsnack/Weisen", topics=frozenset({"monument"}))
    state = Candidate("state", statewide=True)
    every = [state, union, town, monument]
    assert [s.key for s in route(PLACE, "monument", every, LAST)] == ["monument", "town", "union", "state", "last"]
    assert [s.key for s in route(PLACE, "culture", every, LAST)] == ["town", "state", "last"]
    assert [s.key for s in route(PLACE, "", every, LAST)] == ["town", "monument", "union", "state", "last"]
    assert [s.key for s in route(Place(district="12070"), "", every, LAST)] == ["state", "last"]


@pytest.mark.parametrize(
    ("candidate", "place", "level"),
    [
        (Candidate("x", union=""), Place("1", "", "2"), None),
        (Candidate("x", district="2"), Place("1", "", "2"), Level.DISTRICT),
        (Candidate("x", district="2", statewide=True), Place("1", "", "3"), Level.STATE),
    ],
)
def test_nothing_is_not_the_same_as_nothing(candidate: Candidate, place: Place, level: Level | None) -> None:
    assert level_of(candidate, place) == level
