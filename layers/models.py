"""What a place can reach: stops, runs, and the rows a run leaves for towns and vacancies."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.models import Dataset, Town


class Mode(models.TextChoices):
    """The best mode that calls at a stop."""

    RAIL = "rail", _("Bahn")
    METRO = "metro", _("U-Bahn")
    TRAM = "tram", _("Straßenbahn")
    BUS = "bus", _("Bus")
    FERRY = "ferry", _("Fähre")


class TransitClass(models.TextChoices):
    """Transit access class, best first; '' = no class reached."""

    A = "A", _("A – sehr gut")
    B = "B", _("B – gut")
    C = "C", _("C – befriedigend")
    D = "D", _("D – ausreichend")
    E = "E", _("E – gering")
    F = "F", _("F – sehr gering")
    G = "G", _("G – Basis")


class TransitStopQuerySet(models.QuerySet["TransitStop"]):
    """Stops, asked in sentences."""

    def rail_near(self, point: Any, metres: float) -> list[Any]:
        """Positions (EPSG:25833) of the live timetable's stations around a point, one for each."""
        live = self.filter(dataset__runs__live=True, is_rail=True, point__dwithin=(point, metres))
        return list(live.order_by("stop_id").values_list("point", flat=True))


class TransitStop(models.Model):
    """A stop group (station with its platforms) of one timetable; key is (dataset, stop_id)."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="stops")
    stop_id = models.CharField(_("Kennung"), max_length=80)
    name = models.CharField(_("Name"), max_length=160)
    town = models.ForeignKey(Town, models.SET_NULL, null=True, blank=True, related_name="stops")
    point = models.PointField(_("Lage"), srid=crs.STORAGE)
    mode = models.CharField(_("Verkehrsmittel"), max_length=10, choices=Mode.choices)
    is_rail = models.BooleanField(_("Bahnhof oder Haltepunkt"), default=False)
    departures = models.PositiveIntegerField(_("Abfahrten 6 bis 20 Uhr"))
    departures_day = models.PositiveIntegerField(_("Abfahrten am Tag"))
    by_route_type = models.JSONField(_("Abfahrten 6 bis 20 Uhr nach GTFS-Art"), default=dict)
    category = models.CharField(_("Haltestellenkategorie"), max_length=5, blank=True)

    objects: ClassVar = TransitStopQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("Haltestelle")
        verbose_name_plural = _("Haltestellen")
        constraints: ClassVar = [models.UniqueConstraint(fields=("dataset", "stop_id"), name="stop_once_per_feed")]

    def __str__(self) -> str:
        return self.name


class ReachRunQuerySet(models.QuerySet["ReachRun"]):
    """Runs, asked in sentences."""

    def current(self) -> ReachRun | None:
        """The run that is live, with its timetable, or None."""
        return self.filter(live=True).select_related("dataset").first()


class ReachRun(models.Model):
    """One computation of reach with all its inputs; exactly one is live.

    A scenario is a what-if beside the truth: it has a title, never becomes live, and stays until somebody removes it.
    """

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs", verbose_name=_("Fahrplan"))
    day = models.DateField(_("Verkehrstag"))
    window_start = models.TimeField(_("Fenster von"))
    window_end = models.TimeField(_("Fenster bis"))
    preset = models.CharField(_("Verfahren"), max_length=20)
    parameters = models.JSONField(_("Parameter"), default=dict, blank=True)
    stats = models.JSONField(_("Ergebnis in Zahlen"), default=dict, blank=True)
    live = models.BooleanField(_("gilt"), default=False)
    is_scenario = models.BooleanField(_("Szenario"), default=False)
    title = models.CharField(_("Titel des Szenarios"), max_length=120, blank=True)
    started_at = models.DateTimeField(_("begonnen"), auto_now_add=True)
    finished_at = models.DateTimeField(_("beendet"), null=True, blank=True)

    objects: ClassVar = ReachRunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        verbose_name = _("Berechnung")
        verbose_name_plural = _("Berechnungen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("live",), condition=Q(live=True), name="one_live_run"),
            models.CheckConstraint(condition=~Q(live=True, is_scenario=True), name="scenario_never_live"),
            models.CheckConstraint(condition=Q(is_scenario=False) | ~Q(title=""), name="scenario_has_title"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.preset} {self.day}"

    def described(self) -> dict[str, str]:
        """Return what every figure of the run says about itself: source, day, window, method, and what the timetable lacks."""
        travel = self.parameters
        start, end = travel.get("window", ("", ""))
        return {
            "source": self.dataset.attribution,
            "day": str(travel.get("day", self.day)),
            "window": f"{start}–{end}" if start else "",
            "method": travel.get("walk", {}).get("method", "crow-fly"),
            "note": self.dataset.note,
        }


class Centre(models.Model):
    """A centre whose travel times a run holds: Berlin Hbf, the Oberzentren, the Mittelzentren."""

    class Kind(models.TextChoices):
        BERLIN = "berlin", _("Berlin")
        OBERZENTRUM = "oberzentrum", _("Oberzentrum")
        MITTELZENTRUM = "mittelzentrum", _("Mittelzentrum")

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="centres")
    position = models.PositiveSmallIntegerField(_("Platz in den Listen"))
    key = models.SlugField(_("Kennung"), max_length=60)
    name = models.CharField(_("Name"), max_length=160)
    kind = models.CharField(_("Art"), max_length=20, choices=Kind.choices)
    town = models.ForeignKey(Town, models.SET_NULL, null=True, blank=True, related_name="+")
    stop_id = models.CharField(_("Haltestelle"), max_length=80)
    stop_name = models.CharField(_("Name der Haltestelle"), max_length=160)

    class Meta:
        ordering = ("run", "position")
        verbose_name = _("Zentrum")
        verbose_name_plural = _("Zentren")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("run", "key"), name="centre_once_per_run"),
            models.UniqueConstraint(fields=("run", "position"), name="position_once_per_run"),
        ]

    def __str__(self) -> str:
        return self.name


class MinutesField(models.BinaryField):
    """Minutes as little-endian int16, −1 where no connection is: a list of 62,000 in 124 kB, written and read at once."""

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        import numpy as np

        return None if value is None else np.frombuffer(bytes(value), dtype="<i2")

    def get_prep_value(self, value: Any) -> Any:
        return value.astype("<i2").tobytes() if hasattr(value, "astype") else value


class StopReach(models.Model):
    """Minutes from one stop to every centre of a run, by `Centre.position`."""

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="stop_rows")
    stop = models.ForeignKey(TransitStop, models.CASCADE, related_name="reach_rows")
    best_min = MinutesField()
    median_min = MinutesField()
    p90_min = MinutesField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("run", "stop"), name="stop_once_per_run")]


class HexCell(models.Model):
    """A cell of the fixed hexagon grid (0.5 km²); `cell` is its id there, `number` its place in the lists of `Surface`."""

    number = models.PositiveIntegerField(unique=True)
    cell = models.BigIntegerField(_("Kennung"), unique=True)
    geom = models.PolygonField(_("Zelle"), srid=crs.STORAGE)


class Surface(models.Model):
    """Minutes to one centre from every hexagon cell of a run, by `HexCell.number`."""

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="surfaces")
    centre = models.OneToOneField(Centre, models.CASCADE, related_name="surface")
    best_min = MinutesField()
    median_min = MinutesField()


class ReachArea(models.Model):
    """Where one gets from within so many minutes to a centre (best ride), as an area."""

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="areas")
    centre = models.ForeignKey(Centre, models.CASCADE, related_name="areas")
    minutes = models.PositiveSmallIntegerField(_("Minuten"))
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        ordering = ("centre", "minutes")
        constraints: ClassVar = [models.UniqueConstraint(fields=("centre", "minutes"), name="area_once_per_centre")]


class ClassArea(models.Model):
    """Where a transit access class is reached, as an area."""

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="class_areas")
    transit_class = models.CharField(_("ÖV-Güteklasse"), max_length=1, choices=TransitClass.choices)
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        ordering = ("run", "transit_class")
        constraints: ClassVar = [models.UniqueConstraint(fields=("run", "transit_class"), name="class_area_once_per_run")]


def _minutes(label: object) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(label, null=True)


class Access(models.Model):
    """Access of one place in one run (abstract); distances in metres, as the crow flies; minutes door to door.

    `best` is the shortest ride in the run's window, `median` what it takes when setting out at any minute of it.
    `last_from_berlin` is minutes after midnight (more than 1,440 after midnight) of the last departure that still
    brings one home. `nearby` names the nearest facility per kind: {kind: {name, m, walk, bike}}.
    """

    run = models.ForeignKey(ReachRun, models.CASCADE, related_name="%(class)s_rows")
    live = models.BooleanField(default=False)
    method = models.CharField(_("Verfahren"), max_length=40, default="crow-fly")
    transit_class = models.CharField(_("ÖV-Güteklasse"), max_length=1, choices=TransitClass.choices, blank=True)
    stop = models.ForeignKey(TransitStop, models.SET_NULL, null=True, related_name="+")
    stop_distance_m = models.PositiveIntegerField(_("zur nächsten Haltestelle in m"), null=True)
    rail_stop = models.ForeignKey(TransitStop, models.SET_NULL, null=True, related_name="+")
    rail_distance_m = models.PositiveIntegerField(_("zum nächsten Bahnhof in m"), null=True)
    departures_per_day = models.PositiveIntegerField(_("Abfahrten am Tag an der nächsten Haltestelle"), null=True)
    well_connected = models.BooleanField(_("gut angebunden"), default=False)
    berlin_best_min = _minutes(_("Minuten nach Berlin Hbf (schnellste Fahrt)"))
    berlin_median_min = _minutes(_("Minuten nach Berlin Hbf (Median)"))
    berlin_p90_min = _minutes(_("Minuten nach Berlin Hbf (90 %)"))
    berlin_saturday_min = _minutes(_("Minuten nach Berlin Hbf am Samstag (schnellste Fahrt)"))
    last_from_berlin = _minutes(_("letzte Fahrt ab Berlin Hbf (Minuten nach Mitternacht)"))
    oz_name = models.CharField(_("nächstes Oberzentrum"), max_length=160, blank=True)
    oz_best_min = _minutes(_("Minuten zum Oberzentrum (schnellste Fahrt)"))
    oz_median_min = _minutes(_("Minuten zum Oberzentrum (Median)"))
    mz_name = models.CharField(_("nächstes Mittelzentrum"), max_length=160, blank=True)
    mz_best_min = _minutes(_("Minuten zum Mittelzentrum (schnellste Fahrt)"))
    mz_median_min = _minutes(_("Minuten zum Mittelzentrum (Median)"))
    rin_oz = models.BooleanField(_("Oberzentrum in 90 Minuten (RIN 2008)"), null=True)
    rin_mz = models.BooleanField(_("Mittelzentrum in 45 Minuten (RIN 2008)"), null=True)
    nearby = models.JSONField(_("nächste Einrichtungen"), default=dict)
    zones = ArrayField(models.CharField(max_length=20), verbose_name=_("Gebiete"), default=list)

    class Meta:
        abstract = True


class TownReach(Access):
    """Access of a town's centre."""

    town = models.ForeignKey(Town, models.CASCADE, related_name="reach_rows")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("town",), condition=Q(live=True), name="one_live_town_reach"),
        ]


class VacancyReach(Access):
    """Access of a vacancy, computed from the point the public may see, so that no distance betrays the exact one."""

    vacancy = models.ForeignKey("vacancies.Vacancy", models.CASCADE, related_name="reach_rows")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("vacancy",), condition=Q(live=True), name="one_live_vacancy_reach"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("transit_class",), condition=Q(live=True), name="reach_class_live"),
        ]


class FacilityKind(models.TextChoices):
    """What daily life needs, as points."""

    SCHOOL_PRIMARY = "school_primary", _("Grundschule")
    SCHOOL_SECONDARY = "school_secondary", _("weiterführende Schule")
    SCHOOL_OTHER = "school_other", _("andere Schule")
    CHILDCARE = "childcare", _("Kita")
    DOCTOR = "doctor", _("Arztpraxis")
    PHARMACY = "pharmacy", _("Apotheke")
    SUPERMARKET = "supermarket", _("Supermarkt")
    POST = "post", _("Post")
    LIBRARY = "library", _("Bibliothek")
    BANK = "bank", _("Bank")
    TOWN_HALL = "town_hall", _("Rathaus, Verwaltung")
    CULTURE = "culture", _("Kulturort")
    COWORKING = "coworking", _("Coworking")
    CHARGING = "charging", _("Ladesäule")
    MONUMENT = "monument", _("Denkmal")


class ZoneKind(models.TextChoices):
    """What holds for an area."""

    BROADBAND = "broadband", _("Breitband")
    FLOOD = "flood", _("Überschwemmungsgebiet")
    NATURE = "nature", _("Naturschutz")
    RENEWAL = "renewal", _("Sanierungsgebiet")
    MONUMENT_AREA = "monument_area", _("Denkmalbereich")


class Facility(models.Model):
    """A place of daily life from one data set; `ref` is its identity there."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="facilities", verbose_name=_("Datensatz"))
    kind = models.CharField(_("Art"), max_length=20, choices=FacilityKind.choices)
    ref = models.CharField(_("Kennung in der Quelle"), max_length=120)
    name = models.CharField(_("Name"), max_length=160, blank=True)
    detail = models.JSONField(_("weitere Angaben"), default=dict, blank=True)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)
    town = models.ForeignKey(Town, models.SET_NULL, null=True, blank=True, related_name="facilities", verbose_name=_("Gemeinde"))

    class Meta:
        ordering = ("kind", "name", "ref")
        verbose_name = _("Einrichtung")
        verbose_name_plural = _("Einrichtungen")
        constraints: ClassVar = [models.UniqueConstraint(fields=("dataset", "kind", "ref"), name="facility_once_per_source")]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()


class Zone(models.Model):
    """An area for which something holds; `value` grades it where the kind has grades (broadband: Mbit/s)."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="zones", verbose_name=_("Datensatz"))
    kind = models.CharField(_("Art"), max_length=20, choices=ZoneKind.choices)
    ref = models.CharField(_("Kennung in der Quelle"), max_length=120)
    name = models.CharField(_("Name"), max_length=160, blank=True)
    value = models.PositiveIntegerField(_("Wert"), null=True, blank=True)
    geom = models.MultiPolygonField(_("Gebiet"), srid=crs.STORAGE)

    class Meta:
        ordering = ("kind", "name", "ref")
        verbose_name = _("Gebiet")
        verbose_name_plural = _("Gebiete")
        constraints: ClassVar = [models.UniqueConstraint(fields=("dataset", "kind", "ref"), name="zone_once_per_source")]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()


# Django looks for models here
from layers import public  # noqa: E402, F401
from layers.publish.version import PublishedVersion  # noqa: E402, F401
from layers.remote.layer import RemoteLayer  # noqa: E402, F401
