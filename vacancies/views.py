"""Pages and their machine-readable twins: parse, ask, render."""

from __future__ import annotations

import markdown_it
from django.conf import settings
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, Collate
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.models import Town
from layers.models import ReachRun, TownReach
from layers.publish import files
from vacancies.filters import VacancyFilter
from vacancies.listing import ORDERS, PAGE_PARAMETERS, Listing
from vacancies.mapdata import map_payload, shape_of
from vacancies.models import SiteText, Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES, shown_datasets

MARKDOWN = markdown_it.MarkdownIt("commonmark", {"html": False, "linkify": False})


def _listing_context(request: HttpRequest) -> dict[str, object]:
    listing = Listing.ask(request.GET)
    return {"listing": listing, "fields": listing.form(), "orders": ORDERS, "has_examples": Vacancy.objects.examples().exists()}


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """Map and list side by side; asked by the page itself for the changed part only."""
    template = "_answer.html" if request.headers.get("X-Part") == "answer" else "map.html"
    response = render(request, template, _listing_context(request) | {"page": "map"})
    response["Vary"] = "X-Part, Accept-Language, Cookie"
    return response


@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    return render(request, "list.html", _listing_context(request) | {"page": "list"})


@require_safe
def geojson(request: HttpRequest) -> StreamingHttpResponse:
    rows = PublicVacancy.objects.matching(VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS))
    response = StreamingHttpResponse(files.geojson(VACANCIES, rows), content_type="application/geo+json")
    response["Content-Disposition"] = 'inline; filename="leerstaende.geojson"'
    return response


@require_safe
def csv(request: HttpRequest) -> StreamingHttpResponse:
    rows = PublicVacancy.objects.matching(VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS))
    response = StreamingHttpResponse(files.csv(VACANCIES, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="leerstaende.csv"'
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
    photos = Vacancy.objects.get(key=vacancy.key).photos.filter(is_public=True) if vacancy.is_exact else []
    nearby = PublicVacancy.objects.filter(town_slug=vacancy.town_slug).exclude(key=vacancy.key)[:4]
    context = {"vacancy": vacancy, "photos": photos, "nearby": nearby, "run": _live_run(), "town": Town.objects.get(slug=vacancy.town_slug)}
    return render(request, "vacancy.html", context | {"shape": shape_of(vacancy.point)})


@require_safe
def towns_page(request: HttpRequest) -> HttpResponse:
    hits = PublicVacancy.objects.filter(town_ags=OuterRef("ags8")).order_by().values("town_ags").annotate(n=Count("key")).values("n")
    towns = Town.objects.current().select_related("district").annotate(hits=Coalesce(Subquery(hits), 0))
    return render(request, "towns.html", {"towns": towns.order_by("district__name", Collate("name", "de-x-icu")), "page": "towns"})


@require_safe
def town_page(request: HttpRequest, slug: str) -> HttpResponse:
    town = get_object_or_404(Town.objects.select_related("district", "merged_into"), slug=slug)
    rows = PublicVacancy.objects.filter(town_slug=town.slug)
    reach = TownReach.objects.filter(town=town, live=True).select_related("stop", "rail_stop").first()
    context = {"town": town, "reach": reach, "run": _live_run(), "total": rows.count(), "rows": rows[:12], "shape": shape_of(town.geom)}
    return render(request, "town.html", context)


def _live_run() -> ReachRun | None:
    return ReachRun.objects.filter(live=True).select_related("dataset").first()


@require_safe
def sources_page(request: HttpRequest) -> HttpResponse:
    return render(request, "sources.html", {"datasets": shown_datasets(), "run": _live_run(), "page": "sources"})


@require_safe
def text_page(request: HttpRequest, name: str) -> HttpResponse:
    """Imprint, privacy, accessibility: the operator's text, or the one that comes with the software."""
    language = "en" if get_language() == "en" else "de"
    own = SiteText.objects.filter(name=name, language=language).first()
    body = own.body if own else (settings.BASE_DIR / "web" / "texts" / f"{name}.{language}.md").read_text(encoding="utf-8")
    html = mark_safe(MARKDOWN.render(body))  # noqa: S308 - raw HTML is switched off in the renderer
    return render(request, "text.html", {"body": html, "title": SiteText.Name(name).label, "is_default": own is None})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return render(request, "error.html", {"title": _("Diese Seite gibt es nicht."), "code": 404}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "error.html", {"title": _("Etwas ist schiefgegangen."), "code": 500}, status=500)
