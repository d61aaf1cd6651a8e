"""Where a file's rows come from and what may be done with them: told inside every file, in the language of its address."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from geo import crs
from geo.filtering import FilterSet
from geo.models import Dataset
from layers.publish import version
from layers.publish.collection import Collection


@dataclass(frozen=True)
class Provenance:
    """What a file says about itself. `question` is the filter as a sentence, `link` the file's own address."""

    collection: Collection
    datasets: tuple[Dataset, ...]
    question: str
    link: str
    changed_at: datetime.datetime

    @property
    def attribution(self) -> str:
        return "; ".join(dict.fromkeys(d.attribution for d in self.datasets))

    @property
    def licence_urls(self) -> list[str]:
        return list(dict.fromkeys(d.licence_url for d in self.datasets if d.licence_url))

    def rows(self) -> list[tuple[str, str]]:
        """Return label and text, one pair per statement."""
        c = self.collection
        said = [
            (_("Titel"), str(c.title)),
            (_("Beschreibung"), str(c.description)),
            (_("Auswahl"), self.question),
            (_("Hinweis"), str(c.note)),
            (_("Daten geändert am"), f"{self.changed_at.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"),
            (_("Adresse"), self.link),
            (_("Bezugssystem"), f"EPSG:{crs.STORAGE}"),
            (_("Quellenvermerk"), self.attribution),
        ]
        for d in self.datasets:
            date = _("Stand {date}").format(date=d.valid_on.isoformat()) if d.valid_on else ""
            parts = (d.title, d.publisher, d.attribution, d.licence, d.licence_url, date, d.url)
            said.append((_("Quelle"), ", ".join(dict.fromkeys(part for part in parts if part))))
        return [(label, text) for label, text in said if text]

    def text(self) -> str:
        """Return the statements as lines."""
        return "\n".join(f"{label}: {text}" for label, text in self.rows())


def of(collection: Collection, wanted: FilterSet, link: str) -> Provenance:
    """Return what a file with the rows of a filter says about itself; reads base tables, so ask before `as_reader`."""
    keys = collection.source_keys
    known = {d.key: d for d in Dataset.objects.filter(key__in=keys)}
    found = tuple(known[key] for key in dict.fromkeys(keys) if key in known)
    return Provenance(collection, found, wanted.sentence(), link, version.changed_at(collection))
