"""Pages that make two organisations one: parse, ask, render."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from network.desk.views import coordinator_required
from network.merging import merge as merging
from network.merging.forms import PickForm, ValuesForm
from network.merging.models import Merge
from network.organisations.models import Organisation
from network.signin.factor import second_factor_required

KIND, SHOWN = "organisation", 50


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def merges(request: HttpRequest) -> HttpResponse:
    """Pick two; what was merged before."""
    form = PickForm(request.GET if "keep" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("merge_compare", form.cleaned_data["keep"].key, form.cleaned_data["drop"].key)
    context = {"form": form, "merges": Merge.objects.all().newest(SHOWN)}
    return render(request, "network/merging/merges.html", context, status=400 if form.errors else 200)


@never_cache
@second_factor_required
@coordinator_required
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, keep: str, drop: str) -> HttpResponse:
    """Two side by side; which value stays, what moves."""
    kept, dropped = (get_object_or_404(Organisation, key=key) for key in (keep, drop))
    form = ValuesForm(KIND, kept, dropped, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = merging.merge(KIND, kept, dropped, form.chosen(), request.user)
        messages.success(request, _("„{one}“ ist in „{other}“ aufgegangen.").format(one=made.dropped_name, other=made.name))
        return redirect("merges")
    context = {"form": form, "kept": kept, "dropped": dropped, "moving": merging.preview(KIND, kept, dropped)}
    return render(request, "network/merging/compare.html", context, status=400 if form.errors else 200)


@second_factor_required
@coordinator_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Merge, pk=pk)
    merging.undo(found)
    messages.success(request, _("Zurückgenommen: „{name}“ ist wieder da.").format(name=found.dropped_name))
    return redirect("merges")
