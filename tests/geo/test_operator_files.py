"""Newer official files: VG250-EW with boundaries, GV-ISys with figures; mergers keep what belongs to the merged town."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
from django.core.management import CommandError, call_command

from geo import crs, sources
from geo.models import Dataset, District, Town
from layers.models import TransitStop
from vacancies.models import Vacancy, VacancyQuerySet

pytestmark = pytest.mark.django_db

DAY = "2024-12-31"


def vg250(change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame] = lambda f: f) -> gpd.GeoDataFrame:
    """All towns as the BKG would deliver them: EPSG:25832, its column names, and a piece of water that must not count."""
    towns = list(Town.objects.current().order_by("ags8"))
    columns = {
        "AGS": [t.ags8 for t in towns],
        "GEN": [t.name for t in towns],
        "BEZ": [t.kind for t in towns],
        "EWZ": [t.population + 1 for t in towns],
        "GF": [4] * len(towns),
    }
    shapes = [shapely.from_wkb(bytes(t.geom.wkb)) for t in towns]
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs.STORAGE)
    water = frame.iloc[:1].assign(GF=2, EWZ=0, geometry=[shapely.box(0, 0, 1, 1)])
    other = frame.iloc[:1].assign(AGS="11000000", GEN="Berlin", geometry=[shapely.box(380_000, 5_810_000, 400_000, 5_830_000)])
    both = gpd.GeoDataFrame(gpd.pd.concat([frame, water, other], ignore_index=True), crs=crs.STORAGE)
    return change(both).to_crs(crs.UTM32)


def merged(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Treuenbrietzen takes Niemegk in."""
    heir, gone = (frame.index[(frame["GEN"] == name) & (frame["GF"] == 4)][0] for name in ("Treuenbrietzen", "Niemegk"))
    frame.loc[heir, "geometry"] = shapely.union(frame.loc[heir, "geometry"], frame.loc[gone, "geometry"])
    frame.loc[heir, "EWZ"] += frame.loc[gone, "EWZ"]
    return frame.drop(index=gone)


def geopackage(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    frame.to_file(folder / "DE_VG250.gpkg", driver="GPKG", layer="vg250_gem")
    frame.iloc[:1].to_file(folder / "DE_VG250.gpkg", driver="GPKG", layer="vg250_krs")
    return folder / "DE_VG250.gpkg"


def zipped_shapefile(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    """As the BKG packs it: folders within folders, one Shapefile per level, documents beside them."""
    (folder / "parts").mkdir()
    frame.to_file(folder / "parts" / "VG250_GEM.shp")
    frame.iloc[:1].to_file(folder / "parts" / "VG250_KRS.shp")
    path = folder / "vg250-ew_12-31.utm32s.shape.ebenen.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted((folder / "parts").iterdir()):
            archive.write(part, f"vg250-ew_12-31.utm32s.shape.ebenen/vg250-ew_ebenen_1231/{part.name}")
        archive.writestr("vg250-ew_12-31.utm32s.shape.ebenen/dokumentation/vg250-ew.pdf", b"%PDF-1.4")
    return path


def zipped_geopackage(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    path = folder / "vg250-ew_12-31.utm32s.gpkg.ebenen.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(geopackage(folder, frame), "vg250-ew/vg250-ew_ebenen_1231/DE_VG250.gpkg")
    return path


def gvisys(folder: Path, figures: dict[str, tuple[str, object, object]]) -> Path:
    """The Gemeindeverzeichnis as Destatis lays it out: headings over several rows, one row per Land, Kreis and Gemeinde."""
    book = openpyxl.Workbook()
    book.active.title = "Deckblatt"  # type: ignore[union-attr]
    sheet = book.create_sheet("Onlineprodukt_Gemeinden_311224")
    sheet.append(["Gemeinden in Deutschland nach Fläche, Bevölkerung und Postleitzahl am 31.12.2024"])
    sheet.append(["Satz-art", "Text-kennzeichen", "Amtlicher Regionalschlüssel (ARS)"])
    sheet.append([None, None, "Land", "RB", "Kreis", "VB", "Gem", "Gemeindename", "Fläche km²", "insgesamt"])
    sheet.append(["10", None, "12", None, None, None, None, "Brandenburg", None, None])
    sheet.append(["60", "64", "11", "0", "00", "0000", "000", "Berlin, Stadt", 891.12, 3_685_265])
    for ags, (name, area, people) in figures.items():
        sheet.append(["60", "63", ags[:2], ags[2], ags[3:5], "0000", ags[5:], name, area, people])
    path = folder / "AuszugGV4QAktuell.xlsx"
    book.save(path)
    return path


def run(*words: object) -> str:
    out = io.StringIO()
    call_command("load_towns", *map(str, words), stdout=out)
    return out.getvalue()


FORMATS = {"GeoPackage": geopackage, "zipped Shapefile": zipped_shapefile, "zipped GeoPackage": zipped_geopackage}


@pytest.mark.parametrize("name", FORMATS)
def test_boundaries_and_inhabitants_are_read_in_every_packing(name: str, tmp_path: Path) -> None:
    before = {t.ags8: (t.population, t.geom.area) for t in Town.objects.current()}
    path = FORMATS[name](tmp_path, vg250())
    assert "0 new, 413 changed, 0 unchanged" in run(path, "--valid-on", DAY, "--write")
    after = {t.ags8: (t.population - 1, t.geom.area) for t in Town.objects.current()}
    assert after.keys() == before.keys()
    assert all(after[a][0] == before[a][0] and after[a][1] == pytest.approx(before[a][1], rel=1e-6) for a in before)
    known = {d.key: d for d in Dataset.objects.filter(key__startswith="municipal")}
    assert known["municipal-boundaries"].attribution == "© GeoBasis-DE / BKG 2024 (Daten verändert)"
    assert str(known["municipal-boundaries"].valid_on) == str(known["municipal-figures"].valid_on) == DAY
    assert path.name in known["municipal-boundaries"].note
    assert Town.objects.filter(geom__isvalid=False).count() == 0
    assert District.objects.filter(geom__isvalid=False).count() == 0
    assert "0 new, 0 changed, 413 unchanged" in run(path, "--valid-on", DAY, "--write"), "the same file twice changes nothing"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    def state() -> list[object]:
        return [*Town.objects.order_by("pk").values_list("population", "merged_into", "geom"), *Dataset.objects.order_by("pk").values()]

    before = state()
    shown = run(geopackage(tmp_path, vg250(merged)))
    assert "merged: Niemegk -> Treuenbrietzen" in shown
    assert "dry run: nothing was written; add --write to apply" in shown
    assert state() == before


def test_a_merger_keeps_vacancies_stops_and_history(tmp_path: Path) -> None:
    gone, heir = Town.objects.get(name="Niemegk"), Town.objects.get(name="Treuenbrietzen")
    mine = Vacancy.objects.create(town=gone, point=gone.centre, title="Alte Schule")
    keys = set(vacancies_of(gone).values_list("key", flat=True)) | set(vacancies_of(heir).values_list("key", flat=True))
    stops = TransitStop.objects.filter(town__in=[gone, heir]).count()
    assert mine.key in keys
    assert stops > 10
    area = heir.district.geom.area
    shown = run(geopackage(tmp_path, vg250(merged)), "--valid-on", DAY, "--write")
    assert "0 new, 412 changed, 0 unchanged" in shown
    assert "merged: Niemegk -> Treuenbrietzen" in shown
    gone.refresh_from_db()
    assert gone.merged_into == heir
    assert Town.objects.current().count() == 412
    assert set(vacancies_of(heir).values_list("key", flat=True)) == keys
    assert TransitStop.objects.filter(town=heir).count() == stops
    assert Vacancy.objects.get(pk=mine.pk).town == heir
    first = mine.events.order_by("pgh_id").first()  # type: ignore[attr-defined]
    assert first.town_id == gone.pk, "the history still knows where it was"
    assert District.objects.get(pk=heir.district_id).geom.area == pytest.approx(area, rel=1e-6)


def vacancies_of(town: Town) -> VacancyQuerySet:
    return Vacancy.objects.filter(town=town)


def test_the_next_start_keeps_the_operators_files(tmp_path: Path) -> None:
    run(geopackage(tmp_path, vg250(merged)), "--valid-on", DAY, "--write")
    Dataset.objects.filter(key="municipal-boundaries").update(sha256="")  # as after an update of the project's own files
    assert sources.load_own() is None  # what `./dev run` calls
    assert Town.objects.current().count() == 412
    assert "412 (an operator's newer files are loaded; they stay)" in run()


def test_figures_alone_change_figures_alone(tmp_path: Path) -> None:
    before = dict(Town.objects.values_list("ags8", "geom"))
    path = gvisys(tmp_path, {"12072232": ("Luckenwalde, Stadt", "46,50", "21 000"), "12054000": ("Potsdam, Stadt", 188.24, 187_119)})
    shown = run("--population", path, "--valid-on", DAY, "--write")
    assert "0 new, 2 changed, 411 unchanged" in shown
    assert "not in AuszugGV4QAktuell.xlsx, figures kept: " in shown
    town = Town.objects.get(ags8="12072232")
    assert (town.name, town.population, str(town.area_km2), str(town.population_date)) == ("Luckenwalde", 21_000, "46.50", DAY)
    assert town.size_class == "medium_town_s"
    assert Town.objects.get(name="Jüterbog").population_date == datetime.date(2019, 12, 31), "no new date on an old figure"
    figures = Dataset.objects.get(key="municipal-figures")
    assert (figures.attribution, str(figures.valid_on)) == ("© Statistisches Bundesamt (Destatis), 2024, dl-de/by-2-0", DAY)
    assert Dataset.objects.get(key="municipal-boundaries").valid_on == datetime.date(2016, 1, 1)
    assert dict(Town.objects.values_list("ags8", "geom")) == before


def test_figures_come_on_top_of_newer_boundaries_not_of_the_projects_own(tmp_path: Path) -> None:
    run(geopackage(tmp_path, vg250(merged)), "--valid-on", DAY, "--write")
    run("--population", gvisys(tmp_path, {"12054000": ("Potsdam, Stadt", 188.24, 187_119)}), "--valid-on", DAY, "--write")
    assert Town.objects.current().count() == 412
    assert Town.objects.get(name="Potsdam").population == 187_119


def broken(name: str, value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    return lambda frame: frame.assign(**{name: [value, *frame[name][1:]]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="EWZ"), "columns missing: EWZ; VG250-EW has AGS, GEN, BEZ, EWZ, GF"),
        (lambda f: f[f["GEN"] != "Niemegk"], r"Niemegk \(12069448\) is missing in the file and no town covers 90% of it"),
        (lambda f: f.iloc[:50], "50 municipalities of Brandenburg with .* km² in all; the state has 29,654 km²"),
        (broken("AGS", "12999001"), "there is no district 12999; known are 12051, 12052"),
        (broken("EWZ", -9), "EWZ .inhabitants. be a number, not -9"),
        (lambda f: f.set_crs(3857, allow_override=True), "the state has 29,654 km²"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence_and_changes_nothing(
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], message: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=message):
        run(geopackage(tmp_path, vg250(change)), "--valid-on", DAY, "--write")
    assert Town.objects.current().count() == 413
    assert Dataset.objects.get(key="municipal-boundaries").valid_on == datetime.date(2016, 1, 1)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({}, "no rows with Satzart 60 and Land 12"),
        ({"12054000": ("Potsdam", "viel", 1)}, r"row 6 .Potsdam.: area and population must be numbers, not 'viel' and '1'"),
        ({"12054999": ("Neustadt", 1.0, 1)}, r"1 municipalities without a boundary: Neustadt .12054999.; load the VG250"),
    ],
)
def test_a_wrong_workbook_is_refused_with_a_sentence(figures: dict[str, tuple[str, object, object]], message: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message):
        run("--population", gvisys(tmp_path, figures), "--valid-on", DAY, "--write")


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    path = gvisys(tmp_path, {"12054000": ("Potsdam, Stadt", 188.24, 187_119)})
    with pytest.raises(CommandError, match="--write needs --valid-on"):
        run("--population", path, "--write")
    with pytest.raises(CommandError, match="lies in the future"):
        run("--population", path, "--valid-on", "2999-01-01")
    with pytest.raises(CommandError, match="the figures that are loaded are of 2019-12-31; older ones do not replace them"):
        run("--population", path, "--valid-on", "2018-12-31", "--write")
    with pytest.raises(CommandError, match="no such file"):
        run(tmp_path / "weg.zip")
    with pytest.raises(CommandError, match="only files on this machine"):
        run("/vsicurl/http://127.0.0.1:1/vg250.zip")
