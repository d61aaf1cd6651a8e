"""After a backup was restored: delete again what a deletion log says was deleted since."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import InvalidFile
from network.privacy import deletion


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the deletion log (RW_DELETION_LOG)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = deletion.apply_log(options["file"])
        except (InvalidFile, OSError) as error:
            raise CommandError(str(error)) from error
        for model, n in done.items():
            self.stdout.write(f"{n:>8}  {model}")
        if not done:
            self.stdout.write("nothing to delete")
