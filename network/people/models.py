"""What a person tells others of themselves; how they sign in is kept by django-allauth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class PersonQuerySet(models.QuerySet["Person"]):
    """People, asked in sentences."""

    def of(self, user: User, language: str = "de") -> Person:
        """Return what a person tells of themselves; begins it, empty, where there is nothing yet."""
        found: Person = self.get_or_create(user=user, defaults={"language": language})[0]
        return found


class Person(models.Model):
    """A person as others see them: by the name they chose, never by their address."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="person", verbose_name=_("Konto"))
    display_name = models.CharField(
        _("Name, den andere sehen"),
        max_length=80,
        blank=True,
        help_text=_("zum Beispiel Ihr Vor- und Nachname; ohne Angabe bleiben Sie ungenannt"),
    )
    language = models.CharField(_("Sprache der E-Mails"), max_length=2, choices=settings.LANGUAGES, default="de")

    objects: ClassVar = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("Person")
        verbose_name_plural = _("Personen")

    def __str__(self) -> str:
        return self.display_name or str(_("ohne Namen"))


def chosen_name(user: Any) -> str:
    """Return the name a person chose for others to see; '' for one who chose none, and for nobody."""
    person = getattr(user, "person", None)
    return str(person.display_name) if person else ""


def masked(address: str) -> str:
    """Return an address so that colleagues recognise it without reading it: e…@example.org."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}…@{host}"


def shown_name(user: Any) -> str:
    """Return the same for pages; of one who chose none that they have none, never their address or what they sign in with."""
    return chosen_name(user) or str(_("ohne Namen"))
