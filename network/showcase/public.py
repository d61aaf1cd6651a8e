"""Showcases and WIR-Räume as everybody sees them: models over the views in network/sql."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Distance
from django.contrib.postgres.fields import ArrayField
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.filtering import FilterSet
from network.showcase.choices import Outcome, WirStatus
from vacancies.choices import TargetUse


def _text(label: object, length: int = 300) -> models.CharField:
    return models.CharField(label, max_length=length, blank=True)


def _uses(label: object) -> ArrayField:
    return ArrayField(models.CharField(max_length=24, choices=TargetUse.choices), verbose_name=label)


class PublicPlaceQuerySet(models.QuerySet[Any]):
    """Public places, asked in sentences."""

    def matching(self, wanted: FilterSet) -> PublicPlaceQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q())

    def nearest(self, point: Any, n: int) -> list[Any]:
        """The nearest ones, each with its distance in `metres`."""
        found = list(self.annotate(distance=Distance("point", point)).order_by("distance")[:n])
        for place in found:
            place.metres = round(place.distance.m)
        return found


class PublicShowcase(models.Model):
    """A row of `public_showcase`."""

    key = models.SlugField(_("Kennung"), max_length=80, primary_key=True)
    name = _text(_("Name"), 120)
    summary = _text(_("In einem Satz"))
    town_slug = _text(_("Kennung der Gemeinde"), 80)
    town_name = _text(_("Gemeinde"), 80)
    district_ags = _text(_("AGS des Kreises"), 5)
    place = _text(_("Ortsteil oder Anschrift"), 160)
    is_exact = models.BooleanField(_("genaue Lage (sonst Ortsmitte)"))
    former_use = _text(_("Frühere Nutzung"))
    uses = _uses(_("Nutzungen"))
    outcome = models.CharField(_("Ausgang"), max_length=12, choices=Outcome.choices)
    has_setbacks = models.BooleanField(_("mit Rückschlägen"))
    of_kolab = models.BooleanField(_("Ort des Projekts KoLaB"))
    area = _text(_("Größe"), 200)
    url = _text(_("Internetseite"))
    source = models.TextField(_("Quellen"))
    checked_at = models.DateField(_("geprüft am"))
    point = models.PointField(_("Lage"), srid=crs.STORAGE)

    objects: ClassVar = PublicPlaceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "public_showcase"
        ordering = ("-of_kolab", "name")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("showcase", args=[self.key])


class PublicWirSpace(models.Model):
    """A row of `public_wir_space`."""

    key = models.SlugField(_("Kennung"), max_length=80, primary_key=True)
    name = _text(_("Name"), 120)
    town_slug = _text(_("Kennung der Gemeinde"), 80)
    town_name = _text(_("Gemeinde"), 80)
    district_ags = _text(_("AGS des Kreises"), 5)
    place = _text(_("Ortsteil oder Anschrift"), 160)
    is_exact = models.BooleanField(_("genaue Lage (sonst Ortsmitte)"))
    offers = _uses(_("bietet"))
    note = _text(_("Angebot, genauer"))
    operator = _text(_("Betreiber:in"), 160)
    capacity = models.IntegerField(_("Plätze"), null=True)
    bookable = models.BooleanField(_("buchbar"), null=True)
    status = models.CharField(_("Stand"), max_length=12, choices=WirStatus.choices)
    url = _text(_("Internetseite"))
    showcase = _text(_("Beispiel dazu"), 80)
    source = models.TextField(_("Quellen"))
    checked_at = models.DateField(_("geprüft am"))
    point = models.PointField(_("Lage"), srid=crs.STORAGE)

    objects: ClassVar = PublicPlaceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "public_wir_space"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('wir_spaces')}#{self.key}"
