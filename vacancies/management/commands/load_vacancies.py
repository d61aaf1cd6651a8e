"""`manage.py load_vacancies`: a municipality's list into the register; a dry run unless told otherwise."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from rich.console import Console
from rich.table import Table

from geo import crs
from geo.errors import RaumError
from geo.importing import LoadReport
from geo.models import UMLAUTS, Dataset, Town
from vacancies import choices as c
from vacancies.sources.apply import Rights, load

SHOWN = 25


class Command(BaseCommand):
    help = "Reads vacancies from CSV, XLSX, GeoJSON, GeoPackage, zipped Shapefile or OSM PBF. Without --write nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--write", action="store_true", help="apply in one transaction; without it only the report is shown")
        parser.add_argument("--mapping", type=Path, help="YAML with lines 'field: column'")
        parser.add_argument("--crs", type=int, choices=crs.KNOWN, help="EPSG number of the coordinates")
        parser.add_argument("--town", help="name or slug; rows outside this municipality are refused")
        parser.add_argument("--layer", help="layer of a GeoPackage")
        parser.add_argument("--sheet", help="sheet of a workbook")
        parser.add_argument("--report", type=Path, help="write the whole report to FILE.json or FILE.csv")
        parser.add_argument("--dataset", help="key of the data set (default: from the file's name)")
        parser.add_argument("--title", default="", help="title of the data set")
        parser.add_argument("--licence", default="intern", help="licence of the data set")
        parser.add_argument("--attribution", default="", help="source line of the data set")
        parser.add_argument("--publish", default="draft", choices=["draft", "review", "published"], help="state of new rows")
        parser.add_argument("--visibility", default="internal", choices=c.Visibility.values, help="who sees new rows")
        parser.add_argument("--basis", default="none", choices=[b for b in c.Basis.values if b != "example"], help="why they may be public")
        parser.add_argument("--consent-on", type=datetime.date.fromisoformat, help="date of the owners' consent")
        parser.add_argument("--consent-text", default="", help="version of the text consented to")
        parser.add_argument("--notice-on", type=datetime.date.fromisoformat, help="date of the notice (§ 200 (3) BauGB)")

    def handle(self, *args: Any, **options: Any) -> None:
        rights = self.rights(options)
        town = self.town(options["town"])
        key = options["dataset"] or slugify(Path(options["file"]).stem.translate(UMLAUTS))[:50] or "list"
        source = Dataset.objects.filter(key=key).first() or Dataset(key=key, title=options["title"] or Path(options["file"]).name)
        source.licence = options["licence"]
        source.attribution = options["attribution"] or source.attribution or source.title
        console = Console(file=self.stdout._out, width=None if self.stdout.isatty() else 120, highlight=False)  # type: ignore[attr-defined]
        try:
            with console.status("") as status:
                report = load(
                    options["file"],
                    source,
                    column_file=options["mapping"],
                    given_crs=options["crs"],
                    town=town,
                    layer=options["layer"],
                    sheet=options["sheet"],
                    rights=rights,
                    write=options["write"],
                    progress=lambda text: status.update(text),
                )
        except RaumError as error:
            raise CommandError(str(error)) from error
        show(report, console)
        if options["report"]:
            report.save(options["report"])
            console.print(f"report: {options['report']}")

    def rights(self, options: dict[str, Any]) -> Rights:
        """Return the rights of new rows; refuse combinations that the register refuses."""
        rights = Rights(
            options["publish"],
            options["visibility"],
            options["basis"],
            options["consent_on"],
            options["consent_text"],
            options["notice_on"],
        )
        if rights.publication == "published" and rights.visibility in c.PUBLIC and rights.basis == "none":
            raise CommandError(
                "--publish published with a public --visibility needs a --basis (owner_consent, municipal_property or baugb200)"
            )
        if rights.basis == "owner_consent" and not (rights.consent_on and rights.consent_text_version):
            raise CommandError("--basis owner_consent needs --consent-on and --consent-text")
        if rights.basis == "baugb200" and not rights.notice_on:
            raise CommandError("--basis baugb200 needs --notice-on")
        return rights

    def town(self, name: str | None) -> Town | None:
        if name is None:
            return None
        found = list(Town.objects.current().filter(slug=name) or Town.objects.current().filter(name__iexact=name))
        if len(found) != 1:
            slugs = ", ".join(t.slug for t in found)
            raise CommandError(f"--town {name}: " + (f"several: {slugs}" if found else "no such municipality in Brandenburg"))
        return found[0]


def show(report: LoadReport, console: Console) -> None:
    """Print the report: what was understood, what is wrong, what it comes to."""
    console.print("columns: " + (", ".join(f"{c} → {f}" for f, c in report.used_columns.items()) or "none recognised"))
    if report.unused_columns:
        console.print("not used: " + ", ".join(report.unused_columns))
    if report.private_columns:
        console.print("left out as personal data: " + ", ".join(report.private_columns))
    if report.unmapped:
        console.print("words not known: " + ", ".join(f"{v} ({f}, {n}×)" for (f, v), n in report.unmapped.most_common(15)))
    if report.findings:
        table = Table("row", "field", "value", "rule", "")
        order = sorted(report.findings, key=lambda f: (f.severity != "error", f.row))
        for f in order[:SHOWN]:
            table.add_row(str(f.row) if f.row else "file", f.field, f.value[:50], f.rule, f.severity)
        console.print(table)
        if len(order) > SHOWN:
            console.print(f"… and {len(order) - SHOWN:,} more; --report FILE.json or FILE.csv has them all")
    parts = {"read": report.read, "new": report.created, "changed": report.changed, "unchanged": report.unchanged}
    parts |= {"duplicates": report.duplicates, "refused": report.refused}
    console.print(", ".join(f"{n:,} {name}" for name, n in parts.items()), style="bold")
    if report.kept_edits:
        console.print(f"{report.kept_edits} values edited by hand stay as they are")
    if report.vanished:
        console.print(
            f"{len(report.vanished)} vacancies of this source are no longer in the file; they stay: {', '.join(report.vanished[:5])}"
        )
    console.print("written" if report.written else "dry run: nothing was written; add --write to apply")
