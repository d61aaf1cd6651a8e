"""What the public may see: the model over the database view `public_vacancy`.

List, map, files, feeds, services and notebooks read this and nothing else. Private rows and columns do not exist
here; rows with a coarse position carry the centre of their grid cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.criteria import Choice
from geo.filtering import FilterSet
from geo.models import CentralFunction, SizeClass, StructureArea
from layers.models import TransitClass, ZoneKind
from vacancies import choices as c


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

    def hits_by_town(self) -> dict[str, int]:
        """Number of rows per AGS."""
        return dict(self.order_by().values_list("town_ags").annotate(n=Count("key")))

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


def _text(label: object, length: int = 120) -> models.CharField:
    return models.CharField(label, max_length=length, blank=True)


def _choice(label: object, choices: type[models.TextChoices]) -> models.CharField:
    return models.CharField(label, max_length=24, choices=choices.choices)


def _choices(label: object, choices: type[models.TextChoices]) -> ArrayField:
    return ArrayField(models.CharField(max_length=24, choices=choices.choices), verbose_name=label)


def _number(label: object) -> models.IntegerField:
    return models.IntegerField(label, null=True)


def _known(label: object) -> models.BooleanField:
    return models.BooleanField(label, null=True)


class PublicVacancy(models.Model):
    """One public row. `key` is the public identity; the internal number never leaves the register."""

    key = models.CharField(_("Kennung"), max_length=12, primary_key=True)
    slug = models.SlugField(max_length=120)
    is_example = models.BooleanField(_("Beispiel (erfunden)"))
    is_exact = models.BooleanField(_("genaue Lage"))
    title = _text(_("Titel"))
    summary = models.TextField(_("Beschreibung"), blank=True)
    object_kind = _choice(_("Objektart"), c.ObjectKind)
    locality = _text(_("Ortsteil"), 80)
    street = _text(_("Straße"))
    house_no = _text(_("Hausnummer"), 12)
    postcode = _text(_("Postleitzahl"), 5)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)
    footprint = models.MultiPolygonField(_("Grundriss"), srid=crs.STORAGE, null=True)
    former_use = _choice(_("frühere Nutzung"), c.Use)
    current_use = _choice(_("heutige Restnutzung"), c.Use)
    possible_uses = _choices(_("mögliche Nutzungen"), c.Use)
    target_uses = _choices(_("geeignet als"), c.TargetUse)
    occupancy = _choice(_("Leerstand"), c.Occupancy)
    vacant_since = models.DateField(_("leer seit"), null=True)
    vacant_since_precision = _choice(_("Genauigkeit"), c.DatePrecision)
    condition = _choice(_("Zustand"), c.Condition)
    monument = _choice(_("Denkmalschutz"), c.Monument)
    owner_type = _choice(_("Art der Eigentümer:in"), c.OwnerType)
    disposal = _choices(_("Abgabe als"), c.Disposal)
    price_eur = _number(_("Kaufpreis in €"))
    rent_eur_m2 = models.DecimalField(_("Miete in €/m² im Monat"), max_digits=6, decimal_places=2, null=True)
    available_from = models.DateField(_("verfügbar ab"), null=True)
    plot_m2 = _number(_("Grundstück in m²"))
    gross_floor_m2 = _number(_("Bruttogrundfläche in m²"))
    usable_m2 = _number(_("Nutzfläche in m²"))
    smallest_divisible_m2 = _number(_("kleinste teilbare Fläche in m²"))
    storeys = _number(_("Geschosse"))
    room_height_m = models.DecimalField(_("Raumhöhe in m"), max_digits=4, decimal_places=2, null=True)
    rooms = _number(_("Räume"))
    construction_year = _number(_("Baujahr"))
    electricity = _known(_("Strom"))
    three_phase = _known(_("Starkstrom"))
    water = _known(_("Wasser"))
    heating = _choice(_("Heizung"), c.Heating)
    broadband_mbit = _number(_("Breitband in Mbit/s"))
    sanitary = _known(_("Sanitärräume"))
    barrier_free = _known(_("barrierefrei zugänglich"))
    load_access = _known(_("Anlieferung mit Lkw"))
    parking = _known(_("Stellplätze"))
    yard = _known(_("Hof"))
    noise_tolerant = _known(_("Lärm möglich"))
    zoning = _choice(_("Planungsrecht"), c.Zoning)
    renewal_area = _known(_("Sanierungsgebiet"))
    source = _choice(_("Herkunft"), c.Source)
    verified_at = models.DateField(_("bestätigt am"), null=True)
    search_text = models.TextField(blank=True)
    town_ags = _text("AGS", 8)
    town_slug = models.SlugField()
    town_name = _text(_("Gemeinde"), 80)
    town_size_class = _choice(_("Größe der Gemeinde"), SizeClass)
    town_population = _number(_("Einwohner:innen der Gemeinde"))
    town_central_function = _choice(_("Zentralörtliche Funktion"), CentralFunction)
    town_structure_area = models.CharField(_("Strukturraum"), max_length=30, choices=StructureArea.choices)
    admin_union = _text(_("Amt"), 80)
    district_ags = _text(_("AGS des Kreises"), 5)
    district_name = _text(_("Landkreis"), 80)
    transit_class = models.CharField(_("ÖV-Güteklasse"), max_length=1, choices=TransitClass.choices, blank=True)
    stop_name = models.CharField(_("nächste Haltestelle"), max_length=160, null=True)
    stop_distance_m = _number(_("zur Haltestelle in m (Luftlinie)"))
    rail_stop_name = models.CharField(_("nächster Bahnhof"), max_length=160, null=True)
    rail_distance_m = _number(_("zum Bahnhof in m (Luftlinie)"))
    departures_per_day = _number(_("Abfahrten am Tag an der Haltestelle"))
    well_connected = models.BooleanField(_("gut angebunden"))
    berlin_best_min = _number(_("nach Berlin Hbf in Minuten (schnellste Fahrt)"))
    berlin_median_min = _number(_("nach Berlin Hbf in Minuten (Median)"))
    berlin_saturday_min = _number(_("nach Berlin Hbf am Samstag in Minuten (schnellste Fahrt)"))
    last_from_berlin = _number(_("letzte Fahrt ab Berlin Hbf in Minuten nach Mitternacht"))
    oz_name = _text(_("nächstes Oberzentrum"), 160)
    oz_best_min = _number(_("zum Oberzentrum in Minuten (schnellste Fahrt)"))
    oz_median_min = _number(_("zum Oberzentrum in Minuten (Median)"))
    mz_name = _text(_("nächstes Mittelzentrum"), 160)
    mz_best_min = _number(_("zum Mittelzentrum in Minuten (schnellste Fahrt)"))
    mz_median_min = _number(_("zum Mittelzentrum in Minuten (Median)"))
    rin_oz = models.BooleanField(_("Oberzentrum in 90 Minuten (RIN 2008)"))
    rin_mz = models.BooleanField(_("Mittelzentrum in 45 Minuten (RIN 2008)"))
    nearby = models.JSONField(_("nächste Einrichtungen (Minuten zu Fuß und mit dem Rad)"))
    zones = _choices(_("Gebiete"), ZoneKind)

    objects: ClassVar = PublicVacancyQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "public_vacancy"
        ordering = ("town_name", "key")
        verbose_name = _("öffentlicher Leerstand")
        verbose_name_plural = _("öffentliche Leerstände")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The title, or use and town where the title is not public or not set."""
        if self.title:
            return self.title
        use = _("Leerstand") if self.former_use in ("unknown", "other") else self.get_former_use_display()
        return f"{use} in {self.town_name}"

    @property
    def address(self) -> str:
        """Street and number, empty for coarse positions."""
        return f"{self.street} {self.house_no}".strip()

    @property
    def is_stale(self) -> bool:
        """Whether nobody has confirmed the row within twelve months."""
        return self.verified_at is None or self.verified_at < datetime.date.today() - datetime.timedelta(days=365)

    def get_absolute_url(self) -> str:
        return reverse("vacancy", args=[self.slug])


class PublicUnit(models.Model):
    """A part of a public vacancy that can be had alone; its name only where the position is exact."""

    key = models.CharField(_("Kennung"), max_length=24, primary_key=True)
    vacancy = models.ForeignKey(PublicVacancy, models.DO_NOTHING, db_constraint=False, related_name="units")
    name = _text(_("Bezeichnung"), 80)
    floor = _number(_("Geschoss"))
    former_use = _choice(_("frühere Nutzung"), c.Use)
    occupancy = _choice(_("Leerstand"), c.Occupancy)
    usable_m2 = _number(_("Nutzfläche in m²"))

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
    alt_text = _text(_("Bildbeschreibung"), 200)
    caption = _text(_("Unterschrift"), 200)
    creator = _text(_("Urheber:in"))
    licence = _text(_("Lizenz"), 60)
    taken_on = models.DateField(_("aufgenommen am"), null=True)

    class Meta:
        managed = False
        db_table = "public_photo"
        ordering = ("taken_on", "file")

    def __str__(self) -> str:
        return self.alt_text

    def get_absolute_url(self) -> str:
        return reverse("photo", args=[self.file])
