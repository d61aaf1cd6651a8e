"""Organisations of the network, and the people who belong to them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.filtering import FilterSet
from geo.models import Town
from network import post
from network.seeds import Seed
from vacancies.models import new_key

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class OrganisationKind(models.TextChoices):
    """What an organisation is."""

    ASSOCIATION = "association", _("Verein oder Initiative")
    COOPERATIVE = "cooperative", _("Genossenschaft")
    SOCIAL_ENTERPRISE = "social_enterprise", _("Sozialunternehmen")
    CREATIVE = "creative", _("Kultur- und Kreativschaffende")
    COHOUSING = "cohousing", _("Wohnprojekt-Gruppe")
    FOUNDER = "founder", _("Gründer:innen")
    COMPANY = "company", _("Unternehmen")
    FOUNDATION = "foundation", _("Stiftung")
    EDUCATION = "education", _("Bildungseinrichtung")
    ARCHITECT = "architect", _("Architekturbüro")
    FINANCE = "finance", _("Bank oder Fonds")
    NETWORK = "network", _("Netzwerk")
    LEADER = "leader", _("LEADER-Aktionsgruppe")
    CHAMBER = "chamber", _("Kammer")
    MUNICIPALITY = "municipality", _("Gemeinde")
    ADMIN_UNION = "admin_union", _("Amt oder Verbandsgemeinde")
    DISTRICT = "district", _("Landkreis")
    STATE = "state", _("Landesbehörde")
    AGENCY = "agency", _("Agentur oder öffentliche Gesellschaft")


class OrganisationVisibility(models.TextChoices):
    """Who sees an organisation's page once it is verified."""

    INTERNAL = "internal", _("nur wir und die Kontaktstelle")
    PUBLIC = "public", _("alle, sobald die Kontaktstelle die Angaben geprüft hat")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, asked in sentences."""

    def public(self) -> OrganisationQuerySet:
        """Those that everybody sees: verified, and its people want it."""
        return self.filter(is_verified=True, visibility=OrganisationVisibility.PUBLIC)

    def actors(self) -> OrganisationQuerySet:
        """The public ones, and those that come with the project from a source that is named."""
        return self.filter(models.Q(pk__in=self.public().values("pk")) | models.Q(pk__in=Seed.objects.all().planted(Organisation)))

    def matching(self, wanted: FilterSet) -> OrganisationQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q()).distinct()

    def with_offers(self, day: datetime.date) -> OrganisationQuerySet:
        """The same with their seat, and the advice they offer on a day as `running_offers`."""
        from network.knowhow.models import AdviceOffer

        offers = models.Prefetch("advice_offers", AdviceOffer.objects.all().running_on(day), to_attr="running_offers")
        return self.select_related("municipality").prefetch_related(offers)

    def of(self, user: User) -> OrganisationQuerySet:
        """Those that a person belongs to."""
        return self.filter(people__in=OrganisationMember.objects.all().confirmed().filter(user=user))

    def kept_by(self, user: User) -> OrganisationQuerySet:
        """Those that a person keeps: whose contact they are."""
        return self.filter(people__in=OrganisationMember.objects.all().contacts().filter(user=user))

    def visible_to(self, user: User | AnonymousUser) -> OrganisationQuerySet:
        """The public ones, and one's own; all for the contact point."""
        if user.has_perm("network.coordinate"):
            return self.all()
        if not user.is_authenticated:
            return self.public()
        return (self.public() | self.filter(pk__in=self.of(user).values("pk"))).distinct()

    def known_to(self, user: User) -> OrganisationQuerySet:
        """Those a person may come across: those everybody sees and their own; all for the contact point."""
        if user.has_perm("network.coordinate"):
            return self.all()
        return self.filter(models.Q(pk__in=self.actors().values("pk")) | models.Q(pk__in=self.of(user).values("pk")))

    def to_verify(self) -> OrganisationQuerySet:
        """Those that a person entered and nobody checked, with the day somebody first said to belong to them as `founded_at`."""
        found = self.filter(is_verified=False).exclude(pk__in=Seed.objects.all().planted(Organisation))
        return found.annotate(founded_at=models.Min("people__asked_at")).order_by("founded_at", "pk")

    def verify(self) -> int:
        """Say that the contact point checked what they say; returns how many were not yet."""
        return self.filter(is_verified=False).update(is_verified=True)


class Organisation(models.Model):
    """An actor of the network: a municipality's office, a foundation, a social enterprise …"""

    CHECKED = ("name", "kind", "municipality", "url")  # what the contact point verifies

    key = models.CharField(max_length=12, unique=True, default=new_key, editable=False)
    name = models.CharField(_("Name"), max_length=160)
    kind = models.CharField(_("Art"), max_length=24, choices=OrganisationKind.choices)
    municipality = models.ForeignKey(
        Town,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("Sitz"),
        help_text=_("Gemeinde des Sitzes"),
    )
    url = models.URLField(_("Internetseite"), blank=True)
    offers = models.TextField(
        _("bietet"), max_length=2000, blank=True, help_text=_("zum Beispiel Beratung zu Rechtsformen, Werkzeug, Räume")
    )
    seeks = models.TextField(
        _("sucht"), max_length=2000, blank=True, help_text=_("zum Beispiel Partner für ein Konzept, Mitnutzung einer Werkstatt")
    )
    is_verified = models.BooleanField(_("geprüft"), default=False, help_text=_("Eine Person der Kontaktstelle hat die Angaben geprüft."))
    visibility = models.CharField(
        _("Wer die Seite sieht"), max_length=12, choices=OrganisationVisibility.choices, default=OrganisationVisibility.INTERNAL
    )

    objects: ClassVar = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisationen")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("name", "municipality"),
                name="organisation_once",
                nulls_distinct=False,
                violation_error_message=_(
                    "Eine Organisation mit diesem Namen und Sitz gibt es schon. Fragen Sie dort an, ob Sie dazugehören."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("organisation", args=[self.key])

    @transaction.atomic
    def found(self, user: User) -> None:
        """Keep a new organisation, unverified, with its founder as its contact."""
        self.is_verified = False
        self.save()
        self.people.create(user=user, role=OrganisationRole.CONTACT, confirmed_at=timezone.now())

    @transaction.atomic
    def ask_to_join(self, user: User) -> None:
        """Note that a person says to belong to it, and tell its contacts, who confirm. A second time changes nothing."""
        _asking, is_new = self.people.get_or_create(user=user)
        for contact in self.people.all().contacts().select_related("user__person") if is_new else ():
            person = getattr(contact.user, "person", None)
            link = reverse("organisation_people", args=[self.key])
            post.write(
                contact.user.email, "organisation_asked", {"organisation": self, "link": link}, language=person.language if person else "de"
            )

    def hide(self) -> None:
        """Show its page to nobody but its people and the contact point: nobody speaks for it any more."""
        self.visibility = OrganisationVisibility.INTERNAL
        self.save(update_fields=["visibility"])


class OrganisationRole(models.TextChoices):
    """What a person is to an organisation."""

    CONTACT = "contact", pgettext_lazy("organisation", "Ansprechperson")
    MEMBER = "member", pgettext_lazy("organisation", "gehört dazu")


class OrganisationMemberQuerySet(models.QuerySet["OrganisationMember"]):
    """People of organisations, asked in sentences."""

    def confirmed(self) -> OrganisationMemberQuerySet:
        """Those who belong to it."""
        return self.filter(confirmed_at__isnull=False)

    def asking(self) -> OrganisationMemberQuerySet:
        """Those who asked and wait."""
        return self.filter(confirmed_at__isnull=True)

    def contacts(self) -> OrganisationMemberQuerySet:
        """Those who keep what it says, and confirm others."""
        return self.confirmed().filter(role=OrganisationRole.CONTACT)

    def of(self, user: User) -> OrganisationMemberQuerySet:
        """Where a person belongs or asks to, with the organisation."""
        return self.filter(user=user).select_related("organisation__municipality")

    def in_care_of(self, user: User) -> OrganisationMemberQuerySet:
        """Those of organisations that a person keeps."""
        return self.filter(organisation__in=Organisation.objects.all().kept_by(user))


class OrganisationMember(models.Model):
    """A person belongs to an organisation, or asked to."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="people", verbose_name=_("Organisation"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="organisations", verbose_name=_("Person"))
    role = models.CharField(_("Aufgabe"), max_length=12, choices=OrganisationRole.choices, default=OrganisationRole.MEMBER)
    asked_at = models.DateTimeField(_("angefragt"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("bestätigt"), null=True, blank=True)

    objects: ClassVar = OrganisationMemberQuerySet.as_manager()

    class Meta:
        ordering = ("role", "asked_at")
        verbose_name = _("Person einer Organisation")
        verbose_name_plural = _("Personen der Organisationen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("organisation", "user"), name="organisation_member_once"),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=False) | models.Q(role=OrganisationRole.MEMBER),
                name="organisation_contact_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.get_role_display()}"  # never who: this stays in the administration's log

    @transaction.atomic
    def confirm(self, role: str = OrganisationRole.MEMBER) -> bool:
        """Say that the person belongs to it, and as what; False where the organisation would be left without a contact."""
        if role != OrganisationRole.CONTACT and self.is_last_contact():
            return False
        self.role, self.confirmed_at = role, self.confirmed_at or timezone.now()
        self.save(update_fields=["role", "confirmed_at"])
        return True

    @transaction.atomic
    def leave(self) -> bool:
        """Take the person off, who looks for nothing in its name any more; False where others would be left without a contact.

        Whoever is alone may go: nobody speaks for the organisation then, and its page is hidden.
        """
        if self.is_last_contact():
            if self.heirs.exists():
                return False
            self.organisation.hide()
        self.organisation.space_requests.filter(owner=self.user).update(organisation=None)
        self.delete()
        return True

    @property
    def heirs(self) -> OrganisationMemberQuerySet:
        """The others who belong to it, one of whom could become its contact."""
        people: OrganisationMemberQuerySet = self.organisation.people.all()
        return people.confirmed().exclude(pk=self.pk).select_related("user__person")

    def is_last_contact(self) -> bool:
        """Whether nobody is left to speak for the organisation when this person goes; asked within a transaction."""
        contacts = list(self.organisation.people.all().contacts().select_for_update())
        return self in contacts and len(contacts) == 1
