"""Delete what has been kept long enough, as the nightly job does; or say what would go."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from network.privacy import retention


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = retention.due() if options["dry_run"] else retention.run()
        for name, n in counts.items():
            self.stdout.write(f"{n:>8}  {name}")
