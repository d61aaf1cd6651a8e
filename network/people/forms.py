"""What a person may tell of themselves."""

from django import forms

from network.people.models import Person


class PersonForm(forms.ModelForm):
    """Name shown to others, language of mails."""

    class Meta:
        model = Person
        fields = ("display_name", "language")
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "name"})}
