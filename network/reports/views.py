"""What citizens tell: where, what, and the mail's link. The pages work without scripts and without a session."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from geo.errors import InvalidParameter, NotAllowed, TooMany, status_of
from geo.models import Town
from network.reports import receiving
from network.reports.forms import CorrectionForm, ReportForm
from network.reports.models import Kind
from network.reports.spots import spot_of
from vacancies.mapdata import shape_of
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

TAPS = {"steht-noch-leer": Kind.STILL_VACANT, "steht-nicht-mehr-leer": Kind.NOT_VACANT}


def ask_where(request: HttpRequest, template: str, wrong: InvalidParameter | None = None) -> HttpResponse:
    """The page that asks for a place; `wrong` says what was amiss with the one given."""
    towns = Town.objects.current().by_district()
    context = {"towns": towns, "given": request.GET, "wrong": wrong}
    return render(request, template, context, status=400 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Where it is, then what may be the same building, then the five fields."""
    try:
        spot = spot_of(request.GET)
    except InvalidParameter as error:
        return ask_where(request, "network/reports/where.html", error)
    if spot is None:
        return ask_where(request, "network/reports/where.html")
    form, status = ReportForm(request.POST or None, request.FILES or None), 200
    if request.method == "POST":
        if form.is_trapped:
            return redirect("report_thanks")
        status = 400
        if form.is_valid():
            try:
                receiving.receive(form.report_at(spot), request)
                return redirect("report_thanks")
            except TooMany as error:
                form.add_error(None, str(error))
                status = status_of(error)
    context = {"form": form, "spot": spot, "alike": spot.public_vacancies(), "shape": shape_of(spot.point) if spot.point else None}
    return render(request, "network/reports/what.html", context, status=status)


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "network/reports/thanks.html", {"tapped": "getippt" in request.GET})


@csrf_exempt  # nothing is done in anybody's name: no cookie is read, and so none is needed to tap
@require_http_methods(["GET", "HEAD", "POST"])
def tap(request: HttpRequest, slug: str, word: str) -> HttpResponse:
    """Say with one tap that a public vacancy is still, or no longer, vacant."""
    shown = get_object_or_404(PublicVacancy, slug=slug)
    kind = TAPS[word]
    if request.method != "POST":
        return render(request, "network/reports/tap.html", {"vacancy": shown, "kind": kind, "word": word})
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed(_("Das geht nur von der Seite des Leerstands aus."))
    if not request.POST.get("website"):
        receiving.tap(Vacancy.objects.select_related("town").get(key=shown.key), kind, request)
    response = redirect("report_thanks")
    response["Location"] += "?getippt=1"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what is wrong with a public vacancy."""
    shown = get_object_or_404(PublicVacancy, slug=slug)
    form, status = CorrectionForm(shown, request.POST or None), 200
    if request.method == "POST":
        if form.is_trapped:
            return redirect("report_thanks")
        status = 400
        if form.is_valid():
            try:
                receiving.receive(form.report_on(Vacancy.objects.select_related("town").get(key=shown.key)), request)
                return redirect("report_thanks")
            except TooMany as error:
                form.add_error(None, str(error))
                status = status_of(error)
    return render(request, "network/reports/correct.html", {"vacancy": shown, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """What was reported, and the button that says it was me: mail programs open links by themselves, so a look confirms nothing."""
    found = receiving.named_by(token)
    if request.method == "POST":
        receiving.confirm(found)
        found.refresh_from_db()
    return render(request, "network/reports/confirm.html", {"report": found})
