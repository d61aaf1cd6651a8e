"""Enter one's own building in three steps, and what one may do with it afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter, TooMany, status_of
from network.own_buildings.consent import CONSENT, VERSION
from network.own_buildings.forms import ChangesForm, FactsForm, NewSharingForm, SharingForm
from network.own_buildings.models import OwnBuilding
from network.reports.models import Kind, Report
from network.reports.receiving import hand_in
from network.reports.spots import spot_of
from network.reports.views import ask_where
from vacancies import choices as c
from vacancies.mapdata import shape_of
from vacancies.models import Vacancy


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Step 1, where it is; step 2, what it is; step 3, what may be shown. Nothing is kept before that is said."""
    try:
        spot = spot_of(request.GET)
        if spot and spot.point is None:
            raise InvalidParameter("address", spot.address, _("eine Adresse aus dem Verzeichnis, oder ein Punkt auf der Karte"))
    except InvalidParameter as error:
        return ask_where(request, "network/own_buildings/where.html", error)
    if spot is None:
        return ask_where(request, "network/own_buildings/where.html")
    draft = Vacancy(town=spot.town, point=spot.point, source=c.Source.OWNER, occupancy=c.Occupancy.VACANT)
    known = {"street": spot.street, "house_no": spot.house_no, "postcode": spot.postcode}
    form = FactsForm(request.POST or None, instance=draft, initial=known)
    if request.method == "POST" and form.is_valid() and request.POST.get("go") != "back":
        return _settle(request, form)
    context = {"form": form, "spot": spot, "alike": spot.public_vacancies(), "shape": shape_of(spot.point)}
    return render(request, "network/own_buildings/facts.html", context, status=400 if form.errors else 200)


def _settle(request: HttpRequest, facts: FactsForm) -> HttpResponse:
    """Step 3 of a new building: once it is said what may be shown, all three are kept."""
    said = request.POST.get("go") == "settle"
    form, status = NewSharingForm(request.POST if said else None), 400 if said else 200
    if said and form.is_valid():
        given = facts.cleaned_data["stated_role"], form.cleaned_data["share"], form.cleaned_data["form_key"]
        try:
            return _settled(request, OwnBuilding.objects.all().enter(request.user, facts.save(commit=False), *given))
        except TooMany as error:
            form.add_error(None, str(error))
            status = status_of(error)
    return render(request, "network/own_buildings/sharing.html", {"vacancy": facts.instance, "facts": facts, **_texts(form)}, status=status)


def _settled(request: HttpRequest, own: OwnBuilding) -> HttpResponse:
    told = _("Gespeichert. Die Gemeinde prüft den Eintrag, bevor er zum ersten Mal öffentlich wird.")
    messages.success(request, told if own.is_with_the_municipality else _("Gespeichert."))
    return redirect("own_buildings")


def _texts(form: SharingForm) -> dict[str, Any]:
    return {"form": form, "version": VERSION, "coarse": CONSENT[c.Visibility.COARSE], "exact": CONSENT[c.Visibility.EXACT]}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what may be shown."""
    own = get_object_or_404(OwnBuilding.objects.all().of(request.user), pk=pk)
    agreed = own.consent_in_force
    form = SharingForm(request.POST or None, initial={"share": agreed.visibility if agreed else "none"})
    if request.method == "POST" and form.is_valid():
        own.allow(form.cleaned_data["share"])
        return _settled(request, own)
    shown = {"vacancy": own.vacancy, **_texts(form)}
    return render(request, "network/own_buildings/sharing.html", shown, status=400 if request.method == "POST" else 200)


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """One's own buildings, how far each has come, and what one may do."""
    return render(request, "network/own_buildings/mine.html", {"rows": OwnBuilding.objects.all().of(request.user).told()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the facts: at once while the municipality has not looked, afterwards as a proposal to it."""
    own = get_object_or_404(OwnBuilding.objects.all().of(request.user), pk=pk)
    is_draft = own.vacancy.publication == c.Publication.DRAFT and own.vacancy.source == c.Source.OWNER
    form = ChangesForm(request.POST or None, instance=own.vacancy)
    if request.method == "POST" and form.is_valid():
        if is_draft:
            form.save()
            messages.success(request, _("Die Angaben sind gespeichert."))
        elif proposed := form.proposed():
            with transaction.atomic():
                hand_in(Report(kind=Kind.WRONG, town=own.vacancy.town, vacancy_id=own.vacancy_id, proposed=proposed), request.user)
            messages.success(request, _("Ihre Änderungen liegen bei der Gemeinde. Bis sie entscheidet, bleibt der Eintrag, wie er ist."))
        return redirect("own_buildings")
    shown = {"form": form, "own": own, "is_draft": is_draft}
    return render(request, "network/own_buildings/edit.html", shown, status=400 if request.method == "POST" else 200)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the consent back; nothing is public from now on."""
    get_object_or_404(OwnBuilding.objects.all().of(request.user), pk=pk).withdraw_consent()
    messages.success(request, _("Die Einwilligung ist zurückgezogen. Der Eintrag ist nicht mehr öffentlich."))
    return redirect("own_buildings")


@login_required
@require_POST
def leave_alone(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask not to be spoken to about a building."""
    get_object_or_404(OwnBuilding.objects.all().of(request.user), pk=pk).leave_alone()
    messages.success(request, _("Vermerkt: Die Gemeinde spricht Sie zu diesem Gebäude nicht mehr an."))
    return redirect("own_buildings")
