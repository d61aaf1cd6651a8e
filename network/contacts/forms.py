"""Forms of the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import Town
from network.contacts.models import CONSENT_TEXT, CONSENT_VERSION, ContactPoint, Topic
from network.invitations.tenants import options_of, tenant_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class FindForm(forms.Form):
    """For which place and topic somebody looks for whom to ask."""

    ort = forms.ModelChoiceField(
        label=_("Ort"), queryset=Town.objects.none(), to_field_name="slug", required=False, empty_label=_("bitte wählen")
    )
    thema = forms.ChoiceField(label=_("Worum geht es?"), required=False)

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["ort"].queryset = Town.objects.current().select_related("district").defer("geom", "district__geom").order_by("name")
        self.fields["thema"].choices = [("", pgettext_lazy("topic", "alles")), *Topic.choices]


class ContactForm(forms.ModelForm):
    """What an office says of itself; saving it says that it holds today."""

    topics = forms.MultipleChoiceField(
        label=_("Themen"),
        choices=Topic.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ohne Auswahl: für alle Themen."),
    )
    url = forms.URLField(label=_("Internetseite"), required=False, assume_scheme="https")
    agreed = forms.BooleanField(label=CONSENT_TEXT, required=False)

    class Meta:
        model = ContactPoint
        fields = ("name", "function", "topics", "mailbox", "phone", "url", "note", "person", "agreed", "is_stale")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["agreed"].initial = bool(self.instance.consent_on)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("person") and not found.get("agreed"):
            self.add_error("agreed", _("Den Namen einer Person zeigen wir nur mit ihrer Zustimmung."))
        if not (found.get("mailbox") or found.get("phone") or found.get("url")) and not self.errors:
            self.add_error("mailbox", _("Bitte wenigstens eines angeben: Postfach, Telefon oder Internetseite."))
        return found

    def _post_clean(self) -> None:
        """Note the consent before the model looks at it; a new name needs a new one."""
        person, agreed = self.cleaned_data.get("person", ""), self.cleaned_data.get("agreed")
        if not (person and agreed):
            self.instance.consent_on, self.instance.consent_version = None, ""
        elif "person" in self.changed_data or not self.instance.consent_on:
            self.instance.consent_on, self.instance.consent_version = timezone.localdate(), CONSENT_VERSION
        super()._post_clean()

    def save(self, commit: bool = True) -> ContactPoint:
        if not self.cleaned_data["is_stale"]:
            self.instance.verified_at, self.instance.reported_at = timezone.now(), None
        saved: ContactPoint = super().save(commit)
        return saved


class NewContactForm(ContactForm):
    """The same with the area: one of those that the person manages."""

    area = forms.ChoiceField(label=_("Zuständig für"))
    field_order = ("area",)

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        del self.fields["is_stale"]
        self.fields["area"].choices = options_of(user)

    @transaction.atomic
    def save(self, commit: bool = True) -> ContactPoint:
        self.cleaned_data["is_stale"] = False
        tenant = tenant_of(self.cleaned_data["area"])
        town = tenant.pop("town", None)
        for name, value in tenant.items():
            setattr(self.instance, name, value)
        saved = super().save(commit)
        saved.towns.set([town] if town else [])
        return saved
