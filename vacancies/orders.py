"""Orders of the list, found in the snapshot's columns: sorting all hits in the database costs seconds where there are many."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Value
from django.db.models.functions import Coalesce, Collate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from geo.columnar import EPOCH, Table
from geo.models import Town

LONG_AGO, NEVER = datetime.date(1, 1, 1), datetime.date(9999, 1, 1)
LAST = np.iinfo(np.int64).max // 2
Mark = tuple[Any, str]  # where a page ends: a row's place in the order, and its key


@dataclass(frozen=True)
class Order:
    """An order of the list: an expression that is never NULL, then the key; `column` of the snapshot has the same order.

    `unknown` is what the expression gives where nothing is known; such rows come last.
    """

    name: str
    label: str | Promise
    expression: Any
    column: str
    kind: type
    unknown: Any = None
    descending: bool = False

    def ranks(self, table: Table) -> np.ndarray:
        """Return the rank of each row (int64): the smallest comes first."""
        code = table.columns[self.column].astype(np.int64)
        if self.kind is str:
            return self._by_name(table)[1][code]
        return np.where(code, -code if self.descending else code, LAST)

    def rank(self, table: Table, value: Any) -> int:
        """Return the rank of a value."""
        if self.kind is str:
            return self._of_name(value, self._by_name(table)[0])
        if value == self.unknown:
            return int(LAST)
        code = table.stored(self.column, (value - EPOCH).days if self.kind is datetime.date else value)
        return -code if self.descending else code

    def _by_name(self, table: Table) -> tuple[dict[str, int], np.ndarray]:
        """Return the ranks of towns by name, and by their code in the table."""
        names = dict(Town.objects.in_alphabet().values_list("slug", "name"))
        by_name: dict[str, int] = {}
        for name in names.values():
            by_name.setdefault(name, 2 * len(by_name))
        listed = [by_name.get(names.get(slug, ""), LAST) for slug in table.values[self.column]]
        return by_name, np.array([LAST, *listed[table.low[self.column] :]])

    @staticmethod
    def _of_name(name: str, known: dict[str, int]) -> int:
        """Return the rank of a name; one that no town has any more stands between two."""
        before = Town.objects.before(name).in_alphabet().last() if name not in known else None
        return known[name] if name in known else known[before.name] + 1 if before else -1


ORDERS = (
    Order("newest", _("zuletzt bestätigt"), Coalesce("verified_at", Value(LONG_AGO)), "verified_at", datetime.date, LONG_AGO, True),
    Order("town", _("Gemeinde A–Z"), Collate("town_name", "de-x-icu"), "town_slug", str),
    Order("area", _("größte Fläche"), Coalesce("usable_m2", Value(0)), "usable_m2", int, 0, True),
    Order("stop", _("kürzester Weg zur Haltestelle"), Coalesce("stop_distance_m", Value(999_999)), "stop_distance_m", int, 999_999),
    Order("since", _("am längsten leer"), Coalesce("vacant_since", Value(NEVER)), "vacant_since", datetime.date, NEVER),
)


def nearest(
    ranks: np.ndarray, keys: np.ndarray, length: int, after: tuple[int, bytes] | None = None, backwards: bool = False
) -> np.ndarray:
    """Return which rows come first, or first beyond a mark, in the order of their ranks and then of their keys; in no order themselves.

    Parameters
    ----------
    ranks : int64 array
        The smallest comes first.
    keys : array of bytes
        Of the same rows.
    length : int
        How many are wanted; a few more may be returned.
    after : (rank, key), optional
        The mark; rows at it are left out.
    backwards : bool
        Look for those before the mark, the nearest to it.
    """
    signed = -ranks if backwards else ranks
    left = np.arange(len(ranks))
    if after:
        rank = -after[0] if backwards else after[0]
        at = np.flatnonzero(signed == rank)
        later = keys[at] < after[1] if backwards else keys[at] > after[1]
        left = np.concatenate([np.flatnonzero(signed > rank), at[later]])
    if len(left) <= length:
        return left
    last = np.partition(signed[left], length - 1)[length - 1]
    sure, ties = left[signed[left] < last], left[signed[left] == last]
    begin = np.ascontiguousarray(keys[ties].astype("S8")).view(">u8").astype(np.uint64)
    begin = ~begin if backwards else begin
    least = np.partition(begin, length - len(sure) - 1)[length - len(sure) - 1]
    return np.concatenate([sure, ties[begin <= least]])
