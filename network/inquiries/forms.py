"""Forms of inquiries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from network.contacts.models import ContactPoint, Topic
from network.inquiries.models import LONGEST, EndReason
from network.seeking.models import SpaceRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _text(label: Any, rows: int = 6, **words: Any) -> forms.CharField:
    help_text = _("Bis zu 5.000 Zeichen.")
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows}), help_text=help_text, **words)


class InquiryForm(forms.Form):
    """The first message to who answers for a vacancy."""

    topic = forms.ChoiceField(label=_("Worum geht es?"), choices=Topic.choices)
    request = forms.ModelChoiceField(
        label=_("Zu Ihrem Gesuch"),
        queryset=SpaceRequest.objects.none(),
        to_field_name="key",
        required=False,
        empty_label=_("ohne Gesuch"),
        help_text=_("Die Stelle sieht dann Titel und Wünsche des Gesuchs."),
    )
    text = _text(_("Ihre Nachricht"), rows=10)
    shares_address = forms.BooleanField(
        label=_("Die Stelle darf meine E-Mail-Adresse sehen und mir direkt schreiben."),
        required=False,
        help_text=_("Ohne Häkchen läuft alles über diese Seite; die Stelle sieht nur den Namen, den Sie anderen zeigen."),
    )

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["request"].queryset = SpaceRequest.objects.all().of(user).active()
        self.fields["request"].label_from_instance = lambda found: found.title


class MessageForm(forms.Form):
    """One more message."""

    text = _text(_("Ihre Nachricht"))


class StepForm(forms.Form):
    """What a step needs besides: the end of a reservation, or why it is declined."""

    reserved_until = forms.DateField(
        label=_("Anhandgabe bis"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.ChoiceField(label=_("Grund"), required=False, choices=EndReason.choices)


class ForwardForm(forms.Form):
    """To whom an inquiry goes on, with a note for them."""

    contact = forms.ModelChoiceField(
        label=_("An"), queryset=ContactPoint.objects.none(), to_field_name="key", required=False, empty_label=_("Kontaktstelle")
    )
    text = _text(_("Notiz für die Stelle (die anfragende Person sieht sie nicht)"), rows=3, required=False)

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["contact"].queryset = ContactPoint.objects.all().listed().exclude(mailbox="")
