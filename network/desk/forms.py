"""Forms of the desk: how a list is narrowed, and who takes care of a row."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from geo.errors import InvalidParameter
from geo.models import District
from network.desk.desk import Desk, Wanted, coordinators, name_of
from network.desk.lists import DeskList
from network.desk.models import Assignment


class Colleague(forms.ModelChoiceField):
    """A person of the contact point."""

    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


class NarrowForm(forms.Form):
    """A list's filter by district and person."""

    district = forms.ChoiceField(label=_("Landkreis"), required=False)
    person = forms.ChoiceField(label=_("Wer kümmert sich?"), required=False)

    def __init__(self, desk: Desk, one: DeskList, data: Any) -> None:
        super().__init__(data)
        districts = District.objects.all().in_order().values_list("ags5", "name")
        people = [(str(u.pk), name_of(u)) for u in coordinators()] if desk.coordinates else []
        self.fields["district"].choices = [("", _now("alle")), *districts]  # type: ignore[attr-defined]
        self.fields["person"].choices = [("", _now("alle")), ("mine", _now("ich")), ("nobody", _now("noch niemand")), *people]  # type: ignore[attr-defined]
        if not one.town:
            del self.fields["district"]
        if not desk.coordinates:
            del self.fields["person"]

    def wanted(self) -> Wanted:
        """Return what is wanted; raises `InvalidParameter` for a value that is no option."""
        if not self.is_valid():
            name = next(iter(self.errors))
            allowed = ", ".join(str(value) for value, _label in self.fields[name].choices if value)  # type: ignore[attr-defined]
            raise InvalidParameter(name, str(self.data.get(name, ""))[:40], allowed)
        return Wanted(**self.cleaned_data)


class AssignForm(forms.ModelForm):
    """Who takes care of a row, until when."""

    assignee = Colleague(None, label=_("Wer kümmert sich?"))

    class Meta:
        model = Assignment
        fields = ("assignee", "due_on", "note")
        widgets = {"due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["assignee"].queryset = coordinators()  # type: ignore[attr-defined]

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_now("Dieser Tag ist vorbei. Bitte heute oder einen späteren Tag angeben."))
        return day
