"""`manage.py load_addresses`: house addresses for placing rows without coordinates."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo import addresses
from geo.errors import RaumError
from geo.models import Dataset


class Command(BaseCommand):
    help = "Replaces the addresses of a data set by those of a CSV (street, house number, postcode, place, lon/lat or x/y in EPSG:25833)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dataset", default="addresses", help="key of the data set (default: addresses)")
        parser.add_argument("--title", default="Hausadressen")
        parser.add_argument("--attribution", required=True, help="the prescribed source line")
        parser.add_argument("--licence", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        source = Dataset.objects.filter(key=options["dataset"]).first() or Dataset(key=options["dataset"])
        source.title, source.attribution, source.licence = options["title"], options["attribution"], options["licence"]
        try:
            read, left_out = addresses.load(options["file"], source)
        except RaumError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"addresses: {read - left_out} loaded, {left_out} left out (no position in the region or no street)")
