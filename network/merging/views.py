"""Pages that make two entries one: parse, ask, render."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from network.contacts.doubles import doubles
from network.desk.views import coordinator_required
from network.merging import merge as merging
from network.merging.forms import PickForm, ValuesForm
from network.merging.kinds import KINDS
from network.merging.models import Merge
from network.signin.factor import second_factor_required

SHOWN = 50
PAGES = {"organisation": ("merges", "merge_compare"), "contact": ("merges_contacts", "merge_compare_contacts")}


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def merges(request: HttpRequest, kind: str) -> HttpResponse:
    """Pick two; what looks alike; what was merged before."""
    form = PickForm(kind, request.GET if "keep" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect(PAGES[kind][1], form.cleaned_data["keep"].key, form.cleaned_data["drop"].key)
    context = {"form": form, "kind": kind, "merges": Merge.objects.all().of_kind(kind).newest(SHOWN)}
    context |= {"doubles": doubles(KINDS[kind].rows())} if kind == "contact" else {}
    return render(request, "network/merging/merges.html", context, status=400 if form.errors else 200)


@never_cache
@second_factor_required
@coordinator_required
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, kind: str, keep: str, drop: str) -> HttpResponse:
    """Two side by side; which value stays, what moves."""
    kept, dropped = (get_object_or_404(KINDS[kind].rows(), key=key) for key in (keep, drop))
    form = ValuesForm(kind, kept, dropped, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = merging.merge(kind, kept, dropped, form.chosen(), request.user)
        messages.success(request, _("„{one}“ ist in „{other}“ aufgegangen.").format(one=made.dropped_name, other=made.name))
        return redirect(PAGES[kind][0])
    two = [(KINDS[kind].told(row), KINDS[kind].page(row)) for row in (kept, dropped)]
    context = {"form": form, "kept": kept, "dropped": dropped, "two": two, "moving": merging.preview(kind, kept, dropped)}
    context |= {"back": reverse(PAGES[kind][0]), "other": reverse(PAGES[kind][1], args=[drop, keep])}
    return render(request, "network/merging/compare.html", context, status=400 if form.errors else 200)


@second_factor_required
@coordinator_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Merge, pk=pk)
    merging.undo(found)
    messages.success(request, _("Zurückgenommen: „{name}“ ist wieder da.").format(name=found.dropped_name))
    return redirect(PAGES[found.kind][0])
