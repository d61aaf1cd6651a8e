"""`manage.py load_towns`: the project's own towns, or an operator's newer files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from geo import sources
from geo.errors import RaumError
from geo.models import Dataset, Town


class Command(BaseCommand):
    help = "Loads municipalities: without files the project's own; with files BKG VG250-EW and Destatis GV-ISys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("boundaries", nargs="?", type=Path, help="VG250-EW as GeoPackage or zipped Shapefile")
        parser.add_argument("--population", type=Path, help="GV-ISys workbook (XLSX)")
        parser.add_argument("--valid-on", help="date of the files, YYYY-MM-DD (needed with --write)")
        parser.add_argument("--write", action="store_true", help="apply; without it only the report is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["boundaries"] and not options["population"]:
            report = sources.load_own()
            self.stdout.write(f"towns: {Town.objects.current().count()} " + ("loaded" if report else "(unchanged)"))
            return
        for path in (options["boundaries"], options["population"]):
            if path and not path.is_file():
                raise CommandError(f"{path}: no such file")
        if options["write"] and not options["valid_on"]:
            raise CommandError("--write needs --valid-on YYYY-MM-DD: the date the files describe")
        try:
            with transaction.atomic():
                report = self.load(options)
                for line in report.lines():
                    self.stdout.write(line)
                if not options["write"]:
                    transaction.set_rollback(True)
                    self.stdout.write("dry run: nothing was written; add --write to apply")
        except RaumError as error:
            raise CommandError(str(error)) from error

    def load(self, options: dict[str, Any]) -> sources.TownReport:
        """Read the given files and store them in the running transaction."""
        date = options["valid_on"] or "1970-01-01"
        rows: list[dict[str, Any]] = []
        if options["boundaries"]:
            rows = [r | {"population_date": date} for r in sources.read_vg250(options["boundaries"])]
        if options["population"]:
            figures = sources.read_gvisys(options["population"])
            rows = rows or sources.own_rows()
            rows = [r | figures.get(r["ags8"], {}) | {"population_date": date} for r in rows]
        source = Dataset.objects.get(key="municipal-boundaries")
        if options["boundaries"]:
            source.valid_on, source.attribution = date, f"© GeoBasis-DE / BKG {date[:4]} (Daten verändert)"
            source.sha256, source.row_count = sources.checksum(options["boundaries"]), len(rows)
            source.save()
        return sources.store(rows, source)
