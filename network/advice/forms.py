"""Forms of advice: the intake's twelve questions, and what advisers and clients write."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from geo.models import Town
from network.advice.models import AdviceCase, State
from network.members import Membership
from network.organisations.models import Organisation
from network.people.models import chosen_name, masked

CONSENT_VERSION = "2026-11-26"  # of the text beside the box; a new text gets a new day


class IntakeForm(forms.ModelForm):
    """Twelve questions at most; those about the person are left out where the account tells."""

    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    consent = forms.BooleanField(
        label=_("Sie dürfen meine Angaben speichern und an Menschen geben, die mich beraten."),
        help_text=_("Sie werden gelöscht, sobald der Fall seit einem Jahr erledigt ist oder Sie es wünschen."),
    )

    class Meta:
        model = AdviceCase
        fields = (
            "audience",
            "phase",
            "topics",
            "town",
            "building",
            "plan",
            "question",
            "tried",
            "until",
            "client_name",
            "client_mail",
        )
        widgets: ClassVar = {
            "audience": forms.RadioSelect,
            "phase": forms.RadioSelect,
            "plan": forms.Textarea(attrs={"rows": 4}),
            "question": forms.Textarea(attrs={"rows": 4}),
            "tried": forms.Textarea(attrs={"rows": 3}),
            "client_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "client_mail": forms.EmailInput(attrs={"autocomplete": "email"}),
        }
        help_texts: ClassVar = {
            "building": _("Anschrift oder Kennung eines Leerstands von der Karte, wenn Sie schon eines im Blick haben"),
            "plan": _("Zwei, drei Sätze genügen."),
            "until": _("zum Beispiel „bis zur Sitzung im März“"),
        }

    def __init__(self, *args: Any, account: User | None = None, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["town"].queryset = Town.objects.current().order_by("name")  # type: ignore[attr-defined]
        for name in ("audience", "phase"):
            self.fields[name].choices = self.fields[name].choices[1:] if not self.fields[name].choices[0][0] else self.fields[name].choices  # type: ignore[attr-defined]
        if account:
            del self.fields["client_mail"]
        if chosen_name(account):
            del self.fields["client_name"]

    def clean_client_name(self) -> str:
        """In one line: it stands in mails."""
        return " ".join(self.cleaned_data["client_name"].split())


class MessageForm(forms.Form):
    """A message, a note or an answer."""

    text = forms.CharField(label=_("Text"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4}))


class AdviserField(forms.ModelChoiceField):
    """People by the name they chose; of others the address, as far as colleagues need it to tell them apart."""

    def label_from_instance(self, obj: Any) -> str:
        return chosen_name(obj) or masked(obj.email)


class HandOverForm(forms.Form):
    """Who takes the case, and why; an adviser hands on to the contact point and to organisations they know, a coordinator to anybody."""

    adviser = AdviserField(label=_("Berater:in"), queryset=get_user_model().objects.none(), required=False)
    organisation = forms.ModelChoiceField(label=_("oder Organisation"), queryset=Organisation.objects.none(), required=False)
    reason = forms.CharField(
        label=_("Warum"), max_length=500, required=False, help_text=_("nötig, wenn schon jemand den Fall hat"), widget=forms.TextInput
    )

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        members = Membership.objects.all().in_force()
        if not user.has_perm("network.coordinate"):
            members = members.coordinating()
        people = get_user_model().objects.filter(is_active=True, pk__in=members.values("user")).select_related("person")
        self.fields["adviser"].queryset = people.order_by("person__display_name", "email")  # type: ignore[attr-defined]
        self.fields["organisation"].queryset = Organisation.objects.all().known_to(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not self.errors and not (answers.get("adviser") or answers.get("organisation")):
            raise forms.ValidationError(_("Bitte nennen Sie, wer den Fall übernimmt."))
        organisation = answers.get("organisation")
        if organisation and not answers.get("adviser") and not organisation.people.all().contacts().exists():
            text = _("„{name}“ hat hier keine Ansprechperson, die den Fall sähe. Bitte nennen Sie dazu eine:n Berater:in.")
            self.add_error("organisation", text.format(name=organisation))
        return answers


class StateForm(forms.Form):
    """Where the case goes; whether it may is the case's own matter."""

    state = forms.ChoiceField(choices=[(s.value, s.label) for s in State if s != State.ASSIGNED])  # that is handing over
