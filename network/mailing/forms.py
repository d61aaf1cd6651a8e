"""A letter to several."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from geo.models import District
from network.mailing.models import Audience, Mailing


class MailingForm(forms.ModelForm):
    """To whom, and what."""

    class Meta:
        model = Mailing
        fields = ("audience", "district", "kind", "subject", "text")
        widgets = {"audience": forms.RadioSelect, "text": forms.Textarea(attrs={"rows": 12})}

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["audience"].choices = Audience.choices  # type: ignore[attr-defined]
        self.fields["district"].queryset = District.objects.all().in_order()  # type: ignore[attr-defined]

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("kind") and found.get("audience") != Audience.ORGANISATIONS:
            self.add_error("kind", _("Eine Art gibt es nur bei Organisationen. Bitte leer lassen oder oben Organisationen wählen."))
        return found
