"""What can be asked of articles, offers of advice and funding programmes."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from geo.criteria import Choice, Criterion, Text
from geo.filtering import FilterSet
from network.finder import FitsAmount, HoldsIn
from network.knowhow import choices as c


def _topic() -> Choice:
    return Choice(name="topic", label=_("Thema"), column="topics", array=True, phrase=_("zu {value}"), options=lambda: c.Topic.choices)


def _audience() -> Choice:
    label, options = _("für wen"), lambda: c.Audience.choices
    return Choice(name="audience", label=label, column="audiences", array=True, phrase=_("für {value}"), options=options)


class ArticleFilter(FilterSet):
    """What can be asked of articles."""

    subject: ClassVar = _("Artikel")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Text(name="q", label=_("Suche"), column="title", also=("summary", "body"), phrase=_("zum Suchwort „{value}“")),
        Choice(name="phase", label=_("Phase"), column="phase", phrase=_("Phase {value}"), options=lambda: c.Phase.choices),
        _audience(),
        _topic(),
    )


class AdviceFilter(FilterSet):
    """What can be asked of offers of advice."""

    subject: ClassVar = _("Beratungsangebote")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(name="phase", label=_("Phase"), column="phases", array=True, phrase=_("Phase {value}"), options=lambda: c.Phase.choices),
        _audience(),
        _topic(),
    )


class FundingFilter(FilterSet):
    """What can be asked of funding programmes: who, what, where, how much."""

    subject: ClassVar = _("Förderprogramme")
    criteria: ClassVar[tuple[Criterion, ...]] = (
        Choice(
            name="who", label=_("Wer beantragt"), column="eligible", array=True, phrase=_("für {value}"), options=lambda: c.Eligible.choices
        ),
        _topic(),
        HoldsIn(
            name="where", label=_("Wo"), column="areas", array=True, phrase=_("gilt auch hier: {value}"), options=lambda: c.Area.choices
        ),
        FitsAmount(
            name="amount",
            label=_("Betrag in €"),
            column="min_amount",
            upper="max_amount",
            lookup="exact",
            unit="€",
            highest=100_000_000,
            phrase=_("für einen Betrag von {value}"),
        ),
    )
