"""Requests for space as the tests make them, and what the database says of the vacancies that fit."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from network.seeking import needs
from network.seeking.models import SpaceRequest
from vacancies.public import PublicVacancy

WORKSHOP = {"value": ["workshop"], "importance": "must"}
AREA = {"value": [150, 300], "importance": "must"}
PLAIN = {"target_uses": WORKSHOP, "area": AREA}


def made(owner: User, wanted: dict[str, Any] | None = None, **also: Any) -> SpaceRequest:
    words = {"title": "Holzwerkstatt am Bahnhof", "needs": needs.read(PLAIN if wanted is None else wanted)} | also
    request = SpaceRequest.objects.create(owner=owner, **words)
    request.move("active")
    return request


def by_sql(**conditions: Any) -> set[str]:
    """What is to be had and not refused, asked of the database."""
    rows = PublicVacancy.objects.exclude(occupancy__in=("let", "rebuilt", "demolished")).exclude(disposal=["not_available"])
    return set(rows.filter(**conditions).values_list("key", flat=True))


def workshops_of_150_to_300() -> set[str]:
    fits = by_sql(target_uses__contains=["workshop"]) | by_sql(target_uses=[])
    whole = by_sql(usable_m2__range=(150, 300)) | by_sql(usable_m2=None)
    parts = by_sql(usable_m2__gte=150, smallest_divisible_m2__lte=300)
    return fits & (whole | parts)
