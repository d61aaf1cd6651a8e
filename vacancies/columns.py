"""The columns that public and register rows of a vacancy share, and what a row says of itself."""

from __future__ import annotations

import datetime

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.models import CentralFunction, SizeClass, StructureArea
from layers.models import TransitClass, ZoneKind
from vacancies import choices as c


def text(label: object, length: int = 120) -> models.CharField:
    return models.CharField(label, max_length=length, blank=True)


def choice(label: object, choices: type[models.TextChoices]) -> models.CharField:
    return models.CharField(label, max_length=24, choices=choices.choices)


def choices(label: object, choices: type[models.TextChoices]) -> ArrayField:
    return ArrayField(models.CharField(max_length=24, choices=choices.choices), verbose_name=label)


def number(label: object) -> models.IntegerField:
    return models.IntegerField(label, null=True)


def known(label: object) -> models.BooleanField:
    return models.BooleanField(label, null=True)


class VacancyColumns(models.Model):
    """Columns of a row of the view `public_vacancy` or `register_vacancy`."""

    key = models.CharField(_("Kennung"), max_length=12, primary_key=True)
    slug = models.SlugField(_("Kennung in der Adresse"), max_length=120)
    is_example = models.BooleanField(_("Beispiel (erfunden)"))
    is_exact = models.BooleanField(_("genaue Lage"))
    title = text(_("Titel"))
    summary = models.TextField(_("Beschreibung"), blank=True)
    object_kind = choice(_("Objektart"), c.ObjectKind)
    locality = text(_("Ortsteil"), 80)
    street = text(_("Straße"))
    house_no = text(_("Hausnummer"), 12)
    postcode = text(_("Postleitzahl"), 5)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)
    footprint = models.MultiPolygonField(_("Grundriss"), srid=crs.STORAGE, null=True)
    former_use = choice(_("frühere Nutzung"), c.Use)
    current_use = choice(_("heutige Restnutzung"), c.Use)
    possible_uses = choices(_("mögliche Nutzungen"), c.Use)
    target_uses = choices(_("geeignet als"), c.TargetUse)
    occupancy = choice(_("Leerstand"), c.Occupancy)
    vacant_since = models.DateField(_("leer seit"), null=True)
    vacant_since_precision = choice(_("Genauigkeit"), c.DatePrecision)
    condition = choice(_("Zustand"), c.Condition)
    monument = choice(_("Denkmalschutz"), c.Monument)
    owner_type = choice(_("Art der Eigentümer:in"), c.OwnerType)
    disposal = choices(_("Abgabe als"), c.Disposal)
    price_eur = number(_("Kaufpreis in €"))
    rent_eur_m2 = models.DecimalField(_("Miete in €/m² im Monat"), max_digits=6, decimal_places=2, null=True)
    available_from = models.DateField(_("verfügbar ab"), null=True)
    plot_m2 = number(_("Grundstück in m²"))
    gross_floor_m2 = number(_("Bruttogrundfläche in m²"))
    usable_m2 = number(_("Nutzfläche in m²"))
    smallest_divisible_m2 = number(_("kleinste teilbare Fläche in m²"))
    storeys = number(_("Geschosse"))
    room_height_m = models.DecimalField(_("Raumhöhe in m"), max_digits=4, decimal_places=2, null=True)
    rooms = number(_("Räume"))
    construction_year = number(_("Baujahr"))
    electricity = known(_("Strom"))
    three_phase = known(_("Starkstrom"))
    water = known(_("Wasser"))
    heating = choice(_("Heizung"), c.Heating)
    broadband_mbit = number(_("Breitband in Mbit/s"))
    sanitary = known(_("Sanitärräume"))
    barrier_free = known(_("barrierefrei zugänglich"))
    load_access = known(_("Anlieferung mit Lkw"))
    parking = known(_("Stellplätze"))
    yard = known(_("Hof"))
    noise_tolerant = known(_("Lärm möglich"))
    zoning = choice(_("Planungsrecht"), c.Zoning)
    renewal_area = known(_("Sanierungsgebiet"))
    source = choice(_("Herkunft"), c.Source)
    verified_at = models.DateField(_("bestätigt am"), null=True)
    search_text = models.TextField(blank=True)
    town_ags = text("AGS", 8)
    town_slug = models.SlugField(_("Kennung der Gemeinde"))
    town_name = text(_("Gemeinde"), 80)
    town_size_class = choice(_("Größe der Gemeinde"), SizeClass)
    town_population = number(_("Einwohner:innen der Gemeinde"))
    town_central_function = choice(_("Zentralörtliche Funktion"), CentralFunction)
    town_structure_area = models.CharField(_("Strukturraum"), max_length=30, choices=StructureArea.choices)
    admin_union = text(_("Amt"), 80)
    district_ags = text(_("AGS des Kreises"), 5)
    district_name = text(_("Landkreis"), 80)
    transit_class = models.CharField(_("ÖV-Güteklasse"), max_length=1, choices=TransitClass.choices, blank=True)
    transit_is = models.CharField(max_length=4)  # the class again, "none" where no class is reached: to be asked for
    stop_name = models.CharField(_("nächste Haltestelle"), max_length=160, null=True)
    stop_distance_m = number(_("zur Haltestelle in m (Luftlinie)"))
    rail_stop_name = models.CharField(_("nächster Bahnhof"), max_length=160, null=True)
    rail_distance_m = number(_("zum Bahnhof in m (Luftlinie)"))
    departures_per_day = number(_("Abfahrten am Tag an der Haltestelle"))
    well_connected = models.BooleanField(_("gut angebunden"))
    berlin_best_min = number(_("nach Berlin Hbf in Minuten (schnellste Fahrt)"))
    berlin_median_min = number(_("nach Berlin Hbf in Minuten (Median)"))
    berlin_saturday_min = number(_("nach Berlin Hbf am Samstag in Minuten (schnellste Fahrt)"))
    last_from_berlin = number(_("letzte Fahrt ab Berlin Hbf in Minuten nach Mitternacht"))
    oz_name = text(_("nächstes Oberzentrum"), 160)
    oz_best_min = number(_("zum Oberzentrum in Minuten (schnellste Fahrt)"))
    oz_median_min = number(_("zum Oberzentrum in Minuten (Median)"))
    mz_name = text(_("nächstes Mittelzentrum"), 160)
    mz_best_min = number(_("zum Mittelzentrum in Minuten (schnellste Fahrt)"))
    mz_median_min = number(_("zum Mittelzentrum in Minuten (Median)"))
    rin_oz = models.BooleanField(_("Oberzentrum in 90 Minuten (RIN 2008)"))
    rin_mz = models.BooleanField(_("Mittelzentrum in 45 Minuten (RIN 2008)"))
    nearby = models.JSONField(_("nächste Einrichtungen (Minuten zu Fuß und mit dem Rad)"))
    zones = choices(_("Gebiete"), ZoneKind)

    class Meta:
        abstract = True

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
