"""How often a day somebody may ask for something that reaches others: counted by digests that tell nobody and end with the day."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from geo.clients import connection_of
from geo.errors import TooMany

MAILS_A_DAY = {"address": 3, "connection": 10}  # that somebody without account can have us send


def note(purpose: str, most: Mapping[str, int], request: HttpRequest | None = None, **who: str) -> None:
    """Count an attempt against each of those it comes from: the request's connection, and who else is named.

    Parameters
    ----------
    purpose : str
        What is asked for; each purpose is counted by itself.
    most : mapping
        The day's limit for each, e.g. `{"connection": 10, "address": 3}`.
    request : HttpRequest
        Whose connection is counted as `connection`.

    Raises
    ------
    TooMany
        Beyond one of the limits. The attempt is counted all the same.
    """
    if request is not None:
        who |= {"connection": connection_of(request)}
    counted = {kind: Attempt.objects.all().count_one(f"{purpose} {kind} {value.strip().lower()}") for kind, value in who.items()}
    if any(n > most[kind] for kind, n in counted.items()):
        raise TooMany(_("Für heute sind es genug Anfragen. Bitte versuchen Sie es morgen wieder."))


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Attempts, asked in sentences."""

    def before(self, day: datetime.date) -> AttemptQuerySet:
        return self.filter(day__lt=day)

    def count_one(self, words: str) -> int:
        """Count one more of these words today; returns how many there are now."""
        day = timezone.localdate()
        digest = hmac.new(settings.SECRET_KEY.encode(), f"{day} {words}".encode(), hashlib.sha256).hexdigest()
        row, made = self.get_or_create(day=day, digest=digest, defaults={"count": 1})
        if not made:
            self.filter(pk=row.pk).update(count=F("count") + 1)
            row.refresh_from_db()
        return row.count


class Attempt(models.Model):
    """How often an address or a connection asked for something on a day; by a digest that changes every day and tells neither."""

    day = models.DateField()
    digest = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)

    objects: ClassVar = AttemptQuerySet.as_manager()

    class Meta:
        app_label = "network"
        constraints: ClassVar = [models.UniqueConstraint(fields=("day", "digest"), name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.count}"
