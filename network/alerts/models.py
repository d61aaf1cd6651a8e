"""Mails that somebody asked for without an account: what, how often, and since when it is confirmed."""

from __future__ import annotations

import datetime
from typing import ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.filtering import LONGEST_KEPT

LASTS = relativedelta(months=12)  # without renewal
UNCONFIRMED = datetime.timedelta(days=7)


class Kind(models.TextChoices):
    """What the mails are about; `query` says which."""

    SEARCH = "search", _("Neue Leerstände zu einer Suche")
    DIGEST = "digest", _("Rundbrief")


class Frequency(models.TextChoices):
    AT_ONCE = "at_once", _("sofort")
    WEEKLY = "weekly", _("einmal in der Woche")
    MONTHLY = "monthly", _("einmal im Monat")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions, asked in sentences."""

    def confirmed(self) -> SubscriptionQuerySet:
        return self.filter(confirmed_at__isnull=False)

    def due(self, kind: str, frequency: str) -> SubscriptionQuerySet:
        """Confirmed ones of a kind that want mails so often."""
        return self.confirmed().filter(kind=kind, frequency=frequency).order_by("pk")

    def never_confirmed(self, now: datetime.datetime) -> SubscriptionQuerySet:
        """Those whose mail of confirmation nobody has answered in time."""
        return self.filter(confirmed_at=None, created_at__lt=now - UNCONFIRMED)

    def expiring_on(self, day: datetime.date) -> SubscriptionQuerySet:
        """Confirmed ones that end on or before a day unless they are renewed."""
        return self.confirmed().filter(expires_on__lte=day)

    def to_remind(self, after: datetime.date, day: datetime.date) -> SubscriptionQuerySet:
        """Those that end after one day and on or before another, and that were not reminded of it."""
        return self.expiring_on(day).filter(expires_on__gt=after, reminded_on=None)

    def same_as(self, kind: str, address: str, query: str) -> Subscription | None:
        return self.filter(kind=kind, address__iexact=address, query=query).first()


class Subscription(models.Model):
    """Mails of one kind to one address; deleted when somebody unsubscribes, nothing of it is kept.

    `known` are the keys that the search had when it was last told of, `checked_with` the state of the register then.
    """

    kind = models.CharField(_("Art"), max_length=8, choices=Kind.choices)
    address = models.EmailField(_("E-Mail-Adresse"))
    query = models.CharField(_("Suche"), max_length=LONGEST_KEPT, blank=True)
    language = models.CharField(_("Sprache"), max_length=2, choices=settings.LANGUAGES, default="de")
    frequency = models.CharField(_("Wie oft?"), max_length=8, choices=Frequency.choices, default=Frequency.WEEKLY)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    reminded_on = models.DateField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    known = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    checked_with = models.CharField(max_length=40, blank=True)

    objects: ClassVar = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("Abonnement")
        verbose_name_plural = _("Abonnements")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("kind", "address", "query"), name="subscription_once"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(expires_on__isnull=False), name="subscription_confirmed_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"  # never the address: this may stand in a log

    def confirm(self) -> bool:
        """Begin to send; returns whether it did not before."""
        if self.confirmed_at is not None:
            return False
        self.confirmed_at, self.expires_on = timezone.now(), timezone.localdate() + LASTS
        self.save(update_fields=["confirmed_at", "expires_on"])
        return True

    def renew(self, day: datetime.date | None = None) -> None:
        """Go on for twelve months."""
        self.expires_on, self.reminded_on = (day or timezone.localdate()) + LASTS, None
        self.save(update_fields=["expires_on", "reminded_on"])
