"""The engine's page of features with our count and order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from gisserver.output import SimpleFeatureCollection

from layers.publish.paging import Order


class Page(SimpleFeatureCollection):
    """A page; rows are read while they are written."""

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
