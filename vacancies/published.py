"""The vacancies as a public layer: declared once, here."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from geo.models import Dataset
from layers.models import TransitClass
from layers.publish.collection import Collection, SnapshotPlan, fields_of
from layers.publish.style import Style, StyleClass, Symbol
from layers.publish.version import Stamp
from layers.published import CLASS_COLOURS, NO_CLASS, live_run
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_PARAMETERS
from vacancies.models import Vacancy
from vacancies.past import PastVacancy
from vacancies.public import PublicVacancy
from vacancies.register import RegisterVacancy

FIRST = ("town_size", "transit", "target_use", "former_use")  # what the mission asks for: the map has these before all others
INTERNAL_LICENCE = "intern"  # the licence of a list that is not for the public
# shapes go as geometry; the others repeat columns
HIDDEN = {"point", "footprint", "search_text", "transit_is"}


# Numbers of events are given before their transaction is through: one that ends late shows among the recent ones.
# changes with every edit of the register, with the live run, the data sets, and the day (notices run out)
STAMP = """
SELECT concat_ws(' ', e.last, (SELECT count(*) FROM vacancies_vacancyevent WHERE pgh_id > e.last - 2000), r.id, r.finished_at,
    (SELECT max(id) FROM layers_vacancyreach WHERE live), (SELECT max(loaded_at) FROM geo_dataset), (now() AT TIME ZONE %s)::date)
FROM (SELECT max(pgh_id) AS last FROM vacancies_vacancyevent) e LEFT JOIN layers_reachrun r ON r.live
"""


def _lists() -> list[str]:
    """The lists that public rows come from; a list for internal use is never named.

    Each list is asked for one public row: looking at all public rows for that takes longer than most questions.
    """
    public = Vacancy.objects.filter(dataset=OuterRef("pk"), key__in=PublicVacancy.objects.values("key")).order_by().values("pk")[:1]
    every = list(Vacancy.objects.exclude(dataset=None).order_by().values_list("dataset", flat=True).distinct())
    lists = Dataset.objects.filter(pk__in=every).exclude(licence=INTERNAL_LICENCE)
    return list(lists.annotate(public=Subquery(public)).exclude(public=None).order_by("key").values_list("key", flat=True))


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
    stamp=Stamp(STAMP, (settings.TIME_ZONE,)),
    hides=True,
    page_parameters=PAGE_PARAMETERS,
    snapshot=SnapshotPlan(first=FIRST, also=("is_exact",)),
    past=PastVacancy,
    past_note=_("Angaben wie an diesem Tag öffentlich; Texte, Lage, Ort und Erreichbarkeit von heute; nur was auch heute öffentlich ist."),
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
    past=None,
    permission="vacancies.view_vacancy",
    snapshot=None,
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
