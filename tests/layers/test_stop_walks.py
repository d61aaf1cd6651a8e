"""Walks to stops along streets: worked out on paper for the small town, against one search per pair, and in a run."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from django.urls import reverse

from geo import crs
from geo.models import Dataset, Town
from layers.models import ReachRun, VacancyReach
from layers.reach import runs, surroundings
from layers.reach.engine import Engine
from layers.reach.streets import SNAP_LIMIT_M, StreetGraph, minutes_between, snap
from layers.reach.transit import connections
from layers.reach.ways.osm_streets import read_graph
from layers.reach.ways.stop_walks import along_streets
from tests.layers.osm_town import ORIGIN, Position, at, write_pbf
from vacancies.models import Vacancy

LONGEST_S = 1_560.0  # 1,500 m × 1.3 at 1.25 m/s


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> StreetGraph:
    return read_graph(write_pbf(tmp_path_factory.mktemp("town") / "town.osm.pbf"))


def walks(graph: StreetGraph | None, places: list[Position], stops: list[Position], longest_s: float = LONGEST_S) -> list[dict[int, int]]:
    """Return for each place the minutes to its stops, as the crow flies without a graph."""
    x, y = np.array(places).T
    stop_x, stop_y = np.array(stops).T
    timetable: Any = SimpleNamespace(x_m=stop_x, y_m=stop_y)
    found = connections.access(timetable, x, y, 1_500)
    if graph:
        found = along_streets(graph, (x, y), (stop_x, stop_y), found, longest_s)
    assert found.start.dtype == found.stop.dtype == found.walk_s.dtype == np.int32
    parts = [slice(*found.start[p : p + 2]) for p in range(len(places))]
    return [dict(zip(found.stop[p].tolist(), (found.walk_s[p] // 60).tolist(), strict=True)) for p in parts]


def test_the_river_forces_a_detour(town: StreetGraph) -> None:
    stops = at("I", "E")
    # F-I: 200 m over the river, 260 m of way: 208 s; by the bridge F-D-G-I 1,400 m: 1,120 s
    # F-E: 300 m of street: 240 s; as the crow flies × 1.3 it would be 312 s
    assert walks(None, at("F"), stops) == [{0: 4, 1: 6}]
    assert walks(town, at("F"), stops) == [{0: 19, 1: 4}]


def test_a_stop_beyond_the_longest_walk_is_none(town: StreetGraph) -> None:
    # L-N-G-D-F-A-P is 300 + 361 + 200 + 600 + 300 + 200 m: 1,568 s, 8 s too long; over the river it would be 757 s
    assert walks(None, at("L"), at("P")) == [{0: 13}]
    assert walks(town, at("L"), at("P")) == [{}]
    assert walks(town, at("L"), at("P"), longest_s=1_700) == [{0: 27}]


def test_on_the_same_street_one_walks_along_it(town: StreetGraph) -> None:
    # 50 m and 170 m from A on the way to B, and 30 m beside it: 120 m along and 30 m to the street, 120 s
    (a,) = at("A")
    assert walks(town, [(a[0] + 50, a[1])], [(a[0] + 170, a[1] - 30)]) == [{0: 2}]


def test_where_no_street_is_the_crow_flies(town: StreetGraph) -> None:
    # S lies on an island: the nearest street of the town is more than 500 m away
    (s, i) = at("S", "I")
    metres = math.dist(s, i)
    crow = math.ceil(metres * 1.3 / 75)
    assert walks(town, [s, *at("F")], at("I")) == [{0: crow}, {0: 19}]
    assert walks(town, [i], [s, *at("G")]) == [{0: crow, 1: 8}]  # a stop without streets, too
    far = (ORIGIN[0] + 9_000, ORIGIN[1])
    assert walks(town, [far], [(far[0] + 100, far[1])]) == [{0: 2}]


def test_every_pair_as_a_search_of_its_own_finds_it(town: StreetGraph) -> None:
    dice = np.random.default_rng(6)
    places, stops = (ORIGIN + dice.uniform((-300, -100), (1_000, 800), (n, 2)) for n in (60, 40))
    on, to = (snap(town, *xy.T, "walk") for xy in (places, stops))
    assert (on.edge >= 0).all()
    assert (to.gap_m <= SNAP_LIMIT_M).all()
    found = walks(town, places.tolist(), stops.tolist())
    rows = np.arange(40)
    for p in range(60):
        start = snap(town, *np.repeat(places[p : p + 1], 40, axis=0).T, "walk")
        minutes = minutes_between(town, "walk", start, to)
        wanted = {int(s): math.ceil(minutes[s] - 1e-3) for s in rows if minutes[s] * 60 <= LONGEST_S}
        assert found[p] == wanted


@pytest.fixture
def loaded(town: StreetGraph, settings: Any, tmp_path: Path) -> StreetGraph:
    """The town's streets, loaded."""
    settings.DATA_DIR = tmp_path
    source = Dataset.objects.create(key=surroundings.STREETS_KEY, title="Town", publisher="Test", licence="ODbL 1.0", sha256="5" * 64)
    path = surroundings.streets_path(source)
    path.parent.mkdir(parents=True)
    town.save(path)
    return town


@pytest.mark.django_db
def test_each_row_says_how_its_walks_are_measured(loaded: StreetGraph) -> None:
    wittenberge = Town.objects.get(name="Wittenberge")
    here, there = (
        Vacancy.objects.create(town=wittenberge, point=Point(*p, srid=crs.STORAGE), visibility="exact") for p in (*at("B"), at("S")[0])
    )
    runs.refresh([here.pk, there.pk])
    assert VacancyReach.objects.get(vacancy=here, live=True).method == "streets (OSM), walk"
    assert VacancyReach.objects.get(vacancy=there, live=True).method == "crow-fly×1.3"


@pytest.mark.django_db
def test_travel_times_walk_on_the_streets(loaded: StreetGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.array(at("I", "E")).T
    timetable: Any = SimpleNamespace(x_m=x, y_m=y)
    engine = Engine(timetable, None, [], (None, None))  # type: ignore[arg-type]
    assert (engine.near([(1, *at("F")[0])]).walk_s // 60).tolist() == [19, 4]
    monkeypatch.setattr(surroundings, "streets", lambda: None)
    assert (engine.near([(1, *at("F")[0])]).walk_s // 60).tolist() == [4, 6]
    assert ReachRun.objects.current() is not None


@pytest.mark.django_db
def test_areas_are_drawn_as_the_crow_flies_and_say_so(client: Client) -> None:
    run = ReachRun.objects.get(live=True)
    run.parameters = {"walk": {"method": "streets (OSM), walk"}}
    run.save()
    asked = {"centres": "streets (OSM), walk", "class_areas": "crow-fly", "isochrones": "crow-fly×1.3"}
    for name, method in asked.items():
        address = reverse(name, args=["potsdam"] if name == "isochrones" else [])
        assert client.get(address).json()["run"]["method"] == method
