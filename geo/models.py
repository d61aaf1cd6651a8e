"""The ground everything stands on: data sets, districts, municipalities."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.measure import D
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models import Q, Value
from django.db.models.functions import Collate
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.scope import Scope

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


class Dataset(models.Model):
    """A body of data with its source, licence and date; every imported row knows its Dataset."""

    key = models.SlugField(_("Kennung"), unique=True)
    title = models.CharField(_("Titel"), max_length=200)
    publisher = models.CharField(_("Herausgeber"), max_length=200, blank=True)
    licence = models.CharField(_("Lizenz"), max_length=120)
    licence_url = models.URLField(_("Lizenztext"), blank=True)
    attribution = models.CharField(_("Quellenvermerk"), max_length=400)
    url = models.URLField(_("Adresse der Quelle"), blank=True)
    valid_on = models.DateField(_("Stand"), null=True, blank=True)
    note = models.TextField(_("Anmerkung"), blank=True)
    sha256 = models.CharField(_("Prüfsumme"), max_length=64, blank=True)
    row_count = models.PositiveIntegerField(_("Zeilen"), null=True, blank=True)
    loaded_at = models.DateTimeField(_("geladen am"), auto_now=True)

    class Meta:
        ordering = ("key",)
        verbose_name = _("Datensatz")
        verbose_name_plural = _("Datensätze")

    def __str__(self) -> str:
        return self.title


class SizeClass(models.TextChoices):
    """Town size by population alone (thresholds of BBSR/Destatis; see docs on `bbsr_type`)."""

    RURAL = "rural", _("Landgemeinde (unter 5.000)")
    SMALL_TOWN_S = "small_town_s", _("Kleine Kleinstadt (5.000 bis unter 10.000)")
    SMALL_TOWN_L = "small_town_l", _("Größere Kleinstadt (10.000 bis unter 20.000)")
    MEDIUM_TOWN_S = "medium_town_s", _("Kleinere Mittelstadt (20.000 bis unter 50.000)")
    MEDIUM_TOWN_L = "medium_town_l", _("Größere Mittelstadt (50.000 bis unter 100.000)")
    LARGE_CITY_S = "large_city_s", _("Kleinere Großstadt (100.000 bis unter 500.000)")
    LARGE_CITY_L = "large_city_l", _("Große Großstadt (ab 500.000)")


SIZE_THRESHOLDS: tuple[tuple[int, str], ...] = (
    (5_000, SizeClass.RURAL),
    (10_000, SizeClass.SMALL_TOWN_S),
    (20_000, SizeClass.SMALL_TOWN_L),
    (50_000, SizeClass.MEDIUM_TOWN_S),
    (100_000, SizeClass.MEDIUM_TOWN_L),
    (500_000, SizeClass.LARGE_CITY_S),
)


def size_class(population: int) -> str:
    """Return the size class of a municipality with so many inhabitants; each lower bound is inclusive."""
    return next((str(c) for limit, c in SIZE_THRESHOLDS if population < limit), str(SizeClass.LARGE_CITY_L))


class CentralFunction(models.TextChoices):
    """Central-place function (LEP HR 2019; which plan and whether confirmed stands in the row)."""

    OBERZENTRUM = "oberzentrum", _("Oberzentrum")
    MITTELZENTRUM = "mittelzentrum", _("Mittelzentrum")
    MITTELZENTRUM_FT = "mittelzentrum_ft", _("Mittelzentrum in Funktionsteilung")
    NONE = "none", _("ohne zentralörtliche Funktion")


class StructureArea(models.TextChoices):
    """Structure area of the joint planning of Berlin and Brandenburg."""

    BERLIN_SURROUNDINGS = "berlin_surroundings", _("Berliner Umland")
    WIDER_METRO = "wider_metro", _("Weiterer Metropolenraum")


class PlanningRegion(models.TextChoices):
    """The five regional planning communities."""

    PRIGNITZ_OBERHAVEL = "prignitz_oberhavel", "Prignitz-Oberhavel"
    UCKERMARK_BARNIM = "uckermark_barnim", "Uckermark-Barnim"
    ODERLAND_SPREE = "oderland_spree", "Oderland-Spree"
    LAUSITZ_SPREEWALD = "lausitz_spreewald", "Lausitz-Spreewald"
    HAVELLAND_FLAEMING = "havelland_flaeming", "Havelland-Fläming"


class DistrictQuerySet(models.QuerySet["District"]):
    """Districts, asked in sentences."""

    def called(self, slug: str) -> District | None:
        """The one with this slug; its shape is read when it is asked for."""
        return next((d for d in self.defer("geom") if d.slug == slug), None)

    def beside(self, district: District) -> DistrictQuerySet:
        """Those that share a boundary with a district."""
        return self.filter(geom__dwithin=(district.geom, D(m=1))).exclude(pk=district.pk).in_order()

    def in_order(self) -> DistrictQuerySet:
        """All in alphabetical order, without shapes."""
        return self.order_by(Collate("name", "de-x-icu")).defer("geom")


class District(models.Model):
    """A Landkreis or kreisfreie Stadt; `geom` in EPSG:25833."""

    ags5 = models.CharField("AGS", max_length=5, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    kind = models.CharField(_("Art"), max_length=40)
    planning_region = models.CharField(_("Planungsregion"), max_length=30, choices=PlanningRegion.choices)
    geom = models.MultiPolygonField(_("Grenze"), srid=crs.STORAGE)

    objects: ClassVar = DistrictQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("Landkreis")
        verbose_name_plural = _("Landkreise und kreisfreie Städte")

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The name as it stands in addresses; the eighteen names differ."""
        return slugify(self.name.translate(UMLAUTS))

    def get_absolute_url(self) -> str:
        return reverse("district", args=[self.slug])


class TownQuerySet(models.QuerySet["Town"]):
    """Towns, asked in sentences."""

    def current(self) -> TownQuerySet:
        """Towns that exist today: those not merged into another."""
        return self.filter(merged_into__isnull=True)

    def called(self, name: str) -> Town | None:
        """The one with this slug, or with this name where no other has it; None where there is none."""
        found = self.filter(slug=name) or self.filter(name__iexact=name)
        return found[0] if len(found) == 1 else None

    def before(self, name: str) -> TownQuerySet:
        """Those whose names German sorts before another."""
        return self.annotate(place=Collate("name", "de-x-icu")).filter(place__lt=Collate(Value(name), "de-x-icu"))

    def in_alphabet(self) -> TownQuerySet:
        """All by name, as German sorts them."""
        return self.order_by(Collate("name", "de-x-icu"))

    def covering(self, point: object) -> TownQuerySet:
        """Towns whose area covers the point (storage CRS)."""
        return self.filter(geom__covers=point)

    def within(self, scope: Scope) -> TownQuerySet:
        """Towns in a person's scope."""
        return self.filter(scope.rows("ags8"))

    def in_district(self, district: District) -> TownQuerySet:
        """Towns of one district."""
        return self.filter(district=district)

    def beside(self, town: Town) -> TownQuerySet:
        """Towns that share a boundary with a town; boundaries of neighbours are the same line."""
        return self.filter(geom__dwithin=(town.geom, D(m=1))).exclude(pk=town.pk)

    def together(self) -> dict[str, Any]:
        """Their number, inhabitants, area in km² and the day of the newest population."""
        sums = {"population": models.Sum("population"), "area_km2": models.Sum("area_km2")}
        return self.aggregate(towns=models.Count("pk"), population_date=models.Max("population_date"), **sums)

    def by_district(self) -> TownQuerySet:
        """Towns with their district, in its and their own alphabetical order, without shapes."""
        ordered = self.select_related("district").order_by("district__name", Collate("name", "de-x-icu"), "ags8")
        return ordered.defer("geom", "district__geom")


class Town(models.Model):
    """A municipality (Gemeinde): boundary, population, central-place function.

    `size_class` follows from the population alone. The official BBSR type, which also weighs functions and
    types the whole Amt, is kept apart in `bbsr_type` and stays empty until an official list is loaded.
    """

    ags8 = models.CharField("AGS", max_length=8, unique=True)
    ars12 = models.CharField("ARS", max_length=12, blank=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(_("Name"), max_length=80)
    kind = models.CharField(_("Art"), max_length=40)
    district = models.ForeignKey(District, models.PROTECT, related_name="towns", verbose_name=_("Landkreis"))
    admin_union = models.CharField(_("Amt"), max_length=80, blank=True)
    population = models.PositiveIntegerField(_("Einwohner:innen"))
    population_date = models.DateField(_("Stand der Einwohnerzahl"))
    area_km2 = models.DecimalField(_("Fläche in km²"), max_digits=8, decimal_places=2)
    postcode = models.CharField(_("Postleitzahl der Verwaltung"), max_length=5, blank=True)
    size_class = models.CharField(_("Größenklasse"), max_length=20, choices=SizeClass.choices, db_index=True)
    bbsr_type = models.CharField(_("Stadt- und Gemeindetyp des BBSR"), max_length=20, null=True, blank=True)
    central_function = models.CharField(_("Zentralörtliche Funktion"), max_length=20, choices=CentralFunction.choices)
    central_partner = models.CharField(_("Partner in Funktionsteilung"), max_length=80, blank=True)
    central_plan = models.CharField(_("Plan"), max_length=60, blank=True)
    central_confirmed = models.BooleanField(_("amtlich bestätigt"), default=True)
    structure_area = models.CharField(_("Strukturraum"), max_length=30, choices=StructureArea.choices)
    geom = models.MultiPolygonField(_("Grenze"), srid=crs.STORAGE)
    centre = models.PointField(_("Ortsmitte"), srid=crs.STORAGE)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+", verbose_name=_("Quelle"))
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", verbose_name=_("aufgegangen in")
    )
    imported = models.JSONField(_("zuletzt eingelesene Werte"), default=dict, blank=True, editable=False)

    objects: ClassVar = TownQuerySet.as_manager()

    class Meta:
        ordering = ("name", "ags8")
        verbose_name = _("Gemeinde")
        verbose_name_plural = _("Gemeinden")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(area_km2__gt=0), name="town_area_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("town", args=[self.slug])


class AddressQuerySet(models.QuerySet["Address"]):
    """Addresses, asked in sentences."""

    def nearest(self, point: object, most_m: float) -> Address | None:
        """The one that lies closest to a point (storage CRS), not further away than `most_m`; None where there is none."""
        return self.filter(point__dwithin=(point, D(m=most_m))).annotate(away=Distance("point", point)).order_by("away", "pk").first()


class Address(models.Model):
    """A house address with its position, for placing rows that have no coordinates. `key` is street and number, plain."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="addresses")
    street = models.CharField(_("Straße"), max_length=120)
    house_no = models.CharField(_("Hausnummer"), max_length=12)
    postcode = models.CharField(_("Postleitzahl"), max_length=5, blank=True)
    place = models.CharField(_("Ort"), max_length=80, blank=True)
    key = models.CharField(max_length=140)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)

    objects: ClassVar = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("Adresse")
        verbose_name_plural = _("Adressen")
        indexes: ClassVar = [
            models.Index(fields=("key",), name="address_key"),
            GinIndex(OpClass("key", "gin_trgm_ops"), name="address_key_trgm"),
        ]

    def __str__(self) -> str:
        return f"{self.street} {self.house_no}, {self.postcode} {self.place}"
