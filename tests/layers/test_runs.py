"""Runs: computed beside the live one, swapped at once, never from a hidden place."""

from __future__ import annotations

import dataclasses
import datetime
import zipfile
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command

from geo import crs
from geo.errors import ImportRefused, RaumError
from geo.models import Dataset, Town
from layers import sources
from layers.models import ReachRun, TownReach, TransitStop, VacancyReach
from layers.reach import runs
from layers.reach.engine import Engine
from layers.reach.transit import travel
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


def test_real_towns_reach_what_they_should() -> None:
    reach = {r.town.name: r for r in TownReach.objects.filter(live=True).select_related("town", "rail_stop", "stop")}
    assert TownReach.objects.filter(live=True).count() == 413
    assert reach["Potsdam"].transit_class == "A"
    assert reach["Wittenberge"].rail_stop.name == "Wittenberge, Bahnhof"
    assert reach["Luckenwalde"].rail_stop.name == "Luckenwalde, Bahnhof"
    assert 300 < reach["Luckenwalde"].rail_distance_m < 900  # market to station, measured on a map: about 550 m
    assert reach["Luckenwalde"].well_connected


def test_a_stop_has_the_town_it_lies_in() -> None:
    stop = TransitStop.objects.get(name="Luckenwalde, Bahnhof")
    assert stop.town == Town.objects.get(name="Luckenwalde")
    assert stop.is_rail
    assert stop.mode == "rail"


def test_a_new_run_replaces_the_live_one_completely_and_old_ones_stay_for_comparison() -> None:
    before = ReachRun.objects.get(live=True)
    run = runs.compute(preset="at_oerok")
    assert ReachRun.objects.get(live=True) == run
    assert run.pk != before.pk
    assert set(VacancyReach.objects.filter(live=True).values_list("run", flat=True)) == {run.pk}
    assert VacancyReach.objects.filter(live=True).count() == Vacancy.objects.count()
    assert VacancyReach.objects.filter(run=before, live=False).count() == Vacancy.objects.count()
    for _again in range(runs.KEPT):
        last = runs.compute()
    assert ReachRun.objects.count() == runs.KEPT
    assert ReachRun.objects.get(live=True) == last
    assert run.stats["towns"] != before.stats["towns"]
    assert set(VacancyReach.objects.values_list("transit_class", flat=True)) <= set("ABCDEFG") | {""}


def test_a_failed_run_leaves_the_live_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ReachRun.objects.get(live=True)
    rows = VacancyReach.objects.filter(live=True).count()

    def broken(*args: object, **kwargs: object) -> None:
        raise RaumError("broken on purpose")

    monkeypatch.setattr("layers.reach.rows.write", broken)
    with pytest.raises(RaumError, match="on purpose"):
        runs.compute()
    assert ReachRun.objects.get(live=True) == before
    assert VacancyReach.objects.filter(live=True).count() == rows


def test_a_coarse_vacancy_is_measured_from_its_grid_cell() -> None:
    town = Town.objects.get(name="Luckenwalde")
    station = TransitStop.objects.get(name="Luckenwalde, Bahnhof").point
    vacancy = Vacancy.objects.create(town=town, point=station, visibility="coarse")
    runs.refresh([vacancy.pk])
    row = VacancyReach.objects.get(vacancy=vacancy)
    vacancy.refresh_from_db()
    assert vacancy.public_point.distance(station) > 1
    nearest = min(s.point.distance(vacancy.public_point) for s in TransitStop.objects.filter(town=town))
    assert row.stop_distance_m == round(nearest)
    vacancy.visibility = "exact"
    vacancy.save()
    runs.refresh([vacancy.pk])
    assert VacancyReach.objects.get(vacancy=vacancy).stop_distance_m == 0


def numbers(of: list[int]) -> list[dict[str, object]]:
    """What the live run says of vacancies, without its own numbers."""
    rows = VacancyReach.objects.filter(live=True, vacancy__in=of).order_by("vacancy_id").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_a_few_vacancies_get_what_a_run_of_all_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    every = list(Vacancy.objects.order_by("pk").values_list("pk", flat=True))
    asked: list[int] = []
    to_centre = travel.to_centre
    monkeypatch.setattr(travel, "to_centre", lambda *given: (asked.append(given[2]), to_centre(*given))[1])
    for chosen in (every[5:6], every[1::97], every[-3:]):
        before = numbers(chosen)
        asked.clear()
        assert runs.refresh(chosen) == len(chosen) == len(before)
        assert numbers(chosen) == before
        centres = ReachRun.objects.get(live=True).centres.count()
        assert len(asked) < (centres / 3 if len(chosen) < 4 else centres + 2), "those that lie together need few of the centres"
    assert len({row["mz_name"] for row in numbers(every[1::97])}) > 20


def test_without_bounds_all_centres_are_asked_and_the_bounds_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vacancy = Vacancy.objects.order_by("pk")[7].pk
    engine = Engine.again(ReachRun.objects.get(live=True))
    assert engine is not None
    fresh = dataclasses.replace(engine, cache=tmp_path, spots=engine.spots[:8])  # a few do
    monkeypatch.setattr(Engine, "again", lambda _run: fresh)
    runs.refresh([vacancy])
    whole = numbers([vacancy])
    assert whole[0]["berlin_best_min"]
    (file,) = tmp_path.glob("bounds-*.npz")
    kept, of_all = travel.Bounds.load(file), travel.Bounds.load(engine._bounds_file)
    assert kept is not None
    assert of_all is not None
    assert (kept.low == of_all.low[:, :8]).all()
    assert (kept.high == of_all.high[:, :8]).all()
    runs.refresh([vacancy])
    assert numbers([vacancy]) == whole
    file.write_bytes(file.read_bytes()[:1000])
    runs.refresh([vacancy])
    assert numbers([vacancy]) == whole
    assert travel.Bounds.load(file) is not None, "made anew"


def week_feed(path: Path, missing_on: str = "20260310") -> Path:
    """A feed of one working week with a line in Wittenberge and one in Luckenwalde that stops on one day."""
    spots = {}
    for name in ("Wittenberge", "Luckenwalde"):
        p: Point = Town.objects.get(name=name).centre.transform(crs.WEB, clone=True)
        spots[name] = (p.y, p.x)
    stops = "".join(f"{n}{i},{n} {i},{y + i / 500},{x},\n" for n, (y, x) in spots.items() for i in (1, 2))
    trips = "".join(f"bus,{n},{n}{i}\n" for n in spots for i in range(30))
    times = "".join(
        f"{n}{i},{6 + i % 12}:00:00,{6 + i % 12}:00:00,{n}1,1\n{n}{i},19:00:00,19:00:00,{n}2,2\n" for n in spots for i in range(30)
    )
    dates = "".join(f"{n},{d},1\n" for n in spots for d in range(20260309, 20260314) if (n, str(d)) != ("Luckenwalde", missing_on))
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,parent_station\n" + stops)
        z.writestr("routes.txt", "route_id,route_type\nbus,700\n")
        z.writestr("trips.txt", "route_id,service_id,trip_id\n" + trips)
        z.writestr("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + times)
        z.writestr("calendar_dates.txt", "service_id,date,exception_type\n" + dates)
    return path


def test_a_day_on_which_a_district_loses_its_buses_is_refused_by_name(tmp_path: Path) -> None:
    path = week_feed(tmp_path / "feed.zip")
    source = Dataset(key="other", title="x", attribution="x", licence="x")
    with pytest.raises(ImportRefused, match=r"Teltow-Fläming \(0 of 30\).*--force"):
        sources.load_timetable(path, source, datetime.date(2026, 3, 10))
    report = sources.load_timetable(path, source, datetime.date(2026, 3, 10), force=True)
    assert any("Teltow-Fläming" in f.example for f in report.findings)
    fine = sources.load_timetable(path, source, datetime.date(2026, 3, 11))
    assert fine.by_district["Prignitz"] == (30, 30)
    assert not Dataset.objects.filter(key="other").exists(), "a dry run writes nothing"


def test_an_operator_loads_a_feed_of_their_own(tmp_path: Path) -> None:
    path = week_feed(tmp_path / "feed.zip", missing_on="")
    with pytest.raises(CommandError, match="--attribution and --licence"):
        call_command("load_timetable", str(path), "--write")
    call_command("load_timetable", str(path), "--write", "--attribution", "VBB", "--licence", "CC BY 4.0")
    run = ReachRun.objects.get(live=True)
    assert run.dataset.key == "timetable"
    assert TransitStop.objects.filter(dataset=run.dataset).count() == 2  # the last stops have no departures
    row = TownReach.objects.get(town__name="Wittenberge", live=True)
    assert row.stop.name == "Wittenberge 1"
    assert row.departures_per_day == 30


def test_errors_of_the_command_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        call_command("load_timetable", str(tmp_path / "nothing.zip"))
    with pytest.raises(CommandError, match="2021-04-19 to 2021-04-25"):
        call_command("load_timetable", str(sources.OWN_FEED), "--day", "2022-01-01")
    with pytest.raises(CommandError, match="one of at_oerok"):
        call_command("compute_reach", "--preset", "nonsense")
