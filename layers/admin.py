"""Layers in the administration: stops, runs, facilities and zones to look at; remote layers to edit and fetch."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.gis.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from geo.errors import RaumError
from layers.models import Facility, ReachRun, RemoteLayer, TransitStop, Zone


class ReadOnly(admin.ModelAdmin):
    """Rows that a computation wrote."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TransitStop)
class TransitStopAdmin(ReadOnly):
    list_display = ("name", "town", "mode", "departures", "departures_day", "category")
    list_filter = ("mode", "is_rail", "category")
    search_fields = ("name", "town__name")
    list_select_related = ("town",)


@admin.register(ReachRun)
class ReachRunAdmin(ReadOnly):
    list_display = ("preset", "day", "live", "is_scenario", "title", "started_at", "finished_at")


@admin.register(Facility)
class FacilityAdmin(ReadOnly):
    list_display = ("name", "kind", "town", "dataset")
    list_filter = ("kind", "dataset")
    search_fields = ("name", "ref", "town__name")
    list_select_related = ("town", "dataset")


@admin.register(Zone)
class ZoneAdmin(ReadOnly):
    list_display = ("name", "kind", "value", "dataset")
    list_filter = ("kind", "dataset")
    search_fields = ("name", "ref")
    list_select_related = ("dataset",)


@admin.register(RemoteLayer)
class RemoteLayerAdmin(admin.ModelAdmin):
    list_display = ("title", "service", "enabled", "checked_on", "last_success_at", "row_count", "last_error")
    list_filter = ("service", "enabled", "target")
    search_fields = ("title", "key", "url")
    readonly_fields = ("last_try_at", "last_success_at", "last_error", "row_count")
    actions = ("fetch_now",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def get_urls(self) -> list[Any]:
        return [path("katalog/", self.admin_site.admin_view(self.find), name="layers_remotelayer_find"), *super().get_urls()]

    def find(self, request: HttpRequest) -> HttpResponse:
        from layers.remote.finding import find  # OWSLib is large, and seldom needed

        return find(request, self)

    @admin.action(description=_("Jetzt abrufen"), permissions=["change"])
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[RemoteLayer]) -> None:
        """Fetch the chosen layers and say of each how it went."""
        from layers.remote.refresh import refresh  # OWSLib is large, and seldom needed

        for layer in queryset:
            if not layer.enabled:
                self.message_user(request, gettext("{layer}: ist ausgeschaltet").format(layer=layer), messages.WARNING)
                continue
            try:
                report = refresh(layer)
            except RaumError as error:
                self.message_user(request, f"{layer}: {error}", messages.ERROR)
                continue
            said = gettext("{layer}: {read} gelesen, {new} neu, {changed} geändert, {gone} entfernt")
            counts = {"read": report.read, "new": report.created, "changed": report.changed, "gone": len(report.vanished)}
            self.message_user(request, said.format(layer=layer, **counts), messages.SUCCESS)
