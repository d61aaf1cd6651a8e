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
from vacancies import spoken


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
            phrase=_("in {value}"),
            where=True,
            options=lambda: SizeClass.choices[:6],
            said=lambda: spoken.SIZES,
            more=_("{n} weiteren Größenklassen"),
            group="main",
        ),
        AtLeastRank(
            name="transit",
            label=_("Anbindung mit Bus und Bahn"),
            column="transit_class",
            phrase=_("ÖV-Güteklasse {value}"),
            opening=_("mit ÖV-Güteklasse {value}"),
            options=lambda: TransitClass.choices[:6],
            said=lambda: spoken.CLASSES,
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
            said=lambda: spoken.TARGET_USES,
            group="main",
        ),
        Choice(
            name="former_use",
            label=_("Frühere Nutzung"),
            column="former_use",
            phrase=_("früher {value}"),
            options=lambda: c.Use.choices,
            said=lambda: spoken.USES,
            group="main",
        ),
        Text(
            name="q",
            label=_("Suche"),
            column="search_text",
            also=("town_name",),
            phrase=_("zum Suchwort „{value}“"),
            opening=_("zum Suchwort „{value}“"),
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
            phrase=_("höchstens {value} zur nächsten Haltestelle"),
            group="place",
        ),
        Number(
            name="rail_distance_max",
            label=_("Zum nächsten Bahnhof höchstens"),
            column="rail_distance_m",
            lookup="lte",
            unit="m",
            highest=100_000,
            phrase=_("höchstens {value} zum nächsten Bahnhof"),
            group="place",
        ),
        Number(
            name="departures_min",
            label=_("Abfahrten am Tag mindestens"),
            column="departures_per_day",
            lookup="gte",
            highest=10_000,
            phrase=_("mindestens {value} Abfahrten am Tag"),
            opening=_("mit mindestens {value} Abfahrten am Tag"),
            group="place",
        ),
        Choice(
            name="central",
            label=_("Zentralörtliche Funktion"),
            column="town_central_function",
            phrase=_("in {value}"),
            where=True,
            options=lambda: CentralFunction.choices,
            said=lambda: spoken.FUNCTIONS,
            group="place",
        ),
        Choice(
            name="structure",
            label=_("Strukturraum"),
            column="town_structure_area",
            phrase="{value}",
            where=True,
            options=lambda: StructureArea.choices,
            said=lambda: spoken.STRUCTURE_AREAS,
            group="place",
        ),
        Choice(
            name="district",
            label=_("Landkreis oder kreisfreie Stadt"),
            column="district_ags",
            phrase="{value}",
            where=True,
            options=_districts,
            said=spoken.districts,
            more=_("in {n} weiteren"),
            group="place",
        ),
        Choice(
            name="town",
            label=_("Gemeinde"),
            column="town_slug",
            phrase=_("in {value}"),
            where=True,
            options=_towns,
            more=_("{n} weiteren Gemeinden"),
            group="place",
        ),
        Choice(
            name="possible_use",
            label=_("Mögliche Nutzung"),
            column="possible_uses",
            array=True,
            phrase=_("nutzbar als {value}"),
            options=lambda: c.Use.choices,
            said=lambda: spoken.USES,
            group="object",
        ),
        Choice(
            name="condition",
            label=_("Zustand"),
            column="condition",
            phrase="{value}",
            options=lambda: c.Condition.choices,
            said=lambda: spoken.CONDITIONS,
            group="object",
        ),
        Choice(
            name="occupancy",
            label=_("Leerstand"),
            column="occupancy",
            phrase="{value}",
            options=lambda: c.Occupancy.choices,
            said=lambda: spoken.OCCUPANCY,
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
            opening=_("mit Nutzfläche {value}"),
            group="object",
            help=_("von-bis, zum Beispiel 150-300"),
        ),
        Choice(
            name="disposal",
            label=_("Abgabe als"),
            column="disposal",
            array=True,
            phrase="{value}",
            opening="{value}",
            options=lambda: c.Disposal.choices,
            said=lambda: spoken.DISPOSALS,
            group="object",
        ),
        Choice(
            name="monument",
            label=_("Denkmalschutz"),
            column="monument",
            phrase="{value}",
            opening="{value}",
            options=_monuments,
            said=lambda: spoken.MONUMENTS,
            group="object",
        ),
        Months(
            name="verified_months_max",
            label=_("Bestätigt in den letzten"),
            column="verified_at",
            lookup="gte",
            unit=_("Monaten"),
            phrase=_("vor höchstens {value} bestätigt"),
            group="object",
        ),
        Near(
            name="near",
            label=_("Umkreis"),
            column="point",
            phrase=_("im Umkreis von {value}"),
            where=True,
            group="map",
            help=_("Länge,Breite,Meter"),
        ),
        BBox(name="bbox", label=_("Kartenausschnitt"), column="point", phrase=_("im gewählten Kartenausschnitt"), where=True, group="map"),
        Within(
            name="polygon",
            label=_("Gezeichnetes Gebiet"),
            column="point",
            phrase=_("im gezeichneten Gebiet mit {value}"),
            where=True,
            group="map",
        ),
    )
