"""Who offers the service and under which terms, as capabilities tell it."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _


def about() -> dict[str, object]:
    """Return title, abstract, terms and contact; the contact is that of the settings."""
    known = settings.CONTACT
    return {
        "title": _("Leerstand und Erreichbarkeit in Brandenburg (WFS)"),
        "abstract": _("Leerstehende Gebäude in Brandenburg und was von ihnen aus zu erreichen ist, als Vektordaten zum Herunterladen."),
        "keywords": ["infoFeatureAccessService", "Leerstand", "Erreichbarkeit", "ÖPNV", "Brandenburg"],
        "fees": _("Es gelten keine Bedingungen für Zugang und Nutzung; Quellen sind zu nennen."),
        "constraints": "NONE",
        "organisation": known["name"],
        "mail": known["mail"],
        "street": known["address"],
        "postcode": known["postcode"],
        "city": known["city"],
        "state": "DE-BB",
        "country": "DE",
    }
