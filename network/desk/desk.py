"""A person's desk: the lists they may see, cut to where they may see them, and who takes care of which row."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Min
from django.db.models.query import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from geo.errors import NotAllowed
from layers.publish.files import cell
from network.desk.lists import LISTS, DeskList
from network.desk.models import Assignment
from network.ical import ZONE
from network.members import Membership, roles_from
from network.people.models import chosen_name

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Summary:
    """A list at a glance: how many rows, and the day of the first of them."""

    list: DeskList
    n: int
    first: datetime.date | None
    days: int | None


@dataclass(frozen=True)
class Cell:
    """What a row says in a column; `link` lists what a number counts."""

    label: str
    text: str
    link: str = ""


@dataclass(frozen=True)
class Line:
    """A row as it is shown."""

    key: str
    heading: str
    cells: tuple[Cell, ...]
    since: datetime.date | None
    link: str
    assignment: Assignment | None


@dataclass(frozen=True)
class Wanted:
    """How a list is narrowed: a district's AGS, and a person ("mine", "nobody" or a primary key); '' for all."""

    district: str = ""
    person: str = ""


class Desk:
    """What one person sees of the desk.

    Raises
    ------
    NotAllowed
        For a person who has no list to see.
    """

    def __init__(self, user: User, now: datetime.datetime | None = None) -> None:
        self.user, self.now = user, now or timezone.now()
        if not self.lists:
            raise NotAllowed(
                _("Der Schreibtisch ist für die Kontaktstelle und für alle, die eine Gemeinde, ein Amt oder einen Landkreis leiten.")
            )

    @cached_property
    def coordinates(self) -> bool:
        """Whether the person sees everything, everywhere, and assigns tasks."""
        return bool(self.user.has_perm("network.coordinate"))

    @cached_property
    def lists(self) -> list[DeskList]:
        if self.coordinates:
            return list(LISTS)
        held = Membership.objects.all().of(self.user).highest_role()
        return [one for one in LISTS if one.for_tenants and held in roles_from(one.for_tenants)]

    def list(self, key: str) -> DeskList:
        """Return one of the person's lists; raises `Http404` for another."""
        found = next((one for one in self.lists if one.key == key), None)
        if found is None:
            raise Http404
        return found

    def rows(self, one: DeskList, wanted: Wanted = Wanted()) -> QuerySet[Any]:
        """Return the rows of a list as far as the person may see them, narrowed as wanted."""
        found = one.rows(self.now)
        if not self.coordinates:
            towns = Membership.objects.all().towns_of(self.user, one.for_tenants).values("pk")
            found = found.filter(**{f"{one.town}__in": towns})
        if wanted.district and one.town:
            where = "district__ags5" if one.town == "pk" else f"{one.town}__district__ags5"
            found = found.filter(**{where: wanted.district})
        if wanted.person:
            taken = Assignment.objects.all().on(one.key)
            if wanted.person == "nobody":
                return found.exclude(pk__in=taken.rows())
            of = taken.filter(assignee=self.user.pk if wanted.person == "mine" else int(wanted.person))
            return found.filter(pk__in=of.rows())
        return found

    def summaries(self) -> list[Summary]:
        """Return every list with its number of rows and its first day."""
        return [self._summary(one) for one in self.lists]

    def _summary(self, one: DeskList) -> Summary:
        rows = self.rows(one)
        first = _day_of(rows.aggregate(first=Min(one.since))["first"])
        days = abs((first - self.now.astimezone(ZONE).date()).days) if first else None
        return Summary(one, rows.count(), first, days)

    def lines(self, one: DeskList, rows: Iterable[Any]) -> list[Line]:
        """Return rows of a list as they are shown, each with who takes care of it."""
        every = list(rows)
        open_ones = Assignment.objects.all().on(one.key, [str(r.pk) for r in every]).select_related("assignee__person")
        taken = {a.row: a for a in open_ones}
        return [_line(one, row, taken.get(str(row.pk))) for row in every]

    def csv(self, one: DeskList, wanted: Wanted) -> str:
        """Return a whole list as CSV; cells that a spreadsheet would run as a formula are made text."""
        out = io.StringIO()
        writer = csv.writer(out)
        since = _("wann") if one.is_ahead else _("seit")
        writer.writerow([*(str(c.label) for c in one.columns), since, _("wer"), _("bis"), _("Notiz")])
        for line in self.lines(one, self.rows(one, wanted)):
            a = line.assignment
            tail = [line.since or "", name_of(a.assignee) if a else "", (a and a.due_on) or "", a.note if a else ""]
            writer.writerow([cell(v) for v in (line.heading, *(c.text for c in line.cells), *tail)])
        return out.getvalue()

    def tasks(self) -> list[tuple[DeskList, Assignment]]:
        """Return what the person is to take care of, with its list, what is due first at the top."""
        own = {one.key: one for one in self.lists}
        return [(own[a.list], a) for a in Assignment.objects.all().of(self.user) if a.list in own]


def coordinators() -> QuerySet[Any]:
    """Return the people of the contact point who may be given a task."""
    held = Membership.objects.all().in_force().coordinating()
    people = get_user_model().objects.filter(is_active=True, pk__in=held.values("user"))
    return people.select_related("person").order_by("person__display_name", "email")


def name_of(user: Any) -> str:
    """Return what a colleague is called: the chosen name, else the address."""
    return chosen_name(user) or str(user.email or user.get_username())


def _day_of(value: Any) -> datetime.date | None:
    return value.astimezone(ZONE).date() if isinstance(value, datetime.datetime) else value


def _line(one: DeskList, row: Any, assignment: Assignment | None) -> Line:
    head, *others = one.columns
    cells = tuple(Cell(str(c.label), _text(c.tell(row)), c.link(row) if c.link else "") for c in others)
    return Line(str(row.pk), _text(head.tell(row)), cells, _day_of(getattr(row, one.since)), one.link(row), assignment)


def _text(value: Any) -> str:
    return date_format(value, "SHORT_DATE_FORMAT") if isinstance(value, datetime.date) else str(value)
