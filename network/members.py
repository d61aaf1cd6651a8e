"""Who may see and do what for which municipalities."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import District, Town, TownQuerySet
from geo.scope import NOWHERE, Scope

if TYPE_CHECKING:
    from typing import Self

    from django.contrib.auth.models import AnonymousUser, User


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


class OfATenantQuerySet(models.QuerySet[Any]):
    """Memberships, and invitations to them, asked in sentences."""

    def over(self, place: OfATenant) -> Self:
        """Those whose tenant covers that of another: an Amt its municipalities, a district both, the contact point all."""
        found = Q(statewide=True)
        if place.town:
            found |= Q(town=place.town) | Q(district=place.town.district_id)
            found |= Q(admin_union=place.town.admin_union) & ~EMPTY["admin_union"]
        elif place.admin_union:
            towns = Town.objects.filter(admin_union=place.admin_union)
            found |= Q(admin_union=place.admin_union) | Q(district__in=towns.values("district"))
        elif place.district:
            found |= Q(district=place.district)
        return self.filter(found)

    def managed_by(self, user: User | AnonymousUser) -> Self:
        """Those of tenants whose members a person manages."""
        area = managed_by(user)
        return self.all() if area.everywhere else self.filter(area.wide | Q(town__in=area.towns.values("pk")))


class MembershipQuerySet(OfATenantQuerySet):
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

    def at(self, town: Town) -> MembershipQuerySet:
        """Those that cover a town."""
        return self.over(Membership(town=town))

    def who_edit(self) -> MembershipQuerySet:
        """Those in force of people who may sign in and change the register, with whom they are of."""
        may = self.in_force().filter(role__in=roles_from(Role.EDITOR), user__is_active=True)
        return may.select_related("user__person")

    def of_places(self) -> MembershipQuerySet:
        """Those of a municipality, an Amt or a district, not of the contact point."""
        return self.filter(statewide=False)

    def coordinating(self) -> MembershipQuerySet:
        """Those of the contact point that coordinate."""
        return self.filter(statewide=True, role__in=roles_from(Role.MODERATOR))

    def highest_role(self) -> str:
        """Return the role among them that may most; '' when there is none."""
        return max(set(self.values_list("role", flat=True)), key=Role.values.index, default="")

    def with_people(self) -> MembershipQuerySet:
        """Those in force, with whom they are of and where."""
        return self.in_force().select_related("user__person", "town", "district").order_by("town__name", "admin_union", "user__email")

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


@dataclass(frozen=True)
class Area:
    """Municipalities, districts and Ämter (one that holds an Amt or a district whole holds what is in it); or everywhere."""

    everywhere: bool
    towns: TownQuerySet
    districts: models.QuerySet[District]
    unions: models.QuerySet[Town, str]  # by name

    @property
    def wide(self) -> Q:
        """What is of one of the districts or Ämter."""
        return Q(district__in=self.districts) | Q(admin_union__in=self.unions)


def managed_by(user: User | AnonymousUser) -> Area:
    """Return where a person manages: gives memberships and keeps contacts."""
    held = Membership.objects.all().of(user, Role.MANAGER)
    everywhere = (user.is_active and user.is_superuser) or held.cover_the_state()
    districts, unions = District.objects.all(), Town.objects.exclude(admin_union="")
    if not everywhere:
        districts = districts.filter(pk__in=held.values("district"))
        unions = unions.filter(Q(admin_union__in=held.values("admin_union")) | Q(district__in=districts))
    towns = Membership.objects.all().towns_of(user, Role.MANAGER)
    return Area(everywhere, towns, districts, unions.values_list("admin_union", flat=True))


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


def of_one_tenant(name: str) -> models.CheckConstraint:
    """Return the constraint that exactly one tenant is given."""
    return models.CheckConstraint(
        condition=_exactly_one(),
        name=f"{name}_of_one_tenant",
        violation_error_message=_("Bitte genau eines angeben: Gemeinde, Amt, Landkreis oder Kontaktstelle."),
    )


class OfATenant(models.Model):
    """Of a municipality, an Amt, a district or the contact point, with a role, until a day."""

    town = models.ForeignKey(Town, models.CASCADE, null=True, blank=True, related_name="%(class)ss", verbose_name=_("Gemeinde"))
    admin_union = models.CharField(
        _("Amt"), max_length=80, blank=True, validators=[is_an_amt], help_text=_("gilt für alle Gemeinden des Amtes")
    )
    district = models.ForeignKey(
        District,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)ss",
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

    class Meta:
        abstract = True

    @property
    def tenant(self) -> str:
        """The name of what the person is a member of."""
        if self.statewide:
            return str(_("Kontaktstelle (KoLaB)"))
        return str(self.town or self.district or _("Amt {name}").format(name=self.admin_union))  # type: ignore[attr-defined]

    @property
    def of_tenant(self) -> dict[str, Any]:
        """The fields that say of what, to give to another."""
        return {name: getattr(self, name) for name in TENANTS}

    @property
    def is_in_force(self) -> bool:
        """Whether it has not ended."""
        return self.ends_on is None or self.ends_on > timezone.localdate()


class Membership(OfATenant):
    """A person belongs to a municipality, an Amt, a district or the contact point, with a role, until a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("Person"))

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("user", "pk")
        verbose_name = _("Mitgliedschaft")
        verbose_name_plural = _("Mitgliedschaften")
        constraints: ClassVar = [
            of_one_tenant("membership"),
            models.UniqueConstraint(
                fields=("user", *TENANTS),
                name="membership_once",
                nulls_distinct=False,
                violation_error_message=_("Diese Person ist dort schon Mitglied; bitte dort die Rolle ändern."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_role_display()}"  # never who: this stays in the administration's log

    def end(self) -> None:
        """Let it end today; a second time changes nothing."""
        if self.is_in_force:
            self.ends_on = timezone.localdate()
            self.save(update_fields=["ends_on"])


def scope_of(user: User | AnonymousUser, role: str) -> Scope:
    """Return where a person has at least this role (settings.SCOPE_OF)."""
    found: Scope = Membership.objects.all().scope_of(user, role)
    return found
