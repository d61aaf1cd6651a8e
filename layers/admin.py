"""Stops and runs in the administration: to look at, not to edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from layers.models import ReachRun, TransitStop


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
