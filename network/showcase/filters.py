"""What can be asked of showcases, WIR-Räume and actors."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from geo.criteria import Choice, Criterion, Flag, Text
from geo.filtering import FilterSet
from geo.spatial_criteria import BBox, Near
from layers.filters import districts, towns
from network.organisations.models import OrganisationKind
from network.showcase.choices import Outcome, WirStatus
from vacancies.choices import TargetUse


def _use(column: str) -> Choice:
    label, options = _("Nutzung"), lambda: TargetUse.choices
    return Choice(name="target_use", label=label, column=column, array=True, phrase=_("mit {value}"), options=options, group="main")


def _where() -> tuple[Criterion, ...]:
    district, town = _("Landkreis oder kreisfreie Stadt"), _("Gemeinde")
    return (
        Choice(
            name="district", label=district, column="district_ags", phrase=_("in {value}"), where=True, options=districts, group="place"
        ),
        Choice(name="town", label=town, column="town_slug", phrase=_("in {value}"), where=True, options=towns, group="place"),
        Near(name="near", label=_("Umkreis"), column="point", phrase=_("im Umkreis von {value}"), where=True, group="map"),
        BBox(name="bbox", label=_("Kartenausschnitt"), column="point", phrase=_("im gewählten Kartenausschnitt"), where=True, group="map"),
    )


class ShowcaseFilter(FilterSet):
    """What can be asked of showcases."""

    subject: ClassVar = _("Beispiele")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        _use("uses"),
        Choice(name="outcome", label=_("Ausgang"), column="outcome", phrase="{value}", options=lambda: Outcome.choices, group="main"),
        Flag(name="setbacks", label=_("mit Rückschlägen"), column="has_setbacks", phrase=_("mit Rückschlägen"), group="main"),
        *_where(),
    )


class WirSpaceFilter(FilterSet):
    """What can be asked of WIR-Räume."""

    subject: ClassVar = _("WIR-Räume")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        _use("offers"),
        Choice(name="status", label=_("Stand"), column="status", phrase="{value}", options=lambda: WirStatus.choices, group="main"),
        *_where(),
    )


class ActorFilter(FilterSet):
    """What can be asked of the actors of the network."""

    subject: ClassVar = _("Akteur:innen")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="kind", label=_("Art"), column="kind", phrase="{value}", options=lambda: OrganisationKind.choices),
        Text(name="offers", label=_("bietet"), column="offers", also=("advice_offers__title",), phrase=_("bietet „{value}“")),
        Text(name="seeks", label=_("sucht"), column="seeks", phrase=_("sucht „{value}“")),
    )
