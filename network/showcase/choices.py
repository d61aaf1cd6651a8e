"""What became of a showcase, and whether a WIR-Raum can be used."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """What became of it, as far as its sources tell."""

    SUCCESS = "success", _("gelungen")
    ONGOING = "ongoing", _("läuft noch")
    FAILED = "failed", _("gescheitert")
    UNKNOWN = "unknown", _("Ausgang nicht bekannt")


class WirStatus(models.TextChoices):
    """Whether a room can be used."""

    PLANNED = "planned", _("geplant")
    OPEN = "open", _("offen")
    CLOSED = "closed", _("geschlossen")
