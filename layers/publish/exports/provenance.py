"""Where a file's rows come from and what may be done with them: told inside every file, in the language of its address."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from geo import crs
from geo.filtering import FilterSet
from geo.models import Dataset
from layers.publish.collection import Collection
from layers.publish.version import PublishedVersion, version


@dataclass(frozen=True)
class Provenance:
    """What a file says about itself.

    `question` is the filter as a sentence, `link` the file's own address, `run` what computed figures say about themselves.
    """

    collection: Collection
    datasets: tuple[Dataset, ...]
    question: str
    link: str
    version: PublishedVersion
    run: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed_at(self) -> datetime.datetime:
        return self.version.changed_at

    @property
    def attribution(self) -> str:
        return attribution_of(self.datasets)

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
            (_("Stand der Zeilen"), date_format(c.day, "DATE_FORMAT") if c.day else ""),
            (_("Hinweis"), c.rows_note),
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
    return Provenance(collection, datasets_of(collection), wanted.sentence(), link, version(collection), collection.run())


def datasets_of(collection: Collection) -> tuple[Dataset, ...]:
    """Return the data sets that a layer is made from, in the order of its declaration."""
    keys = collection.source_keys
    known = {d.key: d for d in Dataset.objects.filter(key__in=keys)}
    return tuple(known[key] for key in dict.fromkeys(keys) if key in known)


def attribution_of(datasets: Iterable[Dataset]) -> str:
    """Return the prescribed source lines of data sets, each once."""
    return "; ".join(dict.fromkeys(d.attribution for d in datasets))


def described(collection: Collection, datasets: Iterable[Dataset], question: str, run: Mapping[str, str]) -> dict[str, Any]:
    """Return what a program needs to read and draw the rows, as JSON has it: what a GeoDataFrame carries in `attrs`.

    Layer, title, note, sources; `as_of`, the day of the rows (empty: now); by column `kinds`, `labels`, `units`, `descriptions` and
    `values` (allowed value → label); `run`: the timetable and method behind derived columns; `style`: the classes in order, the first
    that holds draws a row.
    """
    datasets, fields = tuple(datasets), collection.fields
    return {
        "layer": collection.name,
        "key": collection.key,
        "title": str(collection.title),
        "description": str(collection.description),
        "question": question,
        "crs": f"EPSG:{crs.STORAGE}",
        "as_of": str(collection.day or ""),
        "note": collection.rows_note,
        "attribution": attribution_of(datasets),
        "licences": list(dict.fromkeys(d.licence for d in datasets)),
        "run": dict(run),
        "kinds": {f.name: f.kind for f in fields},
        "labels": {f.name: str(f.label) for f in fields},
        "units": {f.name: str(f.unit) for f in fields if f.unit},
        "descriptions": {f.name: str(f.description) for f in fields if f.description},
        "values": {f.name: {str(value): str(label) for value, label in f.choices} for f in fields if f.choices},
        "style": {"column": collection.style.column, "classes": [asdict(c) | {"label": str(c.label)} for c in collection.style.classes]},
    }
