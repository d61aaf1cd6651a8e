"""Search criteria: each knows how to be parsed, asked, written back, read aloud and described.

A `FilterSet` lists its criteria once. Several values of one criterion are alternatives (OR), several criteria narrow
each other (AND). An invalid value is an error that names parameter, value and what is allowed; never "everything".
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from django.contrib.gis.geos import GEOSGeometry, Point, Polygon
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from geo import crs
from geo.errors import InvalidParameter, InvalidParameters

Text_ = str | Promise
Options = Callable[[], Iterable[tuple[str, Text_]]]
MAX_VERTICES = 500


@dataclass(frozen=True, kw_only=True)
class Criterion:
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
        How the criterion is read aloud; `{value}` stands for the value.
    group : str
        Part of the form it belongs to.
    """

    name: str
    label: Text_
    column: str
    phrase: Text_
    group: str = "more"
    help: Text_ = ""
    kind: ClassVar[str] = ""

    def parse(self, raw: list[str]) -> Any:
        """Return the value for the given strings, or raise `InvalidParameter`."""
        raise NotImplementedError(self.kind)  # pragma: no cover - abstract

    def q(self, value: Any) -> Q:
        """Return the condition for the database."""
        raise NotImplementedError(self.kind)  # pragma: no cover - abstract

    def dump(self, value: Any) -> list[str]:
        """Return the strings that `parse` turns into the same value again."""
        return [str(value)]

    def spoken(self, value: Any) -> str:
        """Return the value as a person says it."""
        return str(value)

    def describe(self, value: Any) -> str:
        """Return the criterion with its value as a phrase."""
        return str(self.phrase).format(value=self.spoken(value))

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
    """One or more of a list; `column` holds one value, or an array of them with `array=True`."""

    options: Options
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

    def spoken(self, value: tuple[str, ...]) -> str:
        labels = dict(self.options())
        return _(" oder ").join(str(labels[v]) for v in value)

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
        return super().parse([self.single(raw)])

    def q(self, value: tuple[str, ...]) -> Q:
        ranked = [key for key, _label in self.options()]
        return Q(**{f"{self.column}__in": ranked[: ranked.index(value[0]) + 1]})


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
    """A whole number with a unit and limits; asked by `lookup` (lte: at most, gte: at least)."""

    lookup: str
    unit: Text_ = ""
    lowest: int = 0
    highest: int = 1_000_000
    kind: ClassVar[str] = "number"

    def number(self, text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not self.lowest <= int(text) <= self.highest:
            allowed = _("eine ganze Zahl von {low} bis {high}").format(low=self.lowest, high=self.highest)
            raise self.refuse(text, f"{allowed} {self.unit}".strip())
        return int(text)

    def parse(self, raw: list[str]) -> int:
        return self.number(self.single(raw))

    def q(self, value: int) -> Q:
        return Q(**{f"{self.column}__{self.lookup}": value})

    def spoken(self, value: int) -> str:
        return f"{value:,}".replace(",", "\u202f") + (f"\u00a0{self.unit}" if self.unit else "")

    def schema(self) -> dict[str, Any]:
        return super().schema() | {
            "unit": str(self.unit),
            "lowest": self.lowest,
            "highest": self.highest,
            "lookup": self.lookup,
        }


@dataclass(frozen=True, kw_only=True)
class Months(Number):
    """A number of months before today: `lte` asks for dates at least so long ago, `gte` for later ones."""

    highest: int = 1200
    kind: ClassVar[str] = "months"

    def q(self, value: int) -> Q:
        today = datetime.date.today()
        months = today.year * 12 + today.month - 1 - value
        year, month = divmod(months, 12)
        day = min(today.day, 28)
        return Q(**{f"{self.column}__{self.lookup}": datetime.date(max(year, 1), month + 1, day)})


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
        if low is None:
            return _("bis {high} {unit}").format(high=high, unit=self.unit)
        if high is None:
            return _("ab {low} {unit}").format(low=low, unit=self.unit)
        return _("{low} bis {high} {unit}").format(low=low, high=high, unit=self.unit)


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

    def q(self, value: str) -> Q:
        query = SearchQuery(value, config="german", search_type="websearch")
        condition = Q(**{f"{self.column}__search": query}) | Q(**{f"{self.column}__icontains": value})
        for column in self.also:
            condition |= Q(**{f"{column}__icontains": value}) | Q(**{f"{column}__trigram_similar": value})
        return condition


def _lonlat(criterion: Criterion, parts: list[str], whole: str, example: str) -> list[float]:
    try:
        numbers = [float(p) for p in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(math.isfinite(n) and abs(n) <= 1_000_000 for n in numbers):
        raise criterion.refuse(whole[:60], _("Zahlen wie {example}").format(example=example))
    return numbers


def _check_lonlat(criterion: Criterion, lon: float, lat: float, whole: str) -> None:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise criterion.refuse(whole[:60], _("Länge von -180 bis 180 und Breite von -90 bis 90, zuerst die Länge"))


def _stored(geometry: GEOSGeometry) -> GEOSGeometry:
    geometry.transform(crs.STORAGE)
    return geometry


def _short(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True)
class Near(Criterion):
    """Within so many metres of a point: `lon,lat,metres`."""

    highest: int = 100_000
    kind: ClassVar[str] = "near"
    example: ClassVar[str] = "13.06,52.40,5000"

    def parse(self, raw: list[str]) -> tuple[float, float, int]:
        text = self.single(raw)
        numbers = _lonlat(self, text.split(","), text, self.example)
        if len(numbers) != 3 or not 1 <= numbers[2] <= self.highest:
            raise self.refuse(
                text[:60], _("Länge,Breite,Meter (1 bis {high}), zum Beispiel {example}").format(high=self.highest, example=self.example)
            )
        lon, lat, metres = numbers
        _check_lonlat(self, lon, lat, text)
        return round(lon, 6), round(lat, 6), int(metres)

    def q(self, value: tuple[float, float, int]) -> Q:
        lon, lat, metres = value
        return Q(**{f"{self.column}__dwithin": (_stored(Point(lon, lat, srid=crs.WEB)), metres)})

    def dump(self, value: tuple[float, float, int]) -> list[str]:
        return [f"{_short(value[0])},{_short(value[1])},{value[2]}"]

    def spoken(self, value: tuple[float, float, int]) -> str:
        return _("{km} km um {lat} N, {lon} O").format(km=_short(value[2] / 1000), lat=_short(value[1]), lon=_short(value[0]))


@dataclass(frozen=True, kw_only=True)
class BBox(Criterion):
    """Within a box: `min_lon,min_lat,max_lon,max_lat`; edges are densified before they are transformed."""

    kind: ClassVar[str] = "bbox"
    example: ClassVar[str] = "12.9,52.3,13.2,52.5"

    def parse(self, raw: list[str]) -> tuple[float, float, float, float]:
        text = self.single(raw)
        numbers = _lonlat(self, text.split(","), text, self.example)
        if len(numbers) != 4:
            raise self.refuse(text[:60], _("West,Süd,Ost,Nord, zum Beispiel {example}").format(example=self.example))
        west, south, east, north = (round(n, 6) for n in numbers)
        for lon, lat in ((west, south), (east, north)):
            _check_lonlat(self, lon, lat, text)
        if west >= east or south >= north:
            raise self.refuse(text[:60], _("West muss kleiner als Ost sein und Süd kleiner als Nord"))
        return west, south, east, north

    def q(self, value: tuple[float, float, float, float]) -> Q:
        west, south, east, north = value
        # Brandenburg with a wide margin: a box over half the world cannot be expressed in UTM metres
        west, east = max(west, 5.0), min(east, 25.0)
        south, north = max(south, 45.0), min(north, 60.0)
        if west >= east or south >= north:
            return Q(pk__in=[])
        steps = 16
        xs = [west + (east - west) * i / steps for i in range(steps + 1)]
        ys = [south + (north - south) * i / steps for i in range(steps + 1)]
        ring = [(x, south) for x in xs] + [(east, y) for y in ys[1:]] + [(x, north) for x in xs[-2::-1]]
        ring += [(west, y) for y in ys[-2::-1]]
        return Q(**{f"{self.column}__intersects": _stored(Polygon(ring, srid=crs.WEB))})

    def dump(self, value: tuple[float, float, float, float]) -> list[str]:
        return [",".join(_short(v) for v in value)]

    def spoken(self, value: tuple[float, float, float, float]) -> str:
        return ", ".join(_short(v) for v in value)


@dataclass(frozen=True, kw_only=True)
class Within(Criterion):
    """Within a drawn area: `lon,lat;lon,lat;lon,lat…` (3 to 500 corners, no crossing edges)."""

    kind: ClassVar[str] = "polygon"
    example: ClassVar[str] = "13.0,52.3;13.2,52.3;13.1,52.5"

    def parse(self, raw: list[str]) -> tuple[tuple[float, float], ...]:
        text = self.single(raw)
        pairs = [p.split(",") for p in text.strip(";").split(";")]
        if any(len(p) != 2 for p in pairs) or not 3 <= len(pairs) <= MAX_VERTICES:
            raise self.refuse(
                text[:60], _("3 bis {n} Ecken als Länge,Breite;…, zum Beispiel {example}").format(n=MAX_VERTICES, example=self.example)
            )
        corners = []
        for pair in pairs:
            lon, lat = _lonlat(self, pair, text, self.example)
            _check_lonlat(self, lon, lat, text)
            corners.append((round(lon, 6), round(lat, 6)))
        if corners[0] == corners[-1]:
            corners.pop()
        if len(set(corners)) < 3 or not Polygon([*corners, corners[0]]).valid:
            raise self.refuse(text[:60], _("ein Gebiet, dessen Ränder sich nicht kreuzen"))
        return tuple(corners)

    def q(self, value: tuple[tuple[float, float], ...]) -> Q:
        return Q(**{f"{self.column}__intersects": _stored(Polygon([*value, value[0]], srid=crs.WEB))})

    def dump(self, value: tuple[tuple[float, float], ...]) -> list[str]:
        return [";".join(f"{_short(x)},{_short(y)}" for x, y in value)]

    def spoken(self, value: tuple[tuple[float, float], ...]) -> str:
        return _("Gebiet mit {n} Ecken").format(n=len(value))


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
        for name in raw.keys() - known.keys() - set(ignore):
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

    def q(self) -> Q:
        """Return the condition for the public queryset."""
        condition = Q()
        for criterion, value in self.active():
            condition &= criterion.q(value)
        return condition

    def dump(self) -> list[tuple[str, str]]:
        """Return name/value pairs in a fixed order."""
        return [(c.name, text) for c, value in self.active() for text in c.dump(value)]

    def query_string(self) -> str:
        """Return the pairs as a query string; `parse(f.query_string()) == f`."""
        return urlencode(self.dump(), safe=",;:-")

    def without(self, *names: str) -> FilterSet:
        """Return the filter without the named criteria."""
        return type(self)({k: v for k, v in self.values.items() if k not in names})

    def sentence(self) -> str:
        """Return the filter as a person would say it."""
        phrases = [c.describe(value) for c, value in self.active()]
        return ", ".join([str(self.subject), *phrases]) if phrases else str(self.subject)

    def chips(self) -> list[dict[str, str]]:
        """Return one entry per set criterion: its phrase and the query string that drops it."""
        return [{"name": c.name, "text": c.describe(v), "without": self.without(c.name).query_string()} for c, v in self.active()]

    @classmethod
    def schema(cls) -> list[dict[str, Any]]:
        """Return the description of every criterion."""
        return [c.schema() for c in cls.criteria]
