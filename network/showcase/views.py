"""Pages of showcases, WIR-Räume and actors: parse, ask, render."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from network.finder import Finder
from network.organisations.models import Organisation
from network.seeds import Seed
from network.showcase.filters import ActorFilter, ShowcaseFilter, WirSpaceFilter
from network.showcase.models import Showcase, ShowcasePhoto
from network.showcase.public import PublicShowcase, PublicWirSpace
from vacancies.mapdata import shape_of

HIDDEN = {"near", "bbox"}  # criteria that programs ask and the page's form does not show


def places_of(rows: Iterable[tuple[Any, str, str, str]]) -> dict[str, Any]:
    """Return points for the small map; each row is (point, name, note, address of its page)."""
    made = [{"type": "Feature", "geometry": shape_of(point), "properties": {"name": n, "note": t, "url": u}} for point, n, t, u in rows]
    return {"type": "FeatureCollection", "features": made}


@require_safe
def showcases(request: HttpRequest) -> HttpResponse:
    finder = Finder(ShowcaseFilter, request.GET)
    found = PublicShowcase.objects.all().matching(finder.wanted)
    shape = places_of((s.point, s.name, s.town_name, s.get_absolute_url()) for s in found)
    return render(request, "network/showcase/showcases.html", {"finder": finder, "hidden": HIDDEN, "showcases": found, "shape": shape})


@require_safe
def showcase(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Showcase.objects.all().published().select_related("town__district").prefetch_related("photos"), slug=slug)
    both, others = shown.pictures()
    shape = places_of([(shown.point or shown.town.centre, shown.title, shown.town.name, "")])
    context = {"showcase": shown, "both": both, "others": others, "shape": shape, "spaces": shown.wir_spaces.all()}
    return render(request, "network/showcase/showcase.html", context)


@require_safe
def showcase_photo(request: HttpRequest, name: str) -> FileResponse:
    found = get_object_or_404(ShowcasePhoto.objects.all().shown(), file=name)
    try:
        response = FileResponse(default_storage.open(found.file.name), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def wir_spaces(request: HttpRequest) -> HttpResponse:
    finder = Finder(WirSpaceFilter, request.GET)
    found = PublicWirSpace.objects.all().matching(finder.wanted)
    shape = places_of((s.point, s.name, s.town_name, s.get_absolute_url()) for s in found)
    return render(request, "network/showcase/wir_spaces.html", {"finder": finder, "hidden": HIDDEN, "spaces": found, "shape": shape})


@require_safe
def actors(request: HttpRequest) -> HttpResponse:
    """Organisations on a map, each in the middle of the municipality of its seat."""
    finder, today = Finder(ActorFilter, request.GET), timezone.localdate()
    found = Organisation.objects.all().actors().matching(finder.wanted).with_offers(today)
    placed = [o for o in found if o.municipality]
    shape = places_of((o.municipality.centre, o.name, o.municipality.name, f"#akteur-{o.pk}") for o in placed)
    origins = {seed.row: seed for seed in Seed.objects.all().of(Organisation)}
    context = {"finder": finder, "actors": [(o, origins.get(o.pk)) for o in found], "shape": shape, "placed": len(placed)}
    return render(request, "network/showcase/actors.html", context)
