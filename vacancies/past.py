"""What was public on a day: the model over the database view `public_vacancy_past`, which says how history is kept from telling more."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from vacancies.columns import VacancyColumns
from vacancies.public import PublicVacancyQuerySet


class PastVacancy(VacancyColumns):
    """A state of a vacancy that is public today, from `shown_from` until the day before `shown_until`.

    `key` is unique among the states of one day, not among all.
    """

    shown_from = models.DateField(_("öffentlich von"))
    shown_until = models.DateField(_("öffentlich bis vor"))

    objects: ClassVar = PublicVacancyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "public_vacancy_past"
        ordering = ("town_name", "key")
        verbose_name = _("früherer Leerstand")
        verbose_name_plural = _("frühere Leerstände")
