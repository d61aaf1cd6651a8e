"""The contacts of a place with the reason for each in a sentence; where nobody is known, the contact point."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from geo.models import District, Town
from network.contacts.models import ContactPoint
from network.contacts.routing import Level, Place, Step, route

LAST = "last"


@dataclass(frozen=True)
class Answer:
    """One contact of a place. Without `contact` it is the contact point of this installation."""

    contact: ContactPoint | None
    level: Level
    reason: str
    is_stale: bool = False

    @property
    def name(self) -> str:
        return self.contact.name if self.contact else str(settings.CONTACT["name"])

    @property
    def mailbox(self) -> str:
        """The role mailbox; '' where none is known, or the operator named none."""
        if self.contact:
            return self.contact.mailbox
        return str(settings.CONTACT["mail"]) if settings.CONTACT_IS_NAMED else ""


def place_of(where: Town | District) -> Place:
    """Return a municipality or district as the router sees it."""
    if isinstance(where, Town):
        return Place(where.ags8, where.admin_union, where.district.ags5)
    return Place(district=where.ags5)


def contacts_of(where: Town | District, topic: str = "") -> list[Answer]:
    """Return the contacts of a municipality or district for a topic, the one to ask first at the top; never empty."""
    place = place_of(where)
    found = {c.key: c for c in ContactPoint.objects.all().responsible_for(place)}
    steps = route(place, topic, [c.candidate() for c in found.values()], LAST)
    return [Answer(found.get(s.key), s.level, _reason(s, found.get(s.key), where), s.is_stale) for s in steps]


def to_write_to(town: Town, topic: str) -> ContactPoint | None:
    """Return the first contact that has a mailbox; None where that is the contact point."""
    first = next(a for a in contacts_of(town, topic) if a.contact is None or (a.mailbox and not a.is_stale))
    return first.contact


def knows_nearby(answers: list[Answer]) -> bool:
    """Whether somebody of the place itself (or its Amt or district) is known."""
    return any(a.level < Level.STATE and not a.is_stale for a in answers)


def _reason(step: Step, contact: ContactPoint | None, where: Town | District) -> str:
    if contact is None or step.level is Level.LAST:
        return _("Kontaktstelle für das ganze Land; hilft weiter, wenn vor Ort niemand bekannt ist.")
    if step.level is Level.STATE:
        return _("zuständig für ganz Brandenburg")
    if step.level is Level.DISTRICT:
        return _("zuständig für {district} als Ganzes").format(district=contact.district)
    if step.level is Level.UNION:
        return _("zuständig für das ganze Amt {name}").format(name=contact.admin_union)
    if len(contact.towns.all()) > 1:
        return _("zuständig für mehrere Gemeinden, auch für {town}").format(town=where)
    return _("zuständig für {town}").format(town=where)
