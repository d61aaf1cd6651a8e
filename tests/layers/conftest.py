"""Real places for the tests of layers."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geo import crs

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="session")
def vbb_stops() -> tuple[Any, Any]:
    """East and north (EPSG:25833) of the 13,002 stations and lone stops of the timetable in the repository."""
    with zipfile.ZipFile(DATA / "timetable" / "vbb-2021-04-20.zip") as archive, archive.open("stops.txt") as file:
        stops = pd.read_csv(file)
    stops = stops[stops["parent_station"].isna()]
    x, y = crs.transform_xy(stops["stop_lon"].to_numpy(), stops["stop_lat"].to_numpy(), crs.WEB, crs.STORAGE)
    return x, y
