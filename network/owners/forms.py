"""Forms of the owners' pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from network.owners.models import OwnerContact, OwnerPurpose


class PurposeForm(forms.Form):
    """What one wants to see owners' data for; it goes into the log."""

    purpose = forms.ChoiceField(label=_("Wozu brauchen Sie die Angaben?"), choices=OwnerPurpose.choices, widget=forms.RadioSelect)


class OwnerContactForm(forms.ModelForm):
    """How to reach an owner."""

    class Meta:
        model = OwnerContact
        fields = ("name", "organisation", "address", "phone", "email", "rank", "note")
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "note": forms.Textarea(attrs={"rows": 4})}
