"""`manage.py load_facilities`: places of daily life and zones from OpenStreetMap or a list; a dry run unless told otherwise."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geo import crs, osm
from geo.errors import RaumError
from geo.files import local_file, plain_text, read_table
from geo.importing import LoadReport
from geo.models import UMLAUTS, Dataset
from geo.sources import checksum
from layers.facilities import rows as reading
from layers.facilities.kinds import kinds
from layers.facilities.store import bring_up_to_date
from layers.models import FacilityKind, ZoneKind

SHOWN = 25
LABELS = dict(FacilityKind.choices) | dict(ZoneKind.choices)


class Command(BaseCommand):
    help = (
        "Reads facilities and zones from OSM PBF, CSV, XLSX, GeoJSON, GeoPackage or zipped Shapefile. Without --write nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--write", action="store_true", help="apply in one transaction; without it only the report is shown")
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            choices=list(LABELS),
            metavar="KIND",
            help="OSM: only these kinds; a list: what its rows are",
        )
        parser.add_argument("--mapping", type=Path, help="YAML with lines 'field: column'")
        parser.add_argument("--crs", type=int, help="EPSG number of the coordinates, e.g. 25833, 25832, 4326")
        parser.add_argument("--layer", help="layer of a GeoPackage, or Shapefile in a zip with several; * stands for anything")
        parser.add_argument("--sheet", help="sheet of a workbook (default: the first)")
        parser.add_argument("--report", type=Path, help="write the whole report to FILE.json or FILE.csv")
        parser.add_argument("--dataset", help="key of the data set (default: openstreetmap, or from the file's name)")
        parser.add_argument("--title", default="", help="title of the data set on the data page")
        parser.add_argument("--licence", default="", help="its licence (needed with --write unless the file is OSM)")
        parser.add_argument("--attribution", default="", help="its prescribed source line (needed with --write unless the file is OSM)")
        parser.add_argument("--valid-on", type=datetime.date.fromisoformat, help="day the data describe, YYYY-MM-DD")
        parser.add_argument("--force", action="store_true", help="take it although more than half of the known rows are missing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["crs"] is not None:
            try:
                options["crs"] = crs.number_of(options["crs"])
            except ValueError as error:
                raise CommandError(f"--crs {options['crs']}: {error}") from error
        console = Console(file=self.stdout._out, highlight=False)  # type: ignore[attr-defined]
        try:
            with console.status("") as status:
                report, counts = self.load(options, lambda text: status.update(escape(f"{text} …")))
            show(report, counts, console)
            if options["report"]:
                report.save(options["report"])
                console.print(f"report: {escape(str(options['report']))}")
        except RaumError as error:
            raise CommandError(str(error)) from error

    def load(self, options: dict[str, Any], progress: reading.Progress) -> tuple[LoadReport, Counter[str]]:
        """Read, compare and, when asked to, write."""
        name = options["file"]
        is_osm = str(name).lower().endswith(".pbf")
        path = local_file(name, limit=reading.MAX_OSM) if is_osm else local_file(name)
        report = LoadReport(path.name)
        source = self.source(path, options, is_osm)
        progress("reading")
        if is_osm:
            rows, extract = reading.from_osm(path, options["kind"], report, progress)
            source.valid_on = options["valid_on"] or extract.valid_on
        else:
            rows = self.rows_of_table(path, options, report)
            source.valid_on = options["valid_on"] or source.valid_on
        source.sha256 = checksum(path)
        progress("comparing")
        counts = bring_up_to_date(rows, source, report, kinds=options["kind"], force=options["force"], write=options["write"])
        return report, counts

    def rows_of_table(self, path: Path, options: dict[str, Any], report: LoadReport) -> list[reading.Row]:
        if len(options["kind"]) > 1:
            raise CommandError("--kind: the rows of a list are of one kind; leave it out when a column says the kind")
        table = read_table(path, options["layer"], options["sheet"])
        for note in table.notes:
            report.add(0, "file", "", note, "info")
        column_of = reading.read_mapping(options["mapping"], table.columns) if options["mapping"] else kinds().recognise(table.columns)
        report.used_columns = column_of
        report.unused_columns = [c for c in table.columns if c not in column_of.values()]
        return reading.from_table(table, column_of, "".join(options["kind"]), report, options["crs"])

    def source(self, path: Path, options: dict[str, Any], is_osm: bool) -> Dataset:
        """Return the data set, not saved; refuse one that holds something else."""
        stem = slugify(path.stem.translate(UMLAUTS))[:50].strip("-") or "facilities"
        key = options["dataset"] or ("openstreetmap" if is_osm else stem)
        source = Dataset.objects.filter(key=key).first() or Dataset(
            key=key, title="OpenStreetMap" if is_osm else plain_text(path.name)[:200]
        )
        if source.pk and not (source.facilities.exists() or source.zones.exists()):
            raise CommandError(f"the data set {key!r} holds something else; --dataset names another")
        if is_osm:
            source.licence, source.licence_url, source.attribution, source.url = (
                osm.LICENCE,
                osm.LICENCE_URL,
                osm.ATTRIBUTION,
                osm.SOURCE_URL,
            )
        for field in ("title", "licence", "attribution"):
            if options[field]:
                setattr(source, field, options[field])
        if options["write"] and not (source.licence and source.attribution):
            raise CommandError("--write needs --licence and --attribution: every data set is shown with both")
        return source


def show(report: LoadReport, counts: Counter[str], console: Console) -> None:
    """Print the report: what was understood, what is wrong, what it comes to."""
    if report.used_columns:
        console.print("columns: " + escape(", ".join(f"{c} → {f}" for f, c in report.used_columns.items())))
    if report.unused_columns:
        console.print("not used: " + escape(", ".join(report.unused_columns)))
    if counts:
        table = Table("kind", "", "rows")
        for kind, n in sorted(counts.items()):
            table.add_row(kind, str(LABELS[kind]), f"{n:,}")
        console.print(table)
    if report.findings:
        table = Table("row", "field", "value", "rule", "")
        order = sorted(report.findings, key=lambda f: (f.severity != "error", f.severity != "warning", f.row))
        for f in order[:SHOWN]:
            cells = (str(f.row) if f.row else "file", f.field, f.value[:50], f.rule, f.severity)
            table.add_row(*(escape(c) for c in cells))
        console.print(table)
        if len(order) > SHOWN:
            console.print(f"… and {len(order) - SHOWN:,} more; --report FILE.json or FILE.csv has them all")
    parts = {"read": report.read, "new": report.created, "changed": report.changed, "unchanged": report.unchanged}
    parts |= {"removed": len(report.vanished), "duplicates": report.duplicates, "refused": report.refused, "outside": report.outside}
    console.print(", ".join(f"{n:,} {name}" for name, n in parts.items()), style="bold")
    console.print("written" if report.written else "dry run: nothing was written; add --write to apply")
