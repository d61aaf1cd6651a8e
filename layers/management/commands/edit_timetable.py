"""`manage.py edit_timetable`: timetable B from timetable A and a list of edits."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError


class Command(BaseCommand):
    help = "Writes the GTFS feed that a YAML list of edits (add_line, change_headway, close_stop) makes of another. Reads feed A only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("feed_a", type=Path, help="GTFS zip")
        parser.add_argument("edits", type=Path, help="YAML list of edits, see data/examples/rb99.yaml")
        parser.add_argument("feed_b", type=Path, help="GTFS zip to write; replaced when it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        from layers.reach.whatif.edits import edit_feed

        if not options["feed_a"].is_file():
            raise CommandError(f"{options['feed_a']}: no such file")
        try:
            report = edit_feed(options["feed_a"], options["edits"], options["feed_b"])
        except RaumError as error:
            raise CommandError(str(error)) from error
        for done in report.done:
            self.stdout.write(str(done))
        self.stdout.write(f"{options['feed_b']}: written; reference day {report.day}, changed tables {', '.join(report.rewritten)}")
        self.stdout.write(f"SHA-256 {report.sha256}")
