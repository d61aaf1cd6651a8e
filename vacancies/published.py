"""The vacancies as a public layer: declared once, here."""

from __future__ import annotations

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from geo.models import Dataset
from layers.publish.collection import Collection, Field, fields_of
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

INTERNAL = "intern"  # the licence of a list that is not for the public
HIDDEN = {"point", "footprint", "search_text"}  # shapes go as geometry; the search text repeats other columns

VACANCIES = Collection(
    name="leerstaende",
    title=_("Leerstände"),
    description=_("Öffentliche leerstehende Gebäude in Brandenburg mit Größe und Anbindung ihres Ortes."),
    rows=lambda: PublicVacancy.objects.all(),
    filter=VacancyFilter,
    fields=(
        Field("key", _("Kennung"), "text"),
        *fields_of(PublicVacancy, *(f.name for f in PublicVacancy._meta.concrete_fields if f.name not in HIDDEN | {"key"})),
    ),
    geometry="point",
    datasets=("municipal-boundaries", "municipal-figures", "central-places", "timetable-vbb-2021", "examples"),
    note=_("Zeilen mit is_example = true sind erfundene Beispiele."),
)


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
    found = [d for d in Dataset.objects.exclude(licence=INTERNAL).order_by("title") if d.pk not in lists or d.pk in public]
    for d in found:
        d.row_count = public.get(d.pk, d.row_count)
    return found
