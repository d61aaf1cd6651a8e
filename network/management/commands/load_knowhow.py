"""`manage.py load_knowhow`: articles, advice, funding and showcases of data/knowhow; hand edits stay."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError
from network.knowhow import loading


class Command(BaseCommand):
    help = "Writes the entries of data/knowhow; what a person changed or deleted stays."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            reports = loading.load()
        except RaumError as error:
            raise CommandError(str(error)) from error
        for kind, r in reports.items():
            self.stdout.write(f"{kind}: {r.read} read, {r.created} new, {r.changed} changed, {r.kept_edits} hand edits kept")
