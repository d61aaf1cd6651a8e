"""What can be asked of events."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from geo.criteria import Choice, Criterion
from geo.filtering import FilterSet
from layers.filters import districts
from network.gathering.models import EventKind


class EventFilter(FilterSet):
    """What can be asked of events."""

    subject: ClassVar = _("Termine")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="kind", label=_("Art"), column="kind", phrase="{value}", options=lambda: EventKind.choices),
        Choice(
            name="district",
            label=_("Landkreis oder kreisfreie Stadt"),
            column="town__district__ags5",
            phrase=_("in {value}"),
            where=True,
            options=districts,
        ),
    )
