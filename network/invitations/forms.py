"""Forms of the members' page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from network.invitations.models import Invitation, may_give
from network.invitations.tenants import options_of, tenant_of
from network.members import Membership, Role

TOO_HIGH = _("Diese Rolle ist höher als Ihre eigene dort; wählen Sie eine andere.")
PAST = _("An diesem Tag wäre die Mitgliedschaft schon zu Ende; wählen Sie einen späteren oder lassen Sie das Feld leer.")


def _day() -> forms.DateField:
    help_text = _("Ab diesem Tag gilt die Mitgliedschaft nicht mehr; leer: bis auf Weiteres.")
    return forms.DateField(
        label=_("endet am"), required=False, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class InvitationForm(forms.Form):
    """Whom to invite, where, and as what."""

    email = forms.EmailField(
        label=_("E-Mail-Adresse"),
        max_length=Invitation._meta.get_field("email").max_length,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    place = forms.ChoiceField(label=_("Wo"))
    role = forms.ChoiceField(label=_("Rolle"), choices=Role.choices, help_text=_("Jede Rolle darf auch, was die vorigen dürfen."))
    ends_on = _day()

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.user = user
        self.fields["place"].choices = options_of(user)

    def clean_ends_on(self) -> Any:
        return _not_past(self.cleaned_data["ends_on"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "place" in given and "role" in given:
            made = Invitation(email=given.get("email", ""), invited_by=self.user, role=given["role"], ends_on=given.get("ends_on"))
            for name, value in tenant_of(given["place"]).items():
                setattr(made, name, value)
            if not may_give(self.user, made, made.role):
                self.add_error("role", TOO_HIGH)
            given["invitation"] = made
        return given


class MembershipForm(forms.ModelForm):
    """What a member does, and until when."""

    ends_on = _day()

    class Meta:
        model = Membership
        fields = ("role", "ends_on")

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.user = user

    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if not may_give(self.user, self.instance, role):
            raise ValidationError(TOO_HIGH)
        return role

    def clean_ends_on(self) -> Any:
        return _not_past(self.cleaned_data["ends_on"])


def _not_past(day: Any) -> Any:
    if day and day <= timezone.localdate():
        raise ValidationError(PAST)
    return day
