"""The engine's page of features with our count and order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from gisserver.exceptions import wrap_filter_errors
from gisserver.output import FeatureCollection, SimpleFeatureCollection

from layers.publish.paging import Order, Part


class Page(SimpleFeatureCollection):
    """A page; `number_matched` is None where it was not counted. Nothing is asked before a renderer has said which columns it needs."""

    def __init__(self, order: Order, **engine: Any) -> None:
        self.order = order
        super().__init__(queryset=order.rows, **engine)

    @cached_property
    def part(self) -> Part:
        with wrap_filter_errors(self.source_query):
            return self.order.part(self.queryset, self.start, self.stop - self.start)

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

    def __iter__(self) -> Iterator[Any]:
        return self.order.page(self.queryset, self.start, self.part) if self.part.returned else iter(())

    iterator = __iter__


class Pages(FeatureCollection):
    """The pages of all queries of a request."""

    @property
    def number_matched(self) -> int | None:
        counted = [page.number_matched for page in self.results]
        return None if None in counted else sum(counted)
