"""The register as those who keep it load it into their programs: every row, exact, with its internal columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.scope import scope_of
from vacancies import choices as c
from vacancies.columns import VacancyColumns, choice, known, number, text

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class RegisterVacancyQuerySet(models.QuerySet["RegisterVacancy"]):
    """Rows of the register as its services show them."""

    def visible_to(self, user: User | AnonymousUser) -> RegisterVacancyQuerySet:
        """Those in the municipalities where the person is a member; none without the permission to see vacancies."""
        if not user.has_perm("vacancies.view_vacancy"):
            return self.none()
        return self.filter(scope_of(user).rows("town_ags"))


class RegisterVacancy(VacancyColumns):
    """One row of the view `register_vacancy`.

    The register's role sees those of the municipalities that the setting `raum.towns` names (`geo.scope`), and no others.
    """

    publication = choice(pgettext_lazy("publication", "Stand"), c.Publication)
    visibility = choice(_("Sichtbarkeit"), c.Visibility)
    basis = choice(_("Grundlage der Veröffentlichung"), c.Basis)
    consent_on = models.DateField(_("Einwilligung vom"), null=True)
    notice_on = models.DateField(_("angekündigt am (§ 200)"), null=True)
    objected = models.BooleanField(_("Widerspruch liegt vor"))
    price_is_public = models.BooleanField(_("Preis öffentlich"))
    parcels = ArrayField(models.CharField(max_length=40), verbose_name=_("Flurstücke (intern)"))
    vacancy_cause = text(_("Ursache (intern)"), 200)
    last_renovation = number(_("letzte Sanierung"))
    sewage = known(_("Abwasser"))
    contamination = choice(_("Altlasten"), c.Contamination)
    flood_zone = known(_("Überschwemmungsgebiet"))
    certainty = number(_("Sicherheit 0–10 (intern)"))
    next_review_at = models.DateField(_("nächste Prüfung"), null=True)
    source_ref = text(_("Kennung in der Quelle"))
    notes = models.TextField(_("Notizen (intern)"), blank=True)
    changed_on = models.DateField(_("geändert"))

    objects: ClassVar = RegisterVacancyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "register_vacancy"
        verbose_name = _("Leerstand im Register")
