"""`manage.py load_demo`: fictional vacancies to try the platform with."""

from __future__ import annotations

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

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"examples removed: {demo.remove()}")
            return
        try:
            written = demo.load(confirmed=options["yes"])
        except RaumError as error:
            raise CommandError(str(error)) from error
        if written:
            runs.refresh(list(Vacancy.objects.examples().values_list("pk", flat=True)))
        self.stdout.write(f"examples: {Vacancy.objects.examples().count()} ({written} new)")
