"""`import raumwohlstand`: the rows of the queryset, from the database and from a remote platform, with what they mean."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from django.db import connection
from geopandas.testing import assert_geodataframe_equal

import raumwohlstand as rw
from geo import crs
from geo.errors import InvalidParameter, InvalidParameters, RemoteFailed
from layers.publish.collection import collection, collections
from raumwohlstand import question
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
LUCKENWALDE = shapely.box(370_000, 5_760_000, 380_000, 5_780_000)  # EPSG:25833, the town and its surroundings


def keys(query: str) -> list[str]:
    return list(PublicVacancy.objects.matching(VacancyFilter.parse(query)).order_by("key").values_list("key", flat=True))


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({}, ""),
        ({"town_size": "rural", "transit": "C"}, "town_size=rural&transit=C"),
        ({"town_size": ["rural", "small_town_s"], "well_connected": True}, "town_size=rural,small_town_s&well_connected=1"),
        ({"minutes_to_berlin": 60, "use": ("workshop", "studio")}, "berlin_max=60&target_use=workshop,studio"),
        ({"usable_m2": (150, 300), "metres_to_station": 2000}, "area=150-300&rail_distance_max=2000"),
        ({"near": (11.7515, 52.9955, 5000)}, "near=11.7515,52.9955,5000"),
        ({"bbox": (12.9, 52.3, 13.2, 52.5), "transit": None}, "bbox=12.9,52.3,13.2,52.5"),
        ({"where": "town_size=rural&transit=C", "transit": "A"}, "town_size=rural&transit=A"),
        ({"where": {"town": "wittenberge"}}, "town=wittenberge"),
    ],
)
def test_the_rows_are_those_of_the_filter(asked: dict[str, object], query: str) -> None:
    wanted = keys(query)
    assert wanted
    assert list(rw.vacancies(**asked).index) == wanted


@pytest.mark.parametrize(
    "address",
    [
        "https://raum.example/?town_size=rural&transit=C&sort=town&at=52.4,13.1,9&view=list&sel=x#karte",
        "/leerstaende/?town_size=rural&transit=C&after=5~abc",
        "?transit=C&town_size=rural&surface=berlin-hbf&layers=classes,facilities",
    ],
)
def test_an_address_copied_from_the_map_is_the_same_question(address: str) -> None:
    assert list(rw.vacancies(address).index) == keys("town_size=rural&transit=C")


def test_an_address_without_a_question_asks_for_everything() -> None:
    assert list(rw.vacancies("https://raum.example/leerstaende/").index) == keys("")


@pytest.mark.parametrize(
    ("layer", "read"),
    [
        ("gemeinden", rw.towns),
        ("haltestellen", rw.stops),
        ("einrichtungen", rw.facilities),
        ("gebiete", rw.zones),
        ("reisezeit", rw.reach),
        ("isochronen", lambda **asked: rw.reach("isochrones", **asked)),
        ("gueteklassen", lambda **asked: rw.reach("transit_classes", **asked)),
    ],
)
def test_every_layer_can_be_read_from_both_sources(layer: str, read, site: str) -> None:  # type: ignore[no-untyped-def]
    c = collection(layer)
    here, there = read(), read(source=rw.Remote(site))
    assert list(here.index) == list(c.matching(c.parse("")).order_by(c.key).values_list(c.key, flat=True))
    assert_geodataframe_equal(here, there)
    assert here.attrs == there.attrs
    assert here.crs.to_epsg() == crs.STORAGE
    assert list(here.columns) == [f.name for f in c.fields if f.name != c.key] + ["geometry"]


def test_bbox_and_mask_are_those_of_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM public_vacancy WHERE ST_Intersects(point, ST_GeomFromText(%s, %s)) ORDER BY key",
            [LUCKENWALDE.wkt, crs.STORAGE],
        )
        wanted = [row[0] for row in cursor.fetchall()]
    assert 0 < len(wanted) < Vacancy.objects.count() / 10
    towns = gpd.GeoSeries([LUCKENWALDE], crs=crs.STORAGE)
    for mask in (LUCKENWALDE, towns, towns.segmentize(500).to_crs(crs.WEB)):
        assert list(rw.vacancies(mask=mask).index) == wanted
    boxed = rw.vacancies(bbox=towns)  # the extent in degrees holds the box and a little more
    assert set(wanted) <= set(boxed.index)
    assert boxed.distance(LUCKENWALDE).max() < 400
    two = LUCKENWALDE.union(shapely.box(268_000, 5_870_000, 290_000, 5_890_000))
    everything = rw.vacancies()
    assert list(rw.vacancies(mask=two).index) == list(everything.index[everything.intersects(two)])


@pytest.mark.parametrize(
    "asked",
    [
        {"where": "town_size=rural&transit=C&sort=town"},
        {"minutes_to_berlin": 60, "use": "workshop"},
        {"mask": LUCKENWALDE},
        {"mask": LUCKENWALDE, "use": "office", "columns": ["town_name"]},
        {"bbox": (2, 48, 3, 49)},
        {"bbox": (12.9, 52.3, 13.2, 52.5), "columns": ["town_name", "target_uses", "berlin_best_min"]},
        {"town": "wittenberge", "area": "1-2"},
    ],
)
def test_a_remote_platform_gives_the_same_frame(asked: dict[str, object], site: str) -> None:
    here, there = rw.vacancies(**asked), rw.vacancies(**asked, source=rw.Remote(site))
    assert_geodataframe_equal(here, there)
    assert here.attrs == there.attrs


def test_columns_have_their_types() -> None:
    rows = rw.vacancies(town="wittenberge")
    types = {name: str(rows[name].dtype) for name in ("usable_m2", "is_example", "vacant_since", "room_height_m", "transit_class")}
    assert types == {
        "usable_m2": "Int64",
        "is_example": "boolean",
        "vacant_since": "datetime64[s]",
        "room_height_m": "float64",
        "transit_class": "category",
    }
    assert list(rows["transit_class"].cat.categories[:3]) == ["A", "B", "C"]
    known = {v.key: v for v in PublicVacancy.objects.filter(town_slug="wittenberge")}
    for key, row in rows.iterrows():
        one = known[key]
        assert row["target_uses"] == one.target_uses
        assert row["nearby"] == (one.nearby or None)
        assert row["summary"] == one.summary
        assert row["title"] == one.title
        assert (None if pd.isna(row["usable_m2"]) else row["usable_m2"]) == one.usable_m2
        assert (None if pd.isna(row["stop_name"]) else row["stop_name"]) == one.stop_name
        assert row["transit_class"] == one.transit_class
        assert (row.geometry.x, row.geometry.y) == (one.point.x, one.point.y)
    rows.loc[rows.index[0], "target_uses"].append("mine")
    assert "mine" not in rows["target_uses"].iloc[1], "rows share no list"


def test_no_rows_have_the_types_of_some(tmp_path: Path) -> None:
    some, none = rw.vacancies(town="wittenberge"), rw.vacancies(bbox=(2, 48, 3, 49))
    assert len(none) == 0
    assert dict(none.dtypes) == dict(some.dtypes) == dict(pd.concat([none, some]).dtypes)
    for rows in (some, none):
        rows.to_parquet(tmp_path / "rows.parquet")
        assert list(gpd.read_parquet(tmp_path / "rows.parquet").index) == list(rows.index)


def test_texts_come_as_they_are() -> None:
    """Nothing, an empty text, quotation marks, commas, new lines and backslashes."""
    odd = 'Zeile 1,\r\nZeile 2 "so" \\N \\. ; ü'
    first, second = keys("town=wittenberge")[:2]
    Vacancy.objects.filter(key=first).update(summary=odd)
    Vacancy.objects.filter(key=second).update(summary="", usable_m2=None)
    rows = rw.vacancies(town="wittenberge", columns=["summary", "usable_m2"])
    assert rows.loc[first, "summary"] == odd
    assert rows.loc[second, "summary"] == ""
    assert rows.loc[second, "usable_m2"] is pd.NA


def test_what_the_rows_mean_is_told() -> None:
    told = rw.vacancies(transit="C", columns=["transit_class", "stop_distance_m", "berlin_best_min"]).attrs
    assert told["labels"]["stop_distance_m"] == str(PublicVacancy._meta.get_field("stop_distance_m").verbose_name)
    assert told["units"] == {"stop_distance_m": "m", "berlin_best_min": "Minuten"}
    assert set(told["labels"]) == {"key", "transit_class", "stop_distance_m", "berlin_best_min"}
    assert told["question"] == VacancyFilter.parse("transit=C").sentence()
    assert "erfundene Beispiele" in told["note"]
    assert "VBB" in told["attribution"]
    assert told["run"]["day"] == "2021-04-20"
    assert told["run"]["method"]
    assert told["values"]["transit_class"]["A"]
    assert told["crs"] == "EPSG:25833"


def test_private_columns_are_not_there_and_cannot_be_asked_for() -> None:
    private = {f.name for f in Vacancy._meta.concrete_fields} - {f.name for f in collection("leerstaende").fields}
    assert {"visibility", "public_point", "objected", "basis"} <= private
    assert not private & set(rw.vacancies(town="wittenberge").reset_index().columns)
    with pytest.raises(InvalidParameter, match=r"columns=visibility: expected some of key, slug, is_example") as caught:
        rw.vacancies(columns=["visibility"])
    assert caught.value.name == "columns"


def test_rows_that_are_hidden_are_not_there() -> None:
    key = keys("town=wittenberge")[0]
    Vacancy.objects.filter(key=key).update(visibility="internal")
    assert key not in rw.vacancies(town="wittenberge").index


@pytest.mark.parametrize(
    ("asked", "name", "allowed"),
    [
        ({"transit": "Z"}, "transit", "A, B, C"),
        ({"minutes_to_berlin": "soon"}, "minutes_to_berlin", "1 bis 600"),
        ({"use": "castle"}, "use", "workshop"),
        ({"colour": "red"}, "colour", "town_size"),
        ({"where": "https://raum.example/?transit=Z&sort=town"}, "transit", "A, B, C"),
        ({"bbox": (13.2, 52.3, 12.9, 52.5)}, "bbox", "West"),
    ],
)
@pytest.mark.parametrize("remote", [False, True])
def test_a_wrong_value_is_an_error_that_names_it(asked: dict[str, object], name: str, allowed: str, remote: bool, site: str) -> None:
    source = rw.Remote(site) if remote else rw.Database()
    with pytest.raises(InvalidParameters) as caught:
        rw.vacancies(**asked, source=source)
    assert [e.name for e in caught.value.errors] == [name]
    assert allowed in caught.value.errors[0].allowed


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rw.vacancies(use="workshop", target_use="studio"), "target_use=studio: given as use, too"),
        (lambda: rw.vacancies(5), "where=5: an address of the map"),
        (lambda: rw.vacancies(well_connected=False), "well_connected=False: expected True, or None for all rows"),
        (lambda: rw.vacancies({"setbacks": [True], "rail": False}), "rail=False: expected True"),
        (lambda: rw.vacancies("https://raum.example/orte/wittenberge/"), "where=.*/orte/wittenberge/: the page of one vacancy, town"),
        (lambda: rw.vacancies("/en/leerstaende/hof-2abc/?transit=C"), "where=.*the page of one vacancy, town"),
        (lambda: rw.vacancies(mask="box"), "mask=str: a GeoDataFrame"),
        (lambda: rw.vacancies(mask=gpd.GeoSeries([LUCKENWALDE])), "mask=GeoSeries: a GeoDataFrame or GeoSeries with a CRS"),
        (lambda: rw.reach("walks"), "what=walks: expected one of travel_times, isochrones, transit_classes"),
        (lambda: rw.Remote("raum.example"), "address=raum.example: the address of a platform"),
        (lambda: rw.Remote("https://raum.example", language="fr"), "language=fr: de, en"),
    ],
)
def test_a_wrong_call_says_what_is_allowed(call, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidParameter, match=text):
        call()


def test_help_and_completion_tell_what_can_be_asked() -> None:
    for name in set(rw.__all__) - {"Database", "LayerFrame", "Remote", "connect", "map"}:
        read = getattr(rw, name)
        assert read.__name__ == name
        asked = inspect.signature(read).parameters
        assert {"where", "source"} <= set(asked)
        told = inspect.getdoc(read) or ""
        assert told.startswith("Return ")
        if name == "reach":
            continue
        assert {"columns", "bbox", "mask", "as_of"} <= set(asked)
        assert not [word for word in (*asked, *question.WORDS) if word not in told.replace("**criteria", "criteria")]
    assert dir(rw) == sorted(rw.__all__)


def test_a_database_that_does_not_answer_is_a_sentence() -> None:
    code = "import raumwohlstand as rw; rw.towns()"
    away = {"DATABASE_URL": "postgis://nobody@127.0.0.1:9/none", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", code], env=away, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert "RemoteFailed: no database answers at 127.0.0.1; set DATABASE_URL" in done.stderr
    assert "The above exception" not in done.stderr


def test_a_server_that_is_none_is_named(site: str) -> None:
    with pytest.raises(
        RemoteFailed, match=r"/nowhere/ogc/features/collections/leerstaende answers 404; expected the address of a Raumwohlstand"
    ):
        rw.vacancies(source=rw.Remote(f"{site}/nowhere"))


def test_what_is_cut_out_keeps_its_style_and_its_meaning() -> None:
    rows = rw.vacancies(town="wittenberge")
    for made in (rows[rows["usable_m2"] > 100], rows.head(2).to_crs(crs.WEB), rows[["transit_class", "geometry"]]):
        assert isinstance(made, rw.LayerFrame)
        assert made.attrs["style"]["column"] == "transit_class"


def test_every_layer_describes_itself_and_none_is_forgotten() -> None:
    read = {"leerstaende", "gemeinden", "haltestellen", "einrichtungen", "gebiete", "beispiele", "wir_raeume", *rw.REACH.values()}
    assert {c.name for c in collections()} == read


def test_a_notebook_needs_no_set_up(database_url: str) -> None:
    code = "import raumwohlstand as rw; print(len(rw.towns(columns=['name'])))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    plain = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | {"DATABASE_URL": database_url}
    done = subprocess.run(command, env=plain, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "413", done.stderr


def test_a_remote_source_needs_neither_django_nor_a_database() -> None:
    code = "import sys, raumwohlstand as rw; rw.connect('http://127.0.0.1:9'); print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_remote_platform_speaks_the_language_asked_for(site: str) -> None:
    german, english = (rw.vacancies(town="wittenberge", source=rw.Remote(site, language=language)) for language in ("de", "en"))
    assert (german.attrs["title"], english.attrs["title"]) == ("Leerstände", "Vacancies")
    assert german.attrs["labels"]["usable_m2"] == "Nutzfläche in m²"
    assert english.attrs["labels"]["usable_m2"] == "Usable area in m²"
    with pytest.raises(InvalidParameters, match="allowed"):
        rw.vacancies(town="nowhere", source=rw.Remote(site, language="en"))
