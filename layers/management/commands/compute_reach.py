"""`manage.py compute_reach`: transit access of all towns and vacancies."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError
from geo.models import Dataset
from layers.reach import runs


class Command(BaseCommand):
    help = "Computes transit access classes and distances for all towns and vacancies and makes the run live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preset", default="de_goat", help="method: a file of data/presets (default: de_goat)")
        parser.add_argument("--dataset", help="key of the timetable (default: the one loaded last)")
        parser.add_argument("--if-needed", action="store_true", help="do nothing when a run for these stops is live")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["if_needed"]:
                run = runs.ensure(options["preset"])
                if run is None:
                    self.stdout.write("reach: up to date")
                    return
            else:
                source = Dataset.objects.filter(key=options["dataset"]).first() if options["dataset"] else None
                if options["dataset"] and source is None:
                    raise CommandError(f"--dataset {options['dataset']}: no such data set")
                run = runs.compute(source, options["preset"])
        except RaumError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"reach: {run.preset} on {run.day}, towns per class {run.stats['towns']}, vacancies {run.stats['vacancies']}")
