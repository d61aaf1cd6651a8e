"""Organisations: a page for everybody where its people want one, and pages for its people."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from geo.errors import InvalidParameter, NotAllowed
from network.organisations.forms import JoinForm, OrganisationForm, PersonForm
from network.organisations.models import Organisation, OrganisationMember, OrganisationRole


@require_safe
def organisation(request: HttpRequest, key: str) -> HttpResponse:
    """What an organisation says of itself."""
    found = get_object_or_404(Organisation.objects.all().visible_to(request.user).select_related("municipality"), key=key)
    own = request.user.is_authenticated and found.people.all().of(request.user).first()
    return render(request, "network/organisations/organisation.html", {"organisation": found, "own": own})


@login_required
def found_organisation(request: HttpRequest) -> HttpResponse:
    """Enter a new organisation; who does is its contact."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.instance.found(request.user)
        messages.success(request, _("„{name}“ ist angelegt. Die Kontaktstelle prüft die Angaben.").format(name=form.instance))
        return redirect("organisation_people", form.instance.key)
    return render(request, "network/organisations/form.html", {"form": form})


@login_required
def change_organisation(request: HttpRequest, key: str) -> HttpResponse:
    """Change what an organisation says of itself."""
    found = get_object_or_404(Organisation.objects.all().kept_by(request.user), key=key)
    form = OrganisationForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Die Angaben sind gespeichert."))
        return redirect("organisation_people", found.key)
    return render(request, "network/organisations/form.html", {"form": form, "organisation": found})


@login_required
@require_safe
def people(request: HttpRequest, key: str) -> HttpResponse:
    """Who belongs to an organisation, and who asks to; for its people."""
    found = get_object_or_404(Organisation.objects.all().of(request.user).select_related("municipality"), key=key)
    rows = found.people.select_related("user__person")
    keeps = Organisation.objects.all().kept_by(request.user).contains(found)
    return render(request, "network/organisations/people.html", {"organisation": found, "rows": rows, "keeps": keeps})


@login_required
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Ask to belong to an organisation."""
    form = JoinForm(request.user, request.POST)
    if form.is_valid():
        form.cleaned_data["organisation"].ask_to_join(request.user)
        messages.success(request, _("Ihre Anfrage liegt bei der Organisation. Eine Ansprechperson bestätigt sie."))
    else:
        messages.warning(request, _("Bitte wählen Sie eine Organisation aus der Liste."))
    return redirect("account")


@login_required
@require_POST
def confirm_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm who asked, or change what they are to the organisation."""
    person = get_object_or_404(OrganisationMember.objects.all().in_care_of(request.user), pk=pk)
    form = PersonForm(request.POST)
    if not form.is_valid():
        raise InvalidParameter("role", request.POST.get("role", "")[:20], ", ".join(OrganisationRole.values))
    if not person.confirm(form.cleaned_data["role"]):
        raise NotAllowed(_("Jemand muss Ansprechperson bleiben. Geben Sie diese Aufgabe zuerst einer anderen Person."))
    messages.success(request, _("Gespeichert."))
    return redirect("organisation_people", person.organisation.key)


@login_required
@require_POST
def remove_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person off an organisation: oneself, or by its contact."""
    everyone = OrganisationMember.objects.all()
    person = get_object_or_404(everyone.of(request.user) | everyone.in_care_of(request.user), pk=pk)
    if not person.leave():
        raise NotAllowed(_("Jemand muss Ansprechperson bleiben. Geben Sie diese Aufgabe zuerst einer anderen Person."))
    messages.success(request, _("Die Person gehört nicht mehr zur Organisation."))
    return redirect("account") if person.user == request.user else redirect("organisation_people", person.organisation.key)
