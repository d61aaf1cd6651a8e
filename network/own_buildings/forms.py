"""Forms of one's own building: its facts, and what may be shown."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from network.own_buildings.models import OwnBuilding
from network.reports.decisions import plain
from vacancies import choices as c
from vacancies.models import Vacancy

FACTS = ("former_use", "occupancy", "condition", "usable_m2", "vacant_since", "summary")
OFFER = ("target_uses", "disposal")
CHANGED = (*FACTS, *OFFER)


class FactsForm(forms.ModelForm):
    """What the building is and how it may be had."""

    target_uses = forms.MultipleChoiceField(
        label=_("Wofür darf es genutzt werden?"), choices=c.TargetUse.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    disposal = forms.MultipleChoiceField(
        label=_("Wie geben Sie es ab?"), choices=c.Disposal.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    stated_role = forms.ChoiceField(
        label=OwnBuilding._meta.get_field("stated_role").verbose_name,
        choices=OwnBuilding._meta.get_field("stated_role").choices,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Vacancy
        fields = ("street", "house_no", "postcode", *FACTS, *OFFER)
        widgets = {
            "vacant_since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "summary": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {"summary": _("Was Suchende wissen sollten. Öffentlich, sobald der Eintrag es ist: bitte keine Namen.")}

    def hidden(self) -> str:
        """Return what was typed as fields that nobody sees, for the page of the next step."""
        return mark_safe("".join(field.as_hidden() for field in self))  # noqa: S308 - of Django's own widgets


class ChangesForm(FactsForm):
    """Changes of one's own building."""

    stated_role = None  # type: ignore[assignment]

    class Meta(FactsForm.Meta):
        fields = CHANGED

    def proposed(self) -> dict[str, Any]:
        """Return what was changed, plain as in JSON."""
        return {name: plain(self.cleaned_data[name]) for name in self.changed_data if name in CHANGED}


class SharingForm(forms.Form):
    """What may be shown; both kinds of being public need their own consent."""

    share = forms.ChoiceField(
        label=_("Was darf gezeigt werden?"),
        choices=[
            ("none", _("Nicht öffentlich: nur die Gemeinde und ihr Amt sehen den Eintrag")),
            (c.Visibility.COARSE, _("Öffentlich mit ungefährer Lage")),
            (c.Visibility.EXACT, _("Öffentlich mit genauer Lage und Anschrift")),
        ],
        widget=forms.RadioSelect,
    )
    agreed_coarse = forms.BooleanField(label=_("Ich willige in die Veröffentlichung mit ungefährer Lage ein."), required=False)
    agreed_exact = forms.BooleanField(label=_("Ich willige in die Veröffentlichung mit genauer Lage ein."), required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        share = given.get("share", "none")
        if share in c.PUBLIC and not given.get(f"agreed_{share}"):
            text = _("Dafür brauchen wir Ihre Einwilligung. Bitte lesen Sie den Text und setzen Sie den Haken, oder wählen Sie anders.")
            self.add_error(f"agreed_{share}", ValidationError(text))
        return given


class NewSharingForm(SharingForm):
    """What may be shown of a new building; with a number of the form, so that sending it twice counts once."""

    form_key = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, initial={"share": "none", "form_key": secrets.token_hex(16)}, **words)
