"""New articles, showcases and events as Atom, without account."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from network.gathering.models import Event
from network.ical import ZONE
from network.knowhow.models import Article
from network.post import base_url
from network.showcase.models import Showcase

LENGTH = 50


@dataclass(frozen=True)
class Entry:
    """One piece of news."""

    kind: str
    title: str
    text: str
    path: str
    at: datetime.datetime


def _event(event: Event) -> Entry:
    begins = formats.date_format(event.starts_at.astimezone(ZONE), "DATETIME_FORMAT")
    where = event.venue or event.online_url
    title = _("Abgesagt: {title}").format(title=event.title) if event.is_cancelled else event.title
    at = event.updated_at if event.is_cancelled else event.published_at or event.created_at
    return Entry(_("Termin"), title, f"{begins}, {where}", event.get_absolute_url(), at)


def events(length: int = LENGTH) -> list[Entry]:
    """Return the events that were published last."""
    found: QuerySet[Event] = Event.objects.all().shown().last_published(length)
    return [_event(event) for event in found]


def news(length: int = LENGTH) -> list[Entry]:
    """Return what is new of every kind, newest first."""
    found = events(length)
    for article in Article.objects.all().published().order_by("-created_at")[:length]:
        found.append(Entry(_("Wissen"), article.title, article.summary, article.get_absolute_url(), article.created_at))
    for showcase in Showcase.objects.all().published().order_by("-created_at")[:length]:
        found.append(
            Entry(_("Beispiel aus der Praxis"), showcase.title, showcase.summary, showcase.get_absolute_url(), showcase.created_at)
        )
    return sorted(found, key=lambda entry: (entry.at, entry.path), reverse=True)[:length]


class Atom(Atom1Feed):
    """Atom 1.0 in UTF-8."""

    content_type = "application/atom+xml; charset=utf-8"


class NewsFeed(Feed):
    """All news, or the events alone."""

    feed_type = Atom

    def __init__(self, only_events: bool = False) -> None:
        self.only_events = only_events

    def __call__(self, request: HttpRequest, *args: Any, **words: Any) -> Any:
        self.language = get_language() or "de"
        response = super().__call__(request, *args, **words)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    def title(self) -> str:
        return _("Termine: Leerstand in Brandenburg") if self.only_events else _("Neues: Leerstand in Brandenburg")

    def link(self) -> str:
        return base_url() + reverse("events" if self.only_events else "articles")

    def feed_url(self) -> str:
        return base_url() + reverse("events_feed" if self.only_events else "news_feed")

    def items(self) -> list[Entry]:
        return events() if self.only_events else news()

    def item_title(self, item: Entry) -> str:
        return f"{item.kind}: {item.title}"

    def item_description(self, item: Entry) -> str:
        return f"<p>{escape(item.text)}</p>"

    def item_link(self, item: Entry) -> str:
        return base_url() + item.path

    def item_updateddate(self, item: Entry) -> datetime.datetime:
        return item.at

    def item_categories(self, item: Entry) -> list[str]:
        return [item.kind]
