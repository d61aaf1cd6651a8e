"""The directory: who answers for which place and topic. Offices and their mailboxes; a person's name only where the person agreed."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import District, Town
from network.contacts.routing import Candidate, Place
from network.members import is_an_amt, managed_by
from network.organisations.models import Organisation
from vacancies.models import new_key

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

CONSENT_VERSION = "2026-11"  # of CONSENT_TEXT; who agreed to another wording agreed to that one
CONSENT_TEXT = _("Die Person hat zugestimmt, dass ihr Name hier öffentlich steht. Sie kann das jederzeit widerrufen.")


class Function(models.TextChoices):
    """What an office does."""

    MAYOR = "mayor", _("Bürgermeister:in")
    BUILDING = "building", _("Bauamt")
    PLANNING = "planning", _("Stadtplanung")
    REAL_ESTATE = "real_estate", _("Liegenschaften")
    ECONOMY = "economy", _("Wirtschaftsförderung")
    MONUMENT = "monument", _("untere Denkmalschutzbehörde")
    MONUMENT_EXPERTS = "monument_experts", _("Denkmalfachbehörde")
    CULTURE = "culture", pgettext_lazy("office", "Kultur")
    VACANCY = "vacancy", _("Leerstandsmanagement")
    CLIMATE = "climate", _("Klimaschutz")
    LEADER = "leader", _("LEADER-Regionalmanagement")
    FUNDING = "funding", _("Förderstelle")
    STATION = "station", _("Beratung zu Bahnhofsgebäuden")
    CONTACT_POINT = "contact_point", _("Kontaktstelle")


class Topic(models.TextChoices):
    """What somebody asks about."""

    USE = "use", _("Raum nutzen, mieten oder kaufen")
    BUILDING = "building", _("Bauen und Umnutzen")
    PLANNING = "planning", _("Planung und Stadtentwicklung")
    ECONOMY = "economy", _("Gewerbe und Gründung")
    MONUMENT = "monument", pgettext_lazy("topic", "Denkmal")
    CULTURE = "culture", pgettext_lazy("topic", "Kultur")
    CLIMATE = "climate", _("Klimaschutz und Energie")
    FUNDING = "funding", _("Förderung")
    RURAL = "rural", _("Ländliche Entwicklung (LEADER)")
    STATION = "station", pgettext_lazy("topic", "Bahnhofsgebäude")


class ContactPointQuerySet(models.QuerySet["ContactPoint"]):
    """Contacts, asked in sentences."""

    def listed(self) -> ContactPointQuerySet:
        """Those that stand in the directory."""
        return self.filter(withdrawn_on=None).select_related("organisation", "district").prefetch_related("towns")

    def responsible_for(self, place: Place) -> ContactPointQuerySet:
        """Those whose area covers a place."""
        wanted = Q(statewide=True)
        if place.town:
            wanted |= Q(pk__in=ContactPoint.towns.through.objects.filter(town__ags8=place.town).values("contactpoint"))
        if place.union:
            wanted |= Q(admin_union=place.union)
        if place.district:
            wanted |= Q(district__ags5=place.district)
        return self.listed().filter(wanted).order_by("function", "name", "pk")

    def reported_stale(self) -> ContactPointQuerySet:
        """Those that somebody said to be out of date, the longest waiting first."""
        return self.listed().exclude(reported_at=None).order_by("reported_at", "pk")

    def unverified_since(self, day: datetime.date) -> ContactPointQuerySet:
        """Those that nobody confirmed since a day; who was never confirmed counts by the day of the source."""
        never = Q(verified_at=None) & (Q(source_on=None) | Q(source_on__lt=day))
        return self.listed().filter(never | Q(verified_at__date__lt=day)).order_by("verified_at", "pk")

    def to_renew(self, day: datetime.date) -> ContactPointQuerySet:
        """Those said to be out of date or not confirmed since a day, with the moment it was said or confirmed as `since`."""
        found = self.reported_stale() | self.unverified_since(day)
        return found.annotate(since=Coalesce("reported_at", "verified_at")).order_by("since", "pk")

    def managed_by(self, user: User | AnonymousUser) -> ContactPointQuerySet:
        """Those that a person may change: who manages the whole area."""
        area = managed_by(user)
        if area.everywhere:
            return self.listed()
        some, others = ContactPoint.towns.through.objects.all(), Town.objects.exclude(pk__in=area.towns.values("pk"))
        towns = Q(pk__in=some.values("contactpoint")) & ~Q(pk__in=some.filter(town__in=others).values("contactpoint"))
        return self.listed().filter(area.wide | towns)

    def to_ask_again(self, day: datetime.date) -> ContactPointQuerySet:
        """Those with a mailbox that were not confirmed for a year and not asked since."""
        year = day - datetime.timedelta(days=365)
        return self.unverified_since(year).exclude(mailbox="").filter(Q(asked_on=None) | Q(asked_on__lt=year))

    def called(self, key: str) -> ContactPoint | None:
        return self.listed().filter(key=key).first()


class ContactPoint(models.Model):
    """An office that answers for an area: towns, one Amt, one district or the whole state.

    `reported_at` is what anybody may say; `is_stale` is what somebody who keeps the entry has found, and moves it behind others.
    """

    key = models.CharField(max_length=12, unique=True, default=new_key, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="contact_points", verbose_name=_("Organisation")
    )
    name = models.CharField(_("Stelle"), max_length=160, help_text=_("zum Beispiel „Bauamt der Stadt …“"))
    function = models.CharField(_("Aufgabe"), max_length=20, choices=Function.choices)
    topics = ArrayField(
        models.CharField(max_length=12, choices=Topic.choices),
        verbose_name=_("Themen"),
        default=list,
        blank=True,
        help_text=_("Ohne Auswahl: für alle Themen."),
    )
    towns = models.ManyToManyField(Town, blank=True, related_name="contact_points", verbose_name=_("Gemeinden"))
    admin_union = models.CharField(_("Amt"), max_length=80, blank=True, validators=[is_an_amt])
    district = models.ForeignKey(
        District, models.CASCADE, null=True, blank=True, related_name="contact_points", verbose_name=_("Landkreis")
    )
    statewide = models.BooleanField(_("für ganz Brandenburg"), default=False)
    mailbox = models.EmailField(
        _("Postfach der Stelle"), blank=True, help_text=_("Öffentlich. Bitte kein persönliches Postfach, zum Beispiel bauamt@….")
    )
    phone = models.CharField(_("Telefon der Stelle"), max_length=40, blank=True)
    url = models.URLField(_("Internetseite"), blank=True)
    note = models.CharField(_("Hinweis"), max_length=300, blank=True)
    person = models.CharField(_("Ansprechperson"), max_length=120, blank=True, help_text=_("Nur mit Zustimmung der Person."))
    consent_on = models.DateField(_("Zustimmung vom"), null=True, blank=True)
    consent_version = models.CharField(_("Fassung der Zustimmung"), max_length=12, blank=True, editable=False)
    source_url = models.URLField(_("Quelle"), max_length=400, blank=True)
    source_on = models.DateField(_("Quelle gelesen am"), null=True, blank=True)
    verified_at = models.DateTimeField(_("bestätigt am"), null=True, blank=True)
    asked_on = models.DateField(null=True, blank=True, editable=False)  # when the office was last asked whether this still holds
    reported_at = models.DateTimeField(_("als veraltet gemeldet"), null=True, blank=True)
    is_stale = models.BooleanField(_("veraltet"), default=False)
    withdrawn_on = models.DateField(_("zurückgezogen am"), null=True, blank=True)

    objects: ClassVar = ContactPointQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("Kontakt")
        verbose_name_plural = _("Kontakte")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person="") | (Q(consent_on__isnull=False) & ~Q(consent_version="")),
                name="contact_person_agreed",
                violation_error_message=_("Den Namen einer Person zeigen wir nur mit ihrer Zustimmung."),
            ),
            models.CheckConstraint(
                condition=Q(admin_union="", district=None) | Q(admin_union="", statewide=False) | Q(district=None, statewide=False),
                name="contact_of_one_area",
                violation_error_message=_("Bitte nur eines angeben: Amt, Landkreis oder ganz Brandenburg."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def candidate(self) -> Candidate:
        """Return what the router needs to know of it."""
        towns = frozenset(t.ags8 for t in self.towns.all())
        district = self.district.ags5 if self.district else ""
        return Candidate(self.key, towns, self.admin_union, district, self.statewide, frozenset(self.topics), self.is_stale)

    @property
    def topic_labels(self) -> list[str]:
        return [str(Topic(t).label) for t in self.topics if t in Topic.values]

    @property
    def area(self) -> str:
        """Where it is responsible, as a person says it."""
        return self.wide_area or ", ".join(sorted(t.name for t in self.towns.all()))

    @property
    def wide_area(self) -> str:
        """The same where it is the state, an Amt or a district; '' where it is single towns."""
        if self.statewide:
            return str(_("ganz Brandenburg"))
        if self.admin_union:
            return str(_("Amt {name}")).format(name=self.admin_union)
        return str(self.district or "")

    def confirm(self) -> None:
        """Say that it holds today."""
        self.verified_at, self.reported_at, self.is_stale = timezone.now(), None, False
        self.save(update_fields=["verified_at", "reported_at", "is_stale"])

    def report(self) -> None:
        """Note that somebody found it out of date; a second time changes nothing."""
        ContactPoint.objects.filter(pk=self.pk, reported_at=None).update(reported_at=timezone.now())

    def withdraw(self) -> None:
        """Take it off the directory; the row stays, so that what brought it here does not bring it again."""
        self.withdrawn_on, self.person, self.consent_on, self.consent_version = timezone.localdate(), "", None, ""
        self.save(update_fields=["withdrawn_on", "person", "consent_on", "consent_version"])
