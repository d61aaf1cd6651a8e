"""Forms of organisations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from geo.models import Town
from network.organisations.models import Organisation, OrganisationRole


class OrganisationForm(forms.ModelForm):
    """What an organisation says of itself; what the contact point had checked must be checked again when it changes."""

    url = forms.URLField(label=_("Internetseite"), required=False, assume_scheme="https")

    class Meta:
        model = Organisation
        fields = ("name", "kind", "municipality", "url", "offers", "seeks", "visibility")
        widgets = {"offers": forms.Textarea(attrs={"rows": 4}), "seeks": forms.Textarea(attrs={"rows": 4}), "visibility": forms.RadioSelect}

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["municipality"].queryset = Town.objects.current().order_by("name")

    def save(self, commit: bool = True) -> Organisation:
        if self.instance.pk and set(self.changed_data) & set(Organisation.CHECKED):
            self.instance.is_verified = False
        saved: Organisation = super().save(commit)
        return saved


class JoinForm(forms.Form):
    """Which organisation one belongs to."""

    organisation = forms.ModelChoiceField(label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="key")

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["organisation"].queryset = Organisation.objects.all().public().exclude(people__user=user)


class PersonForm(forms.Form):
    """What a person is to an organisation."""

    role = forms.ChoiceField(label=_("Aufgabe"), choices=OrganisationRole.choices)
