"""Two timetables compared for the public: towns and public vacancies, as sentence, table, CSV and GeoJSON.

Only public vacancies are counted, at the points the public may see; nothing else of the register is read.
"""

from __future__ import annotations

import csv as csv_module
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from geo import crs
from geo.models import Town
from geo.positions import X, Y
from layers.models import ReachRun, TownReach
from layers.publish.files import DIGITS, ENCODER, cell
from layers.reach.whatif import compare_words
from layers.reach.whatif.compare import CLASS, MEASURES, MINUTES, NOT, Comparison, Crossing, Results
from vacancies.places.figures import hits_by_town
from vacancies.public import PublicVacancy

WITHIN = 60
EXAMPLES = "is_example = true: invented example / erfundenes Beispiel"
COLUMNS = ("berlin_best_min", "berlin_median_min", "oz_best_min", "mz_best_min", "transit_class")  # in the order of MEASURES
CHANGED = """
SELECT p.key, p.town_ags, {columns}
FROM public_vacancy p
JOIN vacancies_vacancy v ON v.key = p.key
JOIN layers_vacancyreach a ON a.vacancy_id = v.id AND a.run_id = %s
JOIN layers_vacancyreach b ON b.vacancy_id = v.id AND b.run_id = %s
WHERE ({before}) IS DISTINCT FROM ({after})
ORDER BY p.key
""".format(
    columns=", ".join(f"{t}.{c}" for t in "ab" for c in COLUMNS),
    before=", ".join(f"a.{c}" for c in COLUMNS),
    after=", ".join(f"b.{c}" for c in COLUMNS),
)


@dataclass(frozen=True)
class Row:
    """A place of a table: what it is, and per measure what was, what is, and which way it went."""

    place: Any
    cells: list[dict[str, Any]]
    vacancies: int = 0


@dataclass
class WhatIf:
    """Two timetables, the towns and the vacancies that may differ, and what a reader should know.

    Attributes
    ----------
    title : str
        What is compared, in front of the sentence.
    towns : list of Town
        With `x` and `y` (EPSG:25833).
    keys, key_towns : list of str
        Public vacancies by key, and the AGS of each one's town.
    source : str
        The prescribed source lines.
    """

    title: str
    towns: list[Town]
    keys: list[str]
    key_towns: list[str]
    by_town: Comparison
    by_vacancy: Comparison
    source: str = ""
    notes: list[str] = field(default_factory=list)
    within: int = WITHIN

    @classmethod
    def of_runs(cls, before: ReachRun, after: ReachRun, within: int = WITHIN) -> WhatIf:
        """Return two kept runs compared; what only one of them has, or has by another method, is left out and said."""
        kept, notes = _comparable(before, after)
        towns, numbers = _towns(), {}
        for run in (before, after):
            found = TownReach.objects.filter(run=run).values_list("town_id", *COLUMNS)
            numbers[run.pk] = {pk: rest for pk, *rest in found}
        towns = [t for t in towns if all(t.pk in n for n in numbers.values())]
        by_town = Comparison(*(_results([numbers[r.pk][t.pk] for t in towns], kept) for r in (before, after)))
        with connection.cursor() as cursor:
            cursor.execute(CHANGED, [before.pk, after.pk])
            rows = cursor.fetchall()
        width = len(COLUMNS)
        by_vacancy = Comparison(_results([r[2 : 2 + width] for r in rows], kept), _results([r[2 + width :] for r in rows], kept))
        source = "; ".join(dict.fromkeys((before.dataset.attribution, after.dataset.attribution)))
        keys, key_towns = [r[0] for r in rows], [r[1] for r in rows]
        return cls(_title(before, after), towns, keys, key_towns, by_town, by_vacancy, source, notes, within)

    # --- sentences --------------------------------------------------------------------------------------------------------

    @property
    def crossing(self) -> Crossing | None:
        return self.by_vacancy.crossing(self.key_towns, self.within)

    @property
    def sentence(self) -> str:
        """ "RB 99 stündlich: 214 Leerstände in 11 Gemeinden kommen auf höchstens 60 Minuten an Berlin Hbf heran."""
        return compare_words.sentence(self.title, self.crossing)

    def tallies(self) -> list[str]:
        """Return one sentence per measure: how many towns and vacancies gain and lose."""
        return [compare_words.tally_sentence(m, self.by_town.tally(m), self.by_vacancy.tally(m)) for m in self.by_town.measures]

    # --- tables -----------------------------------------------------------------------------------------------------------

    def town_rows(self, sort: str) -> list[Row]:
        """Return the towns that change, by `sort`: a measure (largest change first), name, or vacancies."""
        found, hits = self.by_town, hits_by_town()
        if sort in found.measures:
            order = found.order(sort, found.changed, lambda i: i)
        else:
            order = sorted(found.changed.tolist(), key=lambda i: (-hits.get(self.towns[i].slug, 0) if sort == "vacancies" else 0, i))
        return [Row(self.towns[i], self._cells(found, i), hits.get(self.towns[i].slug, 0)) for i in order]

    def vacancy_rows(self, sort: str, first: int, number: int) -> list[Row]:
        """Return a stretch of the vacancies that change, by a measure or by key."""
        order = self._vacancy_order(sort)[first : first + number]
        known = PublicVacancy.objects.in_bulk([self.keys[i] for i in order])
        return [Row(known[self.keys[i]], self._cells(self.by_vacancy, i)) for i in order if self.keys[i] in known]

    def _vacancy_order(self, sort: str) -> list[int]:
        found = self.by_vacancy
        return found.order(sort, found.changed, lambda i: self.keys[i]) if sort in found.measures else found.changed.tolist()

    @cached_property
    def changed_vacancies(self) -> int:
        return len(self.by_vacancy.changed)

    def _cells(self, found: Comparison, i: int) -> list[dict[str, Any]]:
        return [dict(compare_words.cell(found, m, i)) for m in found.measures]

    # --- files ------------------------------------------------------------------------------------------------------------

    @property
    def _names(self) -> list[str]:
        numbers = [f"{m}_{part}" for m in self.by_town.measures for part in ("before", "after", "change")]
        return ["kind", "key", "name", "town", "ags", "is_example", *numbers]

    def _records(self) -> Iterator[tuple[dict[str, Any], float, float]]:
        """Yield the properties and the position (EPSG:25833) of every town and public vacancy that changes."""
        for i in self.by_town.changed.tolist():
            t = self.towns[i]
            about = {"kind": "town", "key": t.slug, "name": t.name, "town": t.name, "ags": t.ags8, "is_example": False}
            yield about | self._numbers(self.by_town, i), t.x, t.y  # type: ignore[attr-defined]
        chosen = self.by_vacancy.changed.tolist()
        known = PublicVacancy.objects.in_bulk([self.keys[i] for i in chosen])
        for i in chosen:
            v = known.get(self.keys[i])
            if v is None:
                continue
            about = {"kind": "vacancy", "key": v.key, "name": v.name, "town": v.town_name, "ags": v.town_ags, "is_example": v.is_example}
            yield about | self._numbers(self.by_vacancy, i), v.point.x, v.point.y

    def _numbers(self, found: Comparison, i: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for m in found.measures:
            change = int(found.change(m)[i])
            if m == CLASS:
                was, now = ((r.transit_class or [])[i] for r in (found.before, found.after))
                made |= {f"{m}_before": was, f"{m}_after": now, f"{m}_change": -change}
                continue
            was, now = (None if r.minutes[m][i] == NOT else int(r.minutes[m][i]) for r in (found.before, found.after))
            made |= {f"{m}_before": was, f"{m}_after": now, f"{m}_change": compare_words.signed(change)}
        return made

    def geojson(self) -> bytes:
        """Return the layer as GeoJSON (EPSG:4326): towns at their centres, vacancies at their public points."""
        features = []
        for about, x, y in self._records():
            lon, lat = crs.transform_xy(x, y, crs.STORAGE, crs.WEB)
            point = {"type": "Point", "coordinates": [round(float(lon), DIGITS), round(float(lat), DIGITS)]}
            features.append({"type": "Feature", "id": f"{about['kind']}-{about['key']}", "geometry": point, "properties": about})
        head = {"type": "FeatureCollection", "title": self.title, "sentence": self.sentence, "attribution": self.source, "note": EXAMPLES}
        return ENCODER.encode(head | {"notes": self.notes, "unit": "min", "features": features}).encode()

    def csv(self) -> bytes:
        """Return the table as `layers.publish.files` writes tables: UTF-8 with byte order mark, semicolons, both positions."""
        out = io.StringIO()
        writer = csv_module.writer(out, delimiter=";", lineterminator="\r\n")
        out.write("\ufeff")
        writer.writerow([*self._names, "lon", "lat", "x", "y"])
        for about, x, y in self._records():
            lon, lat = crs.transform_xy(x, y, crs.STORAGE, crs.WEB)
            numbers = [f"{lon:.{DIGITS}f}", f"{lat:.{DIGITS}f}", f"{x:.1f}", f"{y:.1f}"]
            writer.writerow([*(cell(about[n]) for n in self._names), *numbers])
        return out.getvalue().encode()


def places() -> tuple[list[Town], list[PublicVacancy]]:
    """Return what two timetables are asked about: the towns, and the public vacancies, each with `x` and `y` (EPSG:25833)."""
    found = PublicVacancy.objects.order_by("key").annotate(x=X("point"), y=Y("point")).only("key", "town_ags")
    return _towns(), list(found)


def _towns() -> list[Town]:
    ordered = Town.objects.current().by_district().order_by("name", "ags8")
    return list(ordered.annotate(x=X("centre"), y=Y("centre")))


def _results(rows: Sequence[Sequence[Any]], kept: Sequence[str]) -> Results:
    """Return rows of COLUMNS as results of the measures that are kept."""
    minutes = {
        name: np.array([NOT if r[i] is None else r[i] for r in rows], dtype=np.int64) for i, name in enumerate(MINUTES) if name in kept
    }
    return Results(minutes, [r[len(MINUTES)] for r in rows] if CLASS in kept else None)


def _comparable(before: ReachRun, after: ReachRun) -> tuple[list[str], list[str]]:
    """Return the measures that two runs share, and why others are left out."""
    kept, notes = list(MEASURES), []
    windows = [r.parameters.get("window") for r in (before, after)]
    if None in windows:
        kept = [CLASS]
        notes.append(_("Mindestens eine der Berechnungen enthält keine Fahrzeiten."))
    elif windows[0] != windows[1]:
        kept = [CLASS]
        notes.append(_("Die Fahrzeiten gelten für verschiedene Tageszeiten und werden nicht verglichen."))
    elif len({r.parameters.get("walk", {}).get("streets", "") for r in (before, after)}) > 1:
        kept = [CLASS]
        notes.append(_("Die Wege zu den Haltestellen sind verschieden gemessen; die Fahrzeiten werden nicht verglichen."))
    if before.preset != after.preset:
        kept = [m for m in kept if m != CLASS]
        notes.append(_("Die ÖV-Güteklassen folgen verschiedenen Verfahren und werden nicht verglichen."))
    return kept, notes


def _title(before: ReachRun, after: ReachRun) -> str:
    if after.title:
        return after.title
    return _("{after} statt {before}").format(after=label(after), before=label(before))


def label(run: ReachRun) -> str:
    """Return how a run is called: a scenario by its title, else by its timetable's day."""
    from django.utils.formats import date_format

    return run.title or _("Fahrplan vom {day}").format(day=date_format(run.day, "DATE_FORMAT"))


def about(run: ReachRun) -> list[str]:
    """Return what the edits behind a scenario did, a sentence each."""
    edits = run.parameters.get("scenario", {}).get("edits", [])
    return [compare_words.edit_sentence(e["kind"], e["facts"]) for e in edits]
