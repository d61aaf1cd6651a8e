"""`rw.map` and `.explore()`: the layer's colours, legend, sources and the word that examples are invented."""

from __future__ import annotations

import html

import geopandas as gpd
import pytest

import raumwohlstand as rw
from geo import crs
from geo.errors import InvalidParameter
from layers.publish.collection import collection
from layers.published import CLASS_COLOURS

pytestmark = pytest.mark.django_db


def page_of(drawn) -> str:  # type: ignore[no-untyped-def]
    return drawn.get_root().render()


def test_points_have_the_colours_of_their_classes() -> None:
    rows = rw.vacancies(town="luckenwalde")
    page = page_of(rw.map(rows))
    style = collection("leerstaende").style
    for name in rows["transit_class"].astype(str).unique():
        assert style.of(name).symbol.fill in page
        assert html.escape(str(style.of(name).label)) in page
    absent = set(CLASS_COLOURS) - set(rows["transit_class"].astype(str))
    assert absent
    assert not [name for name in absent if CLASS_COLOURS[name] in page]
    assert page.count("L.circleMarker(") == len(rows)
    for name, colour in CLASS_COLOURS.items():
        one = rows[rows["transit_class"] == name].head(1)
        if len(one):
            assert f'"fillColor": "{colour}"' in page_of(rw.map(one))


def test_it_says_what_is_invented_and_where_it_comes_from() -> None:
    rows = rw.vacancies(town="luckenwalde")
    page = page_of(rw.map(rows, note="Mein <b>Satz"))
    assert f"Beispiel: {len(rows)} von {len(rows)} sind erfunden." in page
    assert html.escape(rows.attrs["attribution"]) in page
    assert "Mein &lt;b&gt;Satz" in page
    fewer = rw.vacancies(town="luckenwalde", columns=["transit_class"])
    assert "erfundene Beispiele" in page_of(rw.map(fewer)), "without the column the layer's note says it"


def test_it_escapes_what_it_shows_and_says_what_it_leaves_out() -> None:
    rows = rw.vacancies(town="luckenwalde").head(3)
    rows["town_name"] = "<script>alert(1)</script>"
    page = page_of(rw.map(rows, limit=2))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    rows["town_name"] = "`${alert(2)}\\"
    assert "${alert(2)" not in page_of(rw.map(rows)), "a template literal of JavaScript would run it"
    assert "&#96;&#36;&#123;alert(2)&#125;&#92;" in page_of(rw.map(rows))
    assert "Gezeichnet sind 2 von 3." in page
    assert page.count("L.circleMarker(") == 2
    assert "tileLayer" not in page, "no tile server is asked"


def test_what_is_shown_on_click_has_labels_and_units() -> None:
    rows = rw.vacancies(town="luckenwalde")
    one = rows[rows["stop_distance_m"].notna()].head(1)
    page = page_of(rw.map(one, popup=["former_use", "stop_distance_m"]))
    labels, values = one.attrs["labels"], one.attrs["values"]
    assert html.escape(f"{labels['stop_distance_m']}: {one['stop_distance_m'].iloc[0]} m") in page
    assert html.escape(f"{labels['former_use']}: {values['former_use'][one['former_use'].iloc[0]]}") in page


@pytest.mark.parametrize(("what", "count"), [("isochrones", 5), ("transit_classes", 6), ("travel_times", 40)])
def test_areas_are_drawn_by_their_classes(what: str, count: int) -> None:
    rows = rw.reach(what).head(count)
    page = page_of(rows.explore())
    style = collection(rw.REACH[what]).style
    for value in rows.reset_index()[style.column].dropna().unique():
        assert style.of(value).symbol.fill in page
    assert "circleMarker" not in page


def test_explore_draws_the_same_map_also_of_what_was_cut_out() -> None:
    rows = rw.vacancies(town="luckenwalde").to_crs(crs.WEB)
    page = page_of(rows[rows["usable_m2"] > 0].explore())
    assert "Beispiel: " in page
    assert "L.circleMarker(" in page


def test_explore_by_a_column_is_that_of_geopandas_and_asks_no_tile_server() -> None:
    page = page_of(rw.vacancies(town="luckenwalde").explore("usable_m2", scheme="quantiles", k=3))
    assert "usable_m2" in page
    assert "tileLayer" not in page


def test_a_frame_without_style_is_an_error_that_says_what_is_expected() -> None:
    with pytest.raises(ValueError, match=r"no style .* expected one from rw.vacancies"):
        rw.map(gpd.GeoDataFrame(geometry=[], crs=crs.STORAGE))
    with pytest.raises(ValueError, match="lacks the column transit_class"):
        rw.map(rw.vacancies(town="luckenwalde", columns=["town_name"]))
    with pytest.raises(InvalidParameter, match=r"popup=colour: expected some of key, slug"):
        rw.map(rw.vacancies(town="luckenwalde"), popup=["town_name", "colour"])
