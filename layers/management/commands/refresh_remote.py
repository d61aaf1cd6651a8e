"""`manage.py refresh_remote`: fetches the layers of remote services that are switched on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError
from layers.remote.hosts import register
from layers.remote.layer import RemoteLayer
from layers.remote.refresh import refresh


class Command(BaseCommand):
    help = (
        "Fetches remote layers: those named, or all that are switched on. When one fails, its last rows stay and the command ends with 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="only these layers; with --dry-run also ones that are switched off")
        parser.add_argument("--due", action="store_true", help="only layers whose last success is older than they may be")
        parser.add_argument("--dry-run", action="store_true", help="fetch and compare, but save nothing")
        parser.add_argument("--force", action="store_true", help="take a layer although more than half of its rows are missing")
        parser.add_argument("--list", action="store_true", help="show the layers and how their last refresh went")

    def handle(self, *args: Any, **options: Any) -> None:
        register()
        if options["list"]:
            for layer in RemoteLayer.objects.all():
                self.stdout.write(f"{layer.key}: {state_of(layer)}")
            return
        failed = [layer.key for layer in self.chosen(options) if not self.refresh(layer, options)]
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}; the rows of the last success stay")

    def chosen(self, options: dict[str, Any]) -> list[RemoteLayer]:
        """Return the layers to fetch; refuse unknown ones and ones that are off."""
        keys = options["keys"]
        found = list(
            (RemoteLayer.objects.due() if options["due"] else RemoteLayer.objects.enabled())
            if not keys
            else RemoteLayer.objects.filter(key__in=keys)
        )
        unknown = sorted(set(keys) - {layer.key for layer in found})
        if unknown:
            known = ", ".join(RemoteLayer.objects.order_by("key").values_list("key", flat=True))
            raise CommandError(f"no remote layer {', '.join(unknown)}; there are {known}")
        off = [layer.key for layer in found if not layer.enabled]
        if off and not options["dry_run"]:
            raise CommandError(f"switched off: {', '.join(off)}; look with --dry-run, then switch it on in the administration")
        if not found:
            self.stdout.write("nothing to fetch: no layer is due" if options["due"] else "nothing to fetch: no layer is switched on")
        return found

    def refresh(self, layer: RemoteLayer, options: dict[str, Any]) -> bool:
        try:
            report = refresh(layer, write=not options["dry_run"], force=options["force"])
        except RaumError as error:
            self.stderr.write(f"{layer.key}: {error}")
            return False
        for finding in [f for f in report.findings if f.severity != "info"][:5]:
            self.stdout.write(f"  row {finding.row}: {finding.field} {finding.value}: {finding.rule}")
        if layer.service == RemoteLayer.Service.WMS:
            self.stdout.write(f"{layer.key}: the layer is there")
            return True
        parts = {"read": report.read, "new": report.created, "changed": report.changed, "unchanged": report.unchanged}
        parts |= {"removed": len(report.vanished), "duplicates": report.duplicates, "refused": report.refused, "outside": report.outside}
        counts = ", ".join(f"{n:,} {name}" for name, n in parts.items())
        self.stdout.write(f"{layer.key}: {counts}" + ("" if report.written else " (dry run: nothing was written)"))
        if options["dry_run"]:
            self.stdout.write(f"  used: {report.used_columns}; not used: {', '.join(report.unused_columns)}")
        return True


def state_of(layer: RemoteLayer) -> str:
    """Return how a layer stands, in one line."""
    if layer.last_error:
        return f"failed on {layer.last_try_at:%Y-%m-%d %H:%M}: {layer.last_error}"
    on = "on" if layer.enabled else "off" if layer.url else "off, no address"
    last = f"last success {layer.last_success_at:%Y-%m-%d %H:%M}" if layer.last_success_at else "never fetched"
    rows = f", {layer.row_count:,} rows" if layer.row_count is not None else ""
    return f"{on}, {last}{rows}"
