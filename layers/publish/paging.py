"""Pages of a layer in the order of its key: none lost, none twice, and a deep page as cheap as the first.

Clients count rows (STARTINDEX), databases find keys. So once per state of the rows and filter every hundredth key is
noted; a page begins at the nearest noted key before it.

How many rows match is counted, and kept. Only where a large layer is filtered and the database need not find all matches to
give the first page, the page does not wait for their number: it is unknown, as the standards allow; who wants it asks for hits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Lookup, QuerySet

STEP, BATCH = 100, 1_000
KEPT_S = 3600
SMALL = 100_000  # rows of a layer in which every question is counted
SORTED = re.compile(r"\bSort\b")


class _Among(Lookup):  # type: ignore[type-arg]
    """`key = ANY (keys)`: one parameter for them all; ten thousand of `IN` take longer to read than to find."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY (%s)", [*parameters, self.rhs]


@dataclass(frozen=True)
class Part:
    """What a page holds: how many rows match in all (None: not counted), how many are on it, whether more follow.

    To know it, the rows of a small page or the keys of a large one may have had to be read.
    """

    matched: int | None
    returned: int
    more: bool
    rows: list[Any] | None = None
    keys: list[Any] | None = None


@dataclass(frozen=True)
class Order:
    """Rows in a lasting order: as the client wishes, then by the key. `state` names the state of the rows, `all_rows` are the layer's."""

    rows: QuerySet[Any]
    key: str
    state: str
    all_rows: QuerySet[Any]

    @classmethod
    def of(cls, rows: QuerySet[Any], key: str, state: str, all_rows: QuerySet[Any]) -> Order:
        wished = tuple(name for name in rows.query.order_by if name not in (key, "pk"))
        by_key_alone = not wished and not (rows.query.order_by and rows.query.order_by[0].startswith("-"))
        return cls(rows.order_by(*rows.query.order_by, key), key if by_key_alone else "", state, all_rows)

    def count(self) -> int:
        """Return the number of all rows."""
        found = self._known()
        return self._keep(self.rows.order_by().count()) if found is None else found

    def part(self, rows: QuerySet[Any], start: int, size: int) -> Part:
        """Return what the page from row `start` on holds; counts all rows only if that costs little beside reading the page.

        `rows` are these with more columns, as the page will show them.
        """
        matched = self._known()
        if matched is None and self.key and start >= STEP:
            self.noted()
            matched = self._known()
        if matched is None and (not size or not self.rows.query.where or self._is_small() or self._is_sorted(start + size)):
            matched = self.count()
        if matched is not None:
            return Part(matched, max(0, min(size, matched - start)), start + size < matched)
        is_short = size <= BATCH
        found = list((rows if is_short else self.rows.values_list("pk", flat=True))[start : start + size + 1])
        if len(found) <= size and (found or not start):  # the last page
            matched = self._keep(start + len(found))
        known = found[:size]
        return Part(matched, len(known), len(found) > size, known if is_short else None, None if is_short else known)

    def _is_small(self) -> bool:
        """Whether the layer is; kept, and a large one is not counted to its end."""
        name = f"pages-small:{self.all_rows.model._meta.db_table}:{self.state}"
        found = cache.get(name)
        if found is None:
            found = self.all_rows.order_by().values("pk")[: SMALL + 1].count() <= SMALL
            cache.set(name, found, KEPT_S)
        return bool(found)

    def _is_sorted(self, stop: int) -> bool:
        """Whether the database finds all rows and sorts them to give the first ones; else it walks along the key."""
        return bool(SORTED.search(self.rows.values_list("pk")[:stop].explain()))

    def noted(self) -> list[Any]:
        """Return the keys of rows 99, 199, 299 …, which tells how many rows there are."""
        name = self._name("keys")
        found = cache.get(name)
        if found is None:
            sql, parameters = self.rows.order_by().values_list(self.key).query.sql_with_params()
            numbered = f"SELECT k, row_number() OVER (ORDER BY k) AS n FROM ({sql}) AS o(k)"  # noqa: S608 - the query's own text
            every = f"SELECT array_agg(k ORDER BY n) FILTER (WHERE n %% {STEP} = 0), count(*) FROM ({numbered}) AS r"  # noqa: S608
            with connection.cursor() as cursor:
                cursor.execute(every, parameters)
                keys, matched = cursor.fetchone()
            self._keep(matched)
            found = keys or []
            cache.set(name, found, KEPT_S)
        return found

    def page(self, rows: QuerySet[Any], start: int, part: Part) -> Iterator[Any]:
        """Yield the rows of a part; read while they are taken."""
        if part.rows is not None:
            return iter(part.rows)
        if part.keys is not None:
            return rows.filter(_Among(F("pk"), part.keys)).iterator(chunk_size=BATCH)
        if self.key and start >= STEP:
            keys = self.noted()
            place = min(start // STEP, len(keys))
            if place:
                rows, start = rows.filter(**{f"{self.key}__gt": keys[place - 1]}), start - place * STEP
        return rows[start : start + part.returned].iterator(chunk_size=BATCH)

    def _known(self) -> int | None:
        found = cache.get(self._name("count"))
        return None if found is None else int(found)

    def _keep(self, count: int) -> int:
        cache.set(self._name("count"), count, KEPT_S)
        return count

    def _name(self, what: str) -> str:
        try:
            sql = str(self.rows.order_by().values_list(self.rows.model._meta.pk.name).query)
        except EmptyResultSet:
            sql = "none"
        return f"pages-{what}:{hashlib.sha256(f'{self.state}{sql}'.encode()).hexdigest()}"
