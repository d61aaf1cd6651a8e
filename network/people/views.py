"""A person's own page: who they are here, how they sign in, where they belong."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from network.members import Membership
from network.organisations.forms import JoinForm
from network.organisations.models import OrganisationMember
from network.people.forms import PersonForm
from network.people.models import Person
from network.signin.factor import used_second_factor


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Mein Konto."""
    person = Person.objects.all().of(request.user, get_language() or "de")
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Gespeichert."))
        return redirect("account")
    shown = {
        "form": form,
        "memberships": Membership.objects.all().of(request.user).select_related("town", "district"),
        "organisations": OrganisationMember.objects.all().of(request.user),
        "join": JoinForm(request.user),
        "has_factor": is_mfa_enabled(request.user),
        "used_factor": used_second_factor(request),
    }
    return render(request, "network/people/account.html", shown)
