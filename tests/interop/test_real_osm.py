"""A real extract, counted a second time by other means."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import osmium
import pytest
from django.core.management import call_command

from layers.models import Facility

pytestmark = pytest.mark.django_db
EXTRACT = Path(__file__).resolve().parents[3] / "shared" / "data" / "testonly" / "berlin_mitte.osm.pbf"
TAGS = {
    "pharmacy": ("amenity", "pharmacy"),
    "supermarket": ("shop", "supermarket"),
    "bank": ("amenity", "bank"),
    "library": ("amenity", "library"),
    "childcare": ("amenity", "kindergarten"),
    "charging": ("amenity", "charging_station"),
}


@pytest.mark.skipif(not EXTRACT.exists(), reason="the real extract is not part of the repository")
def test_counts_agree_with_a_plain_count_of_tags() -> None:
    counted: Counter[str] = Counter()

    class Count(osmium.SimpleHandler):
        def node(self, thing: osmium.osm.Node) -> None:
            self.count(thing)

        def way(self, thing: osmium.osm.Way) -> None:
            if thing.is_closed():
                self.count(thing)

        def count(self, thing: osmium.osm.Node | osmium.osm.Way) -> None:
            for kind, (key, value) in TAGS.items():
                counted[kind] += thing.tags.get(key) == value and thing.tags.get("disused") != "yes"

    Count().apply_file(str(EXTRACT))
    call_command("load_facilities", EXTRACT, "--write", stdout=io.StringIO())
    loaded = Counter(Facility.objects.values_list("kind", flat=True))
    assert {kind: loaded[kind] for kind in TAGS} == dict(counted)
    assert min(counted.values()) >= 1
    assert loaded["monument"] > 10
    assert not Facility.objects.filter(town__isnull=False).exists()  # Berlin is none of the 413 towns
