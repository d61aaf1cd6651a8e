"""How many came to an event: kept as a number when the names are forgotten."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from network.gathering.models import Event, RegistrationQuerySet


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    """Numbers of seats, asked in sentences."""

    def note(self, registrations: RegistrationQuerySet) -> None:
        """Keep how many had a seat, for each time of an event among these registrations; what is noted stays."""
        counted = registrations.seated().order_by().values_list("event", "begins_at").annotate(n=Count("pk"))
        rows = [Attendance(event_id=event, begins_at=begins, seats=n) for event, begins, n in counted]
        self.bulk_create(rows, ignore_conflicts=True)


class Attendance(models.Model):
    """How many had a seat at one time of an event. No names."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="attendances", verbose_name=_("Termin"))
    begins_at = models.DateTimeField(_("Beginn"))
    seats = models.PositiveIntegerField(_("Anmeldungen mit Platz"))

    objects: ClassVar = AttendanceQuerySet.as_manager()

    class Meta:
        ordering = ("begins_at",)
        constraints: ClassVar = [models.UniqueConstraint(fields=("event", "begins_at"), name="attendance_once")]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d}: {self.seats}"
