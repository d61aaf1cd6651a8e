"""Pages of a layer with many rows: counted where that costs little, else "unknown" as the standards allow, and complete either way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.gis.db import models
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from lxml import etree

from geo import crs
from layers.public import PublicStop
from layers.publish import paging
from layers.publish.collection import Collection, offering
from layers.publish.ogcapi.views import found
from layers.publish.wfs.views import wfs
from layers.published import STOPS

pytestmark = pytest.mark.django_db
RAUM = "{urn:x-raumwohlstand:layers}"
ROWS, EVERY = 3_000, 7  # each seventh row has departures 3
KEYS = [f"s{n:08}" for n in range(1, ROWS + 1) if n % EVERY == 3]
FES = (
    "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'><fes:PropertyIsEqualTo><fes:ValueReference>departures</fes:ValueReference>"
    "<fes:Literal>{}</fes:Literal></fes:PropertyIsEqualTo></fes:Filter>"
)
COLUMNS = {f.name: f.clone() for f in PublicStop._meta.concrete_fields}
META = type("Meta", (), {"managed": False, "db_table": "many_stop", "app_label": "layers"})
MODEL = type("ManyStop", (models.Model,), {**COLUMNS, "Meta": META, "__module__": __name__})
LAYER = replace(STOPS, name="viele", model=MODEL, stamp=lambda: "many", loaded=tuple)


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """A layer that counts as large: a table with an index on its key, of which the database knows how it is filled."""
    names = "stop_id, name, mode, is_rail, departures, departures_day, category, town_slug, town_name, district_ags, point"
    place = f"ST_SetSRID(ST_Point(300000 + n, 5800000), {crs.STORAGE})"
    values = (
        f"'s' || lpad(n::text, 8, '0'), 'Halt ' || n, 'bus', n % 2 = 0, n % {EVERY}, n % 120, '', NULL::text, NULL::text, '12070', {place}"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE many_stop ({names}) AS SELECT {values} FROM generate_series(1, {ROWS}) n")
        cursor.execute("ALTER TABLE many_stop ADD PRIMARY KEY (stop_id)")
        cursor.execute("CREATE INDEX ON many_stop USING gist (point)")
        cursor.execute(f"GRANT SELECT ON many_stop TO {settings.REGISTER_ROLE}")
        cursor.execute("ANALYZE many_stop")
    monkeypatch.setattr(paging, "SMALL", 500)
    cache.clear()
    with offering((LAYER,)):
        yield LAYER


def features(**keys: object) -> tuple[etree._Element, list[str]]:
    """A page and its keys."""
    given = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "raum:viele", "PROPERTYNAME": "stop_id"}
    return read("/ogc/wfs", given | keys)


def read(address: str, keys: dict[str, Any] | None = None) -> tuple[etree._Element, list[str]]:
    response = wfs(RequestFactory().get(address, keys))
    assert response.status_code == 200, getattr(response, "content", b"")[:500]
    body = b"".join(response.streaming_content) if response.streaming else response.content
    page = etree.fromstring(body)
    return page, [e.text for e in page.iter(f"{RAUM}stop_id")]


@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize("batch", [1_000, 20])  # pages are read at once up to so many rows, larger ones by their keys
def test_a_full_first_page_does_not_wait_for_the_count_and_pages_are_complete(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "BATCH", batch)
    page, seen = features(FILTER=FES.format(3), COUNT=60)
    assert (page.get("numberMatched"), page.get("numberReturned"), seen) == ("unknown", "60", KEYS[:60])
    told = []
    while page.get("next"):
        page, more = read(page.get("next"))
        seen += more
        told.append(page.get("numberMatched"))
        assert page.get("numberReturned") == str(len(more))
    assert seen == KEYS
    assert told[0] == "unknown"
    assert set(told[1:]) == {str(len(KEYS))}  # behind row 100 the pages are found by noted keys, which tells their number


@pytest.mark.usefixtures("layer")
def test_who_asks_for_the_number_gets_it_and_it_is_known_from_then_on() -> None:
    assert features(FILTER=FES.format(3), COUNT=10)[0].get("numberMatched") == "unknown"
    assert features(FILTER=FES.format(3), RESULTTYPE="hits")[0].get("numberMatched") == str(len(KEYS))
    assert features(FILTER=FES.format(3), COUNT=10)[0].get("numberMatched") == str(len(KEYS))


@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize(
    ("keys", "matched"),
    [
        ({"COUNT": 10}, ROWS),  # no filter
        ({"FILTER": FES.format(3), "COUNT": len(KEYS)}, len(KEYS)),  # all on one page
        ({"FILTER": FES.format(99), "COUNT": 10}, 0),
        ({"FILTER": FES.format(3), "COUNT": 0}, len(KEYS)),
        ({"FILTER": FES.format(3), "COUNT": 10, "STARTINDEX": 5}, "unknown"),
        ({"FILTER": FES.format(3), "COUNT": 10, "STARTINDEX": 400}, len(KEYS)),
        ({"FILTER": FES.format(3), "COUNT": 10, "STARTINDEX": 90_000}, len(KEYS)),
        ({"FILTER": FES.format(3), "COUNT": 10, "SORTBY": "name"}, len(KEYS)),  # all are found to sort them
        ({"BBOX": "300000.5,5799000,300200.5,5801000", "COUNT": 10}, 200),  # found by the index on places, then sorted
        ({"FILTER": f"({FES.format(3)})({FES.format(4)})", "TYPENAMES": "(raum:viele)(raum:viele)", "COUNT": 10, "PROPERTYNAME": ""}, None),
    ],
)
def test_when_the_number_is_told(keys: dict[str, Any], matched: object) -> None:
    page, seen = features(**keys)
    expected = len(KEYS) + sum(n % EVERY == 4 for n in range(1, ROWS + 1)) if matched is None else matched
    assert page.get("numberMatched") == str(expected)
    if keys.get("SORTBY") == "name":
        assert seen == [f"s{int(n):08}" for n in sorted(str(int(k[1:])) for k in KEYS)[:10]]


@pytest.mark.usefixtures("layer")
def test_formats_and_ogc_api_leave_out_what_was_not_counted() -> None:
    keys = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "raum:viele", "COUNT": 20, "FILTER": FES.format(3)}
    made = json.loads(b"".join(wfs(RequestFactory().get("/ogc/wfs", keys | {"OUTPUTFORMAT": "geojson"})).streaming_content))  # type: ignore[attr-defined]
    assert [f["properties"]["stop_id"] for f in made["features"]] == KEYS[:20]
    assert "numberMatched" not in made
    assert [link["rel"] for link in made["links"]] == ["next"]
    asked = {"f": "json", "limit": "20", "filter": "departures = 3"}
    address = "/ogc/features/collections/viele/items"
    page = json.loads(b"".join(found(RequestFactory().get(address, asked), name="viele").streaming_content))  # type: ignore[attr-defined]
    assert [f["id"] for f in page["features"]] == KEYS[:20]
    assert "numberMatched" not in page
    assert "next" in [link["rel"] for link in page["links"]]
    html = found(RequestFactory().get(address, {**asked, "f": "html"}), name="viele")
    assert html.status_code == 200
    assert b'rel="next"' in (b"".join(html.streaming_content) if html.streaming else html.content)  # type: ignore[attr-defined]
