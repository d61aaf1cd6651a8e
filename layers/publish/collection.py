"""`Collection`: the one declaration of a public layer. Files, frames and services are made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.functional import Promise

from geo.filtering import FilterSet


@dataclass(frozen=True)
class Field:
    """A column of a layer: its name in files and services, its label and unit, and how its values look.

    `kind` is one of text, number, decimal, flag, date, list, object.
    """

    name: str
    label: str | Promise
    kind: str
    unit: str = ""


@dataclass(frozen=True)
class Collection:
    """A public layer.

    Parameters
    ----------
    name : str
        Stable identifier in addresses and files.
    rows : callable
        Returns the public queryset; what it does not hold does not exist for anybody outside.
    filter : type
        The `FilterSet` that asks it.
    fields : tuple of Field
        Columns in order; the first is the key.
    geometry : str
        Name of the geometry column (storage CRS).
    datasets : tuple of str
        Keys of the project's own data sets whose attribution every output carries.
    loaded : callable
        Returns the keys of further ones that only the database knows: what an operator has loaded.
    note : str
        A sentence that every output carries.
    """

    name: str
    title: str | Promise
    description: str | Promise
    rows: Callable[[], models.QuerySet[Any]]
    filter: type[FilterSet]
    fields: tuple[Field, ...]
    geometry: str
    datasets: tuple[str, ...]
    note: str | Promise = ""
    loaded: Callable[[], Iterable[str]] = tuple

    @property
    def key(self) -> str:
        return self.fields[0].name

    def matching(self, wanted: FilterSet) -> models.QuerySet[Any]:
        """Return the public rows that meet the filter."""
        return self.rows().filter(wanted.q())


KINDS: tuple[tuple[type[models.Field], str], ...] = (
    (models.JSONField, "object"),
    (ArrayField, "list"),
    (models.BooleanField, "flag"),
    (models.DateField, "date"),
    (models.DecimalField, "decimal"),
    (models.IntegerField, "number"),
    (models.TextField, "text"),
    (models.CharField, "text"),
)


def fields_of(model: type[models.Model], *names: str) -> tuple[Field, ...]:
    """Return the named columns of a model as fields, labelled as the model labels them."""
    made = []
    for name in names:
        column = model._meta.get_field(name)
        label = column.verbose_name  # type: ignore[union-attr]
        kind = next(kind for type_, kind in KINDS if isinstance(column, type_))
        unit = str(label).partition(" in ")[2].split(" ")[0] if kind in ("number", "decimal") else ""
        made.append(Field(name, label, kind, unit))
    return tuple(made)
