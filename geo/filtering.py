"""`FilterSet`: a list of criteria asked together.

A `FilterSet` lists its criteria once. Several values of one criterion are alternatives (OR), several criteria narrow
each other (AND). An invalid value is an error that names parameter, value and what is allowed; never "everything".
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q
from django.utils.translation import gettext as _

from geo import time_criteria
from geo.criteria import Criterion, Text_
from geo.errors import InvalidParameter, InvalidParameters
from geo.figures import figure

LONGEST_KEPT = 1000  # characters of a search that is kept with what somebody ordered


@dataclass(frozen=True)
class FilterSet:
    """A set of criteria with values; subclasses list `criteria` and `subject`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    criteria: ClassVar[tuple[Criterion, ...]] = ()
    subject: ClassVar[Text_] = ""

    @classmethod
    def criterion(cls, name: str) -> Criterion:
        return next(c for c in cls.criteria if c.name == name)

    @classmethod
    def parse(cls, given: str | Mapping[str, Any], ignore: Iterable[str] = ()) -> FilterSet:
        """Return the filter a query string or mapping of parameters asks for.

        Parameters
        ----------
        given : str or mapping
            `"town_size=rural&transit=C"`, a Django QueryDict, or a mapping of names to a value or a list.
        ignore : iterable of str
            Parameters that belong to the page (sorting, paging), not to the filter.

        Raises
        ------
        InvalidParameters
            With one entry for each parameter that is unknown or has a value that is not allowed.
        """
        raw: dict[str, list[str]] = {}
        if isinstance(given, str):
            for name, value in parse_qsl(given.lstrip("?"), keep_blank_values=True):
                raw.setdefault(name, []).append(value)
        elif hasattr(given, "lists"):
            raw = {name: list(values) for name, values in given.lists()}
        else:
            for name, value in given.items():
                items = value if isinstance(value, list | tuple | set) else [value]
                raw[name] = ["1" if v is True else "0" if v is False else str(v) for v in items]
        values: dict[str, Any] = {}
        errors: list[InvalidParameter] = []
        known = {c.name: c for c in cls.criteria}
        for name in sorted(raw.keys() - known.keys() - set(ignore)):
            allowed = _("unbekannter Parameter; bekannt sind: {names}").format(names=", ".join(known))
            errors.append(InvalidParameter(name[:60], ", ".join(raw[name])[:60], allowed))
        for criterion in cls.criteria:
            given_values = [v for v in raw.get(criterion.name, []) if v.strip()]
            if not given_values:
                continue
            try:
                value = criterion.parse(given_values)
            except InvalidParameter as error:
                errors.append(error)
            else:
                if value is not None and value != ():
                    values[criterion.name] = value
        if errors:
            raise InvalidParameters(errors)
        return cls(values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def active(self) -> list[tuple[Criterion, Any]]:
        """Return the criteria that are set, in the order of the list."""
        return [(c, self.values[c.name]) for c in self.criteria if c.name in self.values]

    def q(self, day: datetime.date | None = None) -> Q:
        """Return the condition for the public queryset; of an earlier day's rows, as it was then."""
        condition = Q()
        for criterion, value in self.active():
            condition &= (criterion.seen_from(day) if day else criterion).q(value)
        return condition

    def dump(self) -> list[tuple[str, str]]:
        """Return name/value pairs in a fixed order."""
        return [(c.name, text) for c, value in self.active() for text in c.dump(value)]

    def query_string(self) -> str:
        """Return the pairs as a query string; `parse(f.query_string()) == f`."""
        return urlencode(self.dump(), safe=",;:-")

    def to_keep(self) -> str:
        """Return the query string as it is kept with what somebody ordered.

        Raises
        ------
        InvalidParameter
            Where it is too long for that; names the criterion that makes it long.
        """
        text = self.query_string()
        if len(text) > LONGEST_KEPT:
            long: dict[str, list[str]] = {}
            for name, value in self.dump():
                long.setdefault(name, []).append(value)
            name, values = max(long.items(), key=lambda asked: len("".join(asked[1])))
            allowed = _("weniger davon; als Suche behalten wir höchstens {most} Zeichen, diese hat {n}")
            raise InvalidParameter(name, f"{','.join(values)[:60]}…", allowed.format(most=figure(LONGEST_KEPT), n=figure(len(text))))
        return text

    def without(self, *names: str) -> FilterSet:
        """Return the filter without the named criteria."""
        return type(self)({k: v for k, v in self.values.items() if k not in names})

    def choosing(self, **values: tuple[str, ...]) -> FilterSet:
        """Return the filter with these values of choices in the place of what is set; `()` asks for none."""
        return type(self)({k: v for k, v in (dict(self.values) | values).items() if v != ()})

    def toggled(self, name: str, value: str) -> FilterSet:
        """Return the filter with a value of a choice added to those that are set, or dropped where it is one of them."""
        set_now = self.values.get(name, ())
        known = [key for key, _label in self.criterion(name).options()]  # type: ignore[attr-defined]
        return self.choosing(**{name: tuple(k for k in known if (k in set_now) != (k == value))})

    @property
    def counted_from(self) -> str:
        """The day where the answer may change overnight although no row does, else ''; belongs to the name of whatever is kept of it."""
        return str(time_criteria.today()) if any(c.kind == "months" for c, _value in self.active()) else ""

    def sentence(self) -> str:
        """Return the filter as a person would say it: the subject, where, then the rest in the order of the list."""
        said = sorted(self.active(), key=lambda pair: not pair[0].where)
        if not said:
            return str(self.subject)
        (first, value), *others = said
        return ", ".join([first.begin(str(self.subject), value), *(c.describe(v) for c, v in others)])

    def chips(self) -> list[dict[str, str]]:
        """Return one entry per set criterion: its phrase and the query string that drops it."""
        return [{"name": c.name, "text": c.describe(v), "without": self.without(c.name).query_string()} for c, v in self.active()]

    @classmethod
    def schema(cls) -> list[dict[str, Any]]:
        """Return the description of every criterion."""
        return [c.schema() for c in cls.criteria]
