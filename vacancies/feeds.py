"""The newest rows of a filter as Atom and as JSON Feed 1.1, without account. What nobody confirmed has no date and is left out."""

from __future__ import annotations

import datetime
import json
from functools import cached_property
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed, SyndicationFeed, rfc3339_date
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.figures import figure
from layers.publish import version
from layers.publish.describe import about
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_PARAMETERS
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES
from vacancies.templatetags.raum import labels

LENGTH = 50
ZONE = ZoneInfo(settings.TIME_ZONE)


class Atom(Atom1Feed):
    """Atom 1.0; the feed itself is as new as the public rows."""

    content_type = "application/atom+xml; charset=utf-8"

    def latest_post_date(self) -> datetime.datetime:
        return self.feed["changed_at"]


class JsonFeed(SyndicationFeed):
    """JSON Feed 1.1 (https://jsonfeed.org/version/1.1)."""

    content_type = "application/feed+json; charset=utf-8"

    def latest_post_date(self) -> datetime.datetime:
        return self.feed["changed_at"]

    def write(self, outfile: IO[bytes] | HttpResponse, encoding: str) -> None:
        whole = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "description": self.feed["subtitle"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "language": self.feed["language"],
            "authors": [{"name": self.feed["author_name"]}],
            "items": [self._item(item) for item in self.items],
        }
        outfile.write(json.dumps(whole, ensure_ascii=False).encode(encoding))

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": item["unique_id"],
            "url": item["link"],
            "title": item["title"],
            "content_html": item["description"],
            "date_modified": rfc3339_date(item["updateddate"]),
            "tags": item["categories"],
        }


class VacancyFeed(Feed):
    """The rows that meet a filter, last confirmed first."""

    def __init__(self, kind: type[SyndicationFeed], wanted: VacancyFilter, request: HttpRequest, state: version.PublishedVersion) -> None:
        self.feed_type = kind
        self.wanted = wanted
        self.state = state
        site = about.site(request)
        self._link = site.link
        self.author_name = site.organisation
        self.language = get_language() or settings.LANGUAGE_CODE

    def _address(self, path: str, query: str = "") -> str:
        return self._link(path.lstrip("/")) + (f"?{query}" if query else "")

    @cached_property
    def _query(self) -> str:
        return self.wanted.query_string()

    def title(self) -> str:
        return self.wanted.sentence() if self.wanted else _("Leerstände in Brandenburg")

    def subtitle(self) -> str:
        return _("Zuletzt bestätigte zuerst, höchstens {n}. Ohne Datum der Bestätigung steht ein Leerstand nur in Karte und Liste.").format(
            n=LENGTH
        )

    def link(self) -> str:
        return self._address(reverse("list"), self._query)

    def feed_url(self) -> str:
        return self._address(reverse("feed", args=[ENDINGS[self.feed_type]]), self._query)

    def feed_extra_kwargs(self, obj: None) -> dict[str, Any]:
        return {"changed_at": self.state.changed_at}

    def items(self) -> list[PublicVacancy]:
        return PublicVacancy.objects.matching(self.wanted).last_confirmed(LENGTH)

    def item_title(self, item: PublicVacancy) -> str:
        name = item.name if item.town_name in item.name else f"{item.name}, {item.town_name}"
        return _("Beispiel: {name}").format(name=name) if item.is_example else name

    def item_description(self, item: PublicVacancy) -> str:
        suited = ", ".join(labels(item, "target_uses"))
        unserved = _("keine ÖV-Güteklasse erreicht")
        said = [
            f"{item.town_name}, {item.district_name}",
            item.get_former_use_display(),
            _("geeignet als {uses}").format(uses=suited) if suited else "",
            f"{figure(item.usable_m2)}\u00a0m²" if item.usable_m2 else "",
            _("Anbindung {label}").format(label=item.get_transit_class_display()) if item.transit_class else unserved,
            _("ungefähre Lage") if not item.is_exact else "",
            _("Beispiel: dieser Leerstand ist erfunden.") if item.is_example else "",
        ]
        return f"<p>{escape(' · '.join(part for part in said if part))}</p>"

    def item_link(self, item: PublicVacancy) -> str:
        return self._address(item.get_absolute_url())

    def item_updateddate(self, item: PublicVacancy) -> datetime.datetime:
        assert item.verified_at
        return datetime.datetime.combine(item.verified_at, datetime.time(), ZONE)

    def item_categories(self, item: PublicVacancy) -> list[str]:
        return [str(item.get_former_use_display()), item.town_name, *([_("Beispiel")] if item.is_example else [])]


KINDS: dict[str, type[SyndicationFeed]] = {"atom": Atom, "feed.json": JsonFeed}
ENDINGS = {kind: ending for ending, kind in KINDS.items()}


@require_safe
def feed(request: HttpRequest, ending: str) -> HttpResponse:
    """The feed of a filter; 304 for those who have it. Raises `InvalidParameters` for a wrong filter."""
    wanted = VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS)
    state = version.version(VACANCIES)
    asked = VacancyFeed(KINDS[ending], wanted, request, state)
    tag = state.etag(asked.feed_url(), asked.title(), wanted.counted_from)
    response = get_conditional_response(request, tag) or asked(request)
    response["ETag"] = tag
    response["Cache-Control"] = "no-cache"  # may be kept, is to be asked for again
    response["Access-Control-Allow-Origin"] = "*"
    del response["Last-Modified"]  # the date of the newest entry; rows that go away change the feed, too
    return response
