"""`manage.py load_towns`: the project's own towns, or an operator's newer files."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from geo import official, sources
from geo.errors import RaumError
from geo.models import Town


class Command(BaseCommand):
    help = "Loads municipalities: without files the project's own; with files BKG VG250-EW and Destatis GV-ISys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("boundaries", nargs="?", type=Path, help="VG250-EW as GeoPackage, zipped GeoPackage or zipped Shapefile")
        parser.add_argument("--population", type=Path, help="GV-ISys workbook (XLSX)")
        parser.add_argument("--valid-on", type=datetime.date.fromisoformat, help="day the files describe, YYYY-MM-DD (needed with --write)")
        parser.add_argument("--write", action="store_true", help="apply; without it only the report is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        boundaries, population, day = options["boundaries"], options["population"], options["valid_on"]
        if not boundaries and not population:
            report = sources.load_own()
            kept = "(an operator's newer files are loaded; they stay)" if sources.operator_is_newer() else "(unchanged)"
            self.stdout.write(f"towns: {Town.objects.current().count()} " + ("loaded" if report else kept))
            return
        if options["write"] and not day:
            raise CommandError("--write needs --valid-on YYYY-MM-DD: the day the files describe")
        if day and day > datetime.date.today():
            raise CommandError(f"--valid-on {day}: lies in the future")
        try:
            with transaction.atomic():
                found = official.load(boundaries, population, day or datetime.date.today())
                for line in found.lines():
                    self.stdout.write(line)
                if not options["write"]:
                    transaction.set_rollback(True)
        except RaumError as error:
            raise CommandError(str(error)) from error
        if options["write"]:
            self.stdout.write("written; compute_reach brings the access of changed towns up to date")
        else:
            self.stdout.write("dry run: nothing was written; add --write to apply")
