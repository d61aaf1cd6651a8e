"""A person's own pages."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from network.models import AppPassword


class AppPasswordForm(forms.ModelForm):
    """What a new password is for."""

    class Meta:
        model = AppPassword
        fields = ("label",)
        help_texts = {"label": _("zum Beispiel „QGIS am Arbeitsplatz“")}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def app_passwords(request: HttpRequest) -> HttpResponse:
    """The passwords of one's programs; a new one is shown on the answer that makes it, and never again."""
    form, made = AppPasswordForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        made = AppPassword.objects.create_for(request.user, form.cleaned_data["label"])
        form = AppPasswordForm()
    return render(request, "app_passwords.html", {"form": form, "made": made, "passwords": AppPassword.objects.all().of(request.user)})


@login_required
@require_POST
def revoke_app_password(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(AppPassword.objects.all().of(request.user), pk=pk).revoke()
    return redirect("app_passwords")


@require_safe
def offering_room(request: HttpRequest) -> HttpResponse:
    """The ways of those who have room."""
    return render(request, "network/welcome/offering.html")


@require_safe
def municipalities(request: HttpRequest) -> HttpResponse:
    """The way of a municipality, from the first letter to its own register."""
    return render(request, "network/welcome/municipalities.html", {"contact": settings.CONTACT})
