"""Kinds of needs: each knows its form field, how its value is kept as JSON, read aloud, asked of the vacancies and told of one.

A value of JSON is checked by `read`, whoever wrote it: a form, a link of the map, or the row in the database.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo import figures
from geo.figures import brief, figure
from network.matching import MISSING, Importance, Kind, Wish
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy
from vacancies.templatetags.raum import minutes

EPOCH = datetime.date(1970, 1, 1)
LISTED = 3  # options that a phrase names before it counts
Words = str | Promise


@dataclass(frozen=True, kw_only=True)
class Need(ABC):
    """One thing that a request can ask for.

    Parameters
    ----------
    name : str
        Key in the JSON of a request, and the column of the candidates unless `column` says otherwise.
    label : str
        Short, as in "dagegen spricht: Miete".
    step : int
        Of the five steps of the form.
    asked_by : str
        The criterion of the map's filter that asks the same; empty: none does.
    column_of : str
        Field of a public vacancy that answers.
    """

    name: str
    label: Words
    step: int
    column: str = ""
    asked_by: str = ""
    column_of: str = ""
    question: Words = ""
    help: Words = ""
    default: Importance = Importance.IMPORTANT
    parts: ClassVar[tuple[str, ...]] = ("",)

    @property
    def field_names(self) -> list[str]:
        return [self.name + part for part in self.parts]

    @abstractmethod
    def fields(self) -> dict[str, forms.Field]:
        """Return the form fields of the value."""

    def from_form(self, cleaned: Mapping[str, Any]) -> Any:
        """Return the value as JSON, None where nothing is asked."""
        return self.read(cleaned.get(self.name))

    def to_form(self, value: Any) -> dict[str, Any]:
        return {self.name: value}

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Return the value in its one way of writing, None for an empty one; raises `ValidationError`."""

    def refuse(self, value: object) -> ValidationError:
        return ValidationError(_("{label}: „{value}“ gibt es hier nicht.").format(label=self.label, value=str(value)[:60]))

    @abstractmethod
    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        """Return what is asked of the candidates."""

    def _wish(self, kind: Kind, importance: Importance, a: int = 0, b: int = 0) -> Wish:
        return Wish(self.name, kind, self.column or self.name, a, b, importance)

    @abstractmethod
    def say(self, value: Any) -> str:
        """Return what is looked for, as a phrase."""

    def tell(self, vacancy: PublicVacancy) -> str:
        """Return what the vacancy has, '' for unknown."""
        value = getattr(vacancy, self.column_of or self.name)
        return "" if value is None else {True: _("ja"), False: _("nein")}.get(value) or figure(value)

    def to_filter(self, value: Any) -> str:
        """Return the value as the map's filter writes it."""
        return str(value)

    def from_filter(self, value: Any) -> Any:
        """Return the value of the map's criterion as JSON."""
        return value


@dataclass(frozen=True, kw_only=True)
class Several(Need):
    """One or more of a list; a vacancy that has one of them meets it. `unsure` are values that say "not known"."""

    options: Callable[[], Iterable[tuple[str, Words]]]
    unsure: tuple[str, ...] = ("unknown",)

    def fields(self) -> dict[str, forms.Field]:
        widget = forms.CheckboxSelectMultiple
        field = forms.MultipleChoiceField(
            label=self.question or self.label, help_text=self.help, choices=self.options, required=False, widget=widget
        )
        return {self.name: field}

    def read(self, value: Any) -> Any:
        if not value:
            return None
        known = [key for key, _label in self.options()]
        if not isinstance(value, list | tuple):
            raise self.refuse(value)
        for v in value:
            if v not in known:
                raise self.refuse(v)
        return [k for k in known if k in value]

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        places = ground.places[self.column or self.name]
        return self._wish(Kind.SET, importance, sum(1 << places.index(v) for v in value if v in places))

    def say(self, value: Any) -> str:
        labels = dict(self.options())
        named = [str(labels[v]) for v in value]
        if len(named) > LISTED:
            named = [*named[: LISTED - 1], _("{n} weitere").format(n=len(named) - LISTED + 1)]
        return _(" oder ").join(named)

    def tell(self, vacancy: PublicVacancy) -> str:
        field = vacancy._meta.get_field(self.column_of or self.name)
        given = getattr(vacancy, field.name)
        labels = dict(getattr(field, "base_field", field).choices)
        return ", ".join(str(labels[v]) for v in (given if isinstance(given, list) else [given]) if v in labels and v not in self.unsure)

    def to_filter(self, value: Any) -> str:
        return ",".join(value)

    def from_filter(self, value: Any) -> Any:
        return list(value)


@dataclass(frozen=True, kw_only=True)
class One(Several):
    """One of a list, which stands for a set of values of the column (`means`); `AtLeast` classes and monuments are asked so."""

    means: Callable[[str], tuple[str, ...]]
    phrase: Words = ""  # how it is said; without one the label of the option

    def fields(self) -> dict[str, forms.Field]:
        choices = [("", gettext_lazy("egal")), *self.options()]
        return {self.name: forms.ChoiceField(label=self.question or self.label, help_text=self.help, choices=choices, required=False)}

    def read(self, value: Any) -> Any:
        found = super().read([value]) if value else None
        return found[0] if found else None

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        return super().wish(self.means(value), importance, ground)

    def say(self, value: Any) -> str:
        return str(self.phrase).format(value=value) if self.phrase else str(dict(self.options())[value])

    def to_filter(self, value: Any) -> str:
        return str(value) if value in self.means(value) else ",".join(self.means(value))

    def from_filter(self, value: Any) -> Any:
        return value[0] if len(value) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Yes(Need):
    """Something that is wanted or not asked for."""

    def fields(self) -> dict[str, forms.Field]:
        return {self.name: forms.BooleanField(label=self.question or self.label, help_text=self.help, required=False)}

    def read(self, value: Any) -> Any:
        if value not in (True, False, None, ""):
            raise self.refuse(value)
        return True if value else None

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        return self._wish(Kind.SET, importance, 0b10)

    def say(self, value: Any) -> str:
        return str(self.label)


@dataclass(frozen=True, kw_only=True)
class Limit(Need):
    """At most or at least so many."""

    kind: Kind
    unit: Words
    phrase: Words
    lowest: int
    highest: int

    def fields(self) -> dict[str, forms.Field]:
        field = forms.IntegerField(
            label=self.question or self.label, help_text=self.help, required=False, min_value=self.lowest, max_value=self.highest
        )
        return {self.name: field}

    def read(self, value: Any) -> Any:
        return _whole(self, value, self.lowest, self.highest)

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        return self._wish(self.kind, importance, value)

    def say(self, value: Any) -> str:
        return str(self.phrase).format(value=figures.minutes(value) if self.kind == Kind.AT_MOST else figure(value))

    def tell(self, vacancy: PublicVacancy) -> str:
        value = getattr(vacancy, self.column_of or self.name)
        if value is None:
            return ""
        return minutes(value) if self.kind == Kind.AT_MOST else f"{figure(value)}\u00a0{self.unit}"


@dataclass(frozen=True, kw_only=True)
class Area(Need):
    """Usable area from–to; a vacancy that can be divided meets it with a part."""

    parts: ClassVar[tuple[str, ...]] = ("_from", "_to")
    highest: int = 100_000

    def fields(self) -> dict[str, forms.Field]:
        labels = {"_from": gettext_lazy("Fläche von (m²)"), "_to": gettext_lazy("Fläche bis (m²)")}
        return {
            self.name + p: forms.IntegerField(label=label, required=False, min_value=1, max_value=self.highest)
            for p, label in labels.items()
        }

    def from_form(self, cleaned: Mapping[str, Any]) -> Any:
        return self.read([cleaned.get(n) for n in self.field_names])

    def to_form(self, value: Any) -> dict[str, Any]:
        return dict(zip(self.field_names, value, strict=True))

    def read(self, value: Any) -> Any:
        if not value or (isinstance(value, list | tuple) and not any(value)):
            return None
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise self.refuse(value)
        low, high = (_whole(self, v, 1, self.highest) for v in value)
        if low is not None and high is not None and low > high:
            raise ValidationError(_("Die Fläche „von“ ({low} m²) ist größer als „bis“ ({high} m²).").format(low=low, high=high))
        return [low, high]

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        low, high = value
        return self._wish(Kind.SPAN, importance, low or 0, 2**31 - 1 if high is None else high)

    def say(self, value: Any) -> str:
        low, high = ("" if v is None else figure(v) for v in value)
        if low and high:
            return _("{low} bis {high} m²").format(low=low, high=high)
        return _("ab {low} m²").format(low=low) if low else _("bis {high} m²").format(high=high)

    def tell(self, vacancy: PublicVacancy) -> str:
        if vacancy.usable_m2 is None:
            return ""
        least = vacancy.smallest_divisible_m2
        part = ", " + _("teilbar ab {n} m²").format(n=figure(least)) if least else ""
        return f"{figure(vacancy.usable_m2)}\u00a0m²{part}"

    def to_filter(self, value: Any) -> str:
        return "-".join("" if v is None else str(v) for v in value)

    def from_filter(self, value: Any) -> Any:
        return list(value)


@dataclass(frozen=True, kw_only=True)
class Budget(Need):
    """Rent in cents per m² and month, or a price in €: what the seeker can pay at most. Only public prices are known."""

    parts: ClassVar[tuple[str, ...]] = ("_rent", "_price")
    highest_price: int = 50_000_000

    def fields(self) -> dict[str, forms.Field]:
        rent = forms.DecimalField(
            label=gettext_lazy("Miete höchstens (€ je m² und Monat)"),
            required=False,
            min_value=0,
            max_value=1000,
            decimal_places=2,
            help_text=self.help,
        )
        price = forms.IntegerField(label=gettext_lazy("Kaufpreis höchstens (€)"), required=False, min_value=1, max_value=self.highest_price)
        return {f"{self.name}_rent": rent, f"{self.name}_price": price}

    def from_form(self, cleaned: Mapping[str, Any]) -> Any:
        rent, price = (cleaned.get(n) for n in self.field_names)
        return self.read([None if rent is None else int(rent * 100), price])

    def to_form(self, value: Any) -> dict[str, Any]:
        rent, price = value
        return {f"{self.name}_rent": None if rent is None else f"{rent / 100:.2f}", f"{self.name}_price": price}

    def read(self, value: Any) -> Any:
        if not value or (isinstance(value, list | tuple) and all(v is None for v in value)):
            return None
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise self.refuse(value)
        return [_whole(self, value[0], 0, 100_000), _whole(self, value[1], 1, self.highest_price)]

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        rent, price = (MISSING if v is None else v for v in value)
        return self._wish(Kind.PRICE, importance, rent, price)

    def say(self, value: Any) -> str:
        rent, price = value
        said = []
        if rent is not None:
            said.append(_("Miete bis {rent} €/m²").format(rent=brief(rent / 100, 2)))
        if price is not None:
            said.append(_("Kaufpreis bis {price} €").format(price=figure(price)))
        return _(" oder ").join(said)

    def tell(self, vacancy: PublicVacancy) -> str:
        rent = "" if vacancy.rent_eur_m2 is None else _("Miete {rent} €/m²").format(rent=brief(float(vacancy.rent_eur_m2), 2))
        price = "" if vacancy.price_eur is None else _("Kaufpreis {price} €").format(price=figure(vacancy.price_eur))
        return ", ".join(filter(None, (rent, price)))


@dataclass(frozen=True, kw_only=True)
class By(Need):
    """To be had on a day."""

    def fields(self) -> dict[str, forms.Field]:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return {self.name: forms.DateField(label=self.question or self.label, help_text=self.help, required=False, widget=widget)}

    def read(self, value: Any) -> Any:
        if not value:
            return None
        try:
            day = value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.refuse(value) from None
        if not 2000 <= day.year <= 2100:
            raise self.refuse(day.isoformat())
        return day.isoformat()

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        return self._wish(Kind.AT_MOST, importance, (datetime.date.fromisoformat(value) - EPOCH).days)

    def say(self, value: Any) -> str:
        return _("verfügbar bis {day}").format(day=formats.date_format(datetime.date.fromisoformat(value), "DATE_FORMAT"))

    def tell(self, vacancy: PublicVacancy) -> str:
        return formats.date_format(vacancy.available_from, "DATE_FORMAT") if vacancy.available_from else ""


def _whole(need: Need, value: Any, low: int, high: int) -> int | None:
    """Return a whole number within limits, None for none."""
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        allowed = _("erlaubt sind ganze Zahlen von {low} bis {high}").format(low=figure(low), high=figure(high))
        raise ValidationError(f"{need.label}: „{str(value)[:30]}“; {allowed}")
    return value


def option_labels(criterion: str) -> Callable[[], Iterable[tuple[str, Words]]]:
    """Return the options of a criterion of the map's filter, without "unknown"."""
    return lambda: [(k, v) for k, v in VacancyFilter.criterion(criterion).options() if k not in ("unknown", "open")]  # type: ignore[attr-defined]
