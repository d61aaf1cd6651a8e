"""`manage.py load_timetable`: the project's own timetable, or any GTFS feed."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from geo.errors import RaumError
from geo.models import Dataset
from layers import sources
from layers.models import TransitStop
from layers.reach import runs


class Command(BaseCommand):
    help = "Loads a GTFS feed: stops with their departures on a reference day. Without a file: the project's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("feed", nargs="?", type=Path, help="GTFS zip")
        parser.add_argument("--day", type=datetime.date.fromisoformat, help="reference day, YYYY-MM-DD (default: the busiest Tue–Thu)")
        parser.add_argument("--force", action="store_true", help="take the day although districts lose departures")
        parser.add_argument("--write", action="store_true", help="apply; without it only the report is shown")
        parser.add_argument("--dataset", default="timetable", help="key of the data set (default: timetable)")
        parser.add_argument("--title", default="Fahrplan", help="its title on the data page")
        parser.add_argument("--attribution", default="", help="the prescribed source line (needed with --write)")
        parser.add_argument("--licence", default="", help="its licence (needed with --write)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["feed"] is None:
                report = sources.load_own_timetable()
                self.stdout.write(f"stops: {TransitStop.objects.count()} " + ("loaded" if report else "(unchanged)"))
                return
            self.load(options)
        except RaumError as error:
            raise CommandError(str(error)) from error

    def load(self, options: dict[str, Any]) -> None:
        path = options["feed"]
        if not path.is_file():
            raise CommandError(f"{path}: no such file")
        if options["write"] and not (options["attribution"] and options["licence"]):
            raise CommandError("--write needs --attribution and --licence: every data set is shown with both")
        shown = {k: options[k] for k in ("title", "attribution", "licence")}
        source = Dataset.objects.filter(key=options["dataset"]).first() or Dataset(key=options["dataset"])
        for name, value in shown.items():
            setattr(source, name, value)
        report = sources.load_timetable(path, source, options["day"], force=options["force"], write=options["write"])
        console = Console(file=self.stdout._out, width=110)  # type: ignore[attr-defined]
        table = Table("district", "departures on the day", "median of its week", title=f"reference day {report.day:%a %d %b %Y}")
        for name, (now, usual) in sorted(report.by_district.items()):
            table.add_row(name, f"{now:,}", f"{usual:,}")
        console.print(table)
        for finding in report.findings:
            example = f", e.g. {finding.example}" if finding.example else ""
            text = f"{finding.file}: {finding.text} ({finding.count}{example})"
            console.print(f"{finding.severity}: {text}", highlight=False)
        console.print(f"{report.stops:,} stops, {report.departures:,} departures")
        console.print(f"left out: {report.outside:,} stops outside the region, {report.silent:,} without departures")
        if report.written:
            run = runs.compute(source)
            console.print(f"written; reach computed: {run.stats['towns']}", highlight=False)
        else:
            console.print("dry run: nothing was written; add --write to apply")
