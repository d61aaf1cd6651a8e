"""What pages of the register say of requests for space."""

from __future__ import annotations

from django import template

from network.seeking import matches
from vacancies.public import PublicVacancy

register = template.Library()


@register.simple_tag
def requests_fitting(vacancy: PublicVacancy) -> int:
    """Return how many active requests a vacancy would fit."""
    return matches.count_takers(vacancy.key)[vacancy.key]


@register.simple_tag
def sees_requests(user: object, vacancy: PublicVacancy) -> bool:
    """Whether a person sees which requests these are."""
    return matches.may_see_takers(user, vacancy.key)  # type: ignore[arg-type]
