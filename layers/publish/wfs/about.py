"""Who offers the service and under which terms, as capabilities tell it."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

# setting: word in the capabilities
CONTACT = {
    "CONTACT_ORGANISATION": "organisation",
    "CONTACT_PERSON": "person",
    "CONTACT_POSITION": "position",
    "CONTACT_PHONE": "phone",
    "CONTACT_STREET": "street",
    "CONTACT_CITY": "city",
    "CONTACT_STATE": "state",
    "CONTACT_POSTCODE": "postcode",
    "CONTACT_COUNTRY": "country",
    "CONTACT_MAIL": "mail",
}
DEFAULTS = {"organisation": settings.PRODUCT, "state": "DE-BB", "country": "DE"}


def about() -> dict[str, object]:
    """Return title, abstract, terms and contact; what the operator has not set is empty."""
    contact = {word: getattr(settings, name, "") or DEFAULTS.get(word, "") for name, word in CONTACT.items()}
    return {
        "title": _("Leerstand und Erreichbarkeit in Brandenburg (WFS)"),
        "abstract": _("Leerstehende Gebäude in Brandenburg und was von ihnen aus zu erreichen ist, als Vektordaten zum Herunterladen."),
        "keywords": ["infoFeatureAccessService", "Leerstand", "Erreichbarkeit", "ÖPNV", "Brandenburg"],
        "fees": getattr(settings, "SERVICE_FEES", "") or _("Es gelten keine Bedingungen für Zugang und Nutzung; Quellen sind zu nennen."),
        "constraints": getattr(settings, "SERVICE_CONSTRAINTS", "") or "NONE",
        **contact,
    }
