"""The form that orders mails about a search."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from network.alerts.models import Frequency


class AlertForm(forms.Form):
    address = forms.EmailField(
        label=_("E-Mail-Adresse"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Nur für diese E-Mails. Wir fragen zuerst nach, ob Sie es waren; beim Abbestellen wird die Adresse gelöscht."),
    )
    frequency = forms.ChoiceField(
        label=_("Wie oft?"),
        choices=[(f.value, f.label) for f in (Frequency.WEEKLY, Frequency.AT_ONCE)],
        initial=Frequency.WEEKLY,
        widget=forms.RadioSelect,
    )
