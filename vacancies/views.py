"""Pages and their machine-readable twins: parse, ask, render."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.models import Town
from layers.models import ReachRun, TransitClass
from layers.reach.access import load_preset
from vacancies.facts import fact_groups, key_facts, unit_rows
from vacancies.listing import Listing
from vacancies.mapdata import map_settings, shape_of
from vacancies.models import SiteText, Vacancy
from vacancies.orders import ORDERS
from vacancies.outward import OutwardQuestion
from vacancies.permalink import permalink
from vacancies.pictures.facets import Pictures
from vacancies.prose import as_html
from vacancies.public import PublicPhoto, PublicVacancy
from vacancies.published import shown_datasets, source_lines


def _listing_context(request: HttpRequest) -> dict[str, Any]:
    listing = Listing.ask(request.GET)
    return {"map": map_settings(listing), "listing": listing, "orders": ORDERS, "has_examples": Vacancy.objects.examples().exists()}


def _paper(request: HttpRequest, path: str) -> dict[str, object]:
    """What a printed page says of itself: where it stands and whose data it shows."""
    return {"permalink": permalink(request, path), "sources": source_lines()}


PARTS = {"answer": "_answer.html", "pictures": "_pictures.html"}


@require_safe
def listing_page(request: HttpRequest, page: str) -> HttpResponse:
    """Map with list, or list alone; asked by the page itself for a changed part only: the answer, or its charts once they are unfolded."""
    part = request.headers.get("X-Part", "")
    context = _listing_context(request) | {"page": page}
    if part != "answer":
        context |= {"pictures": Pictures(context["listing"]), "run": ReachRun.objects.current()}
    template = PARTS.get(part) or {"map": "map.html", "list": "list.html"}[page]
    response = render(request, template, context | _paper(request, request.path + context["listing"].here))
    response["Vary"] = "X-Part, Accept-Language, Cookie"
    return response


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
    if not released and not (request.user.has_perm("vacancies.view_photo") and Vacancy.objects.visible_to(request.user).show(name)):
        raise Http404
    try:
        response = FileResponse(default_storage.open(name), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=300" if released else "private, no-store"
    return response


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
    return render(request, "text.html", {"body": as_html(body), "title": SiteText.Name(name).label, "text_language": language})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "error.html", {"title": _("Diese Seite gibt es nicht."), "code": 404}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "error.html", {"title": _("Etwas ist schiefgegangen."), "code": 500}, status=500)
