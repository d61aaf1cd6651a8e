"""Organisations, and who may see and do what for which municipalities."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.filtering import FilterSet
from geo.models import District, Town, TownQuerySet
from geo.scope import NOWHERE, Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class OrganisationKind(models.TextChoices):
    """What an organisation is."""

    MUNICIPALITY = "municipality", _("Gemeinde")
    ADMIN_UNION = "admin_union", _("Amt oder Verbandsgemeinde")
    DISTRICT = "district", _("Landkreis")
    STATE = "state", _("Landesbehörde")
    CHAMBER = "chamber", _("Kammer")
    LEADER = "leader", _("LEADER-Aktionsgruppe")
    NETWORK = "network", _("Netzwerk")
    SOCIAL_ENTERPRISE = "social_enterprise", _("Sozialunternehmen")
    ARCHITECT = "architect", _("Architekturbüro")
    FINANCE = "finance", _("Bank oder Fonds")
    FOUNDATION = "foundation", _("Stiftung")
    EDUCATION = "education", _("Bildungseinrichtung")
    AGENCY = "agency", _("Agentur oder öffentliche Gesellschaft")
    ASSOCIATION = "association", _("Verein")
    COOPERATIVE = "cooperative", _("Genossenschaft")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, asked in sentences."""

    def public(self) -> OrganisationQuerySet:
        """Those everybody sees: somebody of the contact point verified them, or they come with the project from a named source."""
        from network.seeds import Seed

        return self.filter(Q(is_verified=True) | Q(pk__in=Seed.objects.all().planted(Organisation)))

    def matching(self, wanted: FilterSet) -> OrganisationQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q()).distinct()

    def with_offers(self, day: datetime.date) -> OrganisationQuerySet:
        """The same with their seat, and the advice they offer on a day as `running_offers`."""
        from network.knowhow.models import AdviceOffer

        offers = models.Prefetch("advice_offers", AdviceOffer.objects.all().running_on(day), to_attr="running_offers")
        return self.select_related("municipality").prefetch_related(offers)


class Organisation(models.Model):
    """An actor of the network: a municipality's office, a foundation, a social enterprise …"""

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
    offers = models.TextField(_("bietet"), blank=True, help_text=_("zum Beispiel Beratung zu Rechtsformen, Werkzeug, Räume"))
    seeks = models.TextField(_("sucht"), blank=True, help_text=_("zum Beispiel Partner für ein Konzept, Mitnutzung einer Werkstatt"))
    is_verified = models.BooleanField(_("geprüft"), default=False, help_text=_("Eine Person der Kontaktstelle hat die Angaben geprüft."))

    objects: ClassVar = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisationen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("name", "municipality"), name="organisation_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member does; each may all that those before may."""

    VIEWER = "viewer", pgettext_lazy("role", "Ansehen")
    EDITOR = "editor", pgettext_lazy("role", "Bearbeiten")
    MODERATOR = "moderator", pgettext_lazy("role", "Prüfen")
    MANAGER = "manager", pgettext_lazy("role", "Leiten")
    ADMIN = "admin", pgettext_lazy("role", "Verwalten")


def roles_from(role: str) -> list[str]:
    """Return this role and those that may more; raises `ValueError` for one that there is not."""
    return Role.values[Role.values.index(role) :]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, asked in sentences."""

    def in_force(self, day: datetime.date | None = None) -> MembershipQuerySet:
        """Those that have not ended (on a day; by default today)."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day or timezone.localdate()))

    def of(self, user: User | AnonymousUser, role: str = Role.VIEWER) -> MembershipQuerySet:
        """Those in force of one person with at least this role; none of a person who may not sign in."""
        if not user.is_active or user.pk is None:
            return self.none()
        return self.in_force().filter(user_id=user.pk, role__in=roles_from(role))

    def cover_the_state(self) -> bool:
        """Whether one of them is of the contact point, which sees the whole state."""
        return self.filter(statewide=True).exists()

    def towns_of(self, user: User | AnonymousUser, role: str = Role.VIEWER) -> TownQuerySet:
        """Return the towns where a person has at least this role; all for superusers and for members of the contact point.

        An Amt covers its members, a district its towns.
        """
        towns: TownQuerySet = Town.objects.all()
        held = self.of(user, role)
        if (user.is_active and user.is_superuser) or held.cover_the_state():
            return towns
        unions = held.exclude(admin_union="").values("admin_union")
        return towns.filter(Q(pk__in=held.values("town")) | Q(district__in=held.values("district")) | Q(admin_union__in=unions))

    def scope_of(self, user: User | AnonymousUser, role: str = Role.VIEWER) -> Scope:
        """Return the same as the value that engines and the database are given."""
        if user.is_active and user.is_superuser:
            return Scope(everywhere=True)
        if not (held := self.of(user, role)):
            return NOWHERE
        if held.cover_the_state():
            return Scope(everywhere=True)
        return Scope(frozenset(self.towns_of(user, role).values_list("ags8", flat=True)))


def is_an_amt(name: str) -> None:
    """Raise `ValidationError` for the name of an Amt that no municipality belongs to."""
    if name and not Town.objects.filter(admin_union=name).exists():
        raise ValidationError(_("Ein Amt mit diesem Namen gibt es nicht."))


TENANTS = ("town", "admin_union", "district", "statewide")
EMPTY = {
    "town": Q(town__isnull=True),
    "admin_union": Q(admin_union=""),
    "district": Q(district__isnull=True),
    "statewide": Q(statewide=False),
}


def _exactly_one() -> Q:
    found = Q()
    for one in TENANTS:
        only = ~EMPTY[one]
        for other in TENANTS:
            only = only if other == one else only & EMPTY[other]
        found |= only
    return found


class Membership(models.Model):
    """A person belongs to a municipality, an Amt, a district or the contact point, with a role, until a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("Person"))
    town = models.ForeignKey(Town, models.CASCADE, null=True, blank=True, related_name="memberships", verbose_name=_("Gemeinde"))
    admin_union = models.CharField(
        _("Amt"), max_length=80, blank=True, validators=[is_an_amt], help_text=_("gilt für alle Gemeinden des Amtes")
    )
    district = models.ForeignKey(
        District,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("Landkreis"),
        help_text=_("gilt für alle Gemeinden des Landkreises"),
    )
    statewide = models.BooleanField(_("Kontaktstelle (KoLaB)"), default=False, help_text=_("gilt für das ganze Land"))
    role = models.CharField(
        _("Rolle"), max_length=12, choices=Role.choices, default=Role.VIEWER, help_text=_("Jede Rolle darf auch, was die vorigen dürfen.")
    )
    ends_on = models.DateField(
        _("endet am"), null=True, blank=True, help_text=_("Ab diesem Tag gilt sie nicht mehr; leer: bis auf Weiteres.")
    )

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("user", "pk")
        verbose_name = _("Mitgliedschaft")
        verbose_name_plural = _("Mitgliedschaften")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_exactly_one(),
                name="membership_of_one_tenant",
                violation_error_message=_("Bitte genau eines angeben: Gemeinde, Amt, Landkreis oder Kontaktstelle."),
            ),
            models.UniqueConstraint(
                fields=("user", *TENANTS),
                name="membership_once",
                nulls_distinct=False,
                violation_error_message=_("Diese Person ist dort schon Mitglied; bitte dort die Rolle ändern."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.tenant}: {self.get_role_display()}"

    @property
    def tenant(self) -> str:
        """The name of what the person is a member of."""
        if self.statewide:
            return str(_("Kontaktstelle (KoLaB)"))
        return str(self.town or self.district or _("Amt {name}").format(name=self.admin_union))  # type: ignore[attr-defined]


def scope_of(user: User | AnonymousUser, role: str) -> Scope:
    """Return where a person has at least this role (settings.SCOPE_OF)."""
    found: Scope = Membership.objects.all().scope_of(user, role)
    return found
