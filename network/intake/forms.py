"""Forms of reading a list, publishing what came of it, and going through old entries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vacancies import choices as c
from vacancies.models import Vacancy
from vacancies.sources import mapping

BASES = [(v, label) for v, label in c.Basis.choices if v not in (c.Basis.NONE, c.Basis.EXAMPLE)]
NAMES = {
    "x": _("Ostwert (x)"),
    "y": _("Nordwert (y)"),
    "lon": _("Länge in Grad"),
    "lat": _("Breite in Grad"),
    "coordinates": _("Koordinaten in einer Spalte"),
    "address": _("Adresse in einer Spalte"),
    "town": _("Gemeinde"),
    "ags": "AGS",
    "parcels": _("Flurstücke"),
}


def label_of(name: str) -> str:
    """Return what a field of an import is called."""
    return str(NAMES[name] if name in NAMES else Vacancy._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


class UploadForm(forms.Form):
    """The list."""

    file = forms.FileField(
        label=_("Liste"),
        help_text=_("CSV, XLSX, GeoJSON oder GeoPackage bis 20 MB. Geschrieben wird noch nichts."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.geojson,.gpkg"}),
    )


class ColumnsForm(forms.Form):
    """Which column of the list stands for which field."""

    def __init__(self, columns: list[str], column_of: dict[str, str], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        field_of = {column: name for name, column in column_of.items()}
        options = sorted(((name, label_of(name)) for name in mapping.FIELDS), key=lambda pair: pair[1].lower())
        self.columns = {f"column_{n}": column for n, column in enumerate(columns)}
        for name, column in self.columns.items():
            self.fields[name] = forms.ChoiceField(
                label=column, required=False, initial=field_of.get(column, ""), choices=[("", _("nicht übernehmen")), *options]
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        taken: dict[str, str] = {}
        for name, column in self.columns.items():
            if wanted := given.get(name):
                if wanted in taken:
                    text = _("„{label}“ ist schon der Spalte „{column}“ zugeordnet.")
                    self.add_error(name, ValidationError(text.format(label=label_of(wanted), column=taken[wanted])))  # type: ignore[attr-defined]
                taken[wanted] = column
        given["column_of"] = taken
        return given


class KeysForm(forms.Form):
    """Entries that were ticked."""

    keys = forms.MultipleChoiceField(
        label=_("Einträge"),
        choices=[],
        error_messages={"required": _("Bitte wählen Sie mindestens einen Eintrag."), "invalid_choice": _("Ein Eintrag fehlt.")},
    )

    def __init__(self, keys: list[str], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["keys"].choices = [(key, key) for key in keys]


class PublishForm(KeysForm):
    """How, and why, the ticked drafts become public."""

    visibility = forms.ChoiceField(
        label=_("Veröffentlichen als"),
        choices=[(c.Visibility.COARSE, _("ungefähre Lage")), (c.Visibility.EXACT, _("genaue Lage mit Anschrift"))],
        widget=forms.RadioSelect,
    )
    basis = forms.ChoiceField(label=_("Grundlage"), choices=BASES)
    consent_on = forms.DateField(
        label=_("Einwilligung vom"),
        required=False,
        help_text=_("nötig bei einer Einwilligung"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    consent_text_version = forms.CharField(
        label=_("Fassung der Einwilligung"), max_length=20, required=False, help_text=_("nötig bei einer Einwilligung")
    )
    notice_on = forms.DateField(
        label=_("angekündigt am (§ 200)"),
        required=False,
        help_text=_("nötig bei § 200 Abs. 3 BauGB"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        basis, today = given.get("basis"), timezone.localdate()
        if basis == c.Basis.OWNER_CONSENT and not (given.get("consent_on") and given.get("consent_text_version")):
            self.add_error("consent_on", _("Eine Einwilligung braucht Datum und Fassung des Textes."))
        if basis == c.Basis.BAUGB200 and not given.get("notice_on"):
            self.add_error("notice_on", _("Die Veröffentlichung nach § 200 Abs. 3 BauGB muss einen Monat vorher angekündigt sein."))
        for name in ("consent_on", "notice_on"):
            if given.get(name) and given[name] > today:
                self.add_error(name, _("Der Tag liegt in der Zukunft."))
        return given
