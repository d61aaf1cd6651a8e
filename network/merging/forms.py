"""Which two rows, and which value of each column stays."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from network.merging.merge import KINDS
from network.organisations.models import Organisation


class OrganisationChoice(forms.ModelChoiceField):
    """An organisation, told from others of its name by its seat."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.municipality})" if obj.municipality else obj.name


class PickForm(forms.Form):
    """Two organisations."""

    keep = OrganisationChoice(Organisation.objects.none(), to_field_name="key", label=_("Diese bleibt"))
    drop = OrganisationChoice(Organisation.objects.none(), to_field_name="key", label=_("Diese geht darin auf"))

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        every = Organisation.objects.select_related("municipality").defer("municipality__geom")
        self.fields["keep"].queryset = self.fields["drop"].queryset = every  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("keep") and found.get("keep") == found.get("drop"):
            self.add_error("drop", _now("Bitte zwei verschiedene Organisationen wählen."))
        return found


class ValuesForm(forms.Form):
    """For each column in which two rows differ: whose value stays."""

    def __init__(self, kind: str, keep: Any, drop: Any, *args: Any) -> None:
        super().__init__(*args)
        self.kind, self.rows = kind, {"keep": keep, "drop": drop}
        for name in KINDS[kind].fields:
            told = {which: _told(row, name) for which, row in self.rows.items()}
            if told["keep"] != told["drop"]:
                options = [(which, text or _now("keine Angabe")) for which, text in told.items()]
                label = keep._meta.get_field(name).verbose_name
                first = "drop" if not told["keep"] else "keep"
                self.fields[name] = forms.ChoiceField(choices=options, widget=forms.RadioSelect, label=label, initial=first)

    def chosen(self) -> dict[str, Any]:
        """Return the value of every column, as it is to be."""
        return {name: getattr(self.rows[self.cleaned_data.get(name, "keep")], name) for name in KINDS[self.kind].fields}

    @property
    def same(self) -> list[tuple[str, str]]:
        """The columns in which both agree."""
        keep = self.rows["keep"]
        return [(str(keep._meta.get_field(n).verbose_name), _told(keep, n)) for n in KINDS[self.kind].fields if n not in self.fields]


def _told(row: Any, name: str) -> str:
    value = getattr(row, f"get_{name}_display", lambda: getattr(row, name))()
    if isinstance(value, bool):
        return _now("ja") if value else _now("nein")
    return "" if value is None else str(value)
