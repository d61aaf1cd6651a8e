"""Very many places: workers of Dask, one killed in the middle, give the bytes of one process; and every pair computed agrees."""

from __future__ import annotations

import datetime
import io
import json
import os
import signal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from geo import crs
from layers.reach.bulk import cluster, crew
from layers.reach.engine import CACHE
from layers.reach.transit import connections as cn
from layers.reach.transit import travel

FEED = Path(__file__).resolve().parents[2] / "data" / "timetable" / "vbb-2021-04-20.zip"
DAY = datetime.date(2021, 4, 20)
MORNING = (7 * 3600, 9 * 3600)
PLACES = 3_000
BERLIN = cluster.Centre("berlin-hbf", "Berlin Hbf", "berlin", "900000003201")
NUMBERS = ("best", "median", "p90")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places")


@pytest.fixture(scope="module")
def day(own_day: cn.DayTimetable) -> cn.DayTimetable:
    return own_day


@pytest.fixture(scope="module")
def centres(day: cn.DayTimetable) -> list[cluster.Centre]:
    """Berlin Hbf, and 12 stations drawn by lot as 3 Oberzentren and 9 Mittelzentren."""
    drawn = np.random.default_rng(5).choice(np.flatnonzero(day.is_rail), 12, replace=False)
    kinds = ["oberzentrum"] * 3 + ["mittelzentrum"] * 9
    return [BERLIN, *(cluster.Centre(f"c{s}", str(day.stop_name[s]), k, str(day.stop_id[s])) for s, k in zip(drawn, kinds, strict=True))]


@pytest.fixture(scope="module")
def places(folder: Path, day: cn.DayTimetable) -> Path:
    """Places around stops, some too far from any, in degrees."""
    random = np.random.default_rng(11)
    near = random.integers(0, len(day.stop_id), PLACES)
    x, y = (v[near] + random.normal(0, 700, PLACES) for v in (day.x_m, day.y_m))
    frame = gpd.GeoDataFrame({"id": [f"p{n}" for n in range(PLACES)], "note": "ä"}, geometry=gpd.points_from_xy(x, y), crs=crs.STORAGE)
    frame.to_crs(crs.WEB).to_parquet(folder / "places.parquet")
    return folder / "places.parquet"


@pytest.fixture(scope="module")
def alone(folder: Path, places: Path, centres: list[cluster.Centre]) -> Path:
    """The result of one process."""
    out = folder / "alone.parquet"
    cluster.enrich(places, FEED, DAY, MORNING, centres, out, partition=500, cache=CACHE)
    return out


def test_every_place_gets_the_centre_that_all_pairs_give(
    alone: Path, places: Path, day: cn.DayTimetable, centres: list[cluster.Centre]
) -> None:
    found, given = gpd.read_parquet(alone), gpd.read_parquet(places)
    assert list(found["id"]) == list(given["id"])
    assert set(found["note"]) == {"ä"}
    assert found.crs.to_epsg() == crs.STORAGE
    there = given.to_crs(crs.STORAGE).geometry
    assert max(np.abs(found.geometry.x - there.x).max(), np.abs(found.geometry.y - there.y).max()) < 1e-6
    near = cn.access(day, there.x.to_numpy(), there.y.to_numpy(), travel.ACCESS_M)
    stops = [day.index[c.stop_id] for c in centres]
    everything = travel.to_centres(day, cn.footpaths(day), stops, {"p": near}, MORNING)["p"]
    for group, chosen in (("berlin", [0]), ("oz", range(1, 4)), ("mz", range(1, 13))):
        row = travel.nearest(everything, list(chosen))
        for number in NUMBERS:
            wanted = np.where(row == travel.NOT, travel.NOT, getattr(everything, number)[row, np.arange(PLACES)])
            np.testing.assert_array_equal(found[f"{group}_{number}_min"].fillna(travel.NOT).to_numpy(), wanted)
        if group != "berlin":
            names = np.where(row == travel.NOT, "", np.array([c.name for c in centres])[row])
            assert list(found[f"{group}_name"].fillna("")) == list(names)
            assert len(set(names)) >= 3
    reached = found["berlin_best_min"].notna().mean()
    assert 0.8 < reached < 1
    assert found["mz_best_min"].min() < 5


def test_the_file_says_what_its_numbers_follow_from(alone: Path) -> None:
    schema = pq.read_schema(alone)
    about = json.loads(schema.metadata[b"raumwohlstand"])
    assert (about["day"], about["window"], about["unit"], about["walk"]["km_h"]) == ("2021-04-20", ["07:00", "09:00"], "min", 4.5)
    assert about["feed"] == {"file": FEED.name, "sha256": cluster.hashlib.sha256(FEED.read_bytes()).hexdigest()}
    assert about["centres"][0] == ["berlin-hbf", "Berlin Hbf", "berlin", "900000003201"]
    assert schema.field("berlin_best_min").metadata == {b"unit": b"min"}


def test_a_worker_killed_in_the_middle_changes_no_byte(
    alone: Path, folder: Path, places: Path, centres: list[cluster.Centre], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (requirements/cluster.txt)")
    clients = []
    born = crew.Workers.__init__

    def watched(self: crew.Workers, *given: object) -> None:
        born(self, *given)
        clients.append(self.client)

    monkeypatch.setattr(crew.Workers, "__init__", watched)
    killed: list[int] = []

    def kill_in_the_middle(what: str, done: int, of: int) -> None:
        if what == "travel times" and done == 4 and not killed:
            assert of >= 12
            workers = clients[0].run(os.getpid)
            assert len(workers) == 2
            assert all(address.startswith("tcp://127.0.0.1:") for address in workers)
            victim = sorted(workers.values())[0]
            assert victim != os.getpid()
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    out = folder / "workers.parquet"
    # other portions, too: they may not show in the result
    cluster.enrich(places, FEED, DAY, MORNING, centres, out, "processes:2", partition=700, cache=CACHE, progress=kill_in_the_middle)
    assert killed
    assert out.read_bytes() == alone.read_bytes()
    assert list(folder.glob("*.part")) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("missing", "gone.parquet: there is no such file; expected is a GeoParquet file of points"),
        ("table", "table.parquet: has no geometry; expected is GeoParquet"),
        ("text", "text.parquet: not readable as Parquet"),
        ("no crs", "nowhere.parquet, geometry: the CRS is unknown; write the file with one, for example EPSG:25833"),
        ("polygon", "polygon.parquet, row 2: a Polygon; every row needs a point"),
        ("null", "null.parquet, row 2: no geometry; every row needs a point"),
        ("far", "far.parquet, row 2: POINT (10000 10000) is no place in EPSG:4326"),
        ("twice", "id_column=id: its values must be unique; in twice.parquet some occur more than once"),
        ("no id", "id_column=id: a column of other.parquet: number, geometry"),
    ],
)
def test_wrong_files_are_named_with_row_and_what_is_allowed(tmp_path: Path, change: str, sentence: str) -> None:
    points = gpd.points_from_xy([13.0, 13.1], [52.5, 52.6])
    good = gpd.GeoDataFrame({"id": [1, 2]}, geometry=points, crs=crs.WEB)
    box = gpd.GeoSeries([points[0], points[1].buffer(0.1)], crs=crs.WEB)
    names = {"missing": "gone", "no crs": "nowhere", "no id": "other"}
    path = tmp_path / f"{names.get(change, change)}.parquet"
    if change == "table":
        pd.DataFrame({"id": [1]}).to_parquet(path)
    elif change == "text":
        path.write_text("id,x,y")
    elif change != "missing":
        frames = {
            "no crs": good.set_crs(None, allow_override=True),
            "polygon": good.set_geometry(box),
            "null": good.set_geometry(gpd.GeoSeries([points[0], None], crs=crs.WEB)),
            "far": good.set_geometry(gpd.points_from_xy([13.0, 10_000.0], [52.5, 10_000.0]), crs=crs.WEB),
            "twice": good.assign(id=1),
            "no id": good.rename(columns={"id": "number"}),
        }
        frames[change].to_parquet(path)
    with pytest.raises(cluster.RaumError) as refused:
        cluster.enrich(path, FEED, DAY, MORNING, [BERLIN], tmp_path / "out.parquet")
    assert str(refused.value).startswith(sentence)
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("scheduler", "sentence"),
    [
        ("tcp://127.0.0.1:9", "the scheduler tcp://127.0.0.1:9 does not answer; start one with: dask scheduler --host HOST"),
        ("processes:0", f"scheduler=processes:0: {crew.ALLOWED}"),
        ("somewhere", f"scheduler=somewhere: {crew.ALLOWED}"),
    ],
)
def test_schedulers_that_are_not_there_are_named(scheduler: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (requirements/cluster.txt)")
    monkeypatch.setattr(crew, "TIMEOUT_S", 1)
    with pytest.raises(crew.RaumError) as refused, crew.crew(scheduler):
        pass
    assert str(refused.value) == sentence


def test_centres_from_a_file_name_row_and_field(tmp_path: Path) -> None:
    path = tmp_path / "centres.csv"
    path.write_text("key,name,kind,stop_id\na,A,oberzentrum,1\nb,B,village,2\n", encoding="utf-8")
    with pytest.raises(cluster.InvalidFile) as refused:
        cluster.read_centres(path)
    assert str(refused.value) == "centres.csv, row 3, kind: 'village'; allowed are berlin, oberzentrum, mittelzentrum"
    path.write_text("key,name,kind,stop_id\na,A,oberzentrum,1\n", encoding="utf-8")
    assert cluster.read_centres(path) == [cluster.Centre("a", "A", "oberzentrum", "1")]


@pytest.mark.django_db
def test_the_command_checks_writes_and_refuses(tmp_path: Path, places: Path) -> None:
    said, out = io.StringIO(), tmp_path / "out.parquet"
    call_command("enrich_places", str(places), str(out), "--centres", "berlin-hbf,cottbus,eberswalde", "--dry-run", stdout=said)
    assert "3,000 places in 1 partitions, 3 centres" in said.getvalue()
    assert not out.exists()
    call_command("enrich_places", str(places), str(out), "--centres", "berlin-hbf,cottbus,eberswalde", stdout=said)
    found = pd.read_parquet(out, columns=["oz_name", "mz_name"])
    assert set(found["oz_name"].dropna()) == {"Cottbus"}
    assert set(found["mz_name"].dropna()) == {"Cottbus", "Eberswalde"}
    with pytest.raises(CommandError, match=r"gone\.zip: there is no such file; expected is a GTFS zip"):
        call_command("enrich_places", str(places), str(out), "--feed", str(tmp_path / "gone.zip"))
    with pytest.raises(CommandError, match="centres=atlantis: berlin-hbf or the slug of a town with a stop"):
        call_command("enrich_places", str(places), str(out), "--centres", "atlantis")
