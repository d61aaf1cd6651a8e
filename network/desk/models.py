"""Who of the contact point takes care of a line of the desk, and until when."""

from __future__ import annotations

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
        found, _new = self.update_or_create(list=name, row=row, defaults={**words, "created_by": by})
        return found

    def finish(self, pk: int) -> str:
        """Delete one that is done; returns its list, '' where it was done before."""
        found = self.filter(pk=pk)
        name = found.values_list("list", flat=True).first() or ""
        found.delete()
        return name


class Assignment(models.Model):
    """A row of one of the desk's lists is somebody's task, until it is done. `row` is its primary key as text."""

    list = models.SlugField(max_length=40)
    row = models.CharField(max_length=40)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments", verbose_name=_("Wer kümmert sich?"))
    due_on = models.DateField(_("bis"), null=True, blank=True)
    note = models.CharField(_("Notiz"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")
        verbose_name = _("Aufgabe")
        verbose_name_plural = _("Aufgaben")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("list", "row"), name="assignment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.row}"  # never who: this may stand in a log

    @property
    def is_overdue(self) -> bool:
        """Whether its day is over."""
        return self.due_on is not None and self.due_on < timezone.localdate()
