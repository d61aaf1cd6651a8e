"""Pages of a vacancy's owners, for officers; nothing of them is shown without a line in the log."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from geo.errors import NotAllowed
from layers.publish.files import cell
from network.owners.access import owner_page, say_purpose, with_purpose
from network.owners.forms import OwnerContactForm, PurposeForm
from network.owners.models import OwnerAct, OwnerContact, OwnerView
from network.signin.factor import second_factor_required
from vacancies.models import Vacancy

COLUMNS = ("name", "organisation", "address", "phone", "email", "rank")
PER_PAGE = 100


@owner_page
def purpose(request: HttpRequest, vacancy: Vacancy) -> HttpResponse:
    """Ask what the data are needed for; nothing of them is shown here."""
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        say_purpose(request, vacancy, form.cleaned_data["purpose"])
        return redirect("owners", vacancy.key)
    return render(request, "network/owners/purpose.html", {"vacancy": vacancy, "form": form})


@require_safe
@with_purpose
def owners(request: HttpRequest, vacancy: Vacancy, purpose: str) -> HttpResponse:
    """The owners of a vacancy."""
    OwnerView.objects.all().note(request.user, vacancy, purpose)
    rows = OwnerContact.objects.all().visible_to(request.user).of(vacancy)
    return render(request, "network/owners/owners.html", {"vacancy": vacancy, "owners": rows, "purpose": purpose})


@with_purpose
def add_owner(request: HttpRequest, vacancy: Vacancy, purpose: str) -> HttpResponse:
    """Enter one more."""
    return _form(request, OwnerContact(vacancy=vacancy), purpose, OwnerAct.ADDED)


@with_purpose
def change_owner(request: HttpRequest, vacancy: Vacancy, purpose: str, pk: int) -> HttpResponse:
    """Mend what is known of one."""
    owner = get_object_or_404(OwnerContact.objects.all().visible_to(request.user).of(vacancy), pk=pk)
    if request.method != "POST":
        OwnerView.objects.all().note(request.user, vacancy, purpose)
    return _form(request, owner, purpose, OwnerAct.CHANGED)


def _form(request: HttpRequest, owner: OwnerContact, purpose: str, act: str) -> HttpResponse:
    form = OwnerContactForm(request.POST or None, instance=owner)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            OwnerView.objects.all().note(request.user, owner.vacancy, purpose, act)
        messages.success(request, _("Die Angaben sind gespeichert."))
        return redirect("owners", owner.vacancy.key)
    return render(request, "network/owners/form.html", {"vacancy": owner.vacancy, "owner": owner, "form": form})


@require_POST
@with_purpose
def leave_owner_alone(request: HttpRequest, vacancy: Vacancy, purpose: str, pk: int) -> HttpResponse:
    """Note that an owner is not to be spoken to again."""
    owner = get_object_or_404(OwnerContact.objects.all().visible_to(request.user).of(vacancy), pk=pk)
    with transaction.atomic():
        owner.leave_alone()
        OwnerView.objects.all().note(request.user, vacancy, purpose, OwnerAct.CHANGED)
    messages.success(request, _("Vermerkt: nicht mehr ansprechen. In Dateien und Anschreiben kommt dieser Kontakt nicht mehr vor."))
    return redirect("owners", vacancy.key)


@require_POST
@with_purpose
def export_owners(request: HttpRequest, vacancy: Vacancy, purpose: str) -> HttpResponse:
    """Those of a vacancy who may be written to, as CSV."""
    OwnerView.objects.all().note(request.user, vacancy, purpose, OwnerAct.EXPORTED)
    name = f'attachment; filename="eigentuemer-{vacancy.key}.csv"'
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
    write = csv.writer(answer, delimiter=";")
    write.writerow(("vacancy", *COLUMNS))
    for row in OwnerContact.objects.all().visible_to(request.user).of(vacancy).to_write_to().values_list(*COLUMNS):
        write.writerow((vacancy.key, *(cell(value) for value in row)))
    return answer


@require_safe
@second_factor_required
def owner_log(request: HttpRequest) -> HttpResponse:
    """Who looked at owners' data, for admins of the municipality."""
    if not request.user.has_perm("network.read_owner_log"):
        raise NotAllowed(_("Das Protokoll lesen nur Mitglieder mit der Rolle „Verwalten“."))
    rows = Paginator(OwnerView.objects.all().visible_to(request.user), PER_PAGE).get_page(request.GET.get("seite"))
    return render(request, "network/owners/log.html", {"rows": rows})
