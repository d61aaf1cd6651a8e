"""Pages of know-how: parse, ask, render."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from network import ical
from network.finder import Finder
from network.knowhow.filters import AdviceFilter, ArticleFilter, FundingFilter
from network.knowhow.models import AdviceOffer, Article, FundingProgramme
from network.post import base_url

BESIDE = 6  # offers and programmes named beside an article


@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    finder = Finder(ArticleFilter, request.GET)
    found = Article.objects.all().published().on_the_way().matching(finder.wanted)
    return render(request, "network/knowhow/articles.html", {"finder": finder, "articles": found, "page": "knowhow"})


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    shown, today = get_object_or_404(Article.objects.all().published(), slug=slug), timezone.localdate()
    context = {
        "article": shown,
        "offers": AdviceOffer.objects.all().running_on(today).select_related("provider").closest_to(shown.topics, BESIDE),
        "programmes": FundingProgramme.objects.all().open_on(today).closest_to(shown.topics, BESIDE),
        "others": Article.objects.all().published().exclude(pk=shown.pk).closest_to(shown.topics, BESIDE),
    }
    return render(request, "network/knowhow/article.html", context)


@require_safe
def advice_offers(request: HttpRequest) -> HttpResponse:
    finder = Finder(AdviceFilter, request.GET)
    offers = AdviceOffer.objects.all().running_on(timezone.localdate()).matching(finder.wanted).select_related("provider")
    return render(request, "network/knowhow/offers.html", {"finder": finder, "offers": offers})


@require_safe
def funding(request: HttpRequest) -> HttpResponse:
    """Programmes that one may apply to; what has ended stands below when it is asked for."""
    finder, today = Finder(FundingFilter, request.GET, also=("ended",)), timezone.localdate()
    every = FundingProgramme.objects.all().matching(finder.wanted)
    ended = every.ended_on(today)
    context = {
        "finder": finder,
        "programmes": [(p, p.deadline(today)) for p in every.open_on(today)],
        "ended": [(p, None) for p in ended] if request.GET.get("ended") == "1" else [],
        "ended_count": ended.count(),
    }
    return render(request, "network/knowhow/funding.html", context)


@require_safe
def funding_deadline(request: HttpRequest, slug: str) -> HttpResponse:
    """The next last day of a programme for a calendar, with a reminder four weeks before."""
    programme = get_object_or_404(FundingProgramme, slug=slug)
    day = programme.deadline(timezone.localdate())
    if day is None:
        raise Http404
    title = _("Antragsfrist: {name}").format(name=programme.name)
    checked = _("Geprüft am {day}; bitte vor dem Antrag beim Geldgeber nachsehen: {url}").format(
        day=f"{programme.checked_at:%d.%m.%Y}", url=programme.url
    )
    uid = f"funding-{programme.slug}-{day}@{urlsplit(base_url()).hostname}"
    stamp = datetime.datetime.combine(programme.checked_at, datetime.time(), ical.ZONE)
    made = ical.entry(uid, title, day, stamp, description=checked, url=base_url() + programme.get_absolute_url())
    ical.remind(made, datetime.timedelta(weeks=4), title)
    return ical.answer([made], title, programme.slug)
