"""Real places, and a server that plays the remote service."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geo import crs
from tests.layers import remote_server as remote


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
    return served


@pytest.fixture(scope="session")
def vbb_stops() -> tuple[Any, Any]:
    """East and north (EPSG:25833) of the stations and lone stops of the timetable in the repository."""
    feed = Path(__file__).resolve().parents[2] / "data" / "timetable" / "vbb-2021-04-20.zip"
    with zipfile.ZipFile(feed) as archive, archive.open("stops.txt") as file:
        stops = pd.read_csv(file)
    stops = stops[stops["parent_station"].isna()]
    x, y = crs.transform_xy(stops["stop_lon"].to_numpy(), stops["stop_lat"].to_numpy(), crs.WEB, crs.STORAGE)
    return x, y
