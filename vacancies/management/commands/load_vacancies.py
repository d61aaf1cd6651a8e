"""`manage.py load_vacancies`: a municipality's list into the register; a dry run unless told otherwise."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geo import crs
from geo.errors import RaumError
from geo.files import plain_text
from geo.importing import LoadReport
from geo.models import UMLAUTS, Dataset, Town
from geo.sources import own_keys
from vacancies import choices as c
from vacancies.published import INTERNAL_LICENCE
from vacancies.sources.apply import Rights, load

SHOWN = 25
RANK = ("error", "warning", "info")


class Command(BaseCommand):
    help = "Reads vacancies from CSV, XLSX, GeoJSON, GeoPackage, zipped Shapefile or OSM PBF. Without --write nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--write", action="store_true", help="apply in one transaction; without it only the report is shown")
        parser.add_argument("--mapping", type=Path, help="YAML with lines 'field: column'")
        parser.add_argument("--crs", type=int, help="EPSG number of the coordinates, e.g. 25833, 25832, 4326, 31468")
        parser.add_argument("--town", help="name or slug; rows outside this municipality are refused")
        parser.add_argument("--layer", help="layer of a GeoPackage, or Shapefile in a zip with several; * stands for anything")
        parser.add_argument("--sheet", help="sheet of a workbook (default: the first)")
        parser.add_argument("--report", type=Path, help="write the whole report to FILE.json or FILE.csv")
        parser.add_argument("--dataset", help="key of the data set (default: from the file's name)")
        parser.add_argument("--title", default="", help="title of the data set")
        parser.add_argument("--licence", default="", help=f"licence of the data set (default: {INTERNAL_LICENCE}, not on the data page)")
        parser.add_argument("--attribution", default="", help="source line of the data set")
        parser.add_argument("--valid-on", type=datetime.date.fromisoformat, help="day the list describes, YYYY-MM-DD")
        parser.add_argument("--publish", default="draft", choices=["draft", "review", "published"], help="state of new rows")
        parser.add_argument("--visibility", default="internal", choices=c.Visibility.values, help="who sees new rows")
        parser.add_argument("--basis", default="none", choices=[b for b in c.Basis.values if b != "example"], help="why they may be public")
        parser.add_argument("--consent-on", type=datetime.date.fromisoformat, help="date of the owners' consent")
        parser.add_argument("--consent-text", default="", help="version of the text consented to")
        parser.add_argument("--notice-on", type=datetime.date.fromisoformat, help="date of the notice (§ 200 (3) BauGB)")

    def handle(self, *args: Any, **options: Any) -> None:
        rights = self.rights(options)
        town = self.town(options["town"])
        if options["report"] and options["report"].suffix not in (".json", ".csv"):
            raise CommandError(f"--report {options['report']}: the name must end in .json or .csv")
        if options["crs"] is not None:
            try:
                options["crs"] = crs.number_of(options["crs"])
            except ValueError as error:
                raise CommandError(f"--crs {options['crs']}: {error}") from error
        source = self.source(options)
        console = Console(file=self.stdout._out, highlight=False)  # type: ignore[attr-defined]
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
                    progress=lambda text: status.update(escape(f"{text} …")),
                )
            show(report, console)
            if options["report"]:
                report.save(options["report"])
                console.print(f"report: {escape(str(options['report']))}")
        except RaumError as error:
            raise CommandError(str(error)) from error

    def source(self, options: dict[str, Any]) -> Dataset:
        """Return the data set of the list, not saved; refuse one that holds something else."""
        name = plain_text(Path(options["file"]).name)
        key = options["dataset"] or slugify(Path(name).stem.translate(UMLAUTS))[:50].strip("-") or "list"
        source = Dataset.objects.filter(key=key).first() or Dataset(key=key, title=name[:200], licence=INTERNAL_LICENCE)
        holds_others = source.pk and (source.addresses.exists() or source.stops.exists())
        if key in own_keys() or holds_others:
            raise CommandError(f"the data set {key!r} holds something else; --dataset names another, e.g. --dataset {key[:40]}-leerstand")
        source.title = options["title"] or source.title
        source.licence = options["licence"] or source.licence
        source.attribution = options["attribution"] or source.attribution or source.title
        source.valid_on = options["valid_on"] or source.valid_on
        try:
            source.full_clean(validate_unique=False)
        except ValidationError as error:
            told = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
            raise CommandError(f"the data set cannot be described so: {told}") from error
        return source

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
        if len(rights.consent_text_version) > 20:
            raise CommandError("--consent-text: at most 20 characters")
        for name, day in (("--consent-on", rights.consent_on), ("--notice-on", rights.notice_on)):
            if day and day > datetime.date.today():
                raise CommandError(f"{name} {day}: lies in the future")
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
    """Print the report: what was understood, what is wrong, what it comes to. Readable at 80 columns."""

    def line(text: str, style: str | None = None) -> None:
        console.print(escape(plain_text(text)), style=style)

    line("columns: " + (", ".join(f"{column} → {name}" for name, column in report.used_columns.items()) or "none recognised"))
    if report.unused_columns:
        line("not used: " + ", ".join(report.unused_columns))
    if report.private_columns:
        line("left out as personal data: " + ", ".join(report.private_columns))
    if report.unmapped:
        line("words not known: " + ", ".join(f"{value} ({name}, {n}×)" for (name, value), n in report.unmapped.most_common(15)))
        if len(report.unmapped) > 15:
            line(f"… and {len(report.unmapped) - 15:,} more words")
    if report.findings:
        table = Table("row", "field", "value", "rule", "")
        for column in table.columns:
            column.overflow = "fold"
        order = sorted(report.findings, key=lambda f: (RANK.index(f.severity), f.row))
        for f in order[:SHOWN]:
            cells = (str(f.row) if f.row else "file", f.field, f.value[:50], f.rule, f.severity)
            table.add_row(*map(escape, cells), style="bold" if f.severity == "error" else None)
        console.print(table)
        if len(order) > SHOWN:
            line(f"… and {len(order) - SHOWN:,} more; --report FILE.json or FILE.csv has them all")
    parts = {"read": report.read, "new": report.created, "changed": report.changed, "unchanged": report.unchanged}
    parts |= {"duplicates": report.duplicates, "refused": report.refused}
    line(", ".join(f"{n:,} {name}" for name, n in parts.items()), "bold")
    if report.kept_edits:
        line(f"{report.kept_edits:,} values edited by hand stay as they are")
    if report.vanished:
        line(f"{len(report.vanished):,} vacancies of this source are no longer in the file; they stay: {', '.join(report.vanished[:5])}")
    line("written" if report.written else "dry run: nothing was written; add --write to apply")
