"""The record of processing as the registry tells it; with --write into docs/de/datenschutz/verzeichnis.md."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from network.privacy import record


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="into the document")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            record.page().write_text(record.written(record.page().read_text(encoding="utf-8")), encoding="utf-8")
        else:
            self.stdout.write(record.table())
