"""Members of the tenants one manages, and invitations to them."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from geo.errors import NotAllowed
from network.invitations.forms import InvitationForm, MembershipForm
from network.invitations.models import Invitation, may_give
from network.members import Membership


@login_required
def members(request: HttpRequest) -> HttpResponse:
    """Who belongs to one's tenants, who is invited, and the form that invites."""
    if not request.user.has_perm("network.manage_members"):
        raise NotAllowed(_("Mitglieder verwalten nur Personen mit der Rolle „Leiten“ oder einer höheren."))
    form = InvitationForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.cleaned_data["invitation"].send()
        messages.success(request, _("Die Einladung an {email} ist unterwegs.").format(email=form.cleaned_data["email"]))
        return redirect("members")
    rows = Membership.objects.all().managed_by(request.user).with_people()
    waiting = Invitation.objects.all().managed_by(request.user).waiting().select_related("town", "district", "invited_by")
    return render(request, "network/invitations/members.html", {"form": form, "rows": rows, "waiting": waiting})


@login_required
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a member does, or until when."""
    held = get_object_or_404(Membership.objects.all().managed_by(request.user), pk=pk)
    _must_give(request, held)
    form = MembershipForm(request.user, request.POST or None, instance=held)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Die Mitgliedschaft ist geändert."))
        return redirect("members")
    return render(request, "network/invitations/member.html", {"form": form, "held": held})


@login_required
@require_POST
def end_membership(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a membership end today."""
    held = get_object_or_404(Membership.objects.all().managed_by(request.user), pk=pk)
    _must_give(request, held)
    held.end()
    messages.success(request, _("Die Mitgliedschaft ist beendet."))
    return redirect("members")


def _must_give(request: HttpRequest, held: Membership) -> None:
    if not may_give(request.user, held, held.role):
        raise NotAllowed(_("Diese Person hat dort eine höhere Rolle als Sie; das ändert nur, wer mindestens dieselbe hat."))


@login_required
@require_POST
def resign(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a tenant oneself."""
    get_object_or_404(Membership.objects.all().of(request.user), pk=pk).end()
    messages.success(request, _("Sie sind dort nicht mehr Mitglied."))
    return redirect("account")


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    get_object_or_404(Invitation.objects.all().managed_by(request.user), pk=pk).withdraw()
    messages.success(request, _("Die Einladung ist zurückgezogen."))
    return redirect("members")


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to; a click accepts it, after signing in. Who came by the mail has shown that the address is theirs."""
    found = Invitation.objects.all().named_by(token)
    if request.method == "POST" and request.user.is_authenticated:
        held = found.accept(request.user)
        messages.success(request, _("Sie sind jetzt Mitglied: {tenant}.").format(tenant=held.tenant))
        return redirect("account")
    if not request.user.is_authenticated:
        get_adapter().stash_verified_email(request, found.email)
    fits = request.user.is_authenticated and found.is_for(request.user)
    return render(request, "network/invitations/invitation.html", {"invitation": found, "fits": fits, "here": request.path})
