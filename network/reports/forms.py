"""Forms of reports: the citizen's, and the moderator's."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.errors import InvalidParameter
from network.reports.decisions import CITIZENS_MAY, plain
from network.reports.models import Kind, Report, State
from network.reports.spots import Spot, spot_of
from vacancies import choices as c
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

LONGEST = Report._meta.get_field("email").max_length
OCCUPANCY = [(v, label) for v, label in c.Occupancy.choices if v != c.Occupancy.UNKNOWN]


class Trap(forms.Form):
    """A field that people do not see and programs fill in, and a number of the form, so that sending it twice counts once."""

    website = forms.CharField(required=False, label=_("Bitte leer lassen"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    form_key = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    @property
    def is_trapped(self) -> bool:
        """Whether a program filled it in."""
        return bool(self.data.get("website"))


class ReportForm(Trap, forms.ModelForm):
    """What is known of a vacancy that is not in the register: five fields and a picture."""

    class Meta:
        model = Report
        fields = ("photo", "former_use", "vacant_since_year", "seen", "email", "note")
        widgets = {
            "photo": forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
            "seen": forms.Textarea(attrs={"rows": 3}),
            "note": forms.Textarea(attrs={"rows": 2}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "vacant_since_year": forms.NumberInput(attrs={"inputmode": "numeric"}),
        }
        help_texts = {
            "photo": _("Eines, als JPEG, PNG oder WebP bis 20 MB, ohne Menschen und Kennzeichen. Aufnahmeort und Gerät löschen wir."),
            "email": _("Wir schicken Ihnen einen Link zur Bestätigung und sagen, was daraus wird. Veröffentlicht wird sie nie."),
            "note": _("zum Beispiel: Eingang an der Rückseite. Bitte keine Namen von Menschen."),
        }

    def __init__(self, *args: Any, **words: Any) -> None:
        words.setdefault("initial", {}).setdefault("form_key", secrets.token_hex(16))
        super().__init__(*args, **words)
        self.fields["email"].required = True

    def clean_photo(self) -> Any:
        if len(getattr(self.files, "getlist", lambda _name: [])("photo")) > 1:
            raise ValidationError(_("Das sind mehrere Bilder. Bitte wählen Sie eines aus, das das Gebäude am besten zeigt."))
        return self.cleaned_data["photo"]

    def clean_vacant_since_year(self) -> int | None:
        year: int | None = self.cleaned_data["vacant_since_year"]
        if year and year > timezone.localdate().year:
            raise ValidationError(_("Das Jahr {year} liegt in der Zukunft.").format(year=year))
        return year

    def report_at(self, spot: Spot) -> Report:
        """Return the report, not saved."""
        report: Report = self.save(commit=False)
        report.kind, report.town, report.point = Kind.NEW, spot.town, spot.point
        report.street, report.house_no, report.postcode = spot.street, spot.house_no, spot.postcode
        report.form_key = self.cleaned_data["form_key"] or None
        return report


class CorrectionForm(Trap, forms.Form):
    """What is wrong with a public vacancy: the fields as they are, to be put right."""

    former_use = forms.ChoiceField(label=_("frühere Nutzung"), choices=c.Use.choices, required=False)
    occupancy = forms.ChoiceField(label=_("Leerstand"), choices=OCCUPANCY, required=False)
    condition = forms.ChoiceField(label=_("Zustand"), choices=c.Condition.choices, required=False)
    vacant_since = forms.DateField(label=_("leer seit"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    usable_m2 = forms.IntegerField(
        label=_("Nutzfläche in m²"), required=False, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    note = forms.CharField(
        label=_("Was stimmt nicht?"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Alles, was oben keinen Platz hat. Bitte keine Namen von Menschen."),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Ihre E-Mail-Adresse"), max_length=LONGEST, help_text=_("Für die Bestätigung und unsere Antwort."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip

    def __init__(self, vacancy: PublicVacancy, *args: Any, **words: Any) -> None:
        self.shown = {name: getattr(vacancy, name) for name in CITIZENS_MAY}
        super().__init__(*args, initial={**self.shown, "form_key": secrets.token_hex(16)}, **words)

    def clean_vacant_since(self) -> Any:
        day = self.cleaned_data["vacant_since"]
        if day and day > timezone.localdate():
            raise ValidationError(_("„Leer seit“ liegt in der Zukunft."))
        return day

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        changed = {n: plain(given[n]) for n in CITIZENS_MAY if n in given and (given[n] or None) != (self.shown[n] or None)}
        if not self.errors and not changed and not given.get("note"):
            raise ValidationError(_("Bitte ändern Sie eine Angabe oder schreiben Sie, was nicht stimmt."))
        given["proposed"] = changed
        return given

    def report_on(self, vacancy: Vacancy) -> Report:
        """Return the report, not saved."""
        given = self.cleaned_data
        told = {name: given[name] for name in ("proposed", "note", "email")}
        return Report(kind=Kind.WRONG, town=vacancy.town, vacancy=vacancy, form_key=given["form_key"] or None, **told)


class DecisionForm(forms.Form):
    """What a moderator decides; which buttons there are depends on the kind."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=State.choices, widget=forms.HiddenInput)
    vacancy = forms.ModelChoiceField(Vacancy.objects.none(), to_field_name="key", required=False)
    fields_taken = forms.MultipleChoiceField(required=False, choices=[])
    place = forms.CharField(required=False, max_length=60)
    reason = forms.CharField(max_length=1000, required=False)

    def __init__(self, report: Report, candidates: list[Vacancy], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["vacancy"].queryset = Vacancy.objects.filter(pk__in=[v.pk for v in candidates])
        self.fields["fields_taken"].choices = [(name, name) for name in report.proposed]

    def clean_place(self) -> Spot | None:
        given = self.cleaned_data["place"].replace(",", " ").split()
        try:
            return spot_of({"lat": given[0], "lon": given[-1]}) if given else None
        except InvalidParameter as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("outcome") == State.REJECTED and not given.get("reason"):
            self.add_error("reason", _("Bitte sagen Sie kurz, warum; die meldende Person liest es."))
        return given


class OwnerInformedForm(forms.ModelForm):
    """When the owner was told."""

    class Meta:
        model = Report
        fields = ("owner_informed_on",)
        widgets = {"owner_informed_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["owner_informed_on"].required = True
        self.initial["owner_informed_on"] = self.initial.get("owner_informed_on") or timezone.localdate()

    def clean_owner_informed_on(self) -> Any:
        day = self.cleaned_data["owner_informed_on"]
        if day > timezone.localdate():
            raise ValidationError(_("Der Tag liegt in der Zukunft."))
        return day
