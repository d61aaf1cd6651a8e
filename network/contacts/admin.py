"""The directory of contacts in the administration; a name needs a consent there as on the directory's own pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from geo.models import Town
from network.contacts.forms import ContactForm
from network.contacts.models import ContactPoint


class EveryColumnForm(ContactForm):
    """The directory's form with area, organisation and source; the Amt is chosen from those there are."""

    source_url = forms.URLField(label=_("Quelle"), max_length=400, required=False, assume_scheme="https")

    class Meta(ContactForm.Meta):
        fields = (*ContactForm.Meta.fields, "organisation", "towns", "admin_union", "district", "statewide", "source_url", "source_on")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        names = Town.objects.exclude(admin_union="").order_by("admin_union").values_list("admin_union", flat=True).distinct()
        if "admin_union" in self.fields:  # it is not where the form only shows
            self.fields["admin_union"].widget = forms.Select(choices=[("", "---------"), *((name, name) for name in names)])


@admin.register(ContactPoint)
class ContactPointAdmin(admin.ModelAdmin):
    form = EveryColumnForm
    list_display = ("name", "function", "where", "mailbox", "verified_at", "reported_at", "is_stale", "withdrawn_on")
    list_filter = (
        ("reported_at", admin.EmptyFieldListFilter),
        ("verified_at", admin.EmptyFieldListFilter),
        ("withdrawn_on", admin.EmptyFieldListFilter),
        "is_stale",
        "function",
        "statewide",
        "district",
    )
    search_fields = ("name", "mailbox", "person", "key", "admin_union", "towns__name", "district__name", "organisation__name")
    search_help_text = _("Stelle, Postfach, Person, Gemeinde, Amt, Landkreis oder Organisation")
    list_select_related = ("district",)
    autocomplete_fields = ("organisation", "towns")
    readonly_fields = ("shown_key", "consent_on", "consent_version", "verified_at", "reported_at", "asked", "withdrawn_on")
    actions: ClassVar = ["withdraw"]
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "function", "topics", "organisation", "is_stale"),
                "description": _("Speichern heißt: Der Eintrag gilt heute als bestätigt, es sei denn, er ist als veraltet gekennzeichnet."),
            },
        ),
        (
            _("Zuständig für"),
            {
                "fields": ("towns", "admin_union", "district", "statewide"),
                "description": _("Einzelne Gemeinden, und höchstens eines von Amt, Landkreis und ganz Brandenburg."),
            },
        ),
        (
            _("Erreichbar"),
            {
                "fields": ("mailbox", "phone", "url", "note"),
                "description": _("Steht öffentlich im Verzeichnis; Anfragen gehen an das Postfach."),
            },
        ),
        (
            _("Person"),
            {
                "fields": ("person", "agreed", "consent_on", "consent_version"),
                "description": _("Ein neuer Name braucht eine neue Zustimmung; ohne sie steht hier keiner."),
            },
        ),
        (
            _("Woher wir es wissen"),
            {"fields": ("source_url", "source_on", "verified_at", "reported_at", "asked", "withdrawn_on", "shown_key")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("towns")

    @admin.display(description=_("Gebiet"))
    def where(self, contact: ContactPoint) -> str:
        return contact.area

    @admin.display(description=_("Kennung"))
    def shown_key(self, contact: ContactPoint) -> str:
        return contact.key

    @admin.display(description=_("zuletzt gefragt, ob es noch gilt"))
    def asked(self, contact: ContactPoint) -> str:
        return date_format(contact.asked_on) if contact.asked_on else "–"

    @admin.action(description=_("Ausgewählte aus dem Verzeichnis nehmen"), permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: Any) -> None:
        done = list(chosen.filter(withdrawn_on=None))
        for contact in done:
            contact.withdraw()
        n = len(done)
        self.message_user(request, ngettext("{n} Kontakt zurückgezogen.", "{n} Kontakte zurückgezogen.", n).format(n=n))
