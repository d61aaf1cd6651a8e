"""The vacancies as a public layer: declared once, here."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace

from django.core.cache import cache
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from geo.models import Dataset
from layers.models import ReachRun, TransitClass, VacancyReach
from layers.publish.collection import Collection, fields_of
from layers.publish.style import Style, StyleClass, Symbol
from layers.published import CLASS_COLOURS, NO_CLASS, live_run
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_PARAMETERS
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.register import RegisterVacancy

INTERNAL_LICENCE = "intern"  # the licence of a list that is not for the public
KEPT_S = 3600
HIDDEN = {"point", "footprint", "search_text"}  # shapes go as geometry; the search text repeats other columns


def _stamp() -> str:
    """Changes with every edit of the register, with the live run, the data sets, and the day (notices run out)."""
    events = Vacancy.pgh_event_model.objects.aggregate(n=Max("pgh_id"))["n"], Vacancy.objects.count()  # type: ignore[attr-defined]
    run = ReachRun.objects.filter(live=True).values_list("pk", "finished_at").first()
    reach = VacancyReach.objects.filter(live=True).aggregate(n=Max("pk"))["n"]
    return f"{events} {run} {reach} {Dataset.objects.aggregate(at=Max('loaded_at'))['at']} {datetime.date.today()}"


def _lists() -> list[str]:
    """The lists that public rows come from; a list for internal use is never named. Which they are is kept until rows change."""
    name = f"lists:{hashlib.sha256(_stamp().encode()).hexdigest()}"
    public = cache.get(name)
    if public is None:
        rows = Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key")).exclude(dataset=None)
        public = list(rows.order_by().values_list("dataset", flat=True).distinct())
        cache.set(name, public, KEPT_S)
    return list(Dataset.objects.filter(pk__in=public).exclude(licence=INTERNAL_LICENCE).order_by("key").values_list("key", flat=True))


VACANCIES = Collection(
    name="leerstaende",
    title=_("Leerstände"),
    description=_("Öffentliche leerstehende Gebäude in Brandenburg mit Größe und Anbindung ihres Ortes."),
    model=PublicVacancy,
    filter=VacancyFilter,
    fields=fields_of(PublicVacancy, "key", *(f.name for f in PublicVacancy._meta.concrete_fields if f.name not in HIDDEN | {"key"})),
    geometry="point",
    datasets=("municipal-boundaries", "municipal-figures", "central-places", "timetable-vbb-2021", "examples"),
    loaded=_lists,
    run=live_run,
    note=_("Zeilen mit is_example = true sind erfundene Beispiele."),
    style=Style(
        (
            *(StyleClass(dict(TransitClass.choices)[k], Symbol(fill=c, size=10), value=k) for k, c in CLASS_COLOURS.items()),
            StyleClass(_("keine ÖV-Güteklasse"), Symbol(fill=NO_CLASS, size=10)),
        ),
        column="transit_class",
        label_column="title",
        label_below=15_000,
    ),
    group=_("Leerstände"),
    stamp=_stamp,
    hides=True,
    page_parameters=PAGE_PARAMETERS,
    keywords=("Leerstand", "Immobilie", "Nachnutzung", "ÖPNV", "Kleinstadt"),
    topic="planningCadastre",
    theme="Gebäude",
)
COLLECTIONS = (VACANCIES,)

REGISTER = replace(
    VACANCIES,
    name="register",
    title=_("Leerstände (Register, intern)"),
    description=_("Alle Leerstände des Registers mit genauer Lage und internen Angaben. Nicht zur Weitergabe."),
    model=RegisterVacancy,
    fields=fields_of(RegisterVacancy, "key", *(f.name for f in RegisterVacancy._meta.concrete_fields if f.name not in HIDDEN | {"key"})),
    hides=False,
    permission="vacancies.view_vacancy",
)
INTERNAL = (REGISTER,)


def source_lines() -> list[str]:
    """Return whose data the pages of vacancies show, one line per source, for paper."""
    known = dict(Dataset.objects.filter(key__in=VACANCIES.datasets).values_list("key", "attribution"))
    return list(dict.fromkeys(known[key] for key in VACANCIES.datasets if known.get(key)))


def shown_datasets() -> list[Dataset]:
    """Return the data sets for the data page.

    A list of vacancies shows up once one of its rows is public, and counts only those: its title and length would tell of
    rows that are hidden. A list that is for internal use never shows up.
    """
    public = dict(
        Vacancy.objects.filter(key__in=PublicVacancy.objects.values("key"))
        .exclude(dataset=None)
        .values_list("dataset")
        .annotate(n=Count("pk"))
        .order_by()
    )
    lists = set(Vacancy.objects.exclude(dataset=None).values_list("dataset", flat=True).distinct())
    found = [d for d in Dataset.objects.exclude(licence=INTERNAL_LICENCE).order_by("title") if d.pk not in lists or d.pk in public]
    for d in found:
        d.row_count = public.get(d.pk, d.row_count)
    return found
