"""`manage.py load_contacts`: the contacts of data/contacts; hand edits stay."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import InvalidFile
from network.contacts import seeds


class Command(BaseCommand):
    help = "Loads data/contacts/*.toml; what somebody changed, withdrew or deleted stays so."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = seeds.load()
        except InvalidFile as error:
            raise CommandError(str(error)) from error
        told = f"{report.created} new, {report.changed} changed, {report.unchanged} unchanged"
        self.stdout.write(f"contacts: {told}, {report.kept_edits} fields left as somebody changed them")
