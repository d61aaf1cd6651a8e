"""The monthly letter: what is new, what is coming, which deadlines are near."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from network import limits, post
from network.gathering.models import Event
from network.ical import ZONE
from network.knowhow.models import Article, FundingProgramme
from network.news.models import NewsletterSubscription
from network.showcase.models import Showcase

CONFIRM, STOP = "newsletter-confirm", "newsletter-stop"
CONFIRM_WITHIN = datetime.timedelta(days=3)
AHEAD = datetime.timedelta(days=45)  # events and deadlines that the letter tells of


@dataclass(frozen=True)
class Digest:
    """What the letter of a month tells."""

    month: datetime.date
    articles: list[Article] = field(default_factory=list)
    showcases: list[Showcase] = field(default_factory=list)
    events: list[tuple[datetime.datetime, Event]] = field(default_factory=list)
    deadlines: list[tuple[datetime.date, FundingProgramme]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.articles or self.showcases or self.events or self.deadlines)


def first_of(day: datetime.date) -> datetime.date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def digest(month: datetime.date) -> Digest:
    """Return what was written in a month (named by its first day) and what comes in the six weeks after it."""
    begin = datetime.datetime.combine(month, datetime.time(), ZONE)
    after = first_of(month + datetime.timedelta(days=32))
    end = datetime.datetime.combine(after, datetime.time(), ZONE)
    events = [(t, e) for e in Event.objects.all().running() for t in e.times(end, end + AHEAD)[:1]]
    deadlines = [(d, p) for p in FundingProgramme.objects.all().open_on(after) if (d := p.deadline(after)) and d <= after + AHEAD]
    return Digest(
        month,
        list(Article.objects.all().written_between(begin, end)),
        list(Showcase.objects.all().written_between(begin, end).select_related("town")),
        sorted(events, key=lambda line: (line[0], line[1].pk)),
        sorted(deadlines, key=lambda line: (line[0], line[1].name)),
    )


def ask(request: HttpRequest, mail: str, language: str) -> NewsletterSubscription:
    """Take in a filled-in form; raises `TooMany`: each sends a mail to an address that nobody has confirmed."""
    limits.note("newsletter", limits.MAILS_A_DAY, request, address=mail)
    return subscribe(mail, language)


@transaction.atomic
def subscribe(mail: str, language: str) -> NewsletterSubscription:
    """Ask an address by mail whether it wants the letter; one that has it already gets no second mail of the kind."""
    found, _new = NewsletterSubscription.objects.get_or_create(mail=mail.lower(), defaults={"language": language})
    if found.confirmed_at is None:
        link = reverse("newsletter_confirm", args=[post.seal(CONFIRM, found.pk)])
        post.write(found.mail, "newsletter_confirm", {"link": link}, language=language)
    return found


def confirm(token: str) -> NewsletterSubscription | None:
    """Begin the letters; None when the subscription was ended meanwhile. Raises `Expired`."""
    found = NewsletterSubscription.objects.filter(pk=post.unseal(CONFIRM, token, CONFIRM_WITHIN)[0]).first()
    if found and found.confirmed_at is None:
        found.confirmed_at = timezone.now()
        found.save(update_fields=["confirmed_at"])
    return found


def stop(token: str) -> None:
    """End the letters and forget the address; a second time changes nothing. Raises `Expired`."""
    NewsletterSubscription.objects.filter(pk=post.unseal(STOP, token)[0]).delete()


def stop_path(subscription: NewsletterSubscription) -> str:
    """Return the path at which a POST ends the letters."""
    return reverse("newsletter_stop", args=[post.seal(STOP, subscription.pk)])


def send_letters(month: datetime.date) -> int:
    """Write the letter of a month to everybody who has not got it; nothing where there is nothing to tell. Returns how many."""
    made, written = digest(month), 0
    if not made:
        return 0
    for pk in list(NewsletterSubscription.objects.all().without_letter_of(month).values_list("pk", flat=True)):
        with transaction.atomic():
            waiting = NewsletterSubscription.objects.all().without_letter_of(month).select_for_update()
            subscription = waiting.filter(pk=pk).first()
            if subscription is None:
                continue
            context: dict[str, Any] = {"digest": made}
            post.write(subscription.mail, "digest", context, language=subscription.language, unsubscribe=stop_path(subscription))
            subscription.last_month = month
            subscription.save(update_fields=["last_month"])
            written += 1
    return written
