"""The state at a glance: figures by district and by town size, as table, map and CSV.

Public vacancies are counted exactly, since each of them is public by itself. What the register holds besides is counted by
district alone and shown only as `disclosure` allows; no filter and no second table cuts these numbers otherwise.
"""

from __future__ import annotations

import csv as csv_module
import datetime
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Max, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from geo.figures import figure
from geo.models import District, SizeClass, Town
from layers.publish.files import cell
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.pictures import outlines
from vacancies.pictures.bars import STEPS, Chart, Item, bars
from vacancies.pictures.facets import short
from vacancies.pictures.sketch import Sketch
from vacancies.places.disclosure import FEWEST, Shown, protect, together
from vacancies.places.figures import hits_by_town
from vacancies.published import source_lines

PER = 10_000  # inhabitants
COLUMNS = (
    "group", "key", "name", "towns", "towns_with_vacancies", "population", "population_date",
    "vacancies_public", "vacancies_public_per_10000", "well_connected_public", "not_public", "counted_on", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row of a table: a district or a size class, or all of them together."""

    key: str
    name: str
    towns: int
    towns_with: int
    population: int
    vacancies: int
    well_connected: int
    link: str = ""
    listed: str = ""
    besides: Shown | None = None

    @property
    def rate(self) -> float:
        """Public vacancies per 10,000 inhabitants."""
        return PER * self.vacancies / self.population if self.population else 0.0


@dataclass(frozen=True)
class Shade:
    """A class of the map: its step and the rates it stands for."""

    step: int
    label: str


class Overview:
    """All figures of the page, read when they are asked for."""

    @cached_property
    def _by_town(self) -> dict[str, tuple[int, int]]:
        """Public objects of each town, and how many of them are well connected."""
        hits, well = hits_by_town(), hits_by_town(VacancyFilter({"well_connected": True}))
        return {slug: (n, well.get(slug, 0)) for slug, n in hits.items()}

    def _public(self, column: str) -> dict[str, tuple[int, int, int]]:
        """Return the numbers of public objects, of well connected ones and of municipalities with one, by a column of the towns."""
        found: dict[str, tuple[int, int, int]] = {}
        for slug, key in Town.objects.filter(slug__in=self._by_town).values_list("slug", column):
            n, well, towns = found.get(key, (0, 0, 0))
            found[key] = n + self._by_town[slug][0], well + self._by_town[slug][1], towns + 1
        return found

    @cached_property
    def districts(self) -> list[Line]:
        """Every district in alphabetical order."""
        grounds, hits = _grounds("district__ags5"), self._public("district__ags5")
        besides = self._besides
        listed = reverse("list")
        return [
            _line(d.ags5, d.name, grounds, hits, d.get_absolute_url(), f"{listed}?district={d.ags5}", besides[d.ags5])
            for d in District.objects.all().in_order()
        ]

    @cached_property
    def sizes(self) -> list[Line]:
        """Every size class that a municipality has."""
        grounds, hits, listed = _grounds("size_class"), self._public("size_class"), reverse("list")
        known = [(str(key), str(label)) for key, label in SizeClass.choices if key in grounds]
        return [_line(key, label, grounds, hits, listed=f"{listed}?town_size={key}") for key, label in known]

    @cached_property
    def total(self) -> Line:
        """The whole state."""
        parts = self.districts
        sums = [sum(getattr(p, name) for p in parts) for name in ("towns", "towns_with", "population", "vacancies", "well_connected")]
        return Line("12", "Brandenburg", *sums, listed=reverse("list"), besides=together(self._besides.values()))

    @cached_property
    def _besides(self) -> dict[str, Shown]:
        """What the register holds besides the public vacancies, by district, as it may be shown."""
        kept = Vacancy.objects.registered().hits_by_district()
        public = self._public("district__ags5")
        return protect({ags: kept.get(ags, 0) - public.get(ags, (0,))[0] for ags in District.objects.values_list("ags5", flat=True)})

    @cached_property
    def population_date(self) -> object:
        """The day of the newest population."""
        return Town.objects.current().aggregate(day=Max("population_date"))["day"]

    # --- pictures -----------------------------------------------------------------------------------------------------

    @cached_property
    def _step(self) -> float:
        """The rates that one shade spans: a round number so that five shades reach the highest."""
        return round_step(max((d.rate for d in self.districts), default=0) / STEPS)

    @cached_property
    def map(self) -> Sketch:
        """The districts, shaded by public vacancies per 10,000 inhabitants."""
        steps = {d.key: shade_of(d.rate, self._step) for d in self.districts}
        titles = {
            d.key: _("{name}: {n} Leerstände, {rate} je 10.000 Einwohner:innen").format(
                name=d.name, n=figure(d.vacancies), rate=figure(d.rate, 1)
            )
            for d in self.districts
        }
        text = _("Je dunkler, desto mehr veröffentlichte Leerstände je 10.000 Einwohner:innen. Dieselben Zahlen stehen in der Tabelle.")
        return outlines.of_state(steps, titles, _("Karte der Landkreise und kreisfreien Städte"), text)

    def legend(self) -> list[Shade]:
        """The shades of the map with the rates they stand for."""
        digits = 0 if self._step >= 1 else 1
        bounds = [figure(self._step * i, digits) for i in range(STEPS + 1)]
        highest = max((shade_of(d.rate, self._step) for d in self.districts), default=0)
        said = [_("keine"), _("unter {high}").format(high=bounds[1])]
        said += [_("{low} bis unter {high}").format(low=bounds[i], high=bounds[i + 1]) for i in range(1, STEPS)]
        return [Shade(i, said[i]) for i in range(highest + 1)]

    @cached_property
    def chart(self) -> Chart:
        """Public vacancies by town size."""
        items = [Item(s.key, short(s.name), s.vacancies, s.listed if s.vacancies else "") for s in self.sizes]
        return bars("town_size", _("Größe der Gemeinde"), _("Leerstände"), items, self.total.vacancies)

    # --- file ---------------------------------------------------------------------------------------------------------

    def csv(self) -> bytes:
        """Return both tables as `layers.publish.files` writes tables: UTF-8 with byte order mark, semicolons.

        `not_public` is "<5" where it is fewer than five, and ">=77" where some of the parts are.
        """
        out = io.StringIO()
        out.write("\ufeff")
        writer = csv_module.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(COLUMNS)
        origin = (datetime.date.today(), "; ".join(source_lines()))
        for group, lines in (("district", self.districts), ("town_size", self.sizes), ("state", [self.total])):
            for line in lines:
                numbers = (line.towns, line.towns_with, line.population, self.population_date, line.vacancies, f"{line.rate:.2f}")
                row = (group, line.key, line.name, *numbers, line.well_connected, _besides_as_text(line.besides), *origin)
                writer.writerow([cell(v) for v in row])
        return out.getvalue().encode()


def _besides_as_text(shown: Shown | None) -> str:
    if shown is None:
        return ""
    return f"<{FEWEST}" if shown.n is None else f">={shown.n}" if shown.is_least else str(shown.n)


def _grounds(column: str) -> dict[str, tuple[int, int]]:
    """Return the number of municipalities and of inhabitants by a column."""
    rows = Town.objects.current().order_by().values_list(column).annotate(n=Count("pk"), people=Sum("population"))
    return {key: (n, people) for key, n, people in rows}


def _line(
    key: str,
    name: str,
    grounds: Mapping[str, tuple[int, int]],
    hits: Mapping[str, tuple[int, int, int]],
    link: str = "",
    listed: str = "",
    besides: Shown | None = None,
) -> Line:
    towns, people = grounds.get(key, (0, 0))
    n, well, towns_with = hits.get(key, (0, 0, 0))
    return Line(key, name, towns, towns_with, people, n, well, link, listed, besides)


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is larger."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * m for m in (1, 2, 5, 10, 20) if power * m > least * (1 + 1e-9))


def shade_of(rate: float, step: float) -> int:
    """Return the shade of a rate: 0 for none, 1 for less than one step, 5 for the highest."""
    return 0 if rate <= 0 else min(STEPS, 1 + math.floor(rate / step))
