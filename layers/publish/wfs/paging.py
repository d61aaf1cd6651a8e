"""The engine's page of features with our count and order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from gisserver.output import SimpleFeatureCollection

from layers.publish.paging import Order


class Page(SimpleFeatureCollection):
    """A page; rows are read while they are written. `number_matched` is None where it was not counted."""

    def __init__(self, order: Order, **engine: Any) -> None:
        self.order = order
        super().__init__(queryset=order.rows, **engine)
        self.part = order.part(self.start, self.stop - self.start)
        self._number_matched = self.part.matched

    @property
    def number_matched(self) -> int | None:
        return self.part.matched

    @property
    def number_returned(self) -> int:
        return self.part.returned

    @property
    def has_next(self) -> bool:
        return self.part.more

    @property
    def _is_surely_last_page(self) -> bool:
        return not self.has_next

    def __iter__(self) -> Iterator[Model]:
        if not self.part.returned:
            return iter(())
        return iter(self.order.page(self.queryset, self.start, self.part).iterator(chunk_size=1000))

    iterator = __iter__
