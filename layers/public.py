"""The public layers beside the vacancies: models over the views in layers/sql. Services, files and pages read these."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.models import CentralFunction, SizeClass, StructureArea
from layers.models import Centre, FacilityKind, Mode, TransitClass, ZoneKind


def _text(label: object, length: int = 160) -> models.CharField:
    return models.CharField(label, max_length=length, blank=True)


def _choice(label: object, choices: type[models.TextChoices], length: int = 30) -> models.CharField:
    return models.CharField(label, max_length=length, choices=choices.choices, blank=True)


def _number(label: object) -> models.IntegerField:
    return models.IntegerField(label, null=True)


class PublicTown(models.Model):
    """A municipality of today with the access of its centre."""

    ags = models.CharField(_("Amtlicher Gemeindeschlüssel"), max_length=8, primary_key=True)
    slug = models.SlugField(_("Kennung"))
    name = _text(_("Name"))
    kind = _text(_("Art"))
    district_ags = _text(_("AGS des Kreises"), 5)
    district_name = _text(_("Landkreis"))
    admin_union = _text(_("Amt"))
    population = models.IntegerField(_("Einwohner:innen"))
    population_date = models.DateField(_("Stand der Einwohnerzahl"))
    area_km2 = models.DecimalField(_("Fläche in km²"), max_digits=8, decimal_places=2)
    size_class = _choice(_("Größe der Gemeinde"), SizeClass)
    central_function = _choice(_("Zentralörtliche Funktion"), CentralFunction)
    structure_area = _choice(_("Strukturraum"), StructureArea)
    transit_class = _choice(_("ÖV-Güteklasse der Ortsmitte"), TransitClass, 1)
    stop_name = models.CharField(_("nächste Haltestelle"), max_length=160, null=True)
    stop_distance_m = _number(_("zur Haltestelle in m (Luftlinie)"))
    departures_per_day = _number(_("Abfahrten am Tag an der Haltestelle"))
    well_connected = models.BooleanField(_("gut angebunden"))
    berlin_best_min = _number(_("nach Berlin Hbf in Minuten (schnellste Fahrt)"))
    berlin_median_min = _number(_("nach Berlin Hbf in Minuten (Median)"))
    last_from_berlin = _number(_("letzte Fahrt ab Berlin Hbf in Minuten nach Mitternacht"))
    oz_name = _text(_("nächstes Oberzentrum"))
    oz_best_min = _number(_("zum Oberzentrum in Minuten (schnellste Fahrt)"))
    oz_median_min = _number(_("zum Oberzentrum in Minuten (Median)"))
    mz_name = _text(_("nächstes Mittelzentrum"))
    mz_best_min = _number(_("zum Mittelzentrum in Minuten (schnellste Fahrt)"))
    mz_median_min = _number(_("zum Mittelzentrum in Minuten (Median)"))
    geom = models.MultiPolygonField(_("Grenze"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_town"


class PublicStop(models.Model):
    """A stop of the timetable that is live."""

    stop_id = models.CharField(_("Kennung"), max_length=80, primary_key=True)
    name = _text(_("Name"))
    mode = _choice(_("Verkehrsmittel"), Mode, 10)
    is_rail = models.BooleanField(_("Bahnhof oder Haltepunkt"))
    departures = models.IntegerField(_("Abfahrten 6 bis 20 Uhr"))
    departures_day = models.IntegerField(_("Abfahrten am Tag"))
    category = _text(_("Haltestellenkategorie"), 5)
    town_slug = _text(_("Kennung der Gemeinde"))
    town_name = _text(_("Gemeinde"))
    district_ags = _text(_("AGS des Kreises"), 5)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_stop"


class PublicClassArea(models.Model):
    """Where a transit access class is reached."""

    transit_class = models.CharField(_("ÖV-Güteklasse"), max_length=1, choices=TransitClass.choices, primary_key=True)
    timetable_day = models.DateField(_("Verkehrstag"))
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_class_area"


class PublicIsochrone(models.Model):
    """From where a centre is reached within so many minutes (best ride)."""

    key = models.CharField(_("Kennung"), max_length=80, primary_key=True)
    centre = _text(_("Kennung des Zentrums"), 60)
    centre_name = _text(_("Zentrum"))
    centre_kind = _choice(_("Art des Zentrums"), Centre.Kind)
    minutes = models.IntegerField(_("höchstens Minuten"))
    timetable_day = models.DateField(_("Verkehrstag"))
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_isochrone"


class PublicTravelTime(models.Model):
    """Minutes from a hexagon cell of 0.5 km² to a centre."""

    key = models.CharField(_("Kennung"), max_length=80, primary_key=True)
    centre = _text(_("Kennung des Zentrums"), 60)
    centre_name = _text(_("Zentrum"))
    best_min = _number(_("schnellste Fahrt in Minuten"))
    median_min = _number(_("Median in Minuten"))
    geom = models.PolygonField(_("Zelle"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_travel_time"


class PublicFacility(models.Model):
    """A place of daily life."""

    key = models.CharField(_("Kennung"), max_length=200, primary_key=True)
    kind = _choice(_("Art"), FacilityKind)
    name = _text(_("Name"))
    town_slug = _text(_("Kennung der Gemeinde"))
    town_name = _text(_("Gemeinde"))
    district_ags = _text(_("AGS des Kreises"), 5)
    source = _text(_("Datensatz"))
    ref = _text(_("Kennung in der Quelle"))
    point = models.PointField(_("Lage"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_facility"


class PublicZone(models.Model):
    """An area for which something holds."""

    key = models.CharField(_("Kennung"), max_length=200, primary_key=True)
    kind = _choice(_("Art"), ZoneKind)
    name = _text(_("Name"))
    value = _number(_("Wert"))
    source = _text(_("Datensatz"))
    ref = _text(_("Kennung in der Quelle"))
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        managed = False
        db_table = "public_zone"
