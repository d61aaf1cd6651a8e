"""What can be merged: which tables, the columns to choose between, and how a row of each is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from network.contacts.models import ContactPoint
from network.organisations.models import Organisation


@dataclass(frozen=True)
class Mergeable:
    """A table whose rows can be merged.

    Parameters
    ----------
    rows : callable
        The rows that there are to choose between.
    place, page : callable
        Of a row: where it is, to tell it from others of its name; the address of its page.
    fields : tuple of str
        What is chosen between: columns, or properties that stand for those of `along`.
    along : mapping
        Columns that go with a choice.
    first : tuple of str
        Moments of which the earlier one stays, whichever row it is of.
    desk : str
        The desk's list in which its rows are tasks.
    """

    model: type[Any]
    rows: Callable[[], QuerySet[Any]]
    place: Callable[[Any], str]
    page: Callable[[Any], str]
    fields: tuple[str, ...]
    along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    desk: str = ""

    def is_column(self, name: str) -> bool:
        return name in {f.name for f in self.model._meta.get_fields()}

    def columns_of(self, name: str) -> tuple[str, ...]:
        """Return the columns that a choice decides on."""
        return ((name,) if self.is_column(name) else ()) + self.along.get(name, ())

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are chosen."""
        return tuple(column for name in self.fields for column in self.columns_of(name))

    def label(self, name: str) -> str:
        return str(self.model._meta.get_field(name).verbose_name if self.is_column(name) else LABELS[name])

    def told(self, row: Any) -> str:
        """Return what a row is called, with its place."""
        place = self.place(row)
        return f"{row} ({place})" if place else str(row)


LABELS = {"wide_area": _("Gebiet, wo es nicht einzelne Gemeinden sind")}
KINDS = {
    "organisation": Mergeable(
        Organisation,
        rows=lambda: Organisation.objects.select_related("municipality").defer("municipality__geom"),
        place=lambda o: str(o.municipality or ""),
        page=lambda o: o.get_absolute_url(),
        fields=("name", "kind", "municipality", "url", "offers", "seeks", "is_verified", "visibility"),
        desk="organisationen-pruefen",
    ),
    "contact": Mergeable(
        ContactPoint,
        rows=lambda: ContactPoint.objects.all().listed().order_by("name", "pk"),
        place=lambda c: c.area,
        page=lambda c: reverse("contact_change", args=[c.key]),
        fields=(
            "name",
            "function",
            "topics",
            "wide_area",
            "organisation",
            "mailbox",
            "phone",
            "url",
            "note",
            "person",
            "source_url",
            "is_stale",
        ),
        along={
            "wide_area": ("admin_union", "district", "statewide"),
            "person": ("consent_on", "consent_version"),
            "source_url": ("source_on",),
        },
        first=("reported_at",),
        desk="veraltete-kontakte",
    ),
}
