"""`VacancyFilter`: the only list of search criteria. Adding a criterion is one entry here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from geo.criteria import AtLeastRank, Between, Choice, Criterion, Flag, Number, Text, WithinMinutes
from geo.figures import minutes
from geo.filtering import FilterSet
from geo.models import CentralFunction, SizeClass, StructureArea
from geo.spatial_criteria import BBox, Near, Within
from geo.time_criteria import Clock, Day, Months
from layers.filters import departures, districts, towns
from layers.models import FacilityKind, TransitClass
from vacancies import choices as c
from vacancies import spoken


def _monuments() -> Iterable[tuple[str, object]]:
    return [(value, label) for value, label in c.Monument.choices if value != c.Monument.GROUND]


def _classes() -> Iterable[tuple[str, object]]:
    return [*TransitClass.choices, ("none", _("keine Klasse"))]


REACH = (  # parameter, column, label, phrase
    (
        "berlin_max",
        "berlin_best_min",
        _("Berlin Hbf: schnellste Fahrt höchstens"),
        _("bis Berlin Hbf höchstens {value} (schnellste Fahrt)"),
    ),
    ("berlin_usual_max", "berlin_median_min", _("Berlin Hbf: Median höchstens"), _("bis Berlin Hbf höchstens {value} (Median)")),
    ("berlin_saturday_max", "berlin_saturday_min", _("Berlin Hbf am Samstag: höchstens"), _("bis Berlin Hbf am Samstag höchstens {value}")),
    ("oz_max", "oz_best_min", _("Oberzentrum: schnellste Fahrt höchstens"), _("zum Oberzentrum höchstens {value} (schnellste Fahrt)")),
    ("oz_usual_max", "oz_median_min", _("Oberzentrum: Median höchstens"), _("zum Oberzentrum höchstens {value} (Median)")),
    ("mz_max", "mz_best_min", _("Mittelzentrum: schnellste Fahrt höchstens"), _("zum Mittelzentrum höchstens {value} (schnellste Fahrt)")),
    ("mz_usual_max", "mz_median_min", _("Mittelzentrum: Median höchstens"), _("zum Mittelzentrum höchstens {value} (Median)")),
)


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
        Choice(
            name="transit_is",
            label=_("ÖV-Güteklasse genau"),
            column="transit_is",
            phrase=_("mit {value}"),
            opening=_("mit {value}"),
            options=_classes,
            said=lambda: spoken.EXACT_CLASSES,
            group="place",
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
            counted=departures,
            phrase=_("mindestens {value} am Tag"),
            opening=_("mit mindestens {value} am Tag"),
            group="place",
        ),
        *(
            Number(
                name=name,
                label=label,
                column=column,
                lookup="lte",
                unit=_("Minuten"),
                counted=minutes,
                lowest=1,
                highest=600,
                phrase=phrase,
                group="reach",
            )
            for name, column, label, phrase in REACH
        ),
        Clock(
            name="last_home",
            label=_("Letzte Fahrt ab Berlin Hbf nicht vor"),
            column="last_from_berlin",
            phrase=_("letzte Fahrt ab Berlin Hbf um {value} oder später"),
            group="reach",
            help=_("Bis 2 Uhr nachts zu Hause; Uhrzeit wie 22:30."),
        ),
        Flag(
            name="rin_mz",
            label=_("Mittelzentrum in 45 Minuten"),
            column="rin_mz",
            phrase=_("Mittelzentrum in 45 Minuten (RIN 2008)"),
            group="reach",
        ),
        Flag(
            name="rin_oz",
            label=_("Oberzentrum in 90 Minuten"),
            column="rin_oz",
            phrase=_("Oberzentrum in 90 Minuten (RIN 2008)"),
            group="reach",
            help=_("Richtwerte der RIN 2008 für Bus und Bahn, gemessen an der schnellsten Fahrt."),
        ),
        WithinMinutes(
            name="nearby",
            label=_("Einrichtungen zu Fuß"),
            column="nearby",
            options=lambda: FacilityKind.choices,
            phrase=_("zu Fuß: {value}"),
            group="reach",
            help=_("Mehrere müssen alle erreichbar sein."),
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
            options=districts,
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
            options=towns,
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
        Day(
            name="verified_since",
            label=_("Bestätigt seit"),
            column="verified_at",
            phrase=_("seit {value} bestätigt"),
            group="object",
            help=_("Was ist neu: alles, was seit diesem Tag bestätigt wurde"),
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
