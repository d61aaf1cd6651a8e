"""A form that narrows a list by plain links: one `FilterSet`, drawn as fields, with its sentence and its chips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from geo.criteria import Choice, Criterion, Number
from geo.filtering import FilterSet


@dataclass(frozen=True)
class Field:
    """A criterion as the form shows it; `options` are (value, label, whether it is chosen)."""

    criterion: Criterion
    value: Any
    options: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands in a field of text or number."""
        return "" if self.value is None else ",".join(self.criterion.dump(self.value))


class Finder:
    """What somebody looks for in a list.

    Raises
    ------
    InvalidParameters
        For parameters that are unknown or have values that are not allowed.
    """

    def __init__(self, kind: type[FilterSet], given: QueryDict, also: Iterable[str] = ()) -> None:
        self.wanted = kind.parse(given, ignore=also)
        self.given = given

    @cached_property
    def fields(self) -> list[Field]:
        return [self._field(criterion) for criterion in self.wanted.criteria]

    def _field(self, criterion: Criterion) -> Field:
        value = self.wanted.values.get(criterion.name)
        if not isinstance(criterion, Choice):
            return Field(criterion, value)
        return Field(criterion, value, [(key, str(label), key in (value or ())) for key, label in criterion.options()])

    @property
    def chips(self) -> list[dict[str, str]]:
        return self.wanted.chips()


@dataclass(frozen=True, kw_only=True)
class HoldsIn(Choice):
    """Rows that name one of these, and rows that name none because they hold everywhere."""

    def q(self, value: tuple[str, ...]) -> Q:
        return super().q(value) | Q(**{self.column: []})


@dataclass(frozen=True, kw_only=True)
class FitsAmount(Number):
    """An amount between two columns, either of which may be unknown; `column` is the lower one."""

    upper: str

    def q(self, value: int) -> Q:
        low = Q(**{f"{self.column}__isnull": True}) | Q(**{f"{self.column}__lte": value})
        return low & (Q(**{f"{self.upper}__isnull": True}) | Q(**{f"{self.upper}__gte": value}))
