"""The figures of a town or a district: its vacancies by use, class and duration, its travel times, its infrastructure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from geo.criteria import Choice
from geo.models import Dataset
from layers.models import FacilityKind
from layers.public import PublicFacility, PublicStop, PublicTown
from layers.publish.snapshot import store
from vacancies import choices as c
from vacancies.filters import VacancyFilter
from vacancies.pictures.bars import Chart, Item, bars
from vacancies.pictures.facets import CLASS, RARE, SIZE, short
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

# what is said of every place, and the data set it comes from
GROUND = {"boundaries": "municipal-boundaries", "figures": "municipal-figures", "plan": "central-places"}


def ground() -> dict[str, Dataset]:
    """Return the data sets behind the figures of a place, by what they are for."""
    known = Dataset.objects.in_bulk(list(GROUND.values()), field_name="key")
    return {name: known[key] for name, key in GROUND.items() if key in known}


# --- vacancies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Vacancies:
    """The public vacancies of a place: how many, and their charts; `query` is the filter that finds them everywhere."""

    total: int
    query: str
    charts: tuple[Chart, ...]


def vacancies(place: VacancyFilter, facets: Iterable[str]) -> Vacancies:
    """Return the vacancies of a place by the facets and by duration; every bar but those of duration leads to its list."""
    asked = [VacancyFilter.criterion(name) for name in facets]
    total, hits = PublicVacancy.objects.all().hits_by_option(place, asked)  # type: ignore[arg-type]
    page = reverse("list")
    charts = [_chart(page, place, facet, hits[facet.name], total) for facet in asked]  # type: ignore[arg-type]
    by_duration = PublicVacancy.objects.matching(place).hits_by_duration(datetime.date.today())
    items = [Item(str(m), str(label), by_duration[m]) for m, label in c.DURATIONS]
    items.append(Item("unknown", _("nicht angegeben"), by_duration[None]))
    note = _("Gerechnet ab dem Tag, der im Register steht; oft ist nur das Jahr bekannt.")
    charts.append(bars("duration", _("Leer seit"), _("Leerstände"), items, total, note))
    return Vacancies(total, place.query_string(), tuple(charts))


def _chart(page: str, place: VacancyFilter, facet: Choice, hits: dict[str, int], total: int) -> Chart:
    items = [
        Item(value, short(label), hits[value], f"{page}?{place.choosing(**{facet.name: (value,)}).query_string()}" if hits[value] else "")
        for value, label in facet.options()
        if value != RARE or hits[value]
    ]
    title = _("ÖV-Güteklasse") if facet.name == CLASS else str(facet.label)
    return bars(facet.name, title, _("Leerstände"), items, None if facet.array else total)


TOWN_CHARTS = ("former_use", CLASS)
DISTRICT_CHARTS = (SIZE, "former_use", CLASS)


# --- towns ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TownLine:
    """A municipality with the figures a table shows, and how many public vacancies it has."""

    town: PublicTown
    vacancies: int


def hits_by_town(wanted: VacancyFilter | None = None) -> dict[str, int]:
    """Return the number of public vacancies per town (slug), of all or of those that meet a filter."""
    counted = store.current(VACANCIES).counter.tally(wanted or VacancyFilter(), VacancyFilter.criterion("town"))  # type: ignore[arg-type]
    return {slug: n for (slug,), n in counted.items()}


def town_lines(ags: Iterable[str]) -> list[TownLine]:
    """Return the municipalities with these keys, in the alphabet's order, without shapes."""
    hits = hits_by_town()
    rows = PublicTown.objects.filter(ags__in=list(ags)).defer("geom").order_by("name", "ags")
    return [TownLine(t, hits.get(t.slug, 0)) for t in rows]


@dataclass(frozen=True)
class Reach:
    """How far the middles of a district's municipalities are from Berlin Hbf (best ride), and how many are well connected."""

    towns: int
    well_connected: int
    nearest: PublicTown | None = None
    farthest: PublicTown | None = None
    median_min: int | None = None

    @classmethod
    def of(cls, lines: Iterable[TownLine]) -> Reach:
        towns = [line.town for line in lines]
        served = sorted((t for t in towns if t.berlin_best_min is not None), key=lambda t: t.berlin_best_min)
        well = sum(t.well_connected for t in towns)
        if not served:
            return cls(len(towns), well)
        return cls(len(towns), well, served[0], served[-1], round(median(t.berlin_best_min for t in served)))


# --- infrastructure ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Infrastructure:
    """What is there: stops of the live timetable, and facilities by kind with the data sets they come from."""

    stops: int
    rail_stops: int
    departures_per_day: int
    facilities: Chart | None
    sources: tuple[Dataset, ...]


def infrastructure(**place: Any) -> Infrastructure:
    """Return the infrastructure of a place; `place` is `town_slug` or `district_ags`."""
    served = PublicStop.objects.filter(**place).aggregate(
        stops=Count("pk"), rail=Count("pk", filter=Q(is_rail=True)), departures=Sum("departures_day")
    )
    rows = PublicFacility.objects.filter(**place).order_by()
    by_kind = dict(rows.values_list("kind").annotate(n=Count("pk")))
    loaded = set(PublicFacility.objects.order_by().values_list("source", "kind").distinct())
    sources = tuple(Dataset.objects.filter(key__in={source for source, _kind in loaded}).order_by("key"))
    # of a kind that nobody has loaded, nothing is known; that is not nought
    items = [Item(k, str(label), by_kind.get(k, 0)) for k, label in FacilityKind.choices if any(k == kind for _source, kind in loaded)]
    chart = bars("facilities", _("Einrichtungen"), _("Anzahl"), items) if items else None
    return Infrastructure(served["stops"], served["rail"], served["departures"] or 0, chart, sources)
