"""Pages and their machine-readable twins: parse, ask, render."""

from __future__ import annotations

from typing import Any

import markdown_it
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.models import Town
from layers.models import ReachRun, TownReach, TransitClass
from layers.reach.access import load_preset
from vacancies.facts import fact_groups, key_facts, unit_rows
from vacancies.filters import VacancyFilter
from vacancies.listing import ORDERS, PAGE_PARAMETERS, Listing
from vacancies.mapdata import map_payload, shape_of
from vacancies.models import Photo, SiteText, Vacancy
from vacancies.outward import OutwardQuestion
from vacancies.permalink import permalink
from vacancies.public import PublicPhoto, PublicVacancy
from vacancies.published import shown_datasets, source_lines

MARKDOWN = markdown_it.MarkdownIt("commonmark", {"html": False, "linkify": False})


def _listing_context(request: HttpRequest) -> dict[str, Any]:
    listing = Listing.ask(request.GET)
    return {"listing": listing, "orders": ORDERS, "has_examples": Vacancy.objects.examples().exists()}


def _paper(request: HttpRequest, path: str) -> dict[str, object]:
    """What a printed page says of itself: where it stands and whose data it shows."""
    return {"permalink": permalink(request, path), "sources": source_lines()}


@require_safe
def listing_page(request: HttpRequest, page: str) -> HttpResponse:
    """Map with list, or list alone; asked by the page itself for the changed part only."""
    template = "_answer.html" if request.headers.get("X-Part") == "answer" else {"map": "map.html", "list": "list.html"}[page]
    context = _listing_context(request) | {"page": page}
    response = render(request, template, context | _paper(request, request.path + context["listing"].here))
    response["Vary"] = "X-Part, Accept-Language, Cookie"
    return response


@require_safe
def map_data(request: HttpRequest) -> JsonResponse:
    """Positions of all hits, for the map alone."""
    rows = PublicVacancy.objects.matching(VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS))
    return JsonResponse(map_payload(rows))


@require_safe
def card(request: HttpRequest, key: str) -> HttpResponse:
    """One vacancy as the card that list and map show."""
    return render(request, "_card.html", {"vacancy": get_object_or_404(PublicVacancy, key=key), "in_popup": True})


@require_safe
def vacancy_page(request: HttpRequest, slug: str) -> HttpResponse:
    vacancy = get_object_or_404(PublicVacancy, slug=slug)
    beside = PublicVacancy.objects.all().beside(vacancy)[:4]
    context = {"vacancy": vacancy, "beside": beside, "town": Town.objects.defer("geom").get(slug=vacancy.town_slug)}
    context |= {"key_facts": key_facts(vacancy), "fact_groups": fact_groups(vacancy), "units": unit_rows(vacancy.units.all())}
    context |= _paper(request, request.path)
    return render(request, "vacancy.html", context | {"run": ReachRun.objects.current(), "shape": shape_of(vacancy.point)})


@require_safe
def outward_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What is reached from a vacancy by bus and train."""
    vacancy, run = get_object_or_404(PublicVacancy, slug=slug), ReachRun.objects.current()
    wanted = OutwardQuestion.parse(request.GET)
    found = wanted.answer(run, vacancy.point) if run else None
    context = {"vacancy": vacancy, "found": found, "run": run, "wanted": wanted, "shape": shape_of(vacancy.point)}
    return render(request, "outward.html", context)


@require_safe
def photo(request: HttpRequest, name: str) -> FileResponse:
    """A released picture; people who keep the register see the others, too."""
    released = PublicPhoto.objects.filter(file=name).exists()
    if not released and not (request.user.has_perm("vacancies.view_photo") and Photo.objects.filter(file=name).exists()):
        raise Http404
    try:
        response = FileResponse(default_storage.open(name), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=300" if released else "private, no-store"
    return response


@require_safe
def towns_page(request: HttpRequest) -> HttpResponse:
    hits = PublicVacancy.objects.all().hits_by_town()
    towns = [(town, hits.get(town.ags8, 0)) for town in Town.objects.current().by_district()]
    return render(request, "towns.html", {"towns": towns, "page": "towns"})


@require_safe
def town_page(request: HttpRequest, slug: str) -> HttpResponse:
    town = get_object_or_404(Town.objects.select_related("district", "merged_into"), slug=slug)
    rows = PublicVacancy.objects.all().in_town(slug)
    reach = TownReach.objects.filter(town=town, live=True).select_related("stop", "rail_stop").first()
    context = {"town": town, "reach": reach, "run": ReachRun.objects.current(), "shape": shape_of(town.geom)}
    return render(request, "town.html", context | _paper(request, request.path) | {"total": rows.count(), "rows": rows[:12]})


@require_safe
def sources_page(request: HttpRequest) -> HttpResponse:
    context = {"datasets": shown_datasets(), "run": ReachRun.objects.current(), "page": "sources"}
    return render(request, "sources.html", context)


@require_safe
def classes_page(request: HttpRequest) -> HttpResponse:
    """What each transit access class means, by the live run's method, in words and on a map."""
    run = ReachRun.objects.current()
    rules = load_preset(run.preset if run else "de_goat")
    hits = dict(PublicVacancy.objects.order_by().values_list("transit_class").annotate(n=Count("key")))
    listed = [(letter, label, hits.get(letter, 0)) for letter, label in TransitClass.choices if letter in rules.letters()]
    return render(request, "classes.html", {"rules": rules, "classes": listed, "run": run, "page": "sources"})


@require_safe
def text_page(request: HttpRequest, name: str) -> HttpResponse:
    """Imprint, privacy, accessibility: the operator's text, if need be in the other language, or the one that comes with the software."""
    language = "en" if get_language() == "en" else "de"
    own = dict(SiteText.objects.filter(name=name).values_list("language", "body"))
    if own and language not in own:
        language = next(iter(own))
    body = own.get(language) or (settings.BASE_DIR / "web" / "texts" / f"{name}.{language}.md").read_text(encoding="utf-8")
    html = mark_safe(MARKDOWN.render(body))  # noqa: S308 - raw HTML is switched off in the renderer
    return render(request, "text.html", {"body": html, "title": SiteText.Name(name).label, "text_language": language})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "error.html", {"title": _("Diese Seite gibt es nicht."), "code": 404}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "error.html", {"title": _("Etwas ist schiefgegangen."), "code": 500}, status=500)
