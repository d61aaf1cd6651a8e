"""The monthly word to a municipality about entries that nobody has confirmed for a year."""

from __future__ import annotations

import datetime
from typing import ClassVar

from dateutil.relativedelta import relativedelta
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.models import Town

WARNED_BEFORE = relativedelta(months=2)


class StaleReminderQuerySet(models.QuerySet["StaleReminder"]):
    """Reminders, asked in sentences."""

    def of_month(self, day: datetime.date) -> StaleReminderQuerySet:
        """Those of the month of a day."""
        return self.filter(month=day.replace(day=1))

    def warned_long_enough_by(self, day: datetime.date) -> set[str]:
        """Return the keys that were announced at least two months before a day."""
        early = self.filter(sent_at__date__lte=day - WARNED_BEFORE, sent_at__date__gt=day - relativedelta(months=14))
        return {key for keys in early.values_list("announced", flat=True) for key in keys}


class StaleReminder(models.Model):
    """That a municipality was reminded in a month, and of which entries it was said that they would no longer be public."""

    town = models.ForeignKey(Town, models.CASCADE, related_name="stale_reminders", verbose_name=_("Gemeinde"))
    month = models.DateField(_("Monat"))
    sent_at = models.DateTimeField(_("geschickt"), default=timezone.now)
    announced = ArrayField(models.CharField(max_length=12), default=list, verbose_name=_("angekündigt"))

    objects: ClassVar = StaleReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("Erinnerung an alte Einträge")
        verbose_name_plural = _("Erinnerungen an alte Einträge")
        constraints: ClassVar = [models.UniqueConstraint(fields=("town", "month"), name="stale_reminder_once_a_month")]

    def __str__(self) -> str:
        return f"{self.town_id} {self.month:%Y-%m}"
