"""Pages of towns, districts and the state."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from geo.models import District, Town
from layers.models import ReachRun, TownReach
from vacancies.filters import VacancyFilter
from vacancies.listing import Listing
from vacancies.mapdata import shape_of
from vacancies.models import Vacancy
from vacancies.permalink import permalink
from vacancies.pictures import outlines
from vacancies.pictures.facets import Pictures
from vacancies.places import figures
from vacancies.places.overview import Overview
from vacancies.public import PublicVacancy
from vacancies.published import source_lines

CARDS = 12


def _common(request: HttpRequest) -> dict[str, Any]:
    """What every page of a place shows: its address, whose data it is, the run of its travel times."""
    shown = {"permalink": permalink(request, request.path), "sources": source_lines(), "ground": figures.ground()}
    return shown | {"page": "place", "run": ReachRun.objects.current(), "has_examples": Vacancy.objects.examples().exists()}


@require_safe
def towns_page(request: HttpRequest) -> HttpResponse:
    hits = figures.hits_by_town()
    towns = [(town, hits.get(town.slug, 0)) for town in Town.objects.current().by_district()]
    return render(request, "towns.html", {"towns": towns, "page": "towns"})


@require_safe
def town_page(request: HttpRequest, slug: str) -> HttpResponse:
    town = get_object_or_404(Town.objects.select_related("district", "merged_into").defer("district__geom"), slug=slug)
    rows = PublicVacancy.objects.all().in_town(slug)
    beside = figures.town_lines(Town.objects.current().beside(town).values_list("ags8", flat=True))
    context = {
        "town": town,
        "reach": TownReach.objects.filter(town=town, live=True).select_related("stop", "rail_stop").first(),
        "sketch": outlines.of_town(town, rows),
        "found": figures.vacancies(VacancyFilter({"town": (slug,)}), figures.TOWN_CHARTS),
        "rows": rows[:CARDS],
        "beside": beside,
        "around": figures.infrastructure(town_slug=slug),
    }
    return render(request, "town.html", context | _common(request))


@require_safe
def districts_page(request: HttpRequest) -> HttpResponse:
    return render(request, "districts.html", {"overview": Overview()} | _common(request))


@require_safe
def district_page(request: HttpRequest, slug: str) -> HttpResponse:
    district = District.objects.all().called(slug)
    if district is None:
        raise Http404
    rows = PublicVacancy.objects.all().in_district(district.ags5)
    towns = Town.objects.current().in_district(district)
    lines = figures.town_lines(towns.values_list("ags8", flat=True))
    context = {
        "district": district,
        "sketch": outlines.of_district(district, rows),
        "found": figures.vacancies(VacancyFilter({"district": (district.ags5,)}), figures.DISTRICT_CHARTS),
        "towns": lines,
        "whole": towns.together(),
        "reach": figures.Reach.of(lines),
        "beside": District.objects.all().beside(district),
        "around": figures.infrastructure(district_ags=district.ags5),
    }
    return render(request, "district.html", context | _common(request))


@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    """The state at a glance."""
    context = {"overview": Overview(), "pictures": Pictures(Listing.ask(QueryDict()), reverse("list"))}
    return render(request, "overview.html", context | _common(request))


@require_safe
def overview_csv(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(Overview().csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ueberblick.csv"'
    return response


@require_safe
def town_place(request: HttpRequest, slug: str) -> JsonResponse:
    """Where a municipality's middle lies: longitude, latitude."""
    centre = get_object_or_404(Town.objects.only("centre"), slug=slug).centre
    return JsonResponse({"at": shape_of(centre)["coordinates"]})
