"""`manage.py compute_reach`: transit access, travel times, surfaces and areas for all towns and vacancies."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo.errors import RaumError
from geo.models import Dataset
from layers.models import ReachRun
from layers.reach import runs
from layers.reach.whatif import scenarios


def window(text: str) -> tuple[datetime.time, datetime.time]:
    """Read HH:MM-HH:MM."""
    try:
        start, end = (datetime.time.fromisoformat(t) for t in text.split("-"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no window; expected HH:MM-HH:MM, for example 07:00-09:00") from None
    return start, end


class Command(BaseCommand):
    help = (
        "Computes the reach of all towns and vacancies beside the live run and then makes it the live one; "
        "with --scenario it is kept for comparison instead and the live run stays."
    )

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

        parser.add_argument("--scenario", metavar="TITLE", help="keep the run as a what-if of this title, for the page /vergleich/")
        parser.add_argument("--feed", type=Path, help="with --scenario: a GTFS zip that is not loaded, instead of the data set's own")
        parser.add_argument("--edits", type=Path, help="with --scenario: a YAML list of edits to the data set's timetable")
        parser.add_argument("--remove-scenario", type=int, metavar="ID", help="remove a scenario and do nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.compute(options)
        except RaumError as error:
            raise CommandError(str(error)) from error

    def compute(self, options: dict[str, Any]) -> None:
        if options["remove_scenario"] is not None:
            self.stdout.write(f"scenario removed: {runs.remove_scenario(options['remove_scenario'])}")
            return
        if (options["feed"] or options["edits"]) and not options["scenario"]:
            raise CommandError("--feed and --edits need --scenario: what is not loaded never becomes the live run")
        if options["feed"] and options["edits"]:
            raise CommandError("--feed and --edits: one of them is allowed")
        parts = [] if options["only"] == "none" else [p.strip() for p in options["only"].split(",") if p.strip()]
        wanted = [c.strip() for c in options["centres"].split(",") if c.strip()] if options["centres"] else None
        if options["if_needed"] and runs.is_complete(options["preset"], parts):
            self.stdout.write("reach: up to date")
            return
        source = Dataset.objects.filter(key=options["dataset"]).first() if options["dataset"] else None
        if options["dataset"] and source is None:
            known = ", ".join(Dataset.objects.filter(stops__isnull=False).distinct().values_list("key", flat=True))
            raise CommandError(f"--dataset {options['dataset']}: no such timetable; there are {known or 'none'}")
        scenario = None
        if options["scenario"]:
            if source is None and (live := ReachRun.objects.current()):
                source = live.dataset
            scenario = scenarios.scenario(options["scenario"], source, options["day"], options["feed"], options["edits"])
        console = Console(file=self.stdout._out)  # type: ignore[attr-defined]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not self.stdout.isatty()) as bar:
            tasks: dict[str, Any] = {}

            def told(what: str, done: int, of: int) -> None:
                tasks.setdefault(what, bar.add_task(what, total=of) if what not in tasks else tasks[what])
                bar.update(tasks[what], completed=done)

            chosen = {"day": options["day"], "window": options["window"], "wanted": wanted, "parts": parts}
            run = runs.compute(source, options["preset"], progress=told, scenario=scenario, **chosen)
        self.stdout.write(f"reach: {run.preset} on {run.day}, towns per class {run.stats['towns']}, vacancies {run.stats['vacancies']}")
        if run.is_scenario:
            self.stdout.write(f"kept as scenario {run.pk}: {run.title}; the live run is as it was")
        if run.centres.exists():
            start, end = run.parameters["window"]
            self.stdout.write(f"travel times to {run.centres.count()} centres on {run.parameters['day']}, setting out {start} to {end}")
