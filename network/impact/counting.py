"""Counting what happened: distinct things and acts, by month, town size and use, so that no number tells of a single person.

Pure: acts go in, groups come out. A thing counts once in a period, in the month of its first act there, so that the months add up.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST = 5  # distinct things that a shown group tells of, where things are persons' own


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened to a thing at a moment (aware); the size of its town and its uses, where known."""

    at: datetime.datetime
    thing: str
    size: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """What one or several neighbouring groups together count."""

    keys: tuple[str, ...]
    things: int
    acts: int


@dataclass(frozen=True)
class Dated:
    """An act with its day where people live."""

    day: datetime.date
    act: Act

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"


def within(acts: Iterable[Act], first: datetime.date, last: datetime.date, zone: datetime.tzinfo) -> list[Dated]:
    """Return the acts of a period, both days included, in order; days are those of the zone, whatever its summer time."""
    dated = (Dated(a.at.astimezone(zone).date(), a) for a in acts)
    return sorted((d for d in dated if first <= d.day <= last), key=lambda d: (d.act.at, d.act.thing))


def months(first: datetime.date, last: datetime.date) -> list[str]:
    """Return the months that two days span, as year-month."""
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(begin, end + 1)]


def total(dated: Sequence[Dated]) -> Group:
    """Return distinct things and acts of a whole period."""
    return Group((), len({d.act.thing for d in dated}), len(dated))


def by_month(dated: Sequence[Dated], every: Sequence[str]) -> list[Group]:
    """Return a group for each month: things whose first act is there, and its acts."""
    first: dict[str, str] = {}
    for d in dated:
        first.setdefault(d.act.thing, d.month)
    return [Group((m,), sum(1 for v in first.values() if v == m), sum(1 for d in dated if d.month == m)) for m in every]


def by_size(dated: Sequence[Dated], sizes: Sequence[str]) -> list[Group]:
    """Return a group for each town size: things by the size at their first act, with all their acts."""
    first: dict[str, str] = {}
    for d in dated:
        first.setdefault(d.act.thing, d.act.size)
    return [Group((s,), sum(1 for v in first.values() if v == s), sum(1 for d in dated if first[d.act.thing] == s)) for s in sizes]


def by_use(dated: Sequence[Dated], fewest: int = 0) -> list[Group]:
    """Return a group for each use, most things first; a thing of several uses counts in each, one of none under "".

    With `fewest`, uses of fewer things go together into a last group of all their keys; while that has too few itself, the smallest
    of the others joins it. What is left when even all together are too few is nothing.
    """
    things: dict[str, set[str]] = {}
    for d in dated:
        for use in d.act.uses or ("",):
            things.setdefault(use, set()).add(d.act.thing)

    def group(keys: Sequence[str]) -> Group:
        return Group(
            tuple(keys), len(set().union(*(things[k] for k in keys))), sum(1 for d in dated if set(d.act.uses or ("",)) & set(keys))
        )

    order = sorted(things, key=lambda k: (-len(things[k]), k))
    shown = [k for k in order if len(things[k]) >= fewest]
    others = [k for k in order if len(things[k]) < fewest]
    while others and shown and group(others).things < fewest:
        others.insert(0, shown.pop())
    groups = [group([k]) for k in shown]
    return [*groups, group(others)] if others and group(others).things >= fewest else groups


def pool(groups: Sequence[Group], fewest: int = FEWEST) -> list[Group]:
    """Return the same with neighbours put together until each group tells of enough things; the rest joins the last one.

    All together still make the whole, so that nothing that is not shown can be worked out from it. Nothing where all are too few.
    """
    made, rest = _closed(groups, fewest)
    if rest is not None and made:
        made[-1] = _joined(made[-1], rest)
    return made


def settled(groups: Sequence[Group], fewest: int = FEWEST) -> list[Group]:
    """Return groups put together as in `pool`, without the rest at the end: it waits until it tells of enough.

    So a later answer only adds groups, and the difference of two answers tells of enough things, too.
    """
    return _closed(groups, fewest)[0]


def _closed(groups: Sequence[Group], fewest: int) -> tuple[list[Group], Group | None]:
    made: list[Group] = []
    rest: Group | None = None
    for group in groups:
        rest = group if rest is None else _joined(rest, group)
        if rest.things >= fewest:
            made.append(rest)
            rest = None
    return made, rest


def _joined(one: Group, other: Group) -> Group:
    return Group(one.keys + other.keys, one.things + other.things, one.acts + other.acts)
