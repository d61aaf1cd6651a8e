"""Towns, districts and data sets in the administration."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from leaflet.admin import LeafletGeoAdmin

from geo.models import Dataset, District, Town


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ("title", "publisher", "licence", "valid_on", "row_count")
    readonly_fields = ("key", "sha256", "row_count", "loaded_at")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Town)
class TownAdmin(LeafletGeoAdmin):
    list_display = ("name", "district", "size_class", "population", "central_function", "central_confirmed", "structure_area")
    list_filter = ("size_class", "central_function", "central_confirmed", "structure_area", "district")
    search_fields = ("name", "ags8")
    modifiable = False
    readonly_fields = ("ags8", "ars12", "slug", "dataset", "merged_into")


@admin.register(District)
class DistrictAdmin(LeafletGeoAdmin):
    list_display = ("name", "kind", "planning_region")
    modifiable = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
