"""The vacancies as a public layer: declared once, here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from layers.publish.collection import Collection, Field, fields_of
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy

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
