"""The figures of the report to the funder: what each counts, in words, and how it is shown."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.models import SizeClass
from network.ical import ZONE
from network.impact import acts, counting
from network.impact.counting import Act, Group
from vacancies import choices as c
from vacancies.pictures.bars import Chart, Item, bars

KEPT_S = 24 * 3600
BEGIN = datetime.date(2026, 1, 1)  # before it there was no register
USES = {"": gettext_lazy("keine Angabe"), **dict(c.Use.choices)}
TARGETS = {"": gettext_lazy("keine Angabe"), **dict(c.TargetUse.choices)}
SIZES = {**dict(SizeClass.choices), "": gettext_lazy("ohne Gemeinde")}


@dataclass(frozen=True)
class Figure:
    """A figure: what is counted, what an act of it is, how it is defined.

    `of_persons` are those whose groups tell of at least five things; `uses` names the uses its acts have.
    """

    key: str
    title: Any
    things: Any
    acts: Any
    definition: Any
    happened: Callable[[datetime.datetime, datetime.datetime], Iterable[Act]]
    of_persons: bool = True
    has_sizes: bool = True
    uses: Mapping[str, Any] | None = None


FIGURES: tuple[Figure, ...] = (
    Figure(
        key="objekte",
        title=gettext_lazy("Objekte im Register"),
        things=gettext_lazy("verschiedene Objekte"),
        acts=gettext_lazy("Änderungen"),
        definition=gettext_lazy(
            "Leerstände, die im Zeitraum eingetragen, geändert oder gelöscht wurden, jeder einmal; "
            "daneben alle Änderungen. Beispiele zählen nicht."
        ),
        happened=acts.changes,
        of_persons=False,
        uses=USES,
    ),
    Figure(
        key="gesuche",
        title=gettext_lazy("Gesuche"),
        things=gettext_lazy("verschiedene Gesuche"),
        acts=gettext_lazy("Aktivierungen"),
        definition=gettext_lazy(
            "Gesuche, die im Zeitraum aktiv wurden, jedes einmal; daneben, wie oft eines aktiv wurde. Gelöschte Gesuche zählen nicht mehr."
        ),
        happened=acts.requests,
        has_sizes=False,
        uses=TARGETS,
    ),
    Figure(
        key="treffer",
        title=gettext_lazy("Treffer"),
        things=gettext_lazy("verschiedene Objekte"),
        acts=gettext_lazy("Treffer"),
        definition=gettext_lazy(
            "Leerstände, die im Zeitraum zum ersten Mal zu einem Gesuch passten, jeder einmal; "
            "daneben alle Paare aus Gesuch und Leerstand, die noch bestehen."
        ),
        happened=acts.matches,
        uses=USES,
    ),
    Figure(
        key="anfragen",
        title=gettext_lazy("Anfragen"),
        things=gettext_lazy("verschiedene Objekte"),
        acts=gettext_lazy("Anfragen"),
        definition=gettext_lazy(
            "Leerstände, zu denen im Zeitraum über die Plattform angefragt wurde, jeder einmal; daneben alle Anfragen."
        ),
        happened=acts.inquiries,
        uses=USES,
    ),
    Figure(
        key="vereinbarungen",
        title=gettext_lazy("Vereinbarungen"),
        things=gettext_lazy("verschiedene Objekte"),
        acts=gettext_lazy("Vereinbarungen"),
        definition=gettext_lazy("Leerstände, zu denen eine Anfrage im Zeitraum zu einer Vereinbarung führte, jeder einmal; daneben alle."),
        happened=acts.agreements,
        uses=USES,
    ),
    Figure(
        key="beratung",
        title=gettext_lazy("Beratung"),
        things=gettext_lazy("verschiedene Fälle"),
        acts=gettext_lazy("Schritte und Nachrichten"),
        definition=gettext_lazy(
            "Beratungsfälle, in denen im Zeitraum etwas geschah, jeder einmal; "
            "daneben Eingang, Nachrichten, Notizen und Wechsel des Standes."
        ),
        happened=acts.cases,
    ),
    Figure(
        key="termine",
        title=gettext_lazy("Termine"),
        things=gettext_lazy("verschiedene Veranstaltungen"),
        acts=gettext_lazy("Termine"),
        definition=gettext_lazy(
            "Veröffentlichte Veranstaltungen, die im Zeitraum begannen, jede einmal; "
            "wiederkehrende zählen daneben je Termin. Abgesagte zählen nicht."
        ),
        happened=acts.events,
        of_persons=False,
    ),
    Figure(
        key="teilnahmen",
        title=gettext_lazy("Anmeldungen zu Terminen"),
        things=gettext_lazy("Plätze"),
        acts=gettext_lazy("Plätze"),
        definition=gettext_lazy(
            "Plätze, die bei Terminen des Zeitraums vergeben waren. Wer wirklich kam, wird nicht erfasst; wer zweimal kam, zählt zweimal."
        ),
        happened=acts.seats,
    ),
)
BY_KEY = {f.key: f for f in FIGURES}


@dataclass(frozen=True)
class Period:
    """From one day to another, both included."""

    first: datetime.date
    last: datetime.date

    @property
    def query(self) -> str:
        return f"von={self.first:%Y-%m-%d}&bis={self.last:%Y-%m-%d}"


def this_year(today: datetime.date | None = None) -> Period:
    """Return the year so far."""
    day = today or timezone.localdate()
    return Period(day.replace(month=1, day=1), day)


class Counted:
    """A figure counted over a period."""

    def __init__(self, figure: Figure, period: Period) -> None:
        self.figure, self.period = figure, period

    @cached_property
    def dated(self) -> list[counting.Dated]:
        happened = self.figure.happened(*acts.moments(self.period.first, self.period.last))
        return counting.within(happened, self.period.first, self.period.last, ZONE)

    @cached_property
    def total(self) -> Group | None:
        """The whole; None where it is of persons and too small to be told."""
        found = counting.total(self.dated)
        return None if self.figure.of_persons and found.things < counting.FEWEST else found

    @cached_property
    def months(self) -> list[tuple[str, Group]]:
        groups = counting.by_month(self.dated, counting.months(self.period.first, self.period.last))
        return [(month_label(g.keys), g) for g in self._safe(groups)]

    @cached_property
    def sizes(self) -> list[tuple[str, Group]]:
        if not self.figure.has_sizes:
            return []
        groups = [g for g in counting.by_size(self.dated, list(SIZES)) if self.figure.of_persons or g.acts or g.keys[0]]
        return [(_joined([str(SIZES[k]) for k in g.keys]), g) for g in self._safe(groups)]

    @cached_property
    def uses(self) -> list[tuple[str, Group]]:
        names = self.figure.uses
        if names is None:
            return []
        groups = counting.by_use(self.dated, counting.FEWEST if self.figure.of_persons else 0)
        return [(str(names.get(g.keys[0], g.keys[0])) if len(g.keys) == 1 else _("andere Nutzungen"), g) for g in groups]

    def _safe(self, groups: Sequence[Group]) -> list[Group]:
        return counting.pool(groups) if self.figure.of_persons else list(groups)

    @cached_property
    def breakdowns(self) -> list[tuple[str, str, list[tuple[str, Group]]]]:
        """Key, title and groups of each way to part the whole."""
        every = (
            ("monat", _("nach Monaten"), self.months),
            ("groesse", _("nach Größe der Gemeinde"), self.sizes),
            ("nutzung", _("nach Nutzung"), self.uses),
        )
        return [(key, title, groups) for key, title, groups in every if groups]

    @cached_property
    def charts(self) -> list[Chart]:
        made = []
        for key, title, groups in self.breakdowns:
            items = [Item(str(n), label, g.things) for n, (label, g) in enumerate(groups)]
            note = _("Eine Sache mit mehreren Nutzungen zählt bei jeder.") if key == "nutzung" else ""
            made.append(bars(f"{self.figure.key}-{key}", f"{self.figure.title} {title}", str(self.figure.things), items, note=note))
        return made


def report(period: Period) -> list[Counted]:
    """Return every figure over a period."""
    return [Counted(figure, period) for figure in FIGURES]


def as_csv(period: Period) -> str:
    """Return every figure and each of its groups, a line each; numbers that are too small are left out, never nought."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            _("Kennzahl"),
            _("gegliedert"),
            _("Gruppe"),
            _("verschiedene"),
            _("Vorgänge"),
            _("was verschieden ist"),
            _("was ein Vorgang ist"),
            _("von"),
            _("bis"),
            _("gezählt am"),
        ]
    )
    tail = [period.first.isoformat(), period.last.isoformat(), timezone.localdate().isoformat()]
    for counted in report(period):
        f = counted.figure
        words = [str(f.things), str(f.acts), *tail]
        whole = [counted.total.things, counted.total.acts] if counted.total else [_("unter 5"), ""]
        writer.writerow([str(f.title), _("gesamt"), "", *whole, *words])
        for _key, title, groups in counted.breakdowns:
            writer.writerows([str(f.title), title, label, g.things, g.acts, *words] for label, g in groups)
    return out.getvalue()


def in_public(today: datetime.date | None = None) -> list[tuple[Figure, Group | None, str]]:
    """Return each figure as the public may know it: since the beginning, up to the last quarter that tells of enough, and its month.

    Counted once a day: what is told ends with a quarter, so that within a day nothing comes to it.
    """
    day = today or timezone.localdate()
    wholes = cache.get_or_set(f"network.impact:{day}", lambda: [_settled(figure, day) for figure in FIGURES], KEPT_S)
    return [(figure, whole, month_label(whole.keys[-1:]) if whole else "") for figure, whole in zip(FIGURES, wholes, strict=True)]


def _settled(figure: Figure, day: datetime.date) -> Group | None:
    """Return the sum up to the last quarter that tells of enough; None where there is none yet."""
    counted = Counted(figure, Period(BEGIN, day))
    groups = counting.settled(_quarters(counting.by_month(counted.dated, counting.months(BEGIN, day)), day))
    if not groups:
        return None
    return Group(tuple(k for g in groups for k in g.keys), sum(g.things for g in groups), sum(g.acts for g in groups))


def _quarters(groups: Sequence[Group], today: datetime.date) -> list[Group]:
    """Months put together to quarters; the one that is not over yet is left out."""
    running = f"{today.year:04d}-{(today.month - 1) // 3 * 3 + 1:02d}"
    over = [g for g in groups if g.keys[0] < running]
    parts = [over[n : n + 3] for n in range(0, len(over), 3)]
    return [Group(tuple(p.keys[0] for p in part), sum(p.things for p in part), sum(p.acts for p in part)) for part in parts]


def month_label(keys: Sequence[str]) -> str:
    """Return the months of a group in words: "März 2026", "Januar bis März 2026", "Dezember 2025 bis Februar 2026"."""
    first, last = (key.split("-") for key in (keys[0], keys[-1]))
    named = [f"{MONTHS[int(month)]} {year}" for year, month in (first, last)]
    if first == last:
        return named[0]
    begin = str(MONTHS[int(first[1])]) if first[0] == last[0] else named[0]
    return _("{first} bis {last}").format(first=begin, last=named[1])


def _joined(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else _("{first} bis {last}").format(first=labels[0], last=labels[-1])
