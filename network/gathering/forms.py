"""Forms of events: entering one, and registering for one."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.utils import formats
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from geo.models import UMLAUTS, Town
from network.gathering.models import Event, Registration
from network.ical import ZONE
from network.members import Membership, Role
from network.organisations.models import Organisation

MOMENT = {"type": "datetime-local"}


class EventForm(forms.ModelForm):
    """What a member of an organisation tells of an event; a coordinator publishes it."""

    class Meta:
        model = Event
        fields = (
            "title",
            "kind",
            "starts_at",
            "ends_at",
            "rule",
            "skipped",
            "venue",
            "town",
            "online_url",
            "organiser",
            "accessibility",
            "description",
            "takes_registration",
            "capacity",
        )
        widgets: ClassVar = {
            "starts_at": forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
            "ends_at": forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
            "description": forms.Textarea(attrs={"rows": 8}),
        }

    def __init__(self, user: User, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["town"].queryset = Town.objects.current().order_by("name")  # type: ignore[attr-defined]
        if not user.has_perm("network.coordinate"):
            own, field = Organisation.objects.all().of(user).distinct(), self.fields["organiser"]
            field.queryset = own  # type: ignore[attr-defined]
            field.required = not Membership.objects.all().of(user, Role.EDITOR).exists()  # else nobody would see the draft
            field.initial = own.first() if field.required else None

    def save(self, commit: bool = True) -> Event:
        event: Event = super().save(commit=False)
        if not event.slug:
            event.slug = free_slug(event)
        if commit:
            event.save()
        return event


def free_slug(event: Event) -> str:
    """Return an address for an event: its title and first day, numbered when there is one already."""
    start = slugify(event.title.translate(UMLAUTS))[:70] or "termin"
    base = f"{start}-{event.starts_at.astimezone(ZONE):%Y-%m-%d}"
    taken = set(Event.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken)


class RegistrationForm(forms.ModelForm):
    """Who comes, and when, for events that recur."""

    begins_at = forms.TypedChoiceField(label=_("Termin"), coerce=datetime.datetime.fromisoformat)
    consent = forms.BooleanField(
        label=_(
            "Meine Angaben dürfen für diesen Termin gespeichert werden. Nur wer ihn veranstaltet, sieht sie; danach werden sie gelöscht."
        )
    )

    class Meta:
        model = Registration
        fields = ("begins_at", "name", "mail", "needs")
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "mail": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, times: list[datetime.datetime], **words: Any) -> None:
        super().__init__(*args, **words)
        field = self.fields["begins_at"]
        field.choices = [(moment.isoformat(), formats.date_format(moment, "DATETIME_FORMAT")) for moment in times]  # type: ignore[attr-defined]
        if len(times) == 1:
            field.initial, field.widget = times[0].isoformat(), forms.HiddenInput()

    def clean_name(self) -> str:
        """In one line: it stands in mails."""
        return " ".join(self.cleaned_data["name"].split())

    def validate_unique(self) -> None:
        """Who registers twice gets the same answer as the first time: nobody learns whether an address is known."""
