"""`manage.py load_demo`: fictional vacancies to try the platform with."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError
from layers.reach import runs
from vacancies import demo
from vacancies.models import Vacancy


class Command(BaseCommand):
    help = "Writes more than 3,000 fictional vacancies, marked as examples (Beispiel); --remove deletes them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="delete all examples with their history")
        parser.add_argument("--yes", action="store_true", help="also when the register holds real vacancies")
        parser.add_argument("--count", type=int, help="how many there are to be (default: data/demo.toml); a larger number only adds")
        parser.add_argument("--date", type=datetime.date.fromisoformat, help="the day all dates are drawn back from (default: today)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"examples removed: {demo.remove()}")
            return
        try:
            written = demo.load(options["date"], options["yes"], options["count"])
            if written:
                runs.refresh(list(Vacancy.objects.examples().values_list("pk", flat=True)))
        except RaumError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"examples: {Vacancy.objects.examples().count()} ({written} new)")
