"""Pages of a layer in the order of its key: none lost, none twice, and a deep page as cheap as the first.

Clients count rows (STARTINDEX), databases find keys. So once per state of the rows and filter every hundredth key is
noted; a page begins at the nearest noted key before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet
from gisserver.output import SimpleFeatureCollection

STEP = 100
KEPT_S = 3600


@dataclass(frozen=True)
class Order:
    """Rows in a lasting order: as the client wishes, then by the key. `state` names the state of the rows."""

    rows: QuerySet[Any]
    key: str
    state: str

    @classmethod
    def of(cls, rows: QuerySet[Any], key: str, state: str) -> Order:
        wished = tuple(name for name in rows.query.order_by if name not in (key, "pk"))
        by_key_alone = not wished and not (rows.query.order_by and rows.query.order_by[0].startswith("-"))
        return cls(rows.order_by(*rows.query.order_by, key), key if by_key_alone else "", state)

    def count(self) -> int:
        """Return the number of all rows."""
        name = self._name("count")
        found = cache.get(name)
        if found is None:
            found = self.rows.order_by().count()
            cache.set(name, found, KEPT_S)
        return int(found)

    def noted(self) -> list[Any]:
        """Return the keys of rows 99, 199, 299 …"""
        name = self._name("keys")
        found = cache.get(name)
        if found is None:
            sql, parameters = self.rows.order_by().values_list(self.key).query.sql_with_params()
            numbered = f"SELECT k, row_number() OVER (ORDER BY k) AS n FROM ({sql}) AS o(k)"  # noqa: S608 - the query's own text
            every = f"SELECT k FROM ({numbered}) AS r WHERE n %% {STEP} = 0 ORDER BY n"  # noqa: S608
            with connection.cursor() as cursor:
                cursor.execute(every, parameters)
                found = [row[0] for row in cursor]
            cache.set(name, found, KEPT_S)
        return found

    def page(self, rows: QuerySet[Any], start: int, size: int) -> QuerySet[Any]:
        """Return rows `start` to `start + size` of `rows`, which are these with more columns."""
        if self.key and start >= STEP:
            keys = self.noted()
            place = min(start // STEP, len(keys))
            if place:
                rows, start = rows.filter(**{f"{self.key}__gt": keys[place - 1]}), start - place * STEP
        return rows[start : start + size]

    def _name(self, what: str) -> str:
        try:
            sql = str(self.rows.order_by().values_list(self.rows.model._meta.pk.name).query)
        except EmptyResultSet:
            sql = "none"
        return f"wfs-{what}:{hashlib.sha256(f'{self.state}{sql}'.encode()).hexdigest()}"


class Page(SimpleFeatureCollection):
    """The engine's page with our count and order; rows are read while they are written."""

    def __init__(self, order: Order, **engine: Any) -> None:
        self.order = order
        super().__init__(queryset=order.rows, **engine)
        self._number_matched = order.count()

    @property
    def number_matched(self) -> int:
        return self._number_matched

    @property
    def number_returned(self) -> int:
        return max(0, min(self.stop, self._number_matched) - self.start)

    @property
    def has_next(self) -> bool:
        return self.stop < self._number_matched

    @property
    def _is_surely_last_page(self) -> bool:
        return not self.has_next

    def __iter__(self) -> Iterator[Model]:
        size = self.number_returned
        if size <= 0:
            return iter(())
        return iter(self.order.page(self.queryset, self.start, size).iterator(chunk_size=1000))

    iterator = __iter__
