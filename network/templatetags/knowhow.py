"""What of know-how and funding fits a place: for the pages of vacancies and towns, which know nothing of the contact point."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from geo.models import SizeClass
from network.knowhow.choices import Area, Topic
from network.knowhow.models import Article, FundingProgramme
from network.showcase.public import PublicShowcase

register = template.Library()
MONUMENTS = {"building", "garden", "technical", "area"}  # kinds of protection that a permit is needed for
AT_MOST = 4  # of each kind


@register.inclusion_tag("network/_fits.html")
def knowhow_for_vacancy(vacancy: Any) -> dict[str, Any]:
    """Return what fits a public vacancy: its protection, how it may be had, where it lies."""
    topics = [Topic.CONVERSION]
    if vacancy.monument in MONUMENTS:
        topics.insert(0, Topic.MONUMENT)
    wanted = {"leasehold": Topic.LEASEHOLD, "concept": Topic.CONCEPT, "interim": Topic.INTERIM}
    topics += [topic for way, topic in wanted.items() if way in vacancy.disposal]
    areas = _areas(vacancy.town_size_class, bool(vacancy.renewal_area))
    return _fitting(topics, areas, vacancy.point, main=topics[0])


@register.inclusion_tag("network/_fits.html")
def knowhow_for_town(town: Any) -> dict[str, Any]:
    """Return what fits a municipality."""
    return _fitting([Topic.PROPERTY, Topic.INTERIM], _areas(town.size_class, False), town.centre, main=Topic.CONVERSION)


def _areas(size_class: str, in_renewal_area: bool) -> list[Area]:
    """Where programmes may hold that do not hold everywhere; whether they do, their own rule says on their page."""
    small = size_class in (SizeClass.RURAL, SizeClass.SMALL_TOWN_S)
    return [*([Area.RURAL] if small else []), *([Area.INNER_TOWN] if in_renewal_area else [])]


def _fitting(topics: list[Topic], areas: list[Area], point: Any, main: Topic) -> dict[str, Any]:
    programmes = FundingProgramme.objects.all().open_on(timezone.localdate())
    return {
        "articles": Article.objects.all().published().mainly_about(*topics)[:AT_MOST],
        "programmes": programmes.fitting(main, areas)[:AT_MOST],
        "showcases": PublicShowcase.objects.all().nearest(point, 2),
        "topic": main.value,
    }
