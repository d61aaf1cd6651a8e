"""Know-how, funding, showcases and events in the administration."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from leaflet.admin import LeafletGeoAdmin

from network.gathering import seats
from network.gathering.models import Event
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
    """Events; who comes is on the event's own page, and there it is published and called off, so that everybody is told."""

    list_display = ("title", "kind", "starts_at", "town", "state")
    list_filter = ("state", "kind")
    search_fields = ("title", "venue")
    list_select_related = ("town",)
    date_hierarchy = "starts_at"
    autocomplete_fields = ("town", "organiser", "vacancies")
    readonly_fields = ("state", "entered_by")
    prepopulated_fields: ClassVar = {"slug": ("title",)}

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        obj.entered_by = obj.entered_by or request.user  # type: ignore[assignment]
        seats.keep(obj)
        self.message_user(request, _("Veröffentlicht und abgesagt werden Termine auf ihrer eigenen Seite: „Auf der Website anzeigen“."))

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """None for an event that people are coming to: it is called off, and they are told."""
        return super().has_delete_permission(request, obj) and not (obj and obj.registrations.all().to_come(timezone.now()).exists())
