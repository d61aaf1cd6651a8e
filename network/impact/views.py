"""Pages of the figures: parse, ask, render."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter
from network.desk.views import coordinator_required
from network.impact import drawing
from network.impact.report import BY_KEY, FIGURES, Counted, Period, as_csv, in_public, report, this_year
from network.signin.factor import second_factor_required
from vacancies.paper.typesetting import LOOKS

LONGEST_DAYS = 366 * 12


class PeriodForm(forms.Form):
    """From one day to another."""

    von = forms.DateField(label=gettext_lazy("von"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    bis = forms.DateField(label=gettext_lazy("bis"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def _asked(request: HttpRequest) -> tuple[PeriodForm, Period]:
    """The period of the address, the year so far without one; raises `InvalidParameter`."""
    usual = this_year()
    if not {"von", "bis"} & set(request.GET):
        return PeriodForm(initial={"von": usual.first, "bis": usual.last}), usual
    form = PeriodForm(request.GET)
    if not form.is_valid():
        name = next(iter(form.errors))
        raise InvalidParameter(name, request.GET.get(name, "")[:20], _("ein Tag wie 2026-03-31"))
    period = Period(form.cleaned_data["von"], form.cleaned_data["bis"])
    if not 0 <= (period.last - period.first).days <= LONGEST_DAYS:
        raise InvalidParameter("bis", f"{period.last}", _("ein Tag nicht vor „von“, höchstens zwölf Jahre danach"))
    return form, period


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def report_figures(request: HttpRequest) -> HttpResponse:
    """Every figure over a period, with its definition."""
    form, period = _asked(request)
    return render(request, "network/impact/report.html", {"form": form, "period": period, "figures": report(period)})


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def report_csv(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(as_csv(_asked(request)[1]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="bericht.csv"'
    return response


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def report_picture(request: HttpRequest, figure: str, part: str, extension: str) -> HttpResponse:
    """One way to part a figure, as a picture to put into a report."""
    period = _asked(request)[1]
    counted = Counted(BY_KEY[figure], period)
    found = next(((title, groups) for key, title, groups in counted.breakdowns if key == part), None)
    if found is None:
        raise Http404
    days = " – ".join(date_format(d, "SHORT_DATE_FORMAT") for d in (period.first, period.last))
    source = _("Zeitraum {days}; gezählt am {day}").format(days=days, day=date_format(timezone.localdate(), "SHORT_DATE_FORMAT"))
    rows = [(label, group.things) for label, group in found[1]]
    made: str | bytes = drawing.svg(f"{counted.figure.title} {found[0]}", str(counted.figure.things), rows, source)
    if extension == "png":
        made = drawing.png(str(made), LOOKS / "fonts")
    response = HttpResponse(made, content_type="image/png" if extension == "png" else "image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="{figure}-{part}.{extension}"'
    return response


@require_safe
def impact(request: HttpRequest) -> HttpResponse:
    """What the public may know: sums that tell of nobody."""
    return render(request, "network/impact/impact.html", {"rows": in_public(), "page": "place"})


FIGURE_KEYS = "|".join(f.key for f in FIGURES)
