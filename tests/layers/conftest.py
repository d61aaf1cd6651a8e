"""Real places, and a server that plays the remote service."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geo import crs
from layers.reach.timetable import Feed, read_feed
from layers.reach.transit import connections
from tests.layers import remote_server as remote

OWN_FEED = Path(__file__).resolve().parents[2] / "data" / "timetable" / "vbb-2021-04-20.zip"
OWN_DAY = datetime.date(2021, 4, 20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[remote.Server]:
    server = remote.Server(tmp_path_factory.mktemp("mapserver"))
    server.serve_layers()
    yield server
    server.close()


@pytest.fixture
def server(served: remote.Server, settings: Any, tmp_path: Path) -> remote.Server:
    settings.REMOTE_INTERNAL_HOSTS = [served.host]
    settings.REMOTE_TILES = tmp_path / "tiles"
    served.answers.clear()
    served.asked.clear()
    served.posted.clear()
    return served


@pytest.fixture(scope="session")
def own_feed() -> Feed:
    """The timetable in the repository, read once; nobody changes it."""
    return read_feed(OWN_FEED)


@pytest.fixture(scope="session")
def own_day(own_feed: Feed) -> connections.DayTimetable:
    """The connections of its reference day."""
    return connections.day_timetable(own_feed, OWN_DAY)


@pytest.fixture(scope="session")
def vbb_stops() -> tuple[Any, Any]:
    """East and north (EPSG:25833) of the stations and lone stops of the timetable in the repository."""
    with zipfile.ZipFile(OWN_FEED) as archive, archive.open("stops.txt") as file:
        stops = pd.read_csv(file)
    stops = stops[stops["parent_station"].isna()]
    x, y = crs.transform_xy(stops["stop_lon"].to_numpy(), stops["stop_lat"].to_numpy(), crs.WEB, crs.STORAGE)
    return x, y
