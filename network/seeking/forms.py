"""The five steps of a request for space, made from the list of needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from network.organisations.models import Organisation
from network.seeking import publicity
from network.seeking.kinds import Need
from network.seeking.models import Reason, SpaceRequest
from network.seeking.needs import IMPORTANCE, NEEDS

WEIGHT = "_weight"
STEPS = (_("Wofür"), _("Wo"), _("Zu welchen Bedingungen"), _("Das Gebäude"), _("Wer Sie sind"))
LAST = len(STEPS)


class NeedsForm(forms.Form):
    """The needs of one step, each with how much it matters."""

    step = 0

    def __init__(self, data: Any = None, **words: Any) -> None:
        super().__init__(data, **words)
        for need in self.needs():
            self.fields |= need.fields()
            self.fields[need.name + WEIGHT] = forms.ChoiceField(
                label=_now("{label}: wie wichtig?").format(label=need.label),
                choices=list(IMPORTANCE.items()),
                initial=need.default,
                required=False,
            )

    @classmethod
    def needs(cls) -> list[Need]:
        return [n for n in NEEDS if n.step == cls.step]

    def groups(self) -> Iterable[dict[str, Any]]:
        """Return each need with its bound fields, for the page."""
        for need in self.needs():
            yield {"need": need, "fields": [self[n] for n in need.field_names], "weight": self[need.name + WEIGHT]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.found: dict[str, Any] = {}
        for need in self.needs():
            if any(n in self.errors for n in need.field_names):
                continue
            try:
                value = need.from_form(cleaned)
            except ValidationError as error:
                self.add_error(need.field_names[0], error)
                continue
            if value is not None:
                self.found[need.name] = {"value": value, "importance": str(cleaned.get(need.name + WEIGHT) or need.default)}
        return cleaned

    @classmethod
    def data_of(cls, needs: dict[str, Any]) -> dict[str, Any]:
        """Return what the form would be sent for these needs."""
        given: dict[str, Any] = {}
        for need in cls.needs():
            if need.name in needs:
                given |= need.to_form(needs[need.name]["value"]) | {need.name + WEIGHT: needs[need.name]["importance"]}
        return given


class UseForm(NeedsForm):
    step = 1


class PlaceForm(NeedsForm):
    step = 2


class TermsForm(NeedsForm):
    step = 3


class BuildingForm(NeedsForm):
    step = 4


class AboutForm(forms.ModelForm):
    """Who asks, and what others see of it."""

    class Meta:
        model = SpaceRequest
        fields = (
            "title",
            "story",
            "seeker_type",
            "team_size",
            "equity",
            "starts_on",
            "duration",
            "visibility",
            "notify",
        )
        widgets = {
            "story": forms.Textarea(attrs={"rows": 6}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "visibility": forms.RadioSelect,
            "notify": forms.RadioSelect,
        }
        help_texts = {
            "title": _("zum Beispiel: Offene Holzwerkstatt für Kinder und Erwachsene"),
            "story": _(
                "Was haben Sie vor, wer macht mit? Bitte keine Telefonnummern oder Anschriften: Anfragen laufen über die Plattform."
            ),
            "visibility": publicity.help_text,
        }

    def groups(self) -> list[Any]:
        return []

    @property
    def found(self) -> dict[str, Any]:
        return {}

    @classmethod
    def data_of(cls, request: SpaceRequest) -> dict[str, Any]:
        return {n: getattr(request, n) for n in cls._meta.fields}


FORMS: tuple[Any, ...] = (UseForm, PlaceForm, TermsForm, BuildingForm, AboutForm)


class OrganisationForm(forms.ModelForm):
    """For which of one's organisations one looks."""

    class Meta:
        model = SpaceRequest
        fields = ("organisation",)
        labels = {"organisation": _("Für welche Organisation?")}
        help_texts = {"organisation": _("Ihr Name steht öffentlich nur, wenn Gesuch und Organisation es sind.")}

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["organisation"].queryset = Organisation.objects.all().of(self.instance.owner)


class DeclineForm(forms.Form):
    """Why a match does not fit."""

    reason = forms.ChoiceField(label=_("Warum passt es nicht?"), choices=Reason.choices)
