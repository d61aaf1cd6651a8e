"""Which two rows, and which value of each column stays."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now

from network.merging.kinds import KINDS


class RowChoice(forms.ModelChoiceField):
    """A row, told from others of its name by its place."""

    def __init__(self, kind: str, **words: Any) -> None:
        self.kind = kind
        super().__init__(KINDS[kind].rows(), to_field_name="key", **words)

    def label_from_instance(self, obj: Any) -> str:
        return KINDS[self.kind].told(obj)


class PickForm(forms.Form):
    """Two rows of a kind."""

    def __init__(self, kind: str, *args: Any) -> None:
        super().__init__(*args)
        self.fields["keep"] = RowChoice(kind, label=_now("Dieser Eintrag bleibt"))
        self.fields["drop"] = RowChoice(kind, label=_now("Dieser geht darin auf"))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("keep") and found.get("keep") == found.get("drop"):
            self.add_error("drop", _now("Bitte zwei verschiedene Einträge wählen."))
        return found


class ValuesForm(forms.Form):
    """For each column in which two rows differ: whose value stays."""

    def __init__(self, kind: str, keep: Any, drop: Any, *args: Any) -> None:
        super().__init__(*args)
        self.kind, self.rows = KINDS[kind], {"keep": keep, "drop": drop}
        for name in self.kind.fields:
            told = {which: _told(row, name) for which, row in self.rows.items()}
            if told["keep"] != told["drop"]:
                options = [(which, text or _now("keine Angabe")) for which, text in told.items()]
                label = self.kind.label(name)
                first = "drop" if not told["keep"] else "keep"
                self.fields[name] = forms.ChoiceField(choices=options, widget=forms.RadioSelect, label=label, initial=first)

    def chosen(self) -> dict[str, Any]:
        """Return the value of every column, as it is to be."""
        whose = {name: self.rows[self.cleaned_data.get(name, "keep")] for name in self.kind.fields}
        return {column: getattr(row, column) for name, row in whose.items() for column in self.kind.columns_of(name)}

    @property
    def same(self) -> list[tuple[str, str]]:
        """The columns in which both agree."""
        return [(self.kind.label(n), _told(self.rows["keep"], n)) for n in self.kind.fields if n not in self.fields]


def _told(row: Any, name: str) -> str:
    if name == "topics":
        return ", ".join(row.topic_labels) or _now("für alle Themen")
    value = getattr(row, f"get_{name}_display", lambda: getattr(row, name))()
    if isinstance(value, bool):
        return _now("ja") if value else _now("nein")
    return "" if value is None else str(value)
