"""`manage.py compute_reach`: transit access, travel times, surfaces and areas for all towns and vacancies."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo.errors import RaumError
from geo.models import Dataset
from layers.reach import runs


def window(text: str) -> tuple[datetime.time, datetime.time]:
    """Read HH:MM-HH:MM."""
    try:
        start, end = (datetime.time.fromisoformat(t) for t in text.split("-"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no window; expected HH:MM-HH:MM, for example 07:00-09:00") from None
    return start, end


class Command(BaseCommand):
    help = "Computes the reach of all towns and vacancies beside the live run and then makes it the live one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preset", default="de_goat", help="method of the access classes: a file of data/presets (default: de_goat)")
        parser.add_argument("--dataset", help="key of the timetable (default: the one loaded last)")
        parser.add_argument(
            "--day", type=datetime.date.fromisoformat, help="day of the travel times (default: the timetable's reference day)"
        )
        parser.add_argument("--window", type=window, default=runs.WINDOW, help="when people set out, HH:MM-HH:MM (default: 07:00-09:00)")
        parser.add_argument(
            "--centres", help="keys, with commas: berlin-hbf or slugs of towns (default: Berlin and all Ober- and Mittelzentren)"
        )
        parser.add_argument(
            "--only", default=",".join(runs.PARTS), help=f"parts besides access classes, with commas: {', '.join(runs.PARTS)}, or none"
        )
        parser.add_argument("--if-needed", action="store_true", help="do nothing when the live run has all of it")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = [] if options["only"] == "none" else [p.strip() for p in options["only"].split(",") if p.strip()]
        wanted = [c.strip() for c in options["centres"].split(",") if c.strip()] if options["centres"] else None
        if options["if_needed"] and runs.is_complete(options["preset"], parts):
            self.stdout.write("reach: up to date")
            return
        source = Dataset.objects.filter(key=options["dataset"]).first() if options["dataset"] else None
        if options["dataset"] and source is None:
            known = ", ".join(Dataset.objects.filter(stops__isnull=False).distinct().values_list("key", flat=True))
            raise CommandError(f"--dataset {options['dataset']}: no such timetable; there are {known or 'none'}")
        console = Console(file=self.stdout._out)  # type: ignore[attr-defined]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not self.stdout.isatty()) as bar:
            tasks: dict[str, Any] = {}

            def told(what: str, done: int, of: int) -> None:
                tasks.setdefault(what, bar.add_task(what, total=of) if what not in tasks else tasks[what])
                bar.update(tasks[what], completed=done)

            chosen = {"day": options["day"], "window": options["window"], "wanted": wanted, "parts": parts}
            try:
                run = runs.compute(source, options["preset"], progress=told, **chosen)
            except RaumError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"reach: {run.preset} on {run.day}, towns per class {run.stats['towns']}, vacancies {run.stats['vacancies']}")
        if run.parameters:
            start, end = run.parameters["window"]
            self.stdout.write(f"travel times to {run.centres.count()} centres on {run.parameters['day']}, setting out {start} to {end}")
