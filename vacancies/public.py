"""What the public may see: the model over the database view `public_vacancy`.

List, map, files, feeds, services and notebooks read this and nothing else. Private rows and columns do not exist
here; rows with a coarse position carry the centre of their grid cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cached_property, reduce
from operator import and_
from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import GeometryDistance
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.gis.measure import D
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from geo.addresses import address_key
from geo.criteria import Choice
from geo.filtering import FilterSet
from geo.positions import X, Y
from geo.time_criteria import months_before
from vacancies import choices as c
from vacancies.columns import VacancyColumns, choice, number, text


class PublicVacancyQuerySet(models.QuerySet["PublicVacancy"]):
    """Public vacancies, asked in sentences."""

    def matching(self, wanted: FilterSet) -> PublicVacancyQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q())

    def in_town(self, town_slug: str) -> PublicVacancyQuerySet:
        """Those in one municipality."""
        return self.filter(town_slug=town_slug)

    def beside(self, vacancy: PublicVacancy) -> PublicVacancyQuerySet:
        """Others in the municipality of a vacancy."""
        return self.in_town(vacancy.town_slug).exclude(key=vacancy.key)

    def at(self, point: GEOSGeometry | None, town_slug: str, address: str, most_m: float) -> list[PublicVacancy]:
        """Those with a public place that lie close to a point (storage CRS) or have the same address in a town.

        Rows with a coarse place are none of them: to find one here would tell where it is.
        """
        exact = self.filter(is_exact=True)
        near = list(exact.filter(point__dwithin=(point, D(m=most_m)))) if point else []
        wanted = address_key(address)
        same = [v for v in exact.in_town(town_slug).exclude(house_no="") if address_key(v.address) == wanted] if wanted else []
        return list({v.key: v for v in (*near, *same)}.values())

    def nearest_to(self, place: GEOSGeometry) -> PublicVacancy | None:
        """The one closest to a place (storage CRS), with its distance as `metres`."""
        return self.annotate(metres=GeometryDistance("point", place)).order_by("metres", "key").first()

    def last_confirmed(self, length: int) -> list[PublicVacancy]:
        """The first of those that somebody confirmed, last confirmed first."""
        keys = list(self.exclude(verified_at=None).order_by("-verified_at", "key").values_list("key", flat=True)[:length])
        whole = self.model._default_manager.in_bulk(keys)  # narrow first: sorting whole rows costs ten times as much
        return [whole[key] for key in keys if key in whole]

    def positions(self) -> list[tuple[float, float, str, bool]]:
        """East and north (EPSG:25833), transit class, and whether the position is exact; ordered by key."""
        placed = self.order_by("key").annotate(x=X("point"), y=Y("point"))
        return list(placed.values_list("x", "y", "transit_class", "is_exact"))

    def in_district(self, ags5: str) -> PublicVacancyQuerySet:
        """Those in one district."""
        return self.filter(district_ags=ags5)

    def hits_by_duration(self, today: datetime.date) -> dict[int | None, int]:
        """Number of objects per class of `choices.DURATIONS` (its months); None: since when is unknown."""
        since = {f"m{m}": Count("key", filter=Q(vacant_since__lte=months_before(today, m))) for m, _label in c.DURATIONS if m}
        found = self.order_by().aggregate(m0=Count("vacant_since"), all=Count("key"), **since)
        counted: dict[int | None, int] = {None: found["all"] - found["m0"]}
        longer = 0
        for months, _label in c.DURATIONS:  # longest first
            counted[months] = found[f"m{months}"] - longer
            longer = found[f"m{months}"]
        return counted

    def hits_by_option(self, wanted: FilterSet, facets: Iterable[Choice]) -> tuple[int, dict[str, dict[str, int]]]:
        """Hits in all, and for each facet the hits per option under the other criteria ("if I add this"), in one pass.

        For a ranked criterion ("C or better") a value counts all that are at least as good.
        """
        facets = tuple(facets)
        asked = {f.name: f.q(wanted.values[f.name]) for f in facets if f.name in wanted.values}
        others = wanted
        for name in asked:
            others = others.without(name)
        counted = {"total": Count("key", filter=reduce(and_, asked.values(), Q()))}
        for i, f in enumerate(facets):
            rest = reduce(and_, (q for name, q in asked.items() if name != f.name), Q())
            for k, (value, _label) in enumerate(f.options()):
                counted[f"f{i}_{k}"] = Count("key", filter=rest & f.q((value,)))
        found = self.matching(others).order_by().aggregate(**counted)
        return found["total"], {
            f.name: {value: found[f"f{i}_{k}"] for k, (value, _label) in enumerate(f.options())} for i, f in enumerate(facets)
        }


class PublicVacancy(VacancyColumns):
    """One public row. `key` is the public identity; the internal number never leaves the register."""

    objects: ClassVar = PublicVacancyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "public_vacancy"
        ordering = ("town_name", "key")
        verbose_name = _("öffentlicher Leerstand")
        verbose_name_plural = _("öffentliche Leerstände")

    def get_absolute_url(self) -> str:
        return reverse("vacancy", args=[self.slug])

    @cached_property
    def pictures(self) -> tuple[tuple[PublicPhoto, PublicPhoto] | None, list[PublicPhoto]]:
        """The first picture from before and the last from after, where there are both, and the others in their order."""
        every = list(self.photos.all())  # type: ignore[attr-defined]
        before = next((p for p in every if p.shows == c.Shows.BEFORE), None)
        after = next((p for p in reversed(every) if p.shows == c.Shows.AFTER), None)
        if before is None or after is None:
            return None, every
        return (before, after), [p for p in every if p not in (before, after)]


class PublicUnit(models.Model):
    """A part of a public vacancy that can be had alone; its name only where the position is exact."""

    key = models.CharField(_("Kennung"), max_length=24, primary_key=True)
    vacancy = models.ForeignKey(PublicVacancy, models.DO_NOTHING, db_constraint=False, related_name="units")
    name = text(_("Bezeichnung"), 80)
    floor = number(_("Geschoss"))
    former_use = choice(_("frühere Nutzung"), c.Use)
    occupancy = choice(_("Leerstand"), c.Occupancy)
    usable_m2 = number(_("Nutzfläche in m²"))

    class Meta:
        managed = False
        db_table = "public_unit"
        ordering = ("floor", "name", "key")

    def __str__(self) -> str:
        return self.name or self.get_former_use_display()


class PublicPhoto(models.Model):
    """A released picture of a public vacancy with an exact position; `file` is its public name."""

    file = models.CharField(_("Bild"), max_length=100, primary_key=True)
    vacancy = models.ForeignKey(PublicVacancy, models.DO_NOTHING, db_constraint=False, related_name="photos")
    alt_text = text(_("Bildbeschreibung"), 200)
    caption = text(_("Unterschrift"), 200)
    creator = text(_("Urheber:in"))
    licence = text(_("Lizenz"), 60)
    taken_on = models.DateField(_("aufgenommen am"), null=True)
    shows = choice(_("zeigt"), c.Shows)

    class Meta:
        managed = False
        db_table = "public_photo"
        ordering = ("taken_on", "file")

    def __str__(self) -> str:
        return self.alt_text

    def get_absolute_url(self) -> str:
        return reverse("photo", args=[self.file])
