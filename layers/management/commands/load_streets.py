"""`manage.py load_streets`: the streets of an OpenStreetMap extract, for walks to stops and facilities."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo.errors import RaumError
from geo.models import Dataset
from geo.sources import checksum
from layers.reach import surroundings

MODES = ("walk", "bike", "car")


class Command(BaseCommand):
    help = "Reads streets from an OSM PBF (Geofabrik's brandenburg-latest.osm.pbf); without --write only the report is shown."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="OSM PBF")
        parser.add_argument("--write", action="store_true", help="keep the streets; the next run of compute_reach walks on them")
        parser.add_argument("--remove", action="store_true", help="forget the streets: walks are as the crow flies again")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            for source in Dataset.objects.filter(key=surroundings.STREETS_KEY):
                surroundings.streets_path(source).unlink(missing_ok=True)
                source.delete()
            self.stdout.write("streets removed; walks are as the crow flies × 1.3 again")
            return
        if options["file"] is None or not options["file"].is_file():
            raise CommandError(f"{options['file'] or 'FILE'}: no such file")
        from layers.reach.ways.components import components
        from layers.reach.ways.osm_streets import read_graph

        try:
            graph = read_graph(options["file"])
            self.stdout.write(f"{options['file'].name}: {len(graph.x):,} junctions, {len(graph.length_m):,} streets")
            for mode in MODES:
                parts = components(graph, mode)
                cut = sum(p.length_m for p in parts.cut_off) / 1000
                line = f"  {mode}: {parts.main.length_m / 1000:,.1f} km connected, {cut:,.1f} km in {len(parts.cut_off)} parts cut off"
                far = "; ".join(f"{p.length_m:,.0f} m at {p.x:.0f} {p.y:.0f}" for p in parts.cut_off[:3])
                self.stdout.write(line + (f", the longest: {far} (EPSG:25833)" if far else ""))
        except RaumError as error:
            raise CommandError(str(error)) from error
        if not options["write"]:
            self.stdout.write("dry run: nothing was written; add --write to apply")
            return
        digest = checksum(options["file"])
        old = Dataset.objects.filter(key=surroundings.STREETS_KEY).first()
        shown = {
            "title": "Straßen und Wege (OpenStreetMap)",
            "publisher": "OpenStreetMap",
            "licence": "ODbL 1.0",
            "licence_url": "https://opendatacommons.org/licenses/odbl/1-0/",
            "attribution": "© OpenStreetMap-Mitwirkende (ODbL)",
            "sha256": digest,
            "row_count": len(graph.length_m),
        }
        path = surroundings.streets_path(Dataset(sha256=digest))
        path.parent.mkdir(parents=True, exist_ok=True)
        graph.save(path)
        Dataset.objects.update_or_create(key=surroundings.STREETS_KEY, defaults=shown)
        if old and old.sha256 != digest:
            surroundings.streets_path(old).unlink(missing_ok=True)
        self.stdout.write("written; run compute_reach to walk on these streets")
