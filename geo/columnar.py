"""Criteria over columns of numbers: the same questions as in the database, asked of arrays.

A `Table` holds the rows of a layer as columns of small unsigned numbers: 0 stands for "unknown", every other number for
itself plus an offset, for a place on a list, or for a set of such places (one bit each). `columns_of` says which columns a
criterion needs, `mask_of` which rows meet it. A criterion of a known kind needs nothing here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import DateField, F, Func, IntegerField, JSONField, Value
from django.db.models.functions import Cast

from geo.criteria import AtLeastRank, Between, Choice, Criterion, Flag, Number, WithinMinutes
from geo.spatial_criteria import BBox, Near, Within
from geo.time_criteria import Clock, Day, Months

EPOCH = datetime.date(1970, 1, 1)
BITS = 31  # places of a list that one column of sets holds
CM = 100.0


@dataclass(frozen=True)
class Column:
    """A column that a criterion needs: its name, how the database says it as a whole number, and what its places stand for.

    A set has one bit for each of its places.
    """

    name: str
    expression: Any
    values: tuple[str, ...] = ()
    is_set: bool = False


@dataclass(frozen=True)
class Table:
    """Rows as columns, all of one length and in one order.

    Parameters
    ----------
    x, y : int32 arrays
        Centimetres in the storage CRS.
    columns : mapping
        Unsigned arrays by name; 0 = unknown, else the number − `low` + 1.
    low : mapping
        The smallest number of each column.
    values : mapping
        What the places of a column stand for.
    """

    x: np.ndarray
    y: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    low: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    def stored(self, name: str, number: int) -> int:
        """Return how a number stands in a column; may lie outside of what the column can hold."""
        return number - self.low[name] + 1

    def at_most(self, name: str, number: int) -> np.ndarray:
        """Whether each row's number is known and not above a limit."""
        column = self.columns[name]
        limit = min(self.stored(name, number), int(np.iinfo(column.dtype).max))
        return (column > 0) & (column <= limit) if limit > 0 else np.zeros(len(self), bool)

    def at_least(self, name: str, number: int) -> np.ndarray:
        """Whether each row's number is known and not below a limit."""
        column = self.columns[name]
        limit = max(self.stored(name, number), 1)
        return column >= limit if limit <= np.iinfo(column.dtype).max else np.zeros(len(self), bool)

    def is_one_of(self, name: str, wanted: Iterable[str]) -> np.ndarray:
        """Whether each row's value is one of the wanted."""
        known = {value: self.stored(name, place) for place, value in enumerate(self.values[name])}
        hit = np.zeros(len(known) + 2, bool)
        hit[[known[v] for v in wanted if v in known]] = True
        return hit[self.columns[name]]

    def holds_one_of(self, name: str, wanted: Iterable[str]) -> np.ndarray:
        """Whether each row's set holds one of the wanted."""
        place = {value: i for i, value in enumerate(self.values[name])}
        found = np.zeros(len(self), bool)
        for word in range(words_of(len(place))):
            bits = sum(1 << (place[v] % BITS) for v in wanted if v in place and place[v] // BITS == word)
            column = self.columns[word_name(name, word)]
            found |= (column & column.dtype.type(bits & int(np.iinfo(column.dtype).max))) > 0
        return found

    def within(self, area: Any) -> np.ndarray:
        """Whether each row lies in an area (GEOS polygon, storage CRS) or on its edge; None is nowhere."""
        import shapely

        found = np.zeros(len(self), bool)
        if area is None:
            return found
        shape = shapely.from_wkb(bytes(area.wkb))
        west, south, east, north = (v * CM for v in shape.bounds)
        near = np.flatnonzero((self.x >= west) & (self.x <= east) & (self.y >= south) & (self.y <= north))
        shapely.prepare(shape)
        found[near] = shapely.intersects_xy(shape, self.x[near] / CM, self.y[near] / CM)
        return found


def words_of(count: int) -> int:
    """Return how many columns a set over so many places needs."""
    return -(-count // BITS)


def word_name(name: str, word: int) -> str:
    return name if word == 0 else f"{name}#{word}"


def place_of(column: str, values: Iterable[str]) -> Any:
    """SQL: the place of a column's value on a list."""
    places = Value({value: place for place, value in enumerate(values)}, JSONField())
    return Func(places, F(column), template="((%(expressions)s)::int)", arg_joiner="::jsonb ->> ", output_field=IntegerField())


class _SetOf(Func):
    """SQL: `bit_or` over the bits of an array's values."""

    output_field = IntegerField()

    def as_sql(self, compiler: Any, connection: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        bits, array = (compiler.compile(e) for e in self.source_expressions)
        sql = f"(SELECT coalesce(bit_or((({bits[0]})::jsonb ->> one)::int), 0) FROM unnest({array[0]}) AS one)"  # noqa: S608 - compiled by the ORM
        return sql, [*bits[1], *array[1]]


def columns_of(criterion: Criterion) -> tuple[Column, ...]:
    """Return the columns that a criterion needs; none where only the database can answer (words) or the position does."""
    name = criterion.column
    if isinstance(criterion, Choice):
        values = tuple(key for key, _label in criterion.options())
        if not criterion.array:
            return (Column(name, place_of(name, values), values),)
        made = []
        for word in range(words_of(len(values))):
            part = values[word * BITS : (word + 1) * BITS]
            bits = Value({value: 1 << place for place, value in enumerate(part)}, JSONField())
            made.append(Column(word_name(name, word), _SetOf(bits, F(name)), values if word == 0 else (), is_set=True))
        return tuple(made)
    if isinstance(criterion, Flag):
        return (Column(name, Cast(F(name), IntegerField())),)
    if isinstance(criterion, Months | Day):
        since = Func(F(name), Value(EPOCH, DateField()), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
        return (Column(name, since),)
    if isinstance(criterion, Number | Between | Clock):
        return (Column(name, F(name)),)
    if isinstance(criterion, WithinMinutes):
        return tuple(
            Column(f"{name}.{key}", Cast(F(f"{name}__{key}__{criterion.way}"), IntegerField())) for key, _label in criterion.options()
        )
    return ()


def is_columnar(criterion: Criterion) -> bool:
    """Whether a `Table` can answer the criterion."""
    return isinstance(criterion, Choice | Flag | Number | Clock | Day | WithinMinutes | Near | BBox | Within)


def mask_of(criterion: Criterion, value: Any, table: Table) -> np.ndarray:
    """Return which rows of a table meet a criterion (bool, one per row); the same ones as in the database."""
    name = criterion.column
    if isinstance(criterion, AtLeastRank):
        ranked = [key for key, _label in criterion.options()]
        return table.is_one_of(name, ranked[: ranked.index(value[0]) + 1])
    if isinstance(criterion, Choice):
        return table.holds_one_of(name, value) if criterion.array else table.is_one_of(name, value)
    if isinstance(criterion, Flag):
        return table.at_least(name, 1)
    if isinstance(criterion, Between):
        low, high = value
        known = np.ones(len(table), bool) if low is None else table.at_least(name, low)
        return known if high is None else known & table.at_most(name, high)
    if isinstance(criterion, Months | Day):
        day = criterion.limit(value) if isinstance(criterion, Months) else value
        earlier = isinstance(criterion, Months) and criterion.lookup == "lte"
        return (table.at_most if earlier else table.at_least)(name, (day - EPOCH).days)
    if isinstance(criterion, Number):
        return (table.at_most if criterion.lookup == "lte" else table.at_least)(name, value)
    if isinstance(criterion, Clock):
        return table.at_least(name, value)
    if isinstance(criterion, WithinMinutes):
        met = np.ones(len(table), bool)
        for key, minutes in value:
            met &= table.at_most(f"{name}.{key}", minutes)
        return met
    if isinstance(criterion, Near):
        centre = criterion.centre(value)
        return np.hypot(table.x / CM - centre.x, table.y / CM - centre.y) <= value[2]
    if isinstance(criterion, BBox | Within):
        return table.within(criterion.area(value))
    raise TypeError(criterion.kind)
