"""Who owns a vacancy, for the few who must reach them; every look is noted."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import Town
from geo.scope import scope_of
from network.members import Role
from vacancies.models import Vacancy

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class OwnerRank(models.TextChoices):
    """What an address of an owner is good for."""

    PRIMARY = "primary", _("zuerst ansprechen")
    SECONDARY = "secondary", _("auch ansprechen")
    PENDING = "pending", _("noch zu prüfen")
    FORMER = "former", _("frühere Eigentümer:in")
    WRONG = "wrong", _("Angaben stimmen nicht")
    DECEASED = "deceased", _("verstorben")
    DO_NOT_CONTACT = "do_not_contact", _("nicht mehr ansprechen")


class OwnerContactQuerySet(models.QuerySet["OwnerContact"]):
    """Owners, asked in sentences."""

    def visible_to(self, user: User | AnonymousUser) -> OwnerContactQuerySet:
        """Those of vacancies in municipalities where the person moderates."""
        return self.filter(scope_of(user, Role.MODERATOR).rows("vacancy__town__ags8"))

    def of(self, vacancy: Vacancy) -> OwnerContactQuerySet:
        """Those of one vacancy, the one to speak to first at the top."""
        order = [models.When(rank=rank, then=n) for n, rank in enumerate(OwnerRank.values)]
        return self.filter(vacancy=vacancy).order_by(models.Case(*order, output_field=models.SmallIntegerField()), "name", "pk")

    def to_write_to(self) -> OwnerContactQuerySet:
        """Those that may stand in an export: everybody but who asked to be left alone, and whose address is of no use."""
        return self.filter(rank__in=(OwnerRank.PRIMARY, OwnerRank.SECONDARY, OwnerRank.PENDING))


class OwnerContact(models.Model):
    """How to reach an owner of a vacancy. Never in pages, files, services or feeds of the public."""

    vacancy = models.ForeignKey(Vacancy, models.CASCADE, related_name="owners", verbose_name=_("Leerstand"))
    name = models.CharField(_("Name"), max_length=160, blank=True)
    organisation = models.CharField(_("Organisation"), max_length=160, blank=True, help_text=_("zum Beispiel Erbengemeinschaft oder Firma"))
    address = models.TextField(_("Anschrift"), max_length=400, blank=True)
    phone = models.CharField(_("Telefon"), max_length=40, blank=True)
    email = models.EmailField(_("E-Mail"), blank=True)
    rank = models.CharField(_("Stand"), max_length=16, choices=OwnerRank.choices, default=OwnerRank.PENDING)
    note = models.TextField(_("Notiz"), max_length=2000, blank=True, help_text=_("Nur was für die Ansprache nötig ist."))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = OwnerContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("Eigentümer:in")
        verbose_name_plural = _("Eigentümer:innen")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(name="", organisation=""),
                name="owner_has_a_name",
                violation_error_message=_("Bitte einen Namen oder eine Organisation angeben."),
            ),
        ]

    def __str__(self) -> str:
        return f"owner {self.pk}"  # never the name: this may stand in a log

    def leave_alone(self) -> None:
        """Note that the owner does not want to be spoken to again."""
        self.rank = OwnerRank.DO_NOT_CONTACT
        self.save(update_fields=["rank", "updated_at"])


class OwnerPurpose(models.TextChoices):
    """What owners' data are looked at for."""

    OUTREACH = "outreach", pgettext_lazy("purpose", "Eigentümer:in ansprechen")
    INQUIRY = "inquiry", pgettext_lazy("purpose", "Anfrage weiterleiten")
    CONSENT = "consent", pgettext_lazy("purpose", "Einwilligung einholen oder prüfen")
    CORRECTION = "correction", pgettext_lazy("purpose", "Angaben eintragen oder berichtigen")
    RIGHTS = "rights", pgettext_lazy("purpose", "Auskunft, Widerspruch oder Löschung bearbeiten")


class OwnerAct(models.TextChoices):
    """What was done with owners' data."""

    VIEWED = "viewed", _("angesehen")
    ADDED = "added", _("eingetragen")
    CHANGED = "changed", _("geändert")
    EXPORTED = "exported", _("als Datei geladen")


class OwnerViewQuerySet(models.QuerySet["OwnerView"]):
    """The log of looks at owners' data, asked in sentences."""

    def visible_to(self, user: User | AnonymousUser) -> OwnerViewQuerySet:
        """Those of municipalities where the person is an admin, with who looked."""
        own = self.filter(scope_of(user, Role.ADMIN).rows("town__ags8"))
        return own.select_related("user__person", "town", "vacancy")

    def note(self, user: User, vacancy: Vacancy, purpose: str, act: str = OwnerAct.VIEWED) -> OwnerView:
        """Note that a person looks at, or changes, the owners of a vacancy now."""
        who = user.email or user.get_username()
        return self.create(user=user, who=who, vacancy=vacancy, vacancy_key=vacancy.key, town=vacancy.town, purpose=purpose, act=act)

    def overdue(self, now: datetime.datetime) -> OwnerViewQuerySet:
        """Those older than the log is kept (settings.RETENTION)."""
        return self.filter(at__lt=now - relativedelta(months=settings.RETENTION["owner_log_months"]))


class OwnerView(models.Model):
    """Who looked at the owners of which vacancy, when and what for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="owner_views", verbose_name=_("Person"))
    who = models.CharField(_("Person"), max_length=254)
    vacancy = models.ForeignKey(Vacancy, models.SET_NULL, null=True, related_name="owner_views", verbose_name=_("Leerstand"))
    vacancy_key = models.CharField(_("Kennung"), max_length=12)
    town = models.ForeignKey(Town, models.CASCADE, related_name="owner_views", verbose_name=_("Gemeinde"))
    at = models.DateTimeField(_("Zeit"), default=timezone.now, db_index=True)
    purpose = models.CharField(_("Zweck"), max_length=12, choices=OwnerPurpose.choices)
    act = models.CharField(_("Vorgang"), max_length=12, choices=OwnerAct.choices, default=OwnerAct.VIEWED)

    objects: ClassVar = OwnerViewQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("Einsicht in Eigentümerdaten")
        verbose_name_plural = _("Einsichten in Eigentümerdaten")

    def __str__(self) -> str:
        return f"{self.vacancy_key} {self.at:%Y-%m-%d %H:%M}"
