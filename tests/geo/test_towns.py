"""The reference geography: complete, gap-free, each town where it is on earth."""

import pytest
from django.contrib.gis.db.models import Union
from django.contrib.gis.geos import Point
from django.db.models import Count, Sum

from geo import crs
from geo.models import District, SizeClass, Town, size_class

pytestmark = pytest.mark.django_db

# longitude, latitude of the market squares, read off a map
PLACES = {
    "Wittenberge": (11.7515, 52.9955),
    "Luckenwalde": (13.1690, 52.0900),
    "Eberswalde": (13.8210, 52.8330),
    "Forst (Lausitz)": (14.6400, 51.7370),
}


def test_413_towns_in_18_districts() -> None:
    assert Town.objects.current().count() == 413
    assert District.objects.count() == 18
    assert Town.objects.aggregate(n=Sum("population"))["n"] == 2_521_893  # Destatis, 31.12.2019


@pytest.mark.parametrize("name", PLACES)
def test_a_place_lies_in_its_town(name: str) -> None:
    point = Point(*PLACES[name], srid=crs.WEB)
    point.transform(crs.STORAGE)
    assert [t.name for t in Town.objects.filter(geom__contains=point)] == [name]


def test_boundaries_are_valid_and_have_no_gaps() -> None:
    assert Town.objects.filter(geom__isvalid=False).count() == 0
    whole = Town.objects.aggregate(u=Union("geom"))["u"]
    parts = [whole] if whole.geom_type == "Polygon" else list(whole)
    holes = [ring for part in parts for ring in part[1:]]
    assert len(holes) == 1, "Berlin is the only hole"
    covered = sum(t.geom.area for t in Town.objects.all())
    assert covered == pytest.approx(whole.area, rel=1e-6), "no overlaps"
    assert whole.area / 1e6 == pytest.approx(29_654, rel=0.01)  # Brandenburg in km²


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (0, "rural"),
        (4_999, "rural"),
        (5_000, "small_town_s"),
        (9_999, "small_town_s"),
        (10_000, "small_town_l"),
        (20_000, "medium_town_s"),
        (50_000, "medium_town_l"),
        (99_999, "medium_town_l"),
        (100_000, "large_city_s"),
        (500_000, "large_city_l"),
    ],
)
def test_size_class_counts_its_lower_bound(population: int, expected: str) -> None:
    assert size_class(population) == expected


def test_known_towns_have_their_size_and_function() -> None:
    rows = {t.name: t for t in Town.objects.filter(name__in=["Potsdam", "Luckau", "Perleberg", "Wittenberge"])}
    assert rows["Potsdam"].size_class == SizeClass.LARGE_CITY_S
    assert rows["Potsdam"].central_function == "oberzentrum"
    assert not rows["Luckau"].central_confirmed
    assert rows["Perleberg"].central_function == rows["Wittenberge"].central_function == "mittelzentrum_ft"
    areas = dict(Town.objects.values_list("structure_area").annotate(Count("id")).order_by())
    assert areas["berlin_surroundings"] == 50
