"""Know-how, funding, showcases and events in the administration."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from leaflet.admin import LeafletGeoAdmin

from network.advice.models import AdviceCase, CaseEntry
from network.gathering import seats
from network.gathering.models import Event, EventState
from network.knowhow.models import AdviceOffer, Article, FundingProgramme
from network.showcase.models import Showcase, ShowcasePhoto, WirSpace


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ("title", "phase", "is_published", "checked_at")
    list_filter = ("phase", "is_published")
    search_fields = ("title", "summary", "body")
    prepopulated_fields: ClassVar = {"slug": ("title",)}


@admin.register(AdviceOffer)
class AdviceOfferAdmin(admin.ModelAdmin):
    list_display = ("title", "provider", "region", "ends_on", "checked_at")
    search_fields = ("title", "provider__name")
    autocomplete_fields = ("provider",)
    list_select_related = ("provider",)
    prepopulated_fields: ClassVar = {"slug": ("title",)}


@admin.register(FundingProgramme)
class FundingProgrammeAdmin(admin.ModelAdmin):
    list_display = ("name", "level", "call", "call_close", "checked_at")
    list_filter = ("level", "call")
    search_fields = ("name", "funder")
    prepopulated_fields: ClassVar = {"slug": ("name",)}


class ShowcasePhotoInline(admin.TabularInline):
    model = ShowcasePhoto
    extra = 0


@admin.register(Showcase)
class ShowcaseAdmin(LeafletGeoAdmin):
    list_display = ("title", "town", "outcome", "is_published", "checked_at")
    list_filter = ("outcome", "is_published", "of_kolab")
    search_fields = ("title", "town__name")
    list_select_related = ("town",)
    autocomplete_fields = ("town",)
    inlines: ClassVar = [ShowcasePhotoInline]
    prepopulated_fields: ClassVar = {"slug": ("title",)}


@admin.register(WirSpace)
class WirSpaceAdmin(LeafletGeoAdmin):
    list_display = ("title", "town", "status", "checked_at")
    list_filter = ("status",)
    search_fields = ("title", "town__name")
    list_select_related = ("town",)
    autocomplete_fields = ("town", "operator", "showcase")
    prepopulated_fields: ClassVar = {"slug": ("title",)}


@admin.register(Event)
class EventAdmin(LeafletGeoAdmin):
    """Events; who comes is on the event's own page, for its organiser."""

    list_display = ("title", "kind", "starts_at", "town", "state")
    list_filter = ("state", "kind")
    search_fields = ("title", "venue")
    list_select_related = ("town",)
    date_hierarchy = "starts_at"
    autocomplete_fields = ("town", "organiser", "vacancies")
    readonly_fields = ("entered_by",)
    prepopulated_fields: ClassVar = {"slug": ("title",)}

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        obj.entered_by = obj.entered_by or request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        if obj.state == EventState.PUBLISHED:
            obj.publish()
        seats.fill(obj)


class CaseEntryInline(admin.TabularInline):
    model = CaseEntry
    extra = 0
    readonly_fields = ("kind", "text", "author", "created_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AdviceCase)
class AdviceCaseAdmin(admin.ModelAdmin):
    """Cases to look at and to delete; they are worked on at their own pages, by the rules there."""

    list_display = ("key", "state", "phase", "town", "adviser", "organisation", "created_at")
    list_filter = ("state", "phase")
    list_select_related = ("town", "adviser", "organisation")
    inlines: ClassVar = [CaseEntryInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and request.user.has_perm("network.coordinate")
