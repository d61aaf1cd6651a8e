"""Which rows were made one, by whom; what was before is kept for a while, so that it can be undone."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNDO_DAYS = 30


class MergeQuerySet(models.QuerySet["Merge"]):
    """Merges, asked in sentences."""

    def of_kind(self, kind: str) -> MergeQuerySet:
        return self.filter(kind=kind)

    def newest(self, length: int) -> MergeQuerySet:
        """The last ones, with who did them."""
        return self.select_related("by__person")[:length]

    def too_old_to_undo(self, now: datetime.datetime) -> MergeQuerySet:
        """Those of which it is still kept what was before, for longer than they can be undone."""
        return self.filter(at__lt=now - datetime.timedelta(days=UNDO_DAYS)).exclude(before={})

    def naming(self, address: str) -> MergeQuerySet:
        """Those of which what was before names an e-mail address."""
        told = Cast("before", models.TextField())
        return self.annotate(told=told).filter(told__icontains=address)


class Merge(models.Model):
    """Two rows that told of the same were made one.

    `before` says what was: `{"kept": values, "dropped": values, "moved": {"table.column": [keys]}, "removed": {"table": [values]},
    "set": values}`, primary keys as numbers; empty once it cannot be undone any more.
    """

    kind = models.CharField(max_length=40)
    kept = models.BigIntegerField()
    dropped = models.BigIntegerField()
    name = models.CharField(_("behalten"), max_length=200)
    dropped_name = models.CharField(_("aufgegangen"), max_length=200)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("von"))
    at = models.DateTimeField(_("am"), default=timezone.now)
    undone_at = models.DateTimeField(_("zurückgenommen"), null=True)

    objects: ClassVar = MergeQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("Zusammenführung")
        verbose_name_plural = _("Zusammenführungen")

    def __str__(self) -> str:
        return f"{self.kind} {self.dropped} → {self.kept}"

    @property
    def can_be_undone(self) -> bool:
        """Whether what was before is known and the time is not over."""
        return bool(self.undone_at is None and self.before and self.at >= timezone.now() - datetime.timedelta(days=UNDO_DAYS))
