"""What can be asked of the layers beside the vacancies. Parameters mean the same as in the map's filter wherever both have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from geo.criteria import AtLeastRank, Choice, Criterion, Flag, Number
from geo.figures import figure, minutes
from geo.filtering import FilterSet
from geo.models import CentralFunction, District, SizeClass, StructureArea, Town
from geo.spatial_criteria import BBox, Near
from layers.models import Centre, FacilityKind, Mode, TransitClass, ZoneKind


def districts() -> Iterable[tuple[str, str]]:
    """Every district by its AGS."""
    return District.objects.values_list("ags5", "name")


def towns() -> Iterable[tuple[str, str]]:
    """Every municipality of today by its slug."""
    return Town.objects.current().values_list("slug", "name")


def centres() -> Iterable[tuple[str, str]]:
    """Every centre of the live run by its key."""
    return Centre.objects.filter(run__live=True).order_by("position").values_list("key", "name")


def _district(column: str = "district_ags") -> Choice:
    label = _("Landkreis oder kreisfreie Stadt")
    return Choice(name="district", label=label, column=column, phrase=_("in {value}"), where=True, options=districts, group="place")


def _town(column: str) -> Choice:
    return Choice(name="town", label=_("Gemeinde"), column=column, phrase=_("in {value}"), where=True, options=towns, group="place")


def _on_map(column: str) -> tuple[Criterion, Criterion]:
    near = Near(name="near", label=_("Umkreis"), column=column, phrase=_("im Umkreis von {value}"), where=True, group="map")
    bbox = BBox(name="bbox", label=_("Kartenausschnitt"), column=column, phrase=_("im gewählten Kartenausschnitt"), where=True, group="map")
    return near, bbox


def departures(n: int) -> str:
    """Return a number of departures as a person says it."""
    return ngettext("{n}\u00a0Abfahrt", "{n}\u00a0Abfahrten", n).format(n=figure(n))


def _minutes(name: str, column: str, label: object, phrase: object) -> Number:
    words = {"label": label, "phrase": phrase, "unit": _("Minuten"), "counted": minutes}
    return Number(name=name, column=column, lookup="lte", **words)  # type: ignore[arg-type]


def _class() -> AtLeastRank:
    label, phrase = _("ÖV-Güteklasse mindestens"), _("ÖV-Güteklasse {value} oder besser")
    return AtLeastRank(name="transit", label=label, column="transit_class", phrase=phrase, options=lambda: TransitClass.choices[:6])


class TownFilter(FilterSet):
    """What can be asked of municipalities."""

    subject: ClassVar = _("Gemeinden")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(
            name="town_size",
            label=_("Größe der Gemeinde"),
            column="size_class",
            phrase=_("der Größe {value}"),
            options=lambda: SizeClass.choices[:6],
        ),
        _class(),
        Flag(name="well_connected", label=_("gut angebunden"), column="well_connected", phrase=_("gut angebunden")),
        _minutes(
            "berlin_max",
            "berlin_best_min",
            _("Berlin Hbf: schnellste Fahrt höchstens"),
            _("bis Berlin Hbf höchstens {value} (schnellste Fahrt)"),
        ),
        Choice(
            name="central",
            label=_("Zentralörtliche Funktion"),
            column="central_function",
            phrase="{value}",
            options=lambda: CentralFunction.choices,
        ),
        Choice(
            name="structure",
            label=_("Strukturraum"),
            column="structure_area",
            phrase=_("im {value}"),
            options=lambda: StructureArea.choices,
        ),
        _district(),
        _town("slug"),
        *_on_map("geom"),
    )


class StopFilter(FilterSet):
    """What can be asked of stops."""

    subject: ClassVar = _("Haltestellen")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="mode", label=_("Verkehrsmittel"), column="mode", phrase="{value}", options=lambda: Mode.choices),
        Flag(name="rail", label=_("nur Bahnhöfe und Haltepunkte"), column="is_rail", phrase=_("nur Bahn")),
        Number(
            name="departures_min",
            label=_("Abfahrten am Tag mindestens"),
            column="departures_day",
            lookup="gte",
            phrase=_("mit mindestens {value} am Tag"),
            unit=_("Abfahrten"),
            counted=departures,
        ),
        _district(),
        _town("town_slug"),
        *_on_map("point"),
    )


class ClassAreaFilter(FilterSet):
    """What can be asked of the areas of access classes."""

    subject: ClassVar = _("ÖV-Güteklassen")
    criteria: ClassVar[tuple[Criterion, ...]] = (_class(), _on_map("geom")[1])


def _centre(many: bool) -> Choice:
    phrase = _("nach {value}") if many else _("Reisezeit nach {value}")
    return Choice(name="centre", label=_("Zentrum"), column="centre", phrase=phrase, options=centres)


class IsochroneFilter(FilterSet):
    """What can be asked of isochrones; without a centre they are those of Berlin Hbf."""

    subject: ClassVar = _("Isochronen")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        _centre(True),
        _minutes("minutes_max", "minutes", _("höchstens Minuten"), _("bis {value}")),
        _on_map("geom")[1],
    )


class TravelTimeFilter(FilterSet):
    """What can be asked of the travel-time surface; without a centre it leads to Berlin Hbf."""

    subject: ClassVar = _("Reisezeit")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        _centre(False),
        _minutes("minutes_max", "best_min", _("schnellste Fahrt höchstens"), _("höchstens {value} (schnellste Fahrt)")),
        *_on_map("geom"),
    )


class FacilityFilter(FilterSet):
    """What can be asked of facilities."""

    subject: ClassVar = _("Einrichtungen")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="kind", label=_("Art"), column="kind", phrase="{value}", options=lambda: FacilityKind.choices, group="main"),
        _district(),
        _town("town_slug"),
        *_on_map("point"),
    )


class ZoneFilter(FilterSet):
    """What can be asked of zones."""

    subject: ClassVar = _("Gebiete")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="zone", label=_("Art"), column="kind", phrase="{value}", options=lambda: ZoneKind.choices, group="main"),
        *_on_map("geom"),
    )
