"""Organisations and memberships in the administration; who gives memberships has the whole state to give."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from geo.models import Town
from network import curating  # noqa: F401 - registers know-how, events and showcases
from network.contacts import admin as contacts  # noqa: F401 - registers the directory
from network.inquiries import admin as inquiries  # noqa: F401 - registers inquiries
from network.members import Membership
from network.organisations.models import Organisation, OrganisationMember, OrganisationQuerySet
from network.people import admin as people  # noqa: F401 - registers accounts


class PersonInline(admin.TabularInline):
    """Who belongs to an organisation; its own people change that."""

    model = OrganisationMember
    extra = 0
    can_delete = False
    fields = readonly_fields = ("user", "role", "asked_at", "confirmed_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "municipality", "url", "visibility", "is_verified")
    list_filter = ("is_verified", "visibility", "kind", "municipality__district")
    search_fields = ("name", "municipality__name", "offers", "seeks")
    list_select_related = ("municipality",)
    autocomplete_fields = ("municipality",)
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    inlines: ClassVar = [PersonInline]
    actions: ClassVar = ["verify"]

    @admin.action(description=_("Ausgewählte als geprüft kennzeichnen"), permissions=["change"])
    def verify(self, request: HttpRequest, chosen: OrganisationQuerySet) -> None:
        done = chosen.verify()
        self.message_user(request, ngettext("{n} Organisation geprüft.", "{n} Organisationen geprüft.", done).format(n=done))


class AccountField(forms.EmailField):
    """An account by its confirmed address; there is no list to look people up in."""

    default_error_messages: ClassVar = {
        "nobody": _("Mit dieser Adresse gibt es kein bestätigtes Konto. Laden Sie die Person unter „Mitglieder und Einladungen“ ein.")
    }

    def clean(self, value: Any) -> User:
        confirmed = EmailAddress.objects.filter(email__iexact=super().clean(value), verified=True, user__is_active=True)
        if (found := confirmed.select_related("user").first()) is None:
            raise forms.ValidationError(self.error_messages["nobody"])
        return found.user


class MembershipForm(forms.ModelForm):
    """A membership; the Amt is chosen from those there are."""

    user = AccountField(label=_("Person"), help_text=_("E-Mail-Adresse des Kontos"), max_length=254)

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
    """For superusers and those who administer the contact point (`network.rights`): a membership opens the register."""

    form = MembershipForm
    list_display = ("user", "tenant_name", "role", "ends_on")
    list_filter = ("role", "statewide", "district")
    search_fields = ("user__username", "user__email", "town__name", "admin_union", "district__name")
    list_select_related = ("user", "town", "district")
    autocomplete_fields = ("town",)
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
                "description": _("Die Mitgliedschaft allein gibt, was die Rolle sagt; weitere Berechtigungen sind nicht nötig."),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()  # of another person it is another membership

    @admin.display(description=_("wo"))
    def tenant_name(self, membership: Membership) -> str:
        return membership.tenant
