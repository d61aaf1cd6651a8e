"""An officer's list in the browser: hand in, look, apply; publish what came of it; go through old entries; the register as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import ImportRefused, InvalidFile, InvalidParameter, NotAllowed, status_of
from geo.files import read_table
from geo.models import Town
from layers.publish.views import download
from network.intake import keeping, uploads
from network.intake.findings import findings_of
from network.intake.forms import ColumnsForm, KeysForm, PublishForm, UploadForm
from network.services import internal
from vacancies.models import Vacancy

PER_PAGE = 100
View = Callable[..., HttpResponse]


def for_editors(view: View) -> View:
    """Return the view for people who may change the register somewhere."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        if not request.user.has_perm("network.edit_vacancy"):
            raise NotAllowed(_("Das ist für Mitglieder mit der Rolle „Bearbeiten“ oder einer höheren."))
        return view(request, *args, **words)

    return guarded


@for_editors
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Hand in a list."""
    form, status = UploadForm(request.POST or None, request.FILES or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect("intake_preview", uploads.keep(form.cleaned_data["file"], request.user).token)
            except InvalidFile as error:
                form.add_error("file", str(error))
    return render(request, "network/intake/upload.html", {"form": form}, status=status)


@for_editors
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """Which column was taken for what, and what the list would do; nothing is written. A POST changes the columns."""
    found = uploads.named(token, request.user)
    try:
        columns = read_table(found.path).columns
        report = found.read(request.user)
    except (InvalidFile, ImportRefused) as error:
        if isinstance(error, InvalidFile):
            return render(request, "network/intake/unreadable.html", {"upload": found, "error": str(error)}, status=status_of(error))
        report = None
    form = ColumnsForm(columns, report.used_columns if report else {}, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found.choose(form.cleaned_data["column_of"])
        return redirect("intake_preview", token)
    shown = {"upload": found, "report": report, "form": form, "findings": findings_of(report) if report else None}
    return render(request, "network/intake/preview.html", shown, status=200 if report else 409)


@for_editors
@require_POST
def apply(request: HttpRequest, token: str) -> HttpResponse:
    """Apply the list one has looked at; a second click finds nothing left to do."""
    report = uploads.named(token, request.user).apply(request.user, request.POST.get("sha256", "")[:64])
    text = _("Eingelesen: {new} neu, {changed} geändert, {same} unverändert, {refused} abgelehnt, {twice} doppelt.")
    numbers = {"new": report.created, "changed": report.changed, "same": report.unchanged}
    messages.success(request, text.format(**numbers, refused=report.refused, twice=report.duplicates))
    return redirect("intake_drafts")


@for_editors
@require_http_methods(["GET", "HEAD", "POST"])
def drafts(request: HttpRequest) -> HttpResponse:
    """Drafts that came from lists, to be published with their basis."""
    own = Vacancy.objects.edited_by(request.user).drafts_of_imports().select_related("town", "dataset").order_by("-created_at", "key")
    page = Paginator(own, PER_PAGE).get_page(request.GET.get("seite"))
    form = PublishForm([v.key for v in page], request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        done = keeping.publish(own.with_keys(given.pop("keys")), **given)
        messages.success(request, ngettext("{n} Leerstand veröffentlicht.", "{n} Leerstände veröffentlicht.", done).format(n=done))
        return redirect("intake_drafts")
    return render(request, "network/intake/drafts.html", {"page": page, "form": form}, status=400 if form.errors else 200)


@for_editors
@require_http_methods(["GET", "HEAD", "POST"])
def stale(request: HttpRequest) -> HttpResponse:
    """Entries that nobody has confirmed for a year, of all one's municipalities or of one: confirm, correct or archive them."""
    town = _town_of(request)
    editable = Vacancy.objects.edited_by(request.user).in_town(town)
    old = editable.unconfirmed_since(timezone.localdate() - keeping.YEAR).select_related("town")
    page = Paginator(old, PER_PAGE).get_page(request.GET.get("seite"))
    form = KeysForm([v.key for v in page], request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = keeping.archive if request.POST.get("act") == "archive" else keeping.confirm_today
        done = act(editable.with_keys(form.cleaned_data["keys"]))
        messages.success(request, ngettext("{n} Eintrag erledigt.", "{n} Einträge erledigt.", done).format(n=done))
        return redirect(f"{reverse('stale_list')}?ort={town.slug}" if town else "stale_list")
    context = {"page": page, "form": form, "town": town, "asked": f"ort={town.slug}&" if town else ""}
    return render(request, "network/intake/stale.html", context, status=400 if form.errors else 200)


def _town_of(request: HttpRequest) -> Town | None:
    """Return the municipality that is asked for by `ort`, None for all; raises `InvalidParameter`."""
    if not (slug := request.GET.get("ort", "")):
        return None
    found: Town | None = Town.objects.called(slug)
    if found is None:
        raise InvalidParameter("ort", slug[:60], _("eine Gemeinde, wie sie in der Adresse ihrer Seite steht"))
    return found


@login_required
@require_safe
def export(request: HttpRequest, extension: str) -> HttpResponse:
    """The register as far as the person sees it, filtered like the list, as a file."""
    response: HttpResponse = internal(download)(request, "register", extension)
    del response["Access-Control-Allow-Origin"]  # a session opens this address; no other site is to read it
    response["Cache-Control"] = "private, no-store"
    return response
