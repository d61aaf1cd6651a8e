"""Rows that come with the project as files: planted once, kept in step with the files, never over what a person changed.

What a file said the last time is kept beside the row (`Seed`): a field that differs from it was changed by a person and stays
(`geo.importing.diff`), and a row that a person deleted stays deleted.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from geo.errors import InvalidFile
from geo.importing import LoadReport, diff
from network.sourced import Source, are_sources, lines_of, source_of


class SeedQuerySet(models.QuerySet["Seed"]):
    """Planted rows, asked in sentences."""

    def of(self, model: type[models.Model]) -> SeedQuerySet:
        """Those of one table."""
        return self.filter(table=model._meta.db_table)

    def planted(self, model: type[models.Model]) -> models.QuerySet[Seed, int | None]:
        """The primary keys of a table's rows that came from a file."""
        return self.of(model).exclude(row=None).values_list("row", flat=True)


class Seed(models.Model):
    """What a file of the project said of a row when it was last read."""

    table = models.CharField(max_length=60)
    key = models.SlugField(max_length=120)
    row = models.BigIntegerField(null=True)
    said = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    sources = models.TextField()
    checked_at = models.DateField()

    objects: ClassVar = SeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("mitgelieferter Eintrag")
        verbose_name_plural = _("mitgelieferte Einträge")
        constraints: ClassVar = [models.UniqueConstraint(fields=("table", "key"), name="seed_once")]

    def __str__(self) -> str:
        return f"{self.table}: {self.key}"

    @property
    def source_list(self) -> list[Source]:
        """Where the entry was read, in the order in which it is written."""
        return [source_of(line) for line in lines_of(self.sources)]


def plant(model: type[models.Model], key: str, values: Mapping[str, Any], report: LoadReport, namesake: Any = None) -> Any:
    """Create or update the row of an entry; return it, None where a person deleted it.

    Parameters
    ----------
    values : mapping
        Field → value; `sources` (lines) and `checked_at` must be among them, also for tables that have no such columns.
    namesake : row
        One that is there already although no file brought it: a person made it, and it stays as it is.

    Raises
    ------
    InvalidFile
        When the entry lacks source or day, or breaks a rule of the table.
    """
    report.read += 1
    sources, checked_at = values.get("sources"), values.get("checked_at")
    if not sources or not isinstance(checked_at, datetime.date):
        raise InvalidFile(f"{key}: an entry needs sources and checked_at")
    try:
        are_sources(sources)
    except ValidationError as error:
        raise InvalidFile(f"{key}: {error.message}") from error
    columns = {f.name for f in model._meta.concrete_fields}
    incoming = {name: value for name, value in values.items() if name in columns}
    seed = Seed.objects.of(model).filter(key=key).first()
    row = model._default_manager.filter(pk=seed.row).first() if seed else namesake
    if seed and row is None:
        report.unchanged += 1  # deleted by a person
        return None
    if row and not seed:
        report.unchanged += 1
        return row
    current = {name: getattr(row, name) for name in incoming} if row else {}
    changes, kept = diff(_plain(current), _plain(incoming), seed.said if seed else {})
    report.kept_edits += len(kept)
    with transaction.atomic():
        row = _write(model, key, row, {name: incoming[name] for name in changes} if row else incoming)
        words = {"row": row.pk, "said": _plain(incoming), "sources": sources, "checked_at": checked_at}
        Seed.objects.update_or_create(table=model._meta.db_table, key=key, defaults=words)
    if not current:
        report.created += 1
    elif changes:
        report.changed += 1
    else:
        report.unchanged += 1
    return row


def _write(model: type[models.Model], key: str, row: Any, values: Mapping[str, Any]) -> Any:
    if row is not None and not values:
        return row
    row = row or model()
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        raise InvalidFile(f"{key}: {error.message_dict}") from error
    row.save()
    return row


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON spells them, so that what was written and what is read compare."""
    return {name: _spelled(value) for name, value in values.items()}


def _spelled(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, list | tuple):
        return [_spelled(v) for v in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
