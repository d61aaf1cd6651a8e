"""`VacancyFilter`: the only list of search criteria. Adding a criterion is one entry here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from geo.criteria import AtLeastRank, Between, Choice, Criterion, Flag, Months, Number, Text
from geo.filtering import FilterSet
from geo.models import CentralFunction, District, SizeClass, StructureArea, Town
from geo.spatial_criteria import BBox, Near, Within
from layers.models import TransitClass
from vacancies import choices as c


def _districts() -> Iterable[tuple[str, str]]:
    return District.objects.values_list("ags5", "name")


def _towns() -> Iterable[tuple[str, str]]:
    return Town.objects.current().values_list("slug", "name")


def _monuments() -> Iterable[tuple[str, object]]:
    return [(value, label) for value, label in c.Monument.choices if value != c.Monument.GROUND]


class VacancyFilter(FilterSet):
    """Drives form, chips, sentence, list, map, exports, services and notebooks."""

    subject: ClassVar = _("Leerstände")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(
            name="town_size",
            label=_("Größe der Gemeinde"),
            column="town_size_class",
            phrase=_("in: {value}"),
            options=lambda: SizeClass.choices[:6],
            group="main",
        ),
        AtLeastRank(
            name="transit",
            label=_("Anbindung mit Bus und Bahn"),
            column="transit_class",
            phrase=_("ÖV-Güteklasse {value} oder besser"),
            options=lambda: TransitClass.choices[:6],
            group="main",
            help=_("Güteklasse nach Verkehrsmittel, Takt und Entfernung der Haltestelle (Luftlinie)."),
        ),
        Choice(
            name="target_use",
            label=_("Gesucht als"),
            column="target_uses",
            array=True,
            phrase=_("geeignet als {value}"),
            options=lambda: c.TargetUse.choices,
            group="main",
        ),
        Choice(
            name="former_use",
            label=_("Frühere Nutzung"),
            column="former_use",
            phrase=_("früher {value}"),
            options=lambda: c.Use.choices,
            group="main",
        ),
        Text(
            name="q",
            label=_("Suche"),
            column="search_text",
            also=("town_name",),
            phrase=_("mit „{value}“"),
            group="main",
            help=_("Ort, Straße, Wörter der Beschreibung"),
        ),
        Flag(
            name="well_connected",
            label=_("gut angebunden"),
            column="well_connected",
            phrase=_("gut angebunden"),
            group="place",
            help=_("Mindestens 20 Abfahrten am Werktag, höchstens 600 m zum Bus oder 1.200 m zur Bahn."),
        ),
        Number(
            name="stop_distance_max",
            label=_("Zur nächsten Haltestelle höchstens"),
            column="stop_distance_m",
            lookup="lte",
            unit="m",
            highest=50_000,
            phrase=_("höchstens {value} zur Haltestelle"),
            group="place",
        ),
        Number(
            name="rail_distance_max",
            label=_("Zum nächsten Bahnhof höchstens"),
            column="rail_distance_m",
            lookup="lte",
            unit="m",
            highest=100_000,
            phrase=_("höchstens {value} zum Bahnhof"),
            group="place",
        ),
        Number(
            name="departures_min",
            label=_("Abfahrten am Tag mindestens"),
            column="departures_per_day",
            lookup="gte",
            highest=10_000,
            phrase=_("mindestens {value} Abfahrten am Tag"),
            group="place",
        ),
        Choice(
            name="central",
            label=_("Zentralörtliche Funktion"),
            column="town_central_function",
            phrase=_("{value}"),
            options=lambda: CentralFunction.choices,
            group="place",
        ),
        Choice(
            name="structure",
            label=_("Strukturraum"),
            column="town_structure_area",
            phrase=_("im {value}"),
            options=lambda: StructureArea.choices,
            group="place",
        ),
        Choice(
            name="district",
            label=_("Landkreis oder kreisfreie Stadt"),
            column="district_ags",
            phrase=_("in {value}"),
            options=_districts,
            group="place",
        ),
        Choice(
            name="town",
            label=_("Gemeinde"),
            column="town_slug",
            phrase=_("in {value}"),
            options=_towns,
            group="place",
        ),
        Choice(
            name="possible_use",
            label=_("Mögliche Nutzung"),
            column="possible_uses",
            array=True,
            phrase=_("möglich: {value}"),
            options=lambda: c.Use.choices,
            group="object",
        ),
        Choice(
            name="condition",
            label=_("Zustand"),
            column="condition",
            phrase=_("Zustand {value}"),
            options=lambda: c.Condition.choices,
            group="object",
        ),
        Choice(
            name="occupancy",
            label=_("Leerstand"),
            column="occupancy",
            phrase=_("{value}"),
            options=lambda: c.Occupancy.choices,
            group="object",
        ),
        Months(
            name="vacant_months_min",
            label=_("Leer seit mindestens"),
            column="vacant_since",
            lookup="lte",
            unit=_("Monaten"),
            phrase=_("leer seit mindestens {value}"),
            group="object",
        ),
        Between(
            name="area",
            label=_("Nutzfläche"),
            column="usable_m2",
            unit="m²",
            phrase=_("Nutzfläche {value}"),
            group="object",
            help=_("von-bis, zum Beispiel 150-300"),
        ),
        Choice(
            name="disposal",
            label=_("Abgabe als"),
            column="disposal",
            array=True,
            phrase=_("zu haben als {value}"),
            options=lambda: c.Disposal.choices,
            group="object",
        ),
        Choice(
            name="monument",
            label=_("Denkmalschutz"),
            column="monument",
            phrase=_("Denkmalschutz: {value}"),
            options=_monuments,
            group="object",
        ),
        Months(
            name="verified_months_max",
            label=_("Bestätigt in den letzten"),
            column="verified_at",
            lookup="gte",
            unit=_("Monaten"),
            phrase=_("bestätigt in den letzten {value}"),
            group="object",
        ),
        Near(
            name="near",
            label=_("Umkreis"),
            column="point",
            phrase=_("im Umkreis von {value}"),
            group="map",
            help=_("Länge,Breite,Meter"),
        ),
        BBox(name="bbox", label=_("Kartenausschnitt"), column="point", phrase=_("im Ausschnitt {value}"), group="map"),
        Within(name="polygon", label=_("Gezeichnetes Gebiet"), column="point", phrase=_("im {value}"), group="map"),
    )
