"""The vacancies that a request can be matched with, as columns: public rows that are to be had, read once per state of the register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Case, F, Func, IntegerField, Value, When
from django.db.models.functions import Cast, Round

from geo.columnar import CM, Column, columns_of, place_of
from geo.models import Town
from layers.publish.snapshot import store
from network.matching import MISSING, Candidates
from vacancies import choices as c
from vacancies.filters import VacancyFilter
from vacancies.published import VACANCIES

UNSURE = {"unknown", "open"}  # places of a list that say "not known"
SETS = {"target_uses": "target_use", "disposal": "disposal", "town_size": "town_size", "condition": "condition", "monument": "monument"}
FLAGS = {"three_phase": "three_phase", "noise": "noise_tolerant", "barrier_free": "barrier_free", "parking": "parking", "yard": "yard"}
DAYS = {"template": "(%(expressions)s - DATE '1970-01-01')", "output_field": IntegerField()}
NUMBERS: dict[str, Any] = {
    "usable": F("usable_m2"),
    "least": F("smallest_divisible_m2"),
    "rent": Cast(Round(F("rent_eur_m2") * 100), IntegerField()),
    "price": F("price_eur"),
    "berlin": F("berlin_best_min"),
    "broadband": F("broadband_mbit"),
    "available_by": Func(F("available_from"), **DAYS),
}
TRANSIT = (*VacancyFilter.criterion("transit_is").options(),)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Ground:
    """The candidates, and what the words of requests stand for there.

    Parameters
    ----------
    state : str
        Changes whenever a public row may have changed.
    places : mapping
        The values of each column of sets, in the order of its bits.
    towns_of : mapping
        The municipalities of each district by its AGS.
    centres : mapping
        The middle of each municipality, metres in the storage CRS.
    """

    state: str
    rows: Candidates
    places: dict[str, tuple[str, ...]]
    towns_of: dict[str, frozenset[str]]
    centres: dict[str, tuple[float, float]]


_known: list[Ground] = []


def ground() -> Ground:
    """Return the candidates as they are now."""
    state = store.name_now(VACANCIES)
    if not _known or _known[0].state != state:
        _known[:] = [_read(state)]
    return _known[0]


def _columns(towns: tuple[str, ...]) -> list[Column]:
    named = {name: columns_of(VacancyFilter.criterion(criterion))[0] for name, criterion in SETS.items()}
    known = When(transit_class="", stop_distance_m__isnull=True, then=Value(None))  # without a reach nothing is known
    classes = tuple(key for key, _label in TRANSIT)
    return [
        Column("town", place_of("town_slug", towns), towns),
        *(Column(name, column.expression, column.values, column.is_set) for name, column in named.items()),
        Column("transit", Case(known, default=place_of("transit_is", classes), output_field=IntegerField()), classes),
        Column("to_be_had", Case(When(occupancy__in=c.NOT_EMPTY, then=0), When(disposal=["not_available"], then=0), default=1)),
        *(Column(name, Cast(F(field), IntegerField())) for name, field in FLAGS.items()),
        *(Column(name, expression) for name, expression in NUMBERS.items()),
    ]


def _read(state: str) -> Ground:
    towns = list(Town.objects.order_by("slug").values_list("slug", "district__ags5", "centre"))
    slugs = tuple(slug for slug, _district, _centre in towns)
    columns = _columns(slugs)
    table, keys = store.read_rows(VACANCIES, columns)
    numbers: dict[str, np.ndarray] = {}
    for column in columns:
        stored = table.columns[column.name].astype(np.int64)
        known = np.where(stored == 0, MISSING, stored - 1 + table.low[column.name])
        if column.is_set:
            numbers[column.name] = stored & ~_bits(column.values)
        elif column.name in FLAGS:
            numbers[column.name] = np.where(stored == 0, 0, 1 << np.maximum(known, 0))
        elif column.values and column.name != "town":
            numbers[column.name] = np.where(stored == 0, 0, 1 << np.maximum(known, 0)) & ~_bits(column.values)
        else:
            numbers[column.name] = known
    places = {"town": numbers["town"], "x": np.round(table.x / CM), "y": np.round(table.y / CM)}
    listed = places | {name: column for name, column in numbers.items() if name not in ("town", "to_be_had")}
    order = np.argsort(keys, kind="stable")
    order = order[numbers["to_be_had"][order] == 1]
    rows = Candidates(
        [key.decode() for key in keys[order]],
        tuple(listed),
        np.array([column[order] for column in listed.values()]).astype(np.int32),
        slugs,
    )
    districts: dict[str, set[str]] = {}
    for slug, district, _centre in towns:
        districts.setdefault(district, set()).add(slug)
    return Ground(
        state,
        rows,
        {column.name: column.values for column in columns if column.values},
        {ags: frozenset(found) for ags, found in districts.items()},
        {slug: (centre.x, centre.y) for slug, _district, centre in towns},
    )


def _bits(values: tuple[str, ...]) -> int:
    return sum(1 << place for place, value in enumerate(values) if value in UNSURE)
