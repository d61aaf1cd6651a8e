"""One question to the register and its answer as a page: filter, order, rows, counts. Views only render it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import F
from django.http import QueryDict
from django.utils.translation import gettext as _

from geo.criteria import Choice, Criterion
from geo.errors import InvalidParameter, InvalidParameters
from geo.filtering import FilterSet
from geo.spatial_criteria import BBox, Near, Within
from layers.filters import centres
from layers.publish.snapshot import store
from vacancies.filters import VacancyFilter
from vacancies.models import KEY_ALPHABET, KEY_LENGTH
from vacancies.orders import ORDERS, Mark, Order, nearest
from vacancies.public import PublicVacancy, PublicVacancyQuerySet

PAGE_SIZE = 20
LAYERS = ("classes", "isochrones", "facilities", "showcases", "wir_spaces")  # of the map, beside remote ones
PAGE_PARAMETERS = ("sort", "after", "before", "at", "sel", "view", "surface", "layers")
VIEWS = ("map", "both", "list")
NOT_COUNTED = ("town",)  # four hundred options, chosen by name
SURFACE_MINUTES = 250  # as many as the page's own field takes


def _is_place(text: str) -> bool:
    found = re.fullmatch(r"([0-9.]{1,20})/(-?[0-9.]{1,20})/(-?[0-9.]{1,20})", text)
    try:
        zoom, lat, lon = map(float, found.groups() if found else ())
    except ValueError:
        return False
    return zoom <= 22 and abs(lat) <= 90 and abs(lon) <= 180


def _is_surface(text: str) -> bool:
    found = re.fullmatch(r"([a-z0-9-]{1,60}),([0-9]{1,3}),(?:best|median)", text)
    return found is not None and 1 <= int(found[2]) <= SURFACE_MINUTES and found[1] in dict(centres())


def _is_public(key: str) -> bool:
    return re.fullmatch(f"[{KEY_ALPHABET}]{{{KEY_LENGTH}}}", key) is not None and PublicVacancy.objects.filter(key=key).exists()


# what an address says of how the page is shown: whether it can be, and what is allowed
SHOWN: dict[str, tuple[Callable[[str], Any], Callable[[], str]]] = {
    "view": (VIEWS.__contains__, lambda: _allowed(VIEWS)),
    "at": (_is_place, lambda: _("Zoom/Breite/Länge, zum Beispiel 11/52.9931/11.7505")),
    "sel": (_is_public, lambda: _("die Kennung eines öffentlichen Leerstands; dieser ist es nicht oder nicht mehr")),
    "surface": (_is_surface, lambda: _("Ziel,Minuten,best oder median, zum Beispiel berlin-hbf,60,best; höchstens 250 Minuten")),
    "layers": (
        lambda text: all(name in LAYERS or re.fullmatch(r"remote\.[\w.-]{1,64}", name, re.ASCII) for name in text.split(",")),
        lambda: _allowed((*LAYERS, "remote.…")),
    ),
}


@dataclass
class Listing:
    """The answer to one query string.

    Raises `InvalidParameters` for every parameter that is unknown or not allowed; never shows "everything" instead.
    """

    wanted: VacancyFilter
    order: Order
    after: Mark | None = None
    before: Mark | None = None
    view: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def ask(cls, given: QueryDict) -> Listing:
        """Read the whole state from a query string."""
        errors: list[InvalidParameter] = []
        wanted = VacancyFilter()
        try:
            wanted = VacancyFilter.parse(given, ignore=PAGE_PARAMETERS)
        except InvalidParameters as error:
            errors += error.errors
        order = next((o for o in ORDERS if o.name == given.get("sort", "newest")), None)
        if order is None:
            errors.append(InvalidParameter("sort", given["sort"][:60], _allowed(o.name for o in ORDERS)))
        for name, (fits, allowed) in SHOWN.items():
            if given.get(name) and not fits(given[name]):
                errors.append(InvalidParameter(name, given[name][:60], allowed()))
        cursors: dict[str, Mark | None] = {}
        for name in ("after", "before"):
            try:
                cursors[name] = _read_cursor(name, given.get(name, ""), order) if order else None
            except InvalidParameter as error:
                errors.append(error)
        if errors or order is None:
            raise InvalidParameters(errors)
        extra = {n: given[n] for n in ("sort", "view") if given.get(n)}
        return cls(wanted, order, cursors["after"], cursors["before"], given.get("view", ""), extra)  # type: ignore[arg-type]

    @cached_property
    def matches(self) -> PublicVacancyQuerySet:
        return PublicVacancy.objects.matching(self.wanted)

    @cached_property
    def snapshot(self) -> store.Snapshot:
        """The public rows as the map has them."""
        from vacancies.published import VACANCIES  # which reads what belongs to the page from here

        return store.current(VACANCIES)

    @cached_property
    def _counts(self) -> tuple[int, dict[str, dict[str, int]]]:
        facets = [c for c in VacancyFilter.criteria if isinstance(c, Choice) and c.name not in NOT_COUNTED]
        return self.snapshot.counter.hits_by_option(self.wanted, facets)

    @property
    def total(self) -> int:
        return self._counts[0]

    def _beyond(self, mark: Mark | None, length: int, backwards: bool = False) -> list[PublicVacancy]:
        """Return the first rows after a mark, or before it the nearest first; each carries its `place_in_order`.

        The snapshot's columns say which they are, the database what they are.
        """
        found = self.snapshot
        hits = found.counter.rows(self.wanted)
        after = (self.order.rank(found.table, mark[0]), mark[1].encode()) if mark else None
        first = hits[nearest(self.order.ranks(found.table)[hits], found.keys[hits], length, after, backwards)]
        rows = self.matches.filter(key__in=[key.decode() for key in found.keys[first]]).annotate(place_in_order=self.order.expression)
        place = F("place_in_order")
        ordered = rows.order_by(place.desc() if self.order.descending != backwards else place.asc(), "-key" if backwards else "key")
        return list(ordered[:length])

    def first(self, length: int) -> list[PublicVacancy]:
        """Return the first of all hits in their order, whatever the page."""
        return self._beyond(None, length)

    @cached_property
    def _page(self) -> tuple[list[PublicVacancy], bool, bool]:
        """Rows of the page, and whether rows come before and after it; where nothing lies beyond the mark, the page at that end."""
        backwards, mark = self.before is not None, self.before or self.after
        found = self._beyond(mark, PAGE_SIZE + 1, backwards)
        if mark and not found:
            backwards, mark = not backwards, None
            found = self._beyond(mark, PAGE_SIZE + 1, backwards)
        more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
        return (found[::-1], more, mark is not None) if backwards else (found, mark is not None, more)

    @property
    def rows(self) -> list[PublicVacancy]:
        return self._page[0]

    def link_to(self, wanted: FilterSet, **more: str) -> str:
        """Query string of another filter in the order and view of this page."""
        pairs = [*wanted.dump(), *(self.extra | more).items()]
        query = QueryDict(mutable=True)
        for name, value in pairs:
            query.appendlist(name, value)
        return "?" + query.urlencode(safe=",;:-")

    @property
    def previous(self) -> str:
        """Query string of the page before, or ''."""
        return self.link_to(self.wanted, before=_write_cursor(self.rows[0])) if self.rows and self._page[1] else ""

    @property
    def following(self) -> str:
        """Query string of the page after, or ''."""
        return self.link_to(self.wanted, after=_write_cursor(self.rows[-1])) if self.rows and self._page[2] else ""

    @property
    def here(self) -> str:
        """Query string of the filter alone, with its question mark, or ''."""
        text = self.wanted.query_string()
        return f"?{text}" if text else ""

    @property
    def here_sorted(self) -> str:
        """Query string of filter and order, with its question mark, or ''."""
        sort = f"sort={self.extra['sort']}" if "sort" in self.extra else ""
        query = "&".join(filter(None, (self.wanted.query_string(), sort)))
        return f"?{query}" if query else ""

    def chips(self) -> list[dict[str, str]]:
        """One entry per set criterion, with the link that drops it."""
        suffix = "".join(f"&{n}={v}" for n, v in self.extra.items())
        return [c | {"link": f"?{c['without']}{suffix}".replace("?&", "?")} for c in self.wanted.chips()]

    def remedies(self) -> list[dict[str, Any]]:
        """For an empty result: each criterion with the hits that dropping it brings, most first."""
        found = [c | {"hits": self.snapshot.counter.count(self.wanted.without(c["name"]))} for c in self.chips()]
        return sorted((c for c in found if c["hits"]), key=lambda c: -c["hits"])

    def nearest_outside(self) -> PublicVacancy | None:
        """For an empty result within an area: the nearest that meets all other criteria, measured from the area or the circle's middle."""
        asked = [(c, value) for c, value in self.wanted.active() if isinstance(c, Near | BBox | Within)]
        if not asked:
            return None
        area, value = asked[0]
        place = area.centre(value) if isinstance(area, Near) else area.area(value)
        return PublicVacancy.objects.matching(self.wanted.without(*(c.name for c, _value in asked))).nearest_to(place) if place else None

    @property
    def hits_by_option(self) -> dict[str, dict[str, int]]:
        """For each facet the hits per option, as if that option were added to the other filters."""
        return self._counts[1]

    def hits_by_pair(self, one: str, other: str) -> dict[tuple[str, str], int]:
        """Return the hits per pair of options of two facets, as if both were chosen beside the other filters."""
        pair = (VacancyFilter.criterion(one), VacancyFilter.criterion(other))
        return self.snapshot.counter.tally(self.wanted.without(one, other), *pair)  # type: ignore[arg-type, return-value]

    def form(self) -> list[dict[str, Any]]:
        """Every criterion with its current value and, where it helps to choose, the hits per option."""
        return [_field(c, self.wanted, self.hits_by_option.get(c.name, {})) for c in VacancyFilter.criteria]

    @property
    def open_groups(self) -> set[str]:
        """Groups of the form that hold a set criterion."""
        return {c.group for c, _value in self.wanted.active()}


def _field(criterion: Criterion, wanted: VacancyFilter, hits: Mapping[str, int]) -> dict[str, Any]:
    """Return the schema of a criterion with its value and hits."""
    value = criterion.dump(wanted.values[criterion.name]) if criterion.name in wanted.values else []
    shown: Mapping[str, Any] = criterion.schema()
    if isinstance(criterion, Choice):
        options = [o | {"hits": hits.get(o["value"]), "chosen": o["value"] in value} for o in shown["options"]]
        shown = {**shown, "options": options}
    return {**shown, "text": value[0] if value else "", "is_set": bool(value)}


def _allowed(names: Any) -> str:
    return _("erlaubt: {values}").format(values=", ".join(names))


def _write_cursor(row: PublicVacancy) -> str:
    return f"{row.place_in_order}~{row.key}"  # type: ignore[attr-defined]


def _read_cursor(name: str, text: str, order: Order) -> Mark | None:
    if not text:
        return None
    value, _sep, key = text.rpartition("~")
    try:
        if not key.isalnum() or len(key) > 12 or len(value) > 80 or "\x00" in value:
            raise ValueError
        typed = datetime.date.fromisoformat(value) if order.kind is datetime.date else order.kind(value)
        if order.kind is int and abs(typed) > 2_000_000_000:
            raise ValueError
    except ValueError:
        raise InvalidParameter(name, text[:60], _("die Marke aus einem Link dieser Liste")) from None
    return typed, key
