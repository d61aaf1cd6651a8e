"""`manage.py load_contacts`: the contacts that the project carries; what was changed by hand is left alone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from network.contacts import seeds


class Command(BaseCommand):
    help = "Loads data/contacts/*.toml; contacts that somebody changed or withdrew stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        told = seeds.load()
        self.stdout.write("contacts: {new} new, {changed} changed, {left} left as they were changed by hand".format(**told))
