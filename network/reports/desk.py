"""The moderators' desk: the queue of a person's municipalities, one report, the decision and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import NotAllowed
from network.own_buildings.models import OwnBuilding
from network.reports import decisions
from network.reports.diff import lines_of
from network.reports.forms import DecisionForm, OwnerInformedForm
from network.reports.models import Report, State
from network.reports.spots import NEAR_M
from network.signin.factor import second_factor_required
from vacancies.mapdata import shape_of
from vacancies.models import Vacancy

PER_PAGE, SHOWN = 50, 20


def _must_moderate(request: HttpRequest) -> None:
    if not request.user.has_perm("network.moderate"):
        raise NotAllowed(_("Meldungen prüfen nur Mitglieder mit der Rolle „Prüfen“ oder einer höheren."))


def _one(request: HttpRequest, key: str) -> Report:
    """The report; 404 where the person does not moderate its municipality."""
    return get_object_or_404(Report.objects.all().visible_to(request.user).with_rows(), key=key)


def _alike(request: HttpRequest, report: Report) -> list[Vacancy]:
    """Vacancies of the register that may be the reported building, from what the moderator sees."""
    point = report.point or (report.vacancy.point if report.vacancy else None)
    found = Vacancy.objects.visible_to(request.user).registered().select_related("town").at(point, report.town, report.address, NEAR_M)
    return [v for v in found if v.pk != report.vacancy_id]


@second_factor_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, whose owner is to be told, and what was decided last."""
    _must_moderate(request)
    own = Report.objects.all().visible_to(request.user).with_rows()
    waiting = Paginator(own.waiting(), PER_PAGE).get_page(request.GET.get("seite"))
    to_tell = Paginator(own.with_owner_to_be_told(), PER_PAGE).get_page(request.GET.get("eigentuemer"))
    shown = {"waiting": waiting, "to_tell": to_tell, "decided": own.decided()[:SHOWN]}
    return render(request, "network/reports/queue.html", shown)


def _shown(request: HttpRequest, report: Report, **more: Any) -> dict[str, Any]:
    point = report.point or (report.vacancy.point if report.vacancy else None)
    alike, lines, given = _alike(request, report), lines_of(report), request.POST
    return {
        "report": report,
        "outcomes": [(o.value, o.label) for o in report.outcomes if alike or o != State.MERGED],
        "alike": alike,
        "lines": lines,
        "taken": given.getlist("fields_taken") if "outcome" in given else [line.name for line in lines if not line.is_the_same],
        "chosen": given.get("vacancy", ""),
        "steps": report.steps.select_related("by__person"),
        "own": OwnBuilding.objects.all().of_vacancy(report.vacancy).first() if report.vacancy else None,
        "shape": shape_of(point) if point else None,
        "informed": OwnerInformedForm(instance=report),
        "written": "",
        **more,
    }


@second_factor_required
@require_safe
def one(request: HttpRequest, key: str) -> HttpResponse:
    """One report with all there is to decide it by."""
    return render(request, "network/reports/one.html", _shown(request, _one(request, key)))


@second_factor_required
@require_POST
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """Decide a report; who was slower sees what was decided meanwhile, and keeps what they wrote."""
    report = _one(request, key)
    form = DecisionForm(report, _alike(request, report), request.POST)
    if not form.is_valid():
        return render(request, "network/reports/one.html", _shown(request, report, form=form), status=400)
    given, place = form.cleaned_data, form.cleaned_data["place"]
    words = {"version": given["version"], "reason": given["reason"], "vacancy": given["vacancy"], "fields": given["fields_taken"]}
    try:
        done = decisions.decide(report, State(given["outcome"]), request.user, point=place.point if place else None, **words)
    except decisions.Conflict:
        return _conflict(request, key)
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return render(request, "network/reports/one.html", _shown(request, _one(request, key), form=form), status=409)
    messages.success(request, _("Entschieden: {word}.").format(word=done.get_state_display()))
    return redirect("report_desk", key)


def _conflict(request: HttpRequest, key: str) -> HttpResponse:
    shown = _shown(request, _one(request, key), written=request.POST.get("reason", "")[:1000])
    return render(request, "network/reports/conflict.html", shown, status=409)


@second_factor_required
@require_POST
def take_back(request: HttpRequest, key: str) -> HttpResponse:
    """Undo the last decision."""
    report = _one(request, key)
    version = request.POST.get("version", "")
    try:
        decisions.take_back(report, request.user, version=int(version) if version.isdecimal() else -1)
    except decisions.Conflict:
        return _conflict(request, key)
    messages.success(request, _("Die Entscheidung ist zurückgenommen; die Meldung wartet wieder."))
    return redirect("report_desk", key)


@second_factor_required
@require_POST
def owner_informed(request: HttpRequest, key: str) -> HttpResponse:
    """Note that the owner was told."""
    report = _one(request, key)
    form = OwnerInformedForm(request.POST, instance=_one(request, key))
    if not form.is_valid():
        return render(request, "network/reports/one.html", _shown(request, report, informed=form), status=400)
    decisions.note_owner_informed(report, form.cleaned_data["owner_informed_on"])
    messages.success(request, _("Vermerkt."))
    return redirect("report_desk", key)


@second_factor_required
@require_http_methods(["GET", "HEAD"])
def photo(request: HttpRequest, key: str) -> FileResponse:
    """The picture of a report, for those who decide it."""
    report = _one(request, key)
    if not report.photo:
        raise Http404
    try:
        return FileResponse(default_storage.open(report.photo.name), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
