"""`Collection`: the one declaration of a public layer. Pages, files, frames and services are made from it and from nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import GeometryField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Min
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from geo.errors import InvalidParameter, InvalidParameters
from geo.filtering import FilterSet
from geo.scope import NOWHERE, Scope
from geo.time_criteria import Day
from layers.publish.style import Style

Text_ = str | Promise
AS_OF = Day(name="as_of", label="", column="", phrase="")  # the parameter of a file's address that asks for a day


@dataclass(frozen=True)
class Field:
    """A column of a layer: its name in files and services, its label and unit, and how its values look.

    Parameters
    ----------
    kind : str
        text, number (whole), decimal, flag, date, list (of texts), object (JSON).
    choices : tuple of pairs
        Allowed values with their labels, where the column has a list.
    description : str
        A sentence for those who read the column without the page.
    """

    name: str
    label: Text_
    kind: str
    unit: str = ""
    description: Text_ = ""
    choices: tuple[tuple[str, Text_], ...] = ()


@dataclass(frozen=True)
class SnapshotPlan:
    """What the map's file of columns holds first: the columns of these criteria, and further flags; those of all others follow."""

    first: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """A public layer.

    Parameters
    ----------
    name : str
        Stable identifier in addresses, services and files: small letters and `_`.
    model : type
        The model over the public view; what that does not hold does not exist for anybody outside.
    filter : type
        The `FilterSet` that asks it.
    fields : tuple of Field
        Columns in order; the first is the key.
    geometry : str
        Name of the geometry column (storage CRS).
    datasets : tuple of str
        Keys of the project's own data sets whose attribution every output carries.
    loaded : callable
        Returns the keys of further ones that only the database knows: what an operator has loaded.
    note : str
        A sentence that every output carries.
    run : callable
        Returns source, day, window and method of the figures that are computed; empty where none are.
    style : Style
        How it is drawn everywhere.
    group : str
        The heading under which programs list it.
    scale : (int, int)
        Denominators between which it is drawn: the largest and the smallest scale; 0 = no limit.
    defaults : mapping
        Parameters that hold when they are not given.
    stamp : callable
        Returns a text that changes whenever the public rows may have changed; it may see everything and is never shown.
    hides : bool
        Whether rows exist that those who ask do not see.
    permission : str
        What a person must have to see the layer; empty: everybody sees it.
    page_parameters : tuple of str
        What the addresses of its page carry besides the filter (sorting, paging); its files pass over them.
    snapshot : SnapshotPlan
        What the map loads at once, for layers of points that it filters in the browser; None: no snapshot is made.
    topic, theme : str
        ISO 19115 topic category and INSPIRE theme of the metadata.
    past : type
        The model over the view of earlier states, where the layer keeps them: the columns of `model`, `shown_from` and
        `shown_until` (the first day it no longer held).
    past_note : str
        A sentence that rows of an earlier day carry.
    day : date
        The day whose rows are meant; None is now.
    """

    name: str
    title: Text_
    description: Text_
    model: type[models.Model]
    filter: type[FilterSet]
    fields: tuple[Field, ...]
    geometry: str
    datasets: tuple[str, ...]
    style: Style
    group: Text_
    stamp: Callable[[], str]
    note: Text_ = ""
    loaded: Callable[[], Iterable[str]] = tuple
    run: Callable[[], Mapping[str, str]] = dict
    keywords: tuple[str, ...] = ()
    scale: tuple[int, int] = (0, 0)
    defaults: Mapping[str, str] = field(default_factory=dict)
    hides: bool = False
    permission: str = ""
    page_parameters: tuple[str, ...] = ()
    snapshot: SnapshotPlan | None = None
    topic: str = "planningCadastre"
    theme: str = ""
    past: type[models.Model] | None = None
    past_note: Text_ = ""
    day: datetime.date | None = None

    @property
    def key(self) -> str:
        return self.fields[0].name

    @property
    def view(self) -> str:
        """Name of the view in the database."""
        return self.model._meta.db_table

    @property
    def geometry_type(self) -> str:
        """Point, Polygon or MultiPolygon."""
        column = self.model._meta.get_field(self.geometry)
        assert isinstance(column, GeometryField)
        return {"POINT": "Point", "POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon"}[column.geom_type]

    @property
    def source_keys(self) -> tuple[str, ...]:
        return (*self.datasets, *self.loaded())

    def as_asked(self, given: Mapping[str, Any]) -> Collection:
        """Return the layer on the day that the parameter `as_of` asks for; itself where none is asked for.

        Raises
        ------
        InvalidParameters
            When `as_of` is no day, lies in the future or before the history of what is public begins.
        """
        asked = given.getlist("as_of") if hasattr(given, "getlist") else given.get("as_of", [])
        texts = [text for text in ([asked] if isinstance(asked, str) else asked) if text.strip()]
        if self.past is None or not texts:
            return self
        today = datetime.date.today()
        first = min(self.past._default_manager.aggregate(first=Min("shown_from"))["first"] or today, today)
        try:
            day = AS_OF.parse(texts)
        except InvalidParameter as error:
            raise InvalidParameters([error]) from None
        if not first <= day <= today:
            allowed = _("ein Tag von {first} bis heute, {today}").format(first=first, today=today)
            raise InvalidParameters([InvalidParameter("as_of", str(day), allowed)])
        return replace(self, day=day)

    @property
    def rows_note(self) -> str:
        """The sentences that the rows carry."""
        return " ".join(str(text) for text in (self.note, self.past_note if self.day else "") if text)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Parameters of the addresses of its page and its files that are not the filter's."""
        return (*self.page_parameters, "as_of") if self.past else self.page_parameters

    def rows(self) -> models.QuerySet[Any]:
        """Return every public row; of a day, every row that was public at its end and still is."""
        if self.day is None or self.past is None:
            return self.model._default_manager.all()
        return self.past._default_manager.filter(shown_from__lte=self.day, shown_until__gt=self.day)

    def parse(self, given: str | Mapping[str, Any], ignore: Iterable[str] = ()) -> FilterSet:
        """Return the filter that parameters ask for, with the layer's defaults; raises `InvalidParameters`."""
        wanted = self.filter.parse(given, ignore=ignore)
        missing = {name: value for name, value in self.defaults.items() if name not in wanted.values}
        try:
            return self.filter({**self.filter.parse(missing).values, **wanted.values}) if missing else wanted
        except InvalidParameters:
            return wanted  # what the default names is not there, and so no rows of it: nothing is computed yet

    def matching(self, wanted: FilterSet) -> models.QuerySet[Any]:
        """Return the public rows that meet the filter; of a day, as it was asked on that day."""
        return self.rows().filter(wanted.q(self.day))


KINDS: tuple[tuple[type[models.Field], str], ...] = (
    (models.JSONField, "object"),
    (ArrayField, "list"),
    (models.BooleanField, "flag"),
    (models.DateField, "date"),
    (models.DecimalField, "decimal"),
    (models.IntegerField, "number"),
    (models.TextField, "text"),
    (models.CharField, "text"),
)


def fields_of(model: type[models.Model], *names: str) -> tuple[Field, ...]:
    """Return columns of a model as fields, labelled as the model labels them; without names all but geometries, the key first."""
    if not names:
        columns = [f for f in model._meta.concrete_fields if not isinstance(f, GeometryField)]
        names = tuple(f.name for f in sorted(columns, key=lambda f: not f.primary_key))
    made = []
    for name in names:
        column = model._meta.get_field(name)
        label = column.verbose_name  # type: ignore[union-attr]
        kind = next(kind for type_, kind in KINDS if isinstance(column, type_))
        unit = str(label).partition(" in ")[2].split(" ")[0] if kind in ("number", "decimal") else ""
        listed = column.base_field.choices if isinstance(column, ArrayField) else column.choices  # type: ignore[union-attr]
        made.append(Field(name, label, kind, unit, "", tuple(listed or ())))
    return tuple(made)


@cache
def _declared(paths: tuple[str, ...]) -> tuple[Collection, ...]:
    return tuple(c for path in paths for c in import_string(path))


_offered: ContextVar[tuple[Collection, ...] | None] = ContextVar("offered", default=None)
_scope: ContextVar[Scope] = ContextVar("scope", default=NOWHERE)


def collections() -> tuple[Collection, ...]:
    """Return the layers on offer: every public one in the order of the settings, unless others are offered to a person."""
    offered = _offered.get()
    return _declared(tuple(settings.PUBLISHED)) if offered is None else offered


@contextmanager
def offering(layers: tuple[Collection, ...], seen: Scope = NOWHERE) -> Iterator[None]:
    """Offer other layers than the public ones in here, and ask the database as the role that may read them.

    Of the register that role reads the rows in `seen`; if it is not given, none.
    """
    before, seen_before = _offered.set(layers), _scope.set(seen)
    try:
        yield
    finally:
        _offered.reset(before)
        _scope.reset(seen_before)


def is_internal() -> bool:
    """Whether layers are on offer that are not for the public."""
    return _offered.get() is not None


def scope() -> Scope:
    """Return whose rows of the layers on offer are seen in here; it means nothing where they are public."""
    return _scope.get()


def internal_collections() -> tuple[Collection, ...]:
    """Return the layers that are not for the public; each names the permission it needs."""
    return _declared(tuple(settings.INTERNAL))


def collection(name: str) -> Collection:
    """Return one layer on offer; raises `InvalidParameter` naming those there are."""
    found = next((c for c in collections() if c.name == name), None)
    if found is None:
        raise InvalidParameter("layer", name[:60], ", ".join(c.name for c in collections()))
    return found
