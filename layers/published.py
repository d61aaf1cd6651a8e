"""Facilities and zones as public layers: declared once, here. All their rows are public."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from geo.criteria import Choice, Criterion
from geo.filtering import FilterSet
from geo.models import Dataset, District, Town
from geo.spatial_criteria import BBox, Near
from layers.models import Facility, FacilityKind, Zone, ZoneKind
from layers.publish.collection import Collection, Field, fields_of


def _districts() -> Iterable[tuple[str, str]]:
    return District.objects.values_list("ags5", "name")


def _towns() -> Iterable[tuple[str, str]]:
    return Town.objects.current().values_list("slug", "name")


class FacilityFilter(FilterSet):
    """What can be asked of facilities."""

    subject: ClassVar = _("Einrichtungen")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="kind", label=_("Art"), column="kind", phrase="{value}", options=lambda: FacilityKind.choices, group="main"),
        Choice(
            name="district", label=_("Landkreis oder kreisfreie Stadt"), column="district_ags", phrase=_("in {value}"), options=_districts
        ),
        Choice(name="town", label=_("Gemeinde"), column="town_slug", phrase=_("in {value}"), options=_towns),
        Near(name="near", label=_("Umkreis"), column="point", phrase=_("im Umkreis von {value}"), group="map"),
        BBox(name="bbox", label=_("Kartenausschnitt"), column="point", phrase=_("im gewählten Kartenausschnitt"), group="map"),
    )


class ZoneFilter(FilterSet):
    """What can be asked of zones."""

    subject: ClassVar = _("Gebiete")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="kind", label=_("Art"), column="kind", phrase="{value}", options=lambda: ZoneKind.choices, group="main"),
        BBox(name="bbox", label=_("Kartenausschnitt"), column="geom", phrase=_("im gewählten Kartenausschnitt"), group="map"),
    )


def _facilities() -> QuerySet[Any]:
    place = {"town_slug": F("town__slug"), "town_name": F("town__name"), "district_ags": F("town__district__ags5")}
    return Facility.objects.annotate(**place, source=F("dataset__key"))


def _zones() -> QuerySet[Any]:
    return Zone.objects.annotate(source=F("dataset__key"))


def _sources() -> list[str]:
    """The data sets that facilities and zones come from: whatever the operator has loaded."""
    with_facilities, with_zones = Dataset.objects.filter(facilities__isnull=False), Dataset.objects.filter(zones__isnull=False)
    return list(with_facilities.union(with_zones).order_by("key").values_list("key", flat=True))


FACILITIES = Collection(
    name="einrichtungen",
    title=_("Einrichtungen"),
    description=_("Orte des täglichen Lebens: Schulen, Kitas, Arztpraxen, Läden, Kultur, Denkmale."),
    rows=_facilities,
    filter=FacilityFilter,
    fields=(
        Field("id", _("Nummer"), "number"),
        *fields_of(Facility, "kind", "ref", "name"),
        Field("town_name", _("Gemeinde"), "text"),
        Field("town_slug", _("Kennung der Gemeinde"), "text"),
        Field("district_ags", _("Landkreis (AGS)"), "text"),
        Field("source", _("Datensatz"), "text"),
    ),
    geometry="point",
    datasets=(),
    loaded=_sources,
)

ZONES = Collection(
    name="gebiete",
    title=_("Gebiete"),
    description=_("Flächen, für die etwas gilt: Breitband, Überschwemmung, Naturschutz, Sanierung, Denkmalbereich."),
    rows=_zones,
    filter=ZoneFilter,
    fields=(
        Field("id", _("Nummer"), "number"),
        *fields_of(Zone, "kind", "ref", "name", "value"),
        Field("source", _("Datensatz"), "text"),
    ),
    geometry="geom",
    datasets=(),
    loaded=_sources,
)
