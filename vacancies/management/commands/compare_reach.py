"""`manage.py compare_reach`: which towns and public vacancies gain or lose between two timetables."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from rich.console import Console
from rich.table import Table

from geo.errors import InvalidParameter, RaumError
from layers.models import ReachRun
from vacancies.comparison import WITHIN, WhatIf, places

SHOWN = 25


class Command(BaseCommand):
    help = "Compares two timetables in memory: nothing is loaded, the live run stays as it is. Counts only public vacancies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("feed_a", help="GTFS zip, or the word live")
        parser.add_argument("feed_b", help="GTFS zip, the word live, or a YAML list of edits to the first")
        parser.add_argument("--day", type=datetime.date.fromisoformat, help="day of both, YYYY-MM-DD (default: each one's reference day)")
        parser.add_argument("--within", type=int, default=WITHIN, help=f"minutes to Berlin Hbf that count (default: {WITHIN})")
        parser.add_argument("--sort", default="berlin_best", help="measure the towns are ordered by (default: berlin_best)")
        parser.add_argument("--title", help="what is compared, in front of the sentence (default: the title of the edits, else the files)")
        parser.add_argument("--csv", type=Path, help="write towns and public vacancies that change")
        parser.add_argument("--geojson", type=Path, help="write them as a layer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.compare(options)
        except RaumError as error:
            raise CommandError(str(error)) from error

    def compare(self, options: dict[str, Any]) -> None:
        from layers.reach.runs import WINDOW
        from layers.reach.whatif import scenarios
        from layers.reach.whatif.compare import MEASURES, Comparison

        if not 5 <= options["within"] <= 360:
            raise InvalidParameter("--within", str(options["within"]), "whole minutes from 5 to 360")
        if options["sort"] not in MEASURES:
            raise InvalidParameter("--sort", options["sort"], f"one of {', '.join(MEASURES)}")
        targets = [options[name] for name in ("csv", "geojson") if options[name]]
        for path in targets:
            if not path.absolute().parent.is_dir():
                raise CommandError(f"{path}: there is no folder {path.absolute().parent.name}")
        live = ReachRun.objects.current()
        preset = live.preset if live else "de_goat"
        towns, vacancies = places()
        asked = {
            "towns": [(t.pk, t.x, t.y) for t in towns],  # type: ignore[attr-defined]
            "vacancies": [(0, v.x, v.y) for v in vacancies],  # type: ignore[attr-defined]
        }
        with scenarios.opened(options["feed_a"], options["feed_b"], options["day"]) as (feed_a, feed_b, report):
            for line in scenarios.findings((feed_a, feed_b)):
                self.stderr.write(line)
            before, after, notes = scenarios.pair(feed_a, feed_b, WINDOW, preset, asked)
        title = options["title"] or (report.title if report else "") or f"{Path(options['feed_b']).name} – {Path(options['feed_a']).name}"
        found = WhatIf(
            title,
            towns,
            [v.key for v in vacancies],
            [v.town_ags for v in vacancies],
            *(Comparison(before[kind], after[kind]) for kind in ("towns", "vacancies")),
            live.dataset.attribution if live else "",
            notes,
            options["within"],
        )
        console = Console(file=self.stdout._out, width=None if self.stdout.isatty() else 150, highlight=False)  # type: ignore[attr-defined]
        if report:
            for done in report.done:
                console.print(str(done), markup=False)
        start, end = WINDOW
        console.print(
            f"setting out {start:%H:%M} to {end:%H:%M}; first {feed_a.day}, second {feed_b.day}; {len(vacancies)} public vacancies"
        )
        self.table(console, found, options["sort"])
        for note in notes:
            console.print(f"note: {note}", markup=False)
        for language in ("de", "en"):
            with translation.override(language):
                console.print("", *([found.sentence] + (found.tallies() if language == "en" else [])), sep="\n", markup=False)
        for path, content in ((options["csv"], found.csv), (options["geojson"], found.geojson)):
            if path:
                _write(path, content())
                console.print(f"{path}: written", markup=False)

    def table(self, console: Console, found: WhatIf, sort: str) -> None:
        """Print the towns that change most."""
        with translation.override("en"):
            rows = found.town_rows(sort)
            shown = rows[:SHOWN]
            table = Table(title=f"{len(rows)} of {len(found.towns)} towns change" + (f"; the first {SHOWN}" if len(rows) > SHOWN else ""))
            for name in ("town", "public vacancies", *found.by_town.measures):
                table.add_column(name, justify="left" if name == "town" else "right")
            for row in shown:
                cells = [f"{c['before']} → {c['after']}" if c["way"] != "same" else "" for c in row.cells]
                table.add_row(row.place.name, str(row.vacancies), *cells)
        console.print(table)


def _write(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that nobody reads half a file."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CommandError(f"{path}: cannot be written ({error.strerror})") from error
