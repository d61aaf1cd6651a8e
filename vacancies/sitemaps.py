"""The pages for search engines, in both languages."""

from __future__ import annotations

import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Max, QuerySet
from django.urls import reverse

from geo.models import District, Town
from vacancies.public import PublicVacancy

PAGES = (
    "map",
    "list",
    "towns",
    "districts",
    "overview",
    "compare",
    "sources",
    "classes",
    "impressum",
    "datenschutz",
    "barrierefreiheit",
    "leichte-sprache",
)


class Pages(Sitemap):
    """The pages that are always there."""

    i18n = alternates = True

    def items(self) -> tuple[str, ...]:
        return PAGES

    def location(self, item: str) -> str:
        return reverse(item)


class Towns(Sitemap):
    """Every municipality of today."""

    i18n = alternates = True

    def items(self) -> QuerySet[Town]:
        return Town.objects.current().only("slug").order_by("slug")


class Districts(Sitemap):
    """Every district."""

    i18n = alternates = True

    def items(self) -> QuerySet[District]:
        return District.objects.all().in_order()


class Vacancies(Sitemap):
    """Every public vacancy; parts of 10,000."""

    i18n = alternates = True
    limit = 10_000

    def items(self) -> QuerySet[PublicVacancy]:
        return PublicVacancy.objects.only("key", "slug", "verified_at").order_by("key")

    def lastmod(self, item: PublicVacancy) -> datetime.date | None:
        return item.verified_at

    def get_latest_lastmod(self) -> datetime.date | None:
        return PublicVacancy.objects.aggregate(at=Max("verified_at"))["at"]  # in one question instead of over every row


SITEMAPS = {"seiten": Pages, "orte": Towns, "landkreise": Districts, "leerstaende": Vacancies}
