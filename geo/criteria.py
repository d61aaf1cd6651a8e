"""Kinds of search criteria: each knows how to be parsed, asked, written back, read aloud and described."""

from __future__ import annotations

import datetime
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.errors import InvalidParameter
from geo.figures import figure, minutes

Text_ = str | Promise
Options = Callable[[], Iterable[tuple[str, Text_]]]
Forms = Callable[[], Mapping[str, Text_]]
NAMED = 4  # alternatives that a sentence names one by one
OTHERS: Text_ = gettext_lazy("{n} weitere")


@dataclass(frozen=True, kw_only=True)
class Criterion(ABC):
    """One search criterion.

    Parameters
    ----------
    name : str
        The parameter in every address, command and notebook.
    label : str
        German label (translated).
    column : str
        Column of the public queryset.
    phrase : str
        How the criterion is read aloud; `{value}` stands for the value. Chips show it alone, sentences after a comma.
    opening : str
        How it is read right after the subject ("Leerstände mit …"); empty: the phrase after a comma.
    where : bool
        Whether it says where; that is named first and needs no comma ("Leerstände im Landkreis Prignitz").
    group : str
        Part of the form it belongs to.
    """

    name: str
    label: Text_
    column: str
    phrase: Text_
    opening: Text_ = ""
    where: bool = False
    group: str = "more"
    help: Text_ = ""
    kind: ClassVar[str] = ""

    @abstractmethod
    def parse(self, raw: list[str]) -> Any:
        """Return the value for the given strings, or raise `InvalidParameter`."""

    @abstractmethod
    def q(self, value: Any) -> Q:
        """Return the condition for the database."""

    def alternatives(self, value: Any) -> list[Q]:
        """Return conditions of which a row meets one at least; asked one by one, the database can use an index for each."""
        return [self.q(value)]

    def seen_from(self, _day: datetime.date) -> Criterion:
        """Return the criterion as it is asked of an earlier day's rows."""
        return self

    def dump(self, value: Any) -> list[str]:
        """Return the strings that `parse` turns into the same value again."""
        return [str(value)]

    def spoken(self, value: Any) -> str:
        """Return the value as a person says it."""
        return str(value)

    def describe(self, value: Any) -> str:
        """Return the criterion with its value as a phrase."""
        return str(self.phrase).format(value=self.spoken(value))

    def begin(self, subject: str, value: Any) -> str:
        """Return the beginning of a sentence: the subject and this criterion."""
        opening = self.opening or (self.phrase if self.where else "")
        return f"{subject} {str(opening).format(value=self.spoken(value))}" if opening else f"{subject}, {self.describe(value)}"

    def schema(self) -> dict[str, Any]:
        """Return what a form, a map or a notebook must know."""
        return {
            "name": self.name,
            "kind": self.kind,
            "label": str(self.label),
            "column": self.column,
            "group": self.group,
            "help": str(self.help),
        }

    def refuse(self, value: str, allowed: str) -> InvalidParameter:
        return InvalidParameter(self.name, value, allowed)

    def single(self, raw: list[str]) -> str:
        if len(raw) != 1:
            raise self.refuse(", ".join(raw), _("nur ein Wert erlaubt"))
        return raw[0].strip()


@dataclass(frozen=True, kw_only=True)
class Choice(Criterion):
    """One or more of a list; `column` holds one value, or an array of them with `array=True`.

    Parameters
    ----------
    options : callable
        Returns the values with their labels for the form.
    said : callable
        Returns how a value is said in the phrase, where that is not its label ("Landgemeinde" is said "in Landgemeinden").
        Alternatives within one value are parted by `|`: "Schule|Kita" becomes "Schule, Kita oder Laden" beside a shop.
    more : str
        How the rest of a long enumeration is said; `{n}` stands for their number, two or more.
    """

    options: Options
    said: Forms | None = None
    more: Text_ = OTHERS
    array: bool = False
    kind: ClassVar[str] = "choice"

    def parse(self, raw: list[str]) -> tuple[str, ...]:
        wanted = [v.strip() for item in raw for v in item.split(",") if v.strip()]
        known = [key for key, _label in self.options()]
        for v in wanted:
            if v not in known:
                shown = ", ".join(known) if len(known) <= 30 else _("eine bekannte Kennung")
                raise self.refuse(v, _("erlaubt: {values}").format(values=shown))
        return tuple(k for k in known if k in wanted)

    def q(self, value: tuple[str, ...]) -> Q:
        return Q(**{f"{self.column}__{'overlap' if self.array else 'in'}": list(value)})

    def dump(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def forms(self) -> dict[str, Text_]:
        """Return how each value is said."""
        return dict(self.options()) | dict(self.said() if self.said else {})

    def spoken(self, value: tuple[str, ...]) -> str:
        forms = self.forms()
        named = value if len(value) <= NAMED else value[: NAMED - 1]
        words = [word for v in named for word in str(forms[v]).split("|")]
        if len(named) < len(value):
            words.append(str(self.more).format(n=len(value) - len(named)))
        return _either(words)

    def schema(self) -> dict[str, Any]:
        return super().schema() | {
            "array": self.array,
            "options": [{"value": k, "label": str(v)} for k, v in self.options()],
        }


@dataclass(frozen=True, kw_only=True)
class AtLeastRank(Choice):
    """A place on an ordered list, best first: "C or better"."""

    kind: ClassVar[str] = "rank"

    def parse(self, raw: list[str]) -> tuple[str, ...]:
        found = super().parse([self.single(raw)])
        if len(found) > 1:
            raise self.refuse(raw[0][:60], _("nur ein Wert erlaubt"))
        return found

    def q(self, value: tuple[str, ...]) -> Q:
        ranked = [key for key, _label in self.options()]
        return Q(**{f"{self.column}__in": ranked[: ranked.index(value[0]) + 1]})

    def spoken(self, value: tuple[str, ...]) -> str:
        best = next(key for key, _label in self.options())
        named = super().spoken(value)
        return named if value[0] == best else _("{value} oder besser").format(value=named)


@dataclass(frozen=True, kw_only=True)
class Flag(Criterion):
    """Yes, or not asked."""

    kind: ClassVar[str] = "flag"

    def parse(self, raw: list[str]) -> bool | None:
        text = self.single(raw).lower()
        if text not in {"1", "true", "0", "false"}:
            raise self.refuse(text, _("erlaubt: 1 oder 0"))
        return True if text in {"1", "true"} else None

    def q(self, value: bool) -> Q:
        return Q(**{self.column: True})

    def dump(self, value: bool) -> list[str]:
        return ["1"]

    def spoken(self, value: bool) -> str:
        return _("ja")


@dataclass(frozen=True, kw_only=True)
class Number(Criterion):
    """A whole number with a unit and limits; asked by `lookup` (lte: at most, gte: at least).

    `counted` says the number with what it counts, where that has another form for one; without, the unit stands behind it.
    """

    lookup: str
    unit: Text_ = ""
    counted: Callable[[int], str] | None = None
    lowest: int = 0
    highest: int = 1_000_000
    kind: ClassVar[str] = "number"

    def number(self, text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not self.lowest <= int(text) <= self.highest:
            allowed = _("eine ganze Zahl von {low} bis {high}").format(low=figure(self.lowest), high=figure(self.highest))
            raise self.refuse(text, f"{allowed} {self.unit}".strip())
        return int(text)

    def parse(self, raw: list[str]) -> int:
        return self.number(self.single(raw))

    def q(self, value: int) -> Q:
        return Q(**{f"{self.column}__{self.lookup}": value})

    def spoken(self, value: int) -> str:
        return self.counted(value) if self.counted else figure(value) + (f"\u00a0{self.unit}" if self.unit else "")

    def schema(self) -> dict[str, Any]:
        return super().schema() | {
            "unit": str(self.unit),
            "lowest": self.lowest,
            "highest": self.highest,
            "lookup": self.lookup,
        }


@dataclass(frozen=True, kw_only=True)
class Between(Number):
    """A range `from-to`; either end may be missing (`150-`, `-300`)."""

    lookup: str = "range"
    kind: ClassVar[str] = "range"

    def parse(self, raw: list[str]) -> tuple[int | None, int | None]:
        text = self.single(raw).replace(" ", "")
        match = re.fullmatch(r"(\d*)-(\d*)", text)
        if match is None or text == "-":
            raise self.refuse(text, _("von-bis, zum Beispiel 150-300, 150- oder -300"))
        low, high = (self.number(t) if t else None for t in match.groups())
        if low is not None and high is not None and low > high:
            raise self.refuse(text, _("der erste Wert darf nicht größer sein als der zweite"))
        return low, high

    def q(self, value: tuple[int | None, int | None]) -> Q:
        low, high = value
        wanted = {f"{self.column}__gte": low, f"{self.column}__lte": high}
        return Q(**{k: v for k, v in wanted.items() if v is not None})

    def dump(self, value: tuple[int | None, int | None]) -> list[str]:
        return ["-".join("" if v is None else str(v) for v in value)]

    def spoken(self, value: tuple[int | None, int | None]) -> str:
        low, high = value
        unit = f"\u00a0{self.unit}" if self.unit else ""
        if low is None or high is None:
            phrase, end = (_("bis {value}"), high) if low is None else (_("ab {value}"), low)
            return phrase.format(value=f"{figure(end)}{unit}")  # type: ignore[arg-type]
        if low == high:
            return _("genau {value}").format(value=f"{figure(low)}{unit}")
        return _("{low} bis {high}").format(low=figure(low), high=f"{figure(high)}{unit}")


@dataclass(frozen=True, kw_only=True)
class Text(Criterion):
    """Words: German full text, parts of words, and near misses; `also` names further columns."""

    also: tuple[str, ...] = ()
    kind: ClassVar[str] = "text"

    def parse(self, raw: list[str]) -> str | None:
        text = " ".join(self.single(raw).split())
        if len(text) > 100 or "\x00" in text:
            raise self.refuse(text[:40], _("höchstens 100 Zeichen"))
        return text or None

    def alternatives(self, value: str) -> list[Q]:
        query = SearchQuery(value, config="german", search_type="websearch")
        words = [Q(**{f"{self.column}__search": query}), Q(**{f"{self.column}__icontains": value})]
        return [*words, *(Q(**{f"{c}__icontains": value}) | Q(**{f"{c}__trigram_similar": value}) for c in self.also)]

    def q(self, value: str) -> Q:
        return reduce(or_, self.alternatives(value))


def _either(words: Sequence[str]) -> str:
    """Return alternatives as a person lists them: "A", "A oder B", "A, B oder C"."""
    *others, last = words
    return _(" oder ").join([", ".join(others), last]) if others else last


@dataclass(frozen=True, kw_only=True)
class WithinMinutes(Criterion):
    """Kinds of places, each within so many minutes: `kind:minutes`, several with commas; all of them must be met.

    `column` holds an object {kind: {way: minutes}}.
    """

    options: Options
    way: str = "walk"
    highest: int = 120
    kind: ClassVar[str] = "within"

    def parse(self, raw: list[str]) -> tuple[tuple[str, int], ...]:
        known = [key for key, _label in self.options()]
        found: dict[str, int] = {}
        for part in (p.strip() for item in raw for p in item.split(",") if p.strip()):
            name, _sep, minutes = part.partition(":")
            if name not in known:
                raise self.refuse(part[:60], _("erlaubt: {values}").format(values=", ".join(f"{k}:15" for k in known)))
            if not re.fullmatch(r"\d{1,3}", minutes) or not 1 <= int(minutes) <= self.highest:
                raise self.refuse(part[:60], _("{kind}:Minuten mit 1 bis {high} Minuten").format(kind=name, high=self.highest))
            found[name] = min(int(minutes), found.get(name, self.highest))
        return tuple((k, found[k]) for k in known if k in found)

    def q(self, value: tuple[tuple[str, int], ...]) -> Q:
        wanted = Q()
        for name, n in value:
            wanted &= Q(**{f"{self.column}__{name}__{self.way}__lte": n})
        return wanted

    def dump(self, value: tuple[tuple[str, int], ...]) -> list[str]:
        return [",".join(f"{name}:{n}" for name, n in value)]

    def spoken(self, value: tuple[tuple[str, int], ...]) -> str:
        labels = dict(self.options())
        return _(" und ").join(_("{place} in {time}").format(place=labels[name], time=minutes(n)) for name, n in value)

    def schema(self) -> dict[str, Any]:
        return super().schema() | {"options": [{"value": k, "label": str(v)} for k, v in self.options()], "highest": self.highest}
