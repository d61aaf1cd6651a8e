"""Rows that are hard to carry: every nullable column empty, markup and formulas as text, umlauts, a postcode with a zero in front."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from geo import crs
from geo.models import Dataset, Town
from layers.models import Facility, Zone
from vacancies.models import Vacancy

HARD = '=HYPERLINK("x") & <Größe> Öl ß'


@pytest.fixture
def hard_rows(db: None) -> list[str]:
    """Keys of two public vacancies in Luckenwalde, one full of hard values, one without any; a facility and two zones besides."""
    town = Town.objects.get(slug="luckenwalde")
    x, y = town.centre.x, town.centre.y
    common = {"town": town, "publication": "published", "visibility": "exact", "basis": "municipal_property"}
    full = Vacancy.objects.create(
        **common,
        point=Point(x, y, srid=crs.STORAGE),
        title=HARD,
        summary="-1+1\nzweite Zeile " + "ä" * 200,
        postcode="01968",
        street="Käthe-Kollwitz-Straße",
        target_uses=["workshop", "studio"],
        rent_eur_m2="3.50",
        price_is_public=True,
        vacant_since="2019-03-01",
        electricity=True,
        water=False,
    )
    bare = Vacancy.objects.create(**common, point=Point(x + 10.123, y + 20.456, srid=crs.STORAGE))
    source = Dataset.objects.create(key="liste", title="Liste & <Test>", licence="CC BY 4.0", attribution="Stadt Luckenwalde")
    Facility.objects.create(dataset=source, kind="pharmacy", ref="1", name="Löwen-Apotheke", point=Point(x, y, srid=crs.STORAGE), town=town)
    area = MultiPolygon(Polygon(((x, y), (x + 9, y), (x + 9, y + 9), (x, y))), srid=crs.STORAGE)
    Zone.objects.create(dataset=source, kind="nature", ref="1", name="Nuthe", geom=area)
    Zone.objects.create(dataset=source, kind="broadband", ref="2", value=100, geom=area)
    return [full.key, bare.key]
