"""Inquiries in the administration, for support: how far they are and where they lie, never who asks or what was written."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from network.inquiries.models import Inquiry
from network.signin.factor import second_factor_required


def shown(name: str, label: Any) -> Callable[[Inquiry], Any]:
    """Return a column of an inquiry with a label."""

    @admin.display(description=label, ordering=name)
    def column(inquiry: Inquiry) -> Any:
        value = getattr(inquiry, f"get_{name}_display", lambda: getattr(inquiry, name))()
        if isinstance(value, datetime.datetime):
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        return "–" if value is None else value

    column.__name__ = name
    return column


def called(kind: type[admin.FieldListFilter], title: Any) -> type[admin.FieldListFilter]:
    """Return a filter with a title of its own."""

    class Called(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **words: Any) -> None:
            super().__init__(*args, **words)
            self.title = title

    return Called


STATE, BEGUN, CHANGED = shown("state", _("Stand")), shown("created_at", _("begonnen")), shown("changed_at", _("zuletzt geändert"))
WAITING, ENDED = shown("waiting_since", _("wartet auf Antwort seit")), shown("ended_at", _("beendet"))
CONTACT, VACANCY = shown("contact_name", _("liegt bei")), shown("vacancy_id", _("Kennung des Leerstands"))
CONTACT.admin_order_field, VACANCY.admin_order_field = "contact__name", "vacancy_id"  # type: ignore[attr-defined]
REMINDED, KEY = shown("reminded", _("Erinnerungen an die Stelle")), shown("key", _("Kennung"))


@admin.register(Inquiry)
class InquiryAdmin(admin.ModelAdmin):
    """To look at with a second factor. Everything is done on the inquiry's own page, by the rules there."""

    list_display = (KEY, STATE, VACANCY, CONTACT, BEGUN, CHANGED, WAITING, ENDED)
    list_filter = (
        ("state", called(admin.ChoicesFieldListFilter, _("Stand"))),
        ("waiting_since", called(admin.EmptyFieldListFilter, _("wartet auf Antwort seit"))),
        ("contact", called(admin.EmptyFieldListFilter, _("zuständige Stelle"))),
        ("created_at", called(admin.DateFieldListFilter, _("begonnen"))),
        "topic",
    )
    search_fields = ("key", "vacancy__key", "contact__name", "contact__mailbox")
    search_help_text = _("Kennung der Anfrage oder des Leerstands, Name oder Postfach der Stelle")
    list_select_related = ("contact",)
    view_on_site = False
    actions = None
    fieldsets: ClassVar = [
        (
            None,
            {
                "fields": (KEY, STATE, "reason", VACANCY, "topic", CONTACT),
                "description": _(
                    "Nur zum Nachsehen, wenn jemand mit einer Kennung fragt. Wer anfragt und was geschrieben wurde, steht hier nicht;"
                    " das lesen die Beteiligten auf der Seite der Anfrage."
                ),
            },
        ),
        (_("Wann"), {"fields": (BEGUN, CHANGED, WAITING, REMINDED, "reserved_until", ENDED)}),
    ]
    readonly_fields = (KEY, STATE, VACANCY, CONTACT, BEGUN, CHANGED, WAITING, REMINDED, ENDED)

    @method_decorator(second_factor_required)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    @method_decorator(second_factor_required)
    def changeform_view(self, request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **words)

    @method_decorator(second_factor_required)
    def history_view(self, request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        return super().history_view(request, *args, **words)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
