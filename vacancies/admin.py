"""The register's administration: map widgets, history, and publishing with its reasons in one place."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from leaflet.admin import LeafletGeoAdmin

from geo.models import Town
from geo.scope import scope_of
from layers.tasks import fill_reach, is_waiting, soon
from vacancies import choices as c
from vacancies.models import Photo, SiteText, Unit, Vacancy, VacancyQuerySet


class OfAVacancy(admin.TabularInline):
    """Rows of a vacancy: changed by whoever may change it."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_edit(request, obj)


class UnitInline(OfAVacancy):
    model = Unit


class PhotoInline(OfAVacancy):
    model = Photo


def may_edit(request: HttpRequest, vacancy: Vacancy | None) -> bool:
    """Whether the person may edit where the vacancy is kept; without a vacancy, whether they may anywhere."""
    if vacancy is None or vacancy.pk is None:
        return bool(scope_of(request.user, "editor"))
    return Vacancy.objects.edited_by(request.user).filter(pk=vacancy.pk).exists()


@admin.register(Vacancy)
class VacancyAdmin(LeafletGeoAdmin):
    """Vacancies in the municipalities where the person is a member: to look at, and for editors to change.

    A row's reach is computed when its place or visibility changes.
    """

    list_display = ("__str__", "town", "former_use", "occupancy", "publication", "visibility", "basis", "verified_at", "is_example")
    list_filter = ("publication", "visibility", "basis", "is_example", "former_use", "occupancy", "town__district")
    search_fields = ("title", "street", "town__name", "key", "source_ref")
    list_select_related = ("town",)
    autocomplete_fields = ("town",)
    date_hierarchy = "verified_at"
    list_per_page = 50
    readonly_fields = ("key", "slug", "is_example", "public_address", "reach_state", "created_at", "updated_at", "dataset", "source_ref")
    inlines: ClassVar = [UnitInline, PhotoInline]
    actions: ClassVar = ["publish", "archive"]
    fieldsets = (
        (
            gettext_lazy("Was und wo"),
            {
                "fields": (
                    "title",
                    "summary",
                    "object_kind",
                    "town",
                    "locality",
                    ("street", "house_no", "postcode"),
                    "point",
                    "footprint",
                    "parcels",
                    "reach_state",
                )
            },
        ),
        (
            gettext_lazy("Veröffentlichung"),
            {
                "fields": (
                    "publication",
                    "visibility",
                    "basis",
                    ("consent_on", "consent_text_version"),
                    "notice_on",
                    "objected",
                    "price_is_public",
                    "public_address",
                ),
                "description": gettext_lazy(
                    "Öffentlich wird nur, was veröffentlicht ist, öffentliche Sichtbarkeit und eine Grundlage hat."
                ),
            },
        ),
        (
            gettext_lazy("Nutzung und Leerstand"),
            {
                "fields": (
                    "former_use",
                    "current_use",
                    "possible_uses",
                    "target_uses",
                    "occupancy",
                    ("vacant_since", "vacant_since_precision"),
                    "vacancy_cause",
                    "condition",
                    "monument",
                    "owner_type",
                )
            },
        ),
        (gettext_lazy("Angebot"), {"fields": ("disposal", "price_eur", "rent_eur_m2", "available_from")}),
        (
            gettext_lazy("Flächen und Ausstattung"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("plot_m2", "gross_floor_m2", "usable_m2", "smallest_divisible_m2"),
                    ("storeys", "rooms", "room_height_m"),
                    ("construction_year", "last_renovation"),
                    ("electricity", "three_phase", "water", "sewage"),
                    ("heating", "broadband_mbit"),
                    ("sanitary", "barrier_free", "load_access"),
                    ("parking", "yard", "noise_tolerant"),
                    ("zoning", "renewal_area", "flood_zone", "contamination"),
                ),
            },
        ),
        (
            gettext_lazy("Herkunft und Prüfung"),
            {
                "fields": (
                    "source",
                    "dataset",
                    "source_ref",
                    "certainty",
                    ("verified_at", "next_review_at"),
                    "notes",
                    ("key", "slug"),
                    "is_example",
                    ("created_at", "updated_at"),
                )
            },
        ),
    )

    @admin.display(description=gettext_lazy("öffentliche Seite"))
    def public_address(self, vacancy: Vacancy) -> str:
        public = Vacancy.objects.public().filter(key=vacancy.key).first() if vacancy.pk else None
        return format_html('<a href="{0}">{0}</a>', public.get_absolute_url()) if public else _("nicht öffentlich")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vacancy]:
        return super().get_queryset(request).visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_edit(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Vacancy | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Vacancy | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_edit(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **words: Any) -> Any:
        """A vacancy stays in, and comes to, municipalities where the person may edit."""
        if db_field.name == "town":
            words["queryset"] = Town.objects.within(scope_of(request.user, "editor"))
        return super().formfield_for_foreignkey(db_field, request, **words)

    def save_model(self, request: HttpRequest, obj: Vacancy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.reach_rows.filter(live=True).exists():
            soon(fill_reach)

    @admin.display(description=gettext_lazy("Erreichbarkeit"))
    def reach_state(self, vacancy: Vacancy) -> str:
        """Whether the reach of the place is there or still to come."""
        row = vacancy.reach_rows.filter(live=True).select_related("run").first() if vacancy.pk else None
        if row:
            return _("berechnet, Verkehrstag {day}").format(day=formats.date_format(row.run.day, "DATE_FORMAT"))
        return _("wird berechnet") if is_waiting("fill_reach") else _("noch nicht berechnet")

    def _own(self, request: HttpRequest, chosen: VacancyQuerySet) -> VacancyQuerySet:
        """Return those of the chosen that the person may change; tell how many are left out."""
        own = chosen.edited_by(request.user)
        others = chosen.count() - own.count()
        if others:
            text = ngettext(
                "{n} Leerstand blieb, wie er war: Dort dürfen Sie nur ansehen.",
                "{n} Leerstände blieben, wie sie waren: Dort dürfen Sie nur ansehen.",
                others,
            )
            self.message_user(request, text.format(n=others), messages.WARNING)
        return own

    @admin.action(description=gettext_lazy("Ausgewählte veröffentlichen"), permissions=["change"])
    def publish(self, request: HttpRequest, chosen: VacancyQuerySet) -> None:
        """Publish what has a basis; say what has none, and what is not the person's to change."""
        chosen = self._own(request, chosen)
        ready = chosen.exclude(basis=c.Basis.NONE)
        missing = chosen.filter(basis=c.Basis.NONE).count()
        done = ready.update(publication=c.Publication.PUBLISHED)
        self.message_user(request, ngettext("{n} Leerstand veröffentlicht.", "{n} Leerstände veröffentlicht.", done).format(n=done))
        if missing:
            text = _("{n} ohne Grundlage der Veröffentlichung blieben, wie sie waren.").format(n=missing)
            self.message_user(request, text, messages.WARNING)

    @admin.action(description=gettext_lazy("Ausgewählte archivieren (nicht mehr öffentlich)"), permissions=["change"])
    def archive(self, request: HttpRequest, chosen: VacancyQuerySet) -> None:
        done = self._own(request, chosen).update(publication=c.Publication.ARCHIVED)
        self.message_user(request, ngettext("{n} Leerstand archiviert.", "{n} Leerstände archiviert.", done).format(n=done))


@admin.register(SiteText)
class SiteTextAdmin(admin.ModelAdmin):
    list_display = ("name", "language")
    list_filter = ("language",)
