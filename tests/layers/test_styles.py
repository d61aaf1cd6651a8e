"""The colours of the map are those of the declarations: one truth for page, WMS, QGIS and files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from layers.published import CLASS_AREAS, CLASS_COLOURS, ISOCHRONES, MINUTE_COLOURS, NO_CLASS, TRAVEL_TIMES
from vacancies.published import VACANCIES

WEB = Path(__file__).resolve().parents[2] / "web" / "static"


def script(name: str) -> str:
    return (WEB / "js" / name).read_text(encoding="utf-8")


def table(text: str, name: str) -> dict[str, str]:
    """Return an object of colours in a script."""
    found = re.search(rf"const {name} = {{(.*?)}};", text)
    assert found, name
    return {k.strip(' "'): v for k, v in re.findall(r'([\w"]*)\s*:\s*"(#[0-9a-f]{6})"', found[1])}


@pytest.mark.django_db
def test_points_and_areas_have_the_colours_of_their_class(client: Client) -> None:
    told = re.search(r'<script id="map-settings" type="application/json">(.*?)</script>', client.get("/embed").content.decode())
    assert told
    assert {c["value"]: c["colour"] for c in json.loads(told[1])["classes"]} == CLASS_COLOURS | {"": NO_CLASS}
    assert table(script("overlays.js"), "CLASSES") == CLASS_COLOURS
    css = dict(re.findall(r"\.t-([A-G]) \{ background: (#[0-9a-f]{6});", (WEB / "css" / "raum.css").read_text(encoding="utf-8")))
    assert css == CLASS_COLOURS
    assert {c.value: c.symbol.fill for c in VACANCIES.style.classes if c.value} == CLASS_COLOURS
    assert {c.value: c.symbol.fill for c in CLASS_AREAS.style.classes} == CLASS_COLOURS


def test_minutes_have_the_same_ramp() -> None:
    steps = re.findall(r'\[(\d+), "(#[0-9a-f]{6})"\]', script("legend.js"))
    assert [colour for _to, colour in steps] == [colour for _to, colour in MINUTE_COLOURS]
    assert [int(to) for to, _colour in steps[:-1]] == [to for to, _colour in MINUTE_COLOURS[:-1]]
    for layer in (ISOCHRONES, TRAVEL_TIMES):
        assert layer.style.of(60).symbol.fill == dict(MINUTE_COLOURS)[60]  # type: ignore[union-attr]
        assert layer.style.of(61).symbol.fill == dict(MINUTE_COLOURS)[90]  # type: ignore[union-attr]
