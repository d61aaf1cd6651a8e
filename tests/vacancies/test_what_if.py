"""What-if: scenarios beside the live run, the page for two runs, and the command for two feeds."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.models import Town
from layers.models import ReachRun, TownReach, TransitStop, VacancyReach
from layers.reach import runs
from layers.reach.timetable import WEEKDAYS
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
PLACE = "wittenberge"
COLUMNS = "transit_class, berlin_best_min, berlin_median_min, oz_best_min, mz_best_min"


def feed(path: Path, minutes: int) -> Path:
    """A feed with one train an hour from the middle of Wittenberge to Berlin Hbf, 7:00 to 11:00, taking so many minutes."""
    at = Town.objects.get(slug=PLACE).centre.transform(crs.WEB, clone=True)
    main = TransitStop.objects.get(name="S+U Berlin Hauptbahnhof").point.transform(crs.WEB, clone=True)
    calls = "".join(
        f"t{h},{h}:00:00,{h}:00:00,W,0\nt{h},{h + minutes // 60}:{minutes % 60:02}:00,{h + minutes // 60}:{minutes % 60:02}:00,B,1\n"
        for h in range(7, 12)
    )
    back = "b,12:00:00,12:00:00,B,0\nb,13:00:00,13:00:00,W,1\n"
    files = {
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        f"W,Wittenberge Mitte,{at.y},{at.x}\nB,S+U Berlin Hauptbahnhof,{main.y},{main.x}\n",
        "routes.txt": "route_id,route_short_name,route_type\nRE,RE 1,2\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"RE,w,t{h}\n" for h in range(7, 12)) + "RE,w,b\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + calls + back,
        "calendar.txt": f"service_id,{','.join(WEEKDAYS)},start_date,end_date\nw,1,1,1,1,1,0,0,20260302,20260331\n",
    }
    with zipfile.ZipFile(path, "w") as z:
        for name, text in files.items():
            z.writestr(name, text)
    return path


def state() -> tuple[object, ...]:
    """What may not change: runs, rows, data sets, stops."""
    live = ReachRun.objects.get(live=True)
    counts = tuple(m.objects.count() for m in (ReachRun, TownReach, VacancyReach, TransitStop))
    return live.pk, live.finished_at, counts, tuple(TownReach.objects.filter(live=True).order_by("pk").values_list("pk", "transit_class"))


# --- the command ------------------------------------------------------------------------------------------------------


def test_two_feeds_compared_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, a, b = state(), feed(tmp_path / "a.zip", 90), feed(tmp_path / "b.zip", 50)
    table, layer = tmp_path / "out.csv", tmp_path / "out.geojson"
    call_command("compare_reach", str(a), str(b), "--title", "RE 1 schneller", "--csv", str(table), "--geojson", str(layer))
    out = capsys.readouterr().out
    assert state() == before, "nothing of the register or the runs is touched"
    # independently: who walks at most 1,500 m, at 1.25 m/s over 1.3 times the distance in whole minutes, then rides 50 minutes
    stop = Town.objects.get(slug=PLACE).centre
    walks = {}
    for v in PublicVacancy.objects.all():
        metres = math.dist((v.point.x, v.point.y), (stop.x, stop.y))
        if metres <= 1500:
            walks[v.key] = math.ceil(metres * 1.3 / 1.25 / 60 - 1e-9)
    near = [k for k, w in walks.items() if w + 50 <= 60]
    towns = {PublicVacancy.objects.get(key=k).town_slug for k in near}
    assert len(near) >= 3
    where = "in 1 Gemeinde" if len(towns) == 1 else f"in {len(towns)} Gemeinden"
    assert f"RE 1 schneller: {len(near)} Leerstände {where} kommen auf höchstens 60 Minuten an Berlin Hbf heran." in out
    assert f"RE 1 schneller: {len(near)} vacancies in {len(towns)} municipalit" in out
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig")), delimiter=";"))
    told = {r["key"]: r for r in rows if r["kind"] == "vacancy"}
    assert set(told) == set(walks)
    assert {k: (int(r["berlin_best_before"]), int(r["berlin_best_after"])) for k, r in told.items()} == {
        k: (w + 90, w + 50) for k, w in walks.items()
    }
    town = next(r for r in rows if r["kind"] == "town" and r["key"] == PLACE)
    assert (town["berlin_best_before"], town["berlin_best_after"], town["berlin_best_change"]) == ("90", "50", "-40")
    # half of those who set out from 7:00 to 8:59 wait 30 minutes or more: 7:00 waits 0, the other 119 up to the next hour
    # waits of both hours, sorted: 0 0 1 1 … 59 59; the 60th of 120 is 29
    assert (town["berlin_median_before"], town["berlin_median_after"]) == (str(90 + 29), str(50 + 29))
    features = json.loads(layer.read_text(encoding="utf-8"))["features"]
    assert len(features) == len(rows)
    one = next(f for f in features if f["properties"]["key"] == near[0])
    public = PublicVacancy.objects.get(key=near[0]).point.transform(crs.WEB, clone=True)
    assert one["geometry"]["coordinates"] == [pytest.approx(public.x, abs=1e-6), pytest.approx(public.y, abs=1e-6)]


def test_what_is_odd_in_a_feed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = feed(tmp_path / "a.zip", 90), tmp_path / "b.zip"
    odd = {
        "trips.txt": "RE,w,t7\n",  # an agency's trip 7 beside another's
        "stops.txt": "N,Nirgends,0,0\n",
        "stop_times.txt": "t7,8:40:00,8:40:00,X,2\nback,9:00:00,9:00:00,W,0\nback,8:00:00,8:00:00,B,1\n",
    }
    odd["trips.txt"] += "RE,w,back\n"
    with zipfile.ZipFile(a) as old, zipfile.ZipFile(b, "w") as new:
        for member in old.namelist():
            new.writestr(member, old.read(member).decode() + odd.get(member, ""))
    call_command("compare_reach", str(a), str(b))
    out = "".join(" ".join(text.split()) for text in capsys.readouterr())
    assert "b.zip: warning: trips.txt: ids that stand there more than once, as in feeds put together; one row counts (1, e.g. t7)" in out
    assert "b.zip: warning: stops.txt: stops without a position (empty, 0,0 or not a number) are left out (1, e.g. N)" in out
    assert "b.zip: warning: stop_times.txt: calls at stops that are not in stops.txt are left out (1, e.g. X)" in out
    assert "b.zip: 1 trips whose times run backwards are left out" in out
    assert "0 of 413 towns change" in out


def test_edits_to_a_feed_are_compared_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = feed(tmp_path / "a.zip", 90)
    edits = tmp_path / "edits.yaml"
    edits.write_text("title: Alle halbe Stunde\nedits:\n  - change_headway: {line: RE 1, every_min: 30, from: '06:00', to: '11:00'}\n")
    call_command("compare_reach", str(a), str(edits))
    out = capsys.readouterr().out
    assert "1. change_headway: RE 1, 5 departures replaced by 11 each from Wittenberge Mitte – S+U Berlin Hauptbahnhof" in out
    assert "Alle halbe Stunde: Kein Leerstand kommt auf höchstens 60 Minuten an Berlin Hbf heran." in out
    assert "119 min → 104 min" in out  # the median of waits 0 0 0 0 1 … 29: the 60th of 120 is 14
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ("nichts.zip", "a.zip", [], "nichts.zip: no such file; allowed are a GTFS zip, the word live"),
        ("a.zip", "nichts.yaml", [], "nichts.yaml: not readable"),
        ("a.zip", "text.zip", [], "text.zip: not a zip file"),
        ("a.zip", "stopless.zip", [], "stops.txt is missing"),
        ("a.zip", "a.zip", ["--day", "2021-01-01"], "day=2021-01-01: the feed runs on 2026-03-02 to 2026-03-31"),
        ("a.zip", "a.zip", ["--within", "0"], "--within=0: whole minutes from 5 to 360"),
        ("a.zip", "a.zip", ["--sort", "quer"], "--sort=quer: one of berlin_best"),
        ("a.zip", "a.zip", ["--csv", "gibt/es/nicht.csv"], "there is no folder es"),
        ("zero.zip", "a.zip", [], "no trip of the feed has two stops on a day it runs"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_written(tmp_path: Path, a: str, b: str, options: list[str], message: str) -> None:
    feed(tmp_path / "a.zip", 90)
    (tmp_path / "text.zip").write_text("no zip")
    for name, table in (("stopless.zip", None), ("zero.zip", "stop_id,stop_name,stop_lat,stop_lon\nW,Wittenberge,0,0\nB,Berlin,0,0\n")):
        with zipfile.ZipFile(tmp_path / "a.zip") as old, zipfile.ZipFile(tmp_path / name, "w") as new:
            for member in old.namelist():
                if member != "stops.txt" or table:
                    new.writestr(member, table if member == "stops.txt" else old.read(member))
    before, files = state(), sorted(tmp_path.iterdir())
    with pytest.raises(CommandError, match=message.replace("(", r"\(")):
        call_command("compare_reach", str(tmp_path / a), str(tmp_path / b), *options)
    assert (state(), sorted(tmp_path.iterdir())) == (before, files)


def test_edit_timetable_writes_a_feed_that_can_be_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, edits, b = feed(tmp_path / "a.zip", 90), tmp_path / "edits.yaml", tmp_path / "b.zip"
    edits.write_text("- close_stop: {stop: Wittenberge Mitte}\n")
    call_command("edit_timetable", str(a), str(edits), str(b))
    assert "1. close_stop: Wittenberge Mitte, 6 calls of trips pass through" in capsys.readouterr().out
    edits.write_text("- close_stop: {stop: Wittenberge Mite}\n")
    with pytest.raises(CommandError, match="'Wittenberge Mitte'"):
        call_command("edit_timetable", str(b), str(edits), str(tmp_path / "c.zip"))
    with pytest.raises(CommandError, match="no such file"):
        call_command("edit_timetable", str(tmp_path / "x.zip"), str(edits), str(b))


# --- scenarios --------------------------------------------------------------------------------------------------------


def test_a_scenario_stands_beside_the_live_run_until_it_is_removed(tmp_path: Path) -> None:
    live, rows = ReachRun.objects.get(live=True), VacancyReach.objects.filter(live=True).count()
    public = list(PublicVacancy.objects.order_by("key").values_list("key", "transit_class", "berlin_best_min")[:500])
    call_command("compute_reach", "--scenario", "RE 1", "--feed", str(feed(tmp_path / "b.zip", 50)), "--only", "none")
    scenario = ReachRun.objects.get(is_scenario=True)
    assert ReachRun.objects.get(live=True) == live
    assert VacancyReach.objects.filter(live=True).count() == rows
    assert list(PublicVacancy.objects.order_by("key").values_list("key", "transit_class", "berlin_best_min")[:500]) == public
    assert (scenario.title, str(scenario.day), scenario.parameters["scenario"]["feed"]) == ("RE 1", "2026-03-03", "b.zip")
    assert TownReach.objects.get(run=scenario, town__slug=PLACE).departures_per_day == 5
    assert TownReach.objects.get(run=scenario, town__slug=PLACE).stop_distance_m == 0
    for _again in range(runs.KEPT + 1):
        runs.compute()
    assert ReachRun.objects.filter(pk=scenario.pk).exists(), "old runs go, scenarios stay"
    assert ReachRun.objects.filter(is_scenario=False).count() == runs.KEPT
    with pytest.raises(IntegrityError, match="scenario_never_live"), transaction.atomic():
        ReachRun.objects.filter(live=True).update(is_scenario=True, title="x")
    with pytest.raises(CommandError, match=rf"there are {scenario.pk} \(RE 1\)"):
        call_command("compute_reach", "--remove-scenario", "0")
    call_command("compute_reach", "--remove-scenario", str(scenario.pk))
    assert not ReachRun.objects.filter(is_scenario=True).exists()
    assert not TownReach.objects.filter(run=scenario.pk).exists()


def test_a_scenario_that_cannot_be_computed_leaves_nothing(tmp_path: Path) -> None:
    before = state()
    edits = tmp_path / "edits.yaml"
    edits.write_text("- close_stop: {stop: Wittenberge, Bahnhoff}\n")
    for options, message in (
        (["--feed", "a.zip"], "need --scenario"),
        (["--scenario", "x", "--feed", "a.zip"], "no such file"),
        (["--scenario", "x", "--edits", str(edits)], "not readable as YAML|is not known|there is no stop"),
        (["--scenario", "x" * 121], "a title of 1 to 120 characters"),
        (["--scenario", "x", "--feed", "a.zip", "--edits", "b.yaml"], "one of them"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("compute_reach", *options)
    assert state() == before


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_runs() -> tuple[ReachRun, ReachRun]:
    """The live run, 90 minutes and class D for all; a scenario with 50 and C for Wittenberge, no connection for Perleberg."""
    live = ReachRun.objects.get(live=True)
    live.parameters = {"window": ["07:00", "09:00"], "day": "2021-04-20"}
    live.save()
    for model in (TownReach, VacancyReach):
        same = {"berlin_median_min": 100, "oz_best_min": 80, "mz_best_min": 30, "transit_class": "D"}
        model.objects.filter(run=live).update(berlin_best_min=90, **same)
    about = {"edits": [{"number": 1, "kind": "close_stop", "facts": {"name": "Perleberg", "calls": 1}}]}
    scenario = ReachRun.objects.create(
        dataset=live.dataset,
        day=live.day,
        window_start=live.window_start,
        window_end=live.window_end,
        preset=live.preset,
        parameters=live.parameters | {"scenario": about},
        is_scenario=True,
        title="RE 1 <schneller>",
        finished_at=timezone.now(),
    )
    fixed = "method, live, nearby, zones, well_connected, oz_name, mz_name"
    with connection.cursor() as cursor:
        for table, owner in (("layers_townreach", "town_id"), ("layers_vacancyreach", "vacancy_id")):
            columns = f"{owner}, {fixed.replace('live, ', '')}, {COLUMNS}"
            cursor.execute(
                f"INSERT INTO {table} (run_id, live, {columns}) SELECT %s, false, {columns} FROM {table} WHERE run_id = %s",
                [scenario.pk, live.pk],
            )
    for model, town in ((TownReach, "town__slug"), (VacancyReach, "vacancy__town__slug")):
        model.objects.filter(run=scenario, **{town: PLACE}).update(berlin_best_min=50, transit_class="C")
        model.objects.filter(run=scenario, **{town: "perleberg"}).update(berlin_best_min=None)
    return live, scenario


def test_with_one_run_the_page_says_how_to_make_another(client: Client) -> None:
    ReachRun.objects.filter(live=False).delete()
    text = client.get("/vergleich/").content.decode()
    assert "Bisher gibt es nur eine Berechnung" in text
    assert "./dev manage compute_reach --scenario" in text
    assert client.get("/vergleich.csv").status_code == 400
    ReachRun.objects.all().delete()
    assert "Noch ist keine Berechnung fertig." in client.get("/vergleich/").content.decode()


def test_the_page_says_who_gains_and_who_loses(client: Client, two_runs: tuple[ReachRun, ReachRun]) -> None:
    live, scenario = two_runs
    gain, loss = (PublicVacancy.objects.filter(town_slug=t).count() for t in (PLACE, "perleberg"))
    text = client.get("/vergleich/").content.decode()
    said = f"{gain} Leerstände in 1 Gemeinde kommen auf höchstens 60 Minuten an Berlin Hbf heran."
    assert f"RE 1 &lt;schneller&gt;: {said}" in text
    assert "<schneller>" not in text
    assert f"1 Gemeinde gewinnt, 1 verliert; {gain} Leerstände gewinnen, {loss} verlieren." in text
    assert "2 Gemeinden mit Änderung" in text
    assert f"{gain + loss} Leerstände mit Änderung" in text
    assert "90 min → 50 min" in text
    assert "−40 min, schneller" in text
    assert "− nicht mehr erreichbar" in text
    assert "D → C" in text
    assert "Gerechnet, nicht beschlossen" in text
    assert "Haltestelle Perleberg geschlossen: 1 Halt entfällt." in text
    # the other way round, and another limit
    swapped = client.get(f"/vergleich/?a={scenario.pk}&b={live.pk}").content.decode()
    assert f"{gain} Leerstände in 1 Gemeinde brauchen nun länger als 60 Minuten" in swapped
    assert "Kein Leerstand kommt auf höchstens 40 Minuten" in client.get("/vergleich/?minuten=40").content.decode()
    english = client.get("/en/vergleich/").content.decode()
    assert f"{gain} vacancies in 1 municipality come within 60 minutes of Berlin Hbf." in english
    assert "−40 min, faster" in english


def test_order_pages_and_twins(client: Client, two_runs: tuple[ReachRun, ReachRun]) -> None:
    rows = client.get("/vergleich/?sort=berlin_best").content.decode()
    assert rows.index('href="/orte/perleberg/"') < rows.index('href="/orte/wittenberge/"'), "a lost connection comes first"
    rows = client.get("/vergleich/?sort=transit_class").content.decode()
    assert rows.index('href="/orte/wittenberge/"') < rows.index('href="/orte/perleberg/"')
    assert 'aria-sort="ascending"' in client.get("/vergleich/?sort=name").content.decode()
    public = set(PublicVacancy.objects.filter(town_slug__in=(PLACE, "perleberg")).values_list("key", flat=True))
    found = json.loads(client.get("/vergleich.geojson").content)
    assert {f["properties"]["key"] for f in found["features"] if f["properties"]["kind"] == "vacancy"} == public
    assert {f["properties"]["key"] for f in found["features"] if f["properties"]["kind"] == "town"} == {PLACE, "perleberg"}
    assert "VBB" in found["attribution"]
    table = list(csv.DictReader(io.StringIO(client.get("/vergleich.csv").content.decode("utf-8-sig")), delimiter=";"))
    town = {r["key"]: r for r in table if r["kind"] == "town"}
    assert (town["perleberg"]["berlin_best_after"], town["perleberg"]["berlin_best_change"]) == ("", "")
    assert (town[PLACE]["berlin_best_change"], town[PLACE]["transit_class_change"]) == ("-40", "1")
    seen: list[str] = []
    for page in range(1, -(-len(public) // 50) + 1):
        text = client.get(f"/vergleich/?seite={page}").content.decode()
        slugs = PublicVacancy.objects.filter(key__in=public).values_list("slug", flat=True)
        seen += [s for s in slugs if f'href="/leerstaende/{s}/"' in text]
    assert len(seen) == len(set(seen)) == len(public)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("a=0", "die Nummer einer Berechnung"),
        ("b=x", "die Nummer einer Berechnung"),
        ("minuten=4", "eine ganze Zahl von 5 bis 360"),
        ("minuten=1e3", "eine ganze Zahl von 5 bis 360"),
        ("minuten=٦٠", "eine ganze Zahl von 5 bis 360"),
        ("seite=0", "eine ganze Zahl von 1 bis"),
        ("seite=999", "eine ganze Zahl von 1 bis"),
        ("sort=quer", "erlaubt: berlin_best, "),
        ("farbe=rot", "erlaubt: a, b, minuten, sort, seite"),
    ],
)
def test_a_wrong_address_is_named(client: Client, two_runs: tuple[ReachRun, ReachRun], query: str, message: str) -> None:
    response = client.get(f"/vergleich/?{query}")
    assert response.status_code == 400
    assert message in response.content.decode()
    live = two_runs[0].pk
    assert client.get(f"/vergleich/?a={live}&b={live}").status_code == 400


def test_every_link_of_the_page_works(client: Client, two_runs: tuple[ReachRun, ReachRun]) -> None:
    import re

    text = client.get("/vergleich/").content.decode()
    links = {m.replace("&amp;", "&").partition("#")[0] for m in re.findall(r'href="(\?[^"]+)"', text)}
    assert len(links) > 6
    for link in links:
        assert client.get(f"/vergleich/{link}").status_code == 200, link


def test_runs_by_other_methods_are_not_mixed(client: Client, two_runs: tuple[ReachRun, ReachRun]) -> None:
    _live, scenario = two_runs
    scenario.preset, scenario.parameters = "at_oerok", {"window": ["16:00", "18:00"]}
    scenario.save()
    text = client.get("/vergleich/").content.decode()
    assert "gelten für verschiedene Tageszeiten" in text
    assert "folgen verschiedenen Verfahren" in text
    assert "0 Gemeinden mit Änderung" in text
    scenario.preset, scenario.parameters = "de_goat", {}
    scenario.save()
    text = client.get("/vergleich/").content.decode()
    assert "enthält keine Fahrzeiten" in text
    assert "Was wäre, wenn?" not in text, "there is a scenario"
    assert "1 Gemeinde mit Änderung" in text


def test_what_is_hidden_changes_nothing_and_a_moved_vacancy_leaves_every_run(client: Client, two_runs: tuple[ReachRun, ReachRun]) -> None:
    import re

    def answers() -> list[bytes]:
        pages = [client.get(p).content for p in ("/vergleich/", "/vergleich.csv", "/vergleich.geojson")]
        return [re.sub(rb'nonce="[^"]+"', b"", p) for p in pages]

    before = answers()
    public = PublicVacancy.objects.values_list("key", flat=True)
    hidden = Vacancy.objects.exclude(key__in=list(public))
    assert VacancyReach.objects.filter(run=two_runs[1], vacancy__in=hidden).update(berlin_best_min=5, transit_class="A") > 50
    assert answers() == before
    vacancy = Vacancy.objects.get(key=PublicVacancy.objects.filter(town_slug=PLACE, is_exact=True).first().key)  # type: ignore[union-attr]
    assert VacancyReach.objects.filter(vacancy=vacancy, run__in=two_runs).count() == 2
    vacancy.visibility = "coarse"
    vacancy.save()
    assert VacancyReach.objects.filter(vacancy=vacancy).count() == 0
    assert vacancy.key.encode() not in answers()[1]
