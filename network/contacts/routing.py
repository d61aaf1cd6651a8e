"""Who is responsible for a place and a topic: the nearest first, down to the contact point. Plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How near a contact is; the smaller, the nearer."""

    TOWN = 0
    UNION = 1
    DISTRICT = 2
    STATE = 3
    LAST = 4  # the contact point, when nobody nearer is known


@dataclass(frozen=True)
class Place:
    """A municipality with its Amt and district, or a district alone; '' is what it does not have."""

    town: str = ""
    union: str = ""
    district: str = ""


@dataclass(frozen=True)
class Candidate:
    """A contact as the router sees it. Without topics it is a generalist, who answers for all of them."""

    key: str
    towns: frozenset[str] = frozenset()
    union: str = ""
    district: str = ""
    statewide: bool = False
    topics: frozenset[str] = frozenset()
    is_stale: bool = False


@dataclass(frozen=True)
class Step:
    """One contact of the answer, and why it stands where it does."""

    key: str
    level: Level
    fits_topic: bool = False
    is_stale: bool = False


def level_of(candidate: Candidate, place: Place) -> Level | None:
    """Return how near a contact is to a place, None when it is not responsible there."""
    if place.town and place.town in candidate.towns:
        return Level.TOWN
    if place.union and place.union == candidate.union:
        return Level.UNION
    if place.district and place.district == candidate.district:
        return Level.DISTRICT
    return Level.STATE if candidate.statewide else None


def route(place: Place, topic: str, candidates: Iterable[Candidate], last: str) -> list[Step]:
    """Return the contacts of a place for a topic, the one to ask first at the top.

    Nearest level first; at one level, whose topic it is before generalists. Specialists of other topics are left out; without a topic
    they follow the generalists. Then comes the contact point, and after it whose entry is out of date.

    Parameters
    ----------
    place : Place
        Where.
    topic : str
        What about; '' for anything.
    candidates : iterable of Candidate
        In the order that ends a tie.
    last : str
        The contact point's key; it always stands in the answer.
    """
    found = []
    for candidate in candidates:
        level = level_of(candidate, place)
        fits = bool(topic) and topic in candidate.topics
        if level is None or candidate.key == last or (topic and candidate.topics and not fits):
            continue
        found.append((Step(candidate.key, level, fits, candidate.is_stale), bool(candidate.topics)))
    found.append((Step(last, Level.LAST), False))
    ordered = sorted(found, key=lambda one: (one[0].is_stale, one[0].level, not one[0].fits_topic, one[1]))
    return [step for step, _is_specialist in ordered]
