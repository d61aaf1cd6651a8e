"""Who gets the monthly letter."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class NewsletterQuerySet(models.QuerySet["NewsletterSubscription"]):
    """Subscriptions, asked in sentences."""

    def confirmed(self) -> NewsletterQuerySet:
        """Those whose address was confirmed."""
        return self.exclude(confirmed_at=None)

    def without_letter_of(self, month: datetime.date) -> NewsletterQuerySet:
        """Confirmed ones that did not get the letter of a month."""
        return self.confirmed().filter(models.Q(last_month__isnull=True) | models.Q(last_month__lt=month))

    def never_confirmed(self, before: datetime.datetime) -> NewsletterQuerySet:
        """Those whose address nobody confirmed and that were asked for before a moment."""
        return self.filter(confirmed_at=None, created_at__lt=before)


class NewsletterSubscription(models.Model):
    """An address that gets the monthly letter once it is confirmed."""

    mail = models.EmailField(_("Ihre E-Mail-Adresse"), unique=True)
    language = models.CharField(max_length=2, default="de", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    last_month = models.DateField(null=True, editable=False)

    objects: ClassVar = NewsletterQuerySet.as_manager()

    class Meta:
        verbose_name = _("Rundbrief-Abo")
        verbose_name_plural = _("Rundbrief-Abos")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}"  # never whose: this may stand in a log
