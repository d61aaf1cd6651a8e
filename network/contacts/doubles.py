"""Contacts that may be one office entered twice: the same mailbox, or an area of both with the same task or a topic of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from network.contacts.models import ContactPoint


@dataclass(frozen=True)
class Double:
    """Two contacts that look alike, and why; the one that was confirmed last, or is there longest, comes first."""

    keep: ContactPoint
    drop: ContactPoint
    why: str


def doubles(contacts: Iterable[ContactPoint]) -> list[Double]:
    """Return the pairs that look like one office, by name. Only contacts of one mailbox or place are compared."""
    rows = list(contacts)
    places = [_places(row) for row in rows]
    together = defaultdict(list)
    for n, row in enumerate(rows):
        for key in places[n] | ({("mailbox", row.mailbox.lower())} if row.mailbox else set()):
            together[key].append(n)
    pairs = {pair for numbers in together.values() for pair in combinations(numbers, 2)}
    found = []
    for one, other in ((rows[a], rows[b]) for a, b in pairs):
        if why := _alike(one, other):
            keep, drop = sorted((one, other), key=lambda c: (-(c.verified_at.timestamp() if c.verified_at else 0), c.pk))
            found.append(Double(keep, drop, why))
    return sorted(found, key=lambda d: (d.keep.name, d.drop.name, d.drop.pk))


def _places(contact: ContactPoint) -> set[tuple[str, str]]:
    """Where a contact answers, each place as a key."""
    seen = contact.candidate()
    found = {("town", ags) for ags in seen.towns} | {("union", seen.union), ("district", seen.district)}
    return {(kind, name) for kind, name in found if name} | ({("state", "")} if seen.statewide else set())


def _alike(one: ContactPoint, other: ContactPoint) -> str:
    """Why two of one mailbox or place look alike; '' where they do not."""
    if one.mailbox and one.mailbox.lower() == other.mailbox.lower():
        return _("dasselbe Postfach")
    if one.function == other.function:
        return _("gemeinsames Gebiet, dieselbe Aufgabe")
    shared = [label for label in one.topic_labels if label in other.topic_labels]
    return _("gemeinsames Gebiet und Thema: {topics}").format(topics=", ".join(shared)) if shared else ""
