"""The page of the administration that looks in catalogues: the same search and the same entries as `find_remote_layers`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from geo.errors import RaumError, status_of
from layers.remote.adopt import Undecided, entries, save
from layers.remote.catalogue import catalogue_named, search
from layers.remote.hosts import ready_catalogues
from layers.remote.layer import RemoteLayer


class FindForm(forms.Form):
    """What is looked for; `hit` and `layer` come with the button of a result."""

    words = forms.CharField(label=_("Wörter"), max_length=200, help_text=_("Wortteile, die alle vorkommen müssen, zum Beispiel: Denkmal"))
    catalogue = forms.ChoiceField(label=_("Katalog"), choices=lambda: [(k, e["title"]) for k, e in ready_catalogues().items()])
    service = forms.ChoiceField(label=_("Dienst"), required=False, choices=[("", _("WMS und WFS")), *RemoteLayer.Service.choices])
    entry = forms.ModelChoiceField(
        RemoteLayer.objects.without_address(),
        label=_("Adresse eintragen bei"),
        required=False,
        to_field_name="key",
        empty_label=_("neuer Eintrag"),
        help_text=_("Einträge, denen die Adresse noch fehlt."),
    )
    hit = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)
    layer = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)


def find(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Show the form, with GET the results, with POST enter one of them and go to its entry."""
    if not (admin.has_add_permission(request) and admin.has_change_permission(request)):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    form = FindForm(given if "words" in given else None)
    page: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "form": form,
        "title": gettext("Im Katalog suchen"),
    }
    status = 400 if form.is_bound and not form.is_valid() else 200
    if form.is_bound and form.is_valid():
        try:
            if (made := _answer(form.cleaned_data, page, write=request.method == "POST")) is not None:
                return _entered(request, admin, made)
        except Undecided as error:
            page["names"] = error.names
        except RaumError as error:
            page["error"], status = error, status_of(error)
    return TemplateResponse(request, "admin/layers/remotelayer/find.html", page, status=status)


def _answer(asked: dict[str, Any], page: dict[str, Any], *, write: bool) -> RemoteLayer | None:
    """Put what the catalogue has into the page; with `write` enter the chosen hit and return its entry."""
    catalogue, into = catalogue_named(asked["catalogue"]), asked["entry"]
    words = asked["words"].split()
    page["found"] = found = search(words, catalogue, asked["service"] or (into.service if into else ""))
    if not write:
        return None
    page["hit"] = hit = found.named(asked["hit"])
    made = entries(hit, catalogue, words, [asked["layer"]] if asked["layer"] else [], into)
    save(made)
    return made[0]


def _entered(request: HttpRequest, admin: ModelAdmin, entry: RemoteLayer) -> HttpResponse:
    admin.log_change(request, entry, gettext("aus dem Katalog eingetragen"))
    said = gettext("„{title}“ ist eingetragen und ausgeschaltet. Prüfen Sie Adresse, Ebene, Lizenz und Quellenvermerk.")
    messages.success(request, said.format(title=entry.title))
    return HttpResponseRedirect(reverse("admin:layers_remotelayer_change", args=[entry.pk]))
