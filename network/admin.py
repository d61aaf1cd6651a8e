"""Organisations and memberships in the administration; who gives memberships has the whole state to give."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from geo.models import Town
from network import curating  # noqa: F401 - registers know-how, events and showcases
from network.members import Membership, Organisation, Role


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "municipality", "url", "is_verified")
    list_filter = ("kind", "is_verified", "municipality__district")
    search_fields = ("name", "municipality__name", "offers", "seeks")
    list_select_related = ("municipality",)
    autocomplete_fields = ("municipality",)
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}


class MembershipForm(forms.ModelForm):
    """A membership; the Amt is chosen from those there are."""

    class Meta:
        model = Membership
        fields = ("user", "town", "admin_union", "district", "statewide", "role", "ends_on")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        names = Town.objects.exclude(admin_union="").order_by("admin_union").values_list("admin_union", flat=True).distinct()
        if "admin_union" in self.fields:  # it is not where the form only shows
            self.fields["admin_union"].widget = forms.Select(choices=[("", "---------"), *((name, name) for name in names)])


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Only superusers and those who administer the contact point: a membership opens the register."""

    form = MembershipForm
    list_display = ("user", "tenant_name", "role", "ends_on")
    list_filter = ("role", "statewide", "district")
    search_fields = ("user__username", "user__email", "town__name", "admin_union", "district__name")
    list_select_related = ("user", "town", "district")
    autocomplete_fields = ("user", "town")
    fieldsets = (
        (None, {"fields": ("user",)}),
        (
            _("Wo"),
            {
                "fields": ("town", "admin_union", "district", "statewide"),
                "description": _(
                    "Genau eines: Die Person sieht das Register der Gemeinde, aller Gemeinden des Amtes oder Landkreises, oder alles."
                ),
            },
        ),
        (
            _("Was und wie lange"),
            {
                "fields": ("role", "ends_on"),
                "description": _(
                    "Dazu braucht die Person die Berechtigung „Can view Leerstand“, zum Bearbeiten auch „Can change Leerstand“."
                ),
            },
        ),
    )

    @admin.display(description=_("wo"))
    def tenant_name(self, membership: Membership) -> str:
        return membership.tenant

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and _gives(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and _gives(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and _gives(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _gives(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _gives(request)


def _gives(request: HttpRequest) -> bool:
    return bool(request.user.is_superuser or Membership.objects.all().of(request.user, Role.ADMIN).cover_the_state())
