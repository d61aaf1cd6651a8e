"""Who of the contact point takes care of a line of the desk, and until when."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Tasks of the desk, asked in sentences."""

    def open(self) -> AssignmentQuerySet:
        """Those that are not done."""
        return self.filter(done_at=None)

    def on(self, name: str, keys: Iterable[str] | None = None) -> AssignmentQuerySet:
        """Those about rows of one list; of some of its rows where their keys are given."""
        found = self.filter(list=name)
        return found if keys is None else found.filter(row__in=list(keys))

    def of(self, user: User) -> AssignmentQuerySet:
        """Those of one person, what is due first at the top."""
        return self.filter(assignee=user).order_by(models.F("due_on").asc(nulls_last=True), "pk")

    def rows(self) -> list[str]:
        """The keys of their rows."""
        return list(self.values_list("row", flat=True))

    def assign(self, name: str, row: str, by: User, words: dict[str, object]) -> Assignment:
        """Give a row to a person; a row that somebody has goes to the new one. The same again changes nothing."""
        found, _new = self.update_or_create(list=name, row=row, done_at=None, defaults={**words, "created_by": by})
        return found

    def done_before(self, moment: datetime.datetime) -> AssignmentQuerySet:
        """Those that were done before a moment."""
        return self.filter(done_at__lt=moment)


class Assignment(models.Model):
    """A row of one of the desk's lists is somebody's task. `row` is its primary key as text."""

    list = models.SlugField(max_length=40)
    row = models.CharField(max_length=40)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments", verbose_name=_("Wer kümmert sich?"))
    due_on = models.DateField(_("bis"), null=True, blank=True)
    note = models.CharField(_("Notiz"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")
        verbose_name = _("Aufgabe")
        verbose_name_plural = _("Aufgaben")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("list", "row"), condition=models.Q(done_at=None), name="assignment_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.row}"  # never who: this may stand in a log

    @property
    def is_overdue(self) -> bool:
        """Whether its day is over and it is not done."""
        return self.done_at is None and self.due_on is not None and self.due_on < timezone.localdate()

    def finish(self) -> None:
        """Note that it is done; a second time changes nothing."""
        if self.done_at is None:
            self.done_at = timezone.now()
            self.save(update_fields=["done_at"])
