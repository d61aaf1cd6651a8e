"""Forms of deletion, and of asking for one's data without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from network.people.models import shown_name
from network.privacy.leaving import left_alone

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SureForm(forms.Form):
    """The second step of a deletion."""

    sure = forms.BooleanField(
        label=_("Ja, endgültig löschen"),
        error_messages={"required": _("Bitte kreuzen Sie an, dass gelöscht werden soll. Das lässt sich nicht zurücknehmen.")},
    )


class LeaveForm(SureForm):
    """The same for an account; asks who takes over the organisations that would be left without a contact."""

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.organisations = left_alone(user)
        for organisation, others in self.organisations:
            choices = [("", _("niemand: Die Seite der Organisation wird verborgen")), *((str(m.pk), shown_name(m.user)) for m in others)]
            self.fields[f"heir_{organisation.pk}"] = forms.ChoiceField(
                label=_("Wer wird Ansprechperson von „{name}“?").format(name=organisation), choices=choices, required=False
            )
        self.order_fields([name for name in self.fields if name != "sure"])

    def heirs(self) -> dict[int, int]:
        """Return who takes over which organisation."""
        chosen = {o.pk: self.cleaned_data.get(f"heir_{o.pk}") for o, _others in self.organisations}
        return {pk: int(heir) for pk, heir in chosen.items() if heir}


class AddressForm(forms.Form):
    """Whose data are asked for."""

    address = forms.EmailField(
        label=_("E-Mail-Adresse"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Wir schicken einen Link dorthin. Nur wer die E-Mail liest, sieht, was gespeichert ist."),
    )
