"""`manage.py enrich_places`: travel times for very many places in a file, on this machine or on a Dask cluster."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo.errors import InvalidFile, RaumError
from geo.models import Dataset
from layers import sources
from layers.management.commands.compute_reach import window
from layers.models import TransitStop
from layers.reach.centres import centres
from layers.reach.runs import WINDOW


class Command(BaseCommand):
    help = "Reads places from GeoParquet and writes them again with their travel times to Berlin and the next centres."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("places", type=Path, help="GeoParquet of points, any CRS")
        parser.add_argument("out", type=Path, help="GeoParquet to write, EPSG:25833")
        parser.add_argument("--feed", type=Path, help="GTFS zip (default: the timetable loaded last)")
        parser.add_argument("--day", type=datetime.date.fromisoformat, help="YYYY-MM-DD (default: the timetable's reference day)")
        parser.add_argument("--window", type=window, default=WINDOW, help="when people set out, HH:MM-HH:MM (default: 07:00-09:00)")
        parser.add_argument("--centres", help="keys with commas, or a CSV file with key, name, kind, stop_id (default: as compute_reach)")
        parser.add_argument("--id", default="id", help="column that tells the places apart (default: id)")
        parser.add_argument("--scheduler", help="tcp://HOST:PORT of a Dask scheduler, or processes:N (default: threads of this process)")
        parser.add_argument("--retries", type=int, default=3, help="workers that may be lost on one job, for processes:N (default: 3)")
        parser.add_argument("--partition", type=int, help="places of one job (default: 100000)")
        parser.add_argument("--dry-run", action="store_true", help="check everything, compute and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.enrich(options)
        except RaumError as error:
            raise CommandError(str(error)) from error

    def enrich(self, options: dict[str, Any]) -> None:
        from layers.reach.bulk import cluster

        if options["partition"] is not None and options["partition"] < 1:
            raise CommandError(f"--partition {options['partition']}: a number from 1")
        if options["retries"] < 0:
            raise CommandError(f"--retries {options['retries']}: a number from 0")
        start, end = (t.hour * 3600 + t.minute * 60 for t in options["window"])
        if end <= start or any(t.second for t in options["window"]):
            raise CommandError("--window: HH:MM-HH:MM, the end after the start")
        if not options["out"].parent.is_dir():
            raise CommandError(f"{options['out']}: there is no folder {options['out'].parent}")
        feed, day, spots = self.timetable(options)
        console = Console(file=self.stdout._out)  # type: ignore[attr-defined]
        bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*bars, console=console, disable=not self.stdout.isatty()) as bar:
            tasks: dict[str, Any] = {}

            def told(what: str, done: int, of: int) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what, total=of)
                bar.update(tasks[what], completed=done)

            found = cluster.enrich(
                options["places"],
                feed,
                day,
                (start, end),
                spots,
                options["out"],
                options["scheduler"],
                id_column=options["id"],
                partition=options["partition"] or cluster.PARTITION,
                retries=options["retries"],
                cache=sources.FEEDS.parent / "cache",
                write=not options["dry_run"],
                progress=told,
            )
        self.stdout.write(f"{found.places:,} places in {found.partitions} partitions, {len(found.centres)} centres")
        self.stdout.write(f"{feed.name} on {found.day}: {found.connections:,} connections between {found.stops:,} stops")
        for centre in found.not_served:
            self.stdout.write(f"left out, not served on the day: {centre.name} ({centre.stop_id})")
        if options["dry_run"]:
            self.stdout.write("dry run: nothing was computed or written")
        else:
            self.stdout.write(f"{options['out']}: written after {found.jobs} jobs, {found.pairs / found.places:.1f} centres a place")

    def timetable(self, options: dict[str, Any]) -> tuple[Path, datetime.date, list[Any]]:
        """Return the feed, the day and the centres."""
        from layers.reach.bulk.cluster import Centre, read_centres

        given, feed, day = options["centres"], options["feed"], options["day"]
        listed = Path(given) if given and given.lower().endswith(".csv") else None
        stops: list[TransitStop] = []
        if feed is not None:
            if not feed.is_file():
                raise InvalidFile(f"{feed}: there is no such file; expected is a GTFS zip")
            if not (listed and day):
                loaded = sources.stops_of_feed(feed, day)
                day, stops = loaded.day, loaded.stops
        else:
            source = Dataset.objects.filter(stops__isnull=False).order_by("-loaded_at").first()
            feed = sources.feed_path(source) if source else None
            if source is None or feed is None:
                raise RaumError("no timetable is loaded, or its file is gone; name one with --feed, or load it with load_timetable")
            day, stops = day or source.valid_on, list(TransitStop.objects.filter(dataset=source).defer("point", "by_route_type"))
        if listed:
            return feed, day, read_centres(listed)
        wanted = [c.strip() for c in given.split(",") if c.strip()] if given else None
        return feed, day, [Centre(s.key, s.name, str(s.kind), s.stop.stop_id) for s in centres(stops, wanted)]
