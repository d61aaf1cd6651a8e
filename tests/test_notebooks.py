"""The notebooks run from their own folder, say what is invented, and exist twice in the same words."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest
from django.db import connection
from nbclient import NotebookClient
from PIL import Image
from scipy import sparse

import raumwohlstand as rw

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [p.stem for p in NOTEBOOKS] == sorted(p.stem for p in FOLDER.glob("*.md"))
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_ipynb_and_markdown_are_the_same_and_hold_no_outputs(path: Path) -> None:
    one, other = jupytext.read(path), jupytext.read(path.with_suffix(".md"))
    assert [(c.cell_type, c.source) for c in one.cells] == [(c.cell_type, c.source) for c in other.cells]
    assert not [c for c in one.cells if c.get("outputs") or c.get("execution_count")], "outputs would go stale"


@pytest.mark.django_db
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_and_says_what_is_invented(path: Path, database_url: str, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RAUM", site)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    code = [c for c in book.cells if c.cell_type == "code"]
    shown = ["".join(_text(o) for o in c.outputs) for c in code]
    assert all(len(c.outputs) for c in code[1:-1] if not c.source.startswith("from"))
    check = {"01_register": _check_register, "03_services": _check_services, "04_town_profile": _check_profile}
    check |= {"05_coworking": _check_coworking, "06_statistics": _check_statistics}
    if path.stem in check:
        check[path.stem](shown)
    pictures = _pictures(book)
    assert len(pictures) >= {"04": 3, "05": 3, "06": 4}.get(path.stem[:2], 0)
    for source, picture in pictures:
        assert len(picture.convert("RGB").getcolors(10**6)) > 20, "something is drawn"
        if "leer" in source or "raum" in source or "gesamt" in source:
            assert re.search(r"hinweis|Beispiel", source), f"a picture shows examples without saying so: {source[:60]}"
    for cell, text in zip(code, shown, strict=True):
        if "is_example" in text or "<iframe" in text:
            assert "Beispiel: " in text, f"examples are shown without saying so: {cell.source[:60]}"


def _pictures(book: nbformat.NotebookNode) -> list[tuple[str, Image.Image]]:
    """The source of each cell that draws, with its picture."""
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                found.append((cell.source, Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"])))))
    return found


def _text(output: nbformat.NotebookNode) -> str:
    data = output.get("data", {})
    return output.get("text", "") + data.get("text/plain", "") + data.get("text/html", "")


def _check_register(shown: list[str]) -> None:
    small = rw.vacancies("town_size=rural,small_town_s&transit=C")
    workshops = rw.vacancies(target_use="workshop", area="150-300", well_connected=True)
    assert f"({len(small)}, {len(workshops)})" in shown[1]
    assert 0 < len(workshops) < 2_000
    assert f"Beispiel: {len(workshops)} von {len(workshops)} Leerständen sind erfunden." in shown[2]
    assert "transit=Z" in shown[3]
    nearest = workshops.geometry.apply(lambda point: stations().distance(point).min())
    assert f"{nearest.min():.1f}" in shown[4] or f"{round(nearest.min()):.1f}" in shown[4]
    assert "rural" in shown[5]
    assert shown[6].count("circleMarker") == len(workshops) or "srcdoc" in shown[6]
    assert "Beispiel: " in shown[6]


def _check_services(shown: list[str]) -> None:
    rows = rw.vacancies("town_size=rural,small_town_s&transit=C")
    assert "'raum:leerstaende': 'Leerstände'" in shown[1]
    assert f"Beispiel: {len(rows)} von {len(rows)} Leerständen sind erfunden." in shown[2]
    assert "True" in shown[3]
    assert "(413, 2521893)" in shown[4]
    distances = rw.stops().query("mode == 'rail'").geometry
    nearest = rows.geometry.apply(lambda point: distances.distance(point).min())
    assert f"{round(nearest.max()):.1f}" in shown[5]
    assert "einwohner" in shown[6]
    assert "True" in shown[7]
    assert shown[8].startswith("400 ")
    assert "transit" in shown[8]


def _check_profile(shown: list[str]) -> None:
    rows = asked("SELECT count(*), sum(usable_m2) FROM public_vacancy WHERE town_slug = 'wittenberge' AND former_use = 'residential'")
    assert re.search(r"Wohnen\D+{}\D+\d+\D+{}\b".format(*rows[0]), shown[4])
    reach = asked("SELECT berlin_best_min, oz_name FROM public_town WHERE slug = 'wittenberge'")[0]
    assert str(reach[0]) in shown[2]
    assert reach[1] in shown[2]
    assert "16925" in shown[1]
    assert "31.12.2019" in shown[1]


def _check_coworking(shown: list[str]) -> None:
    """The points of each town by a loop over plain rows, as one would with paper and pencil."""
    towns = asked(
        "SELECT ags, name, berlin_median_min, departures_per_day, last_from_berlin / 60.0, population FROM public_town"
        " WHERE structure_area = 'wider_metro' AND population >= 2000 AND size_class NOT LIKE 'large_city%%'"
    )
    rooms = "usable_m2 BETWEEN 100 AND 1000 AND target_uses && ARRAY['coworking', 'office']::varchar[]"
    offered = dict(asked(f"SELECT town_ags, count(*) FROM public_vacancy WHERE {rooms} GROUP BY 1"))
    curves = ((150, 60, 30), (10, 100, 20), (20, 24, 10), (2000, 20000, 20), (0, 8, 20))
    points = {}
    for ags, name, *measured in towns:
        found = zip(curves, (*measured, offered.get(ags, 0)), strict=True)
        points[name] = sum(w * min(max((float(v) - a) / (b - a), 0), 1) for (a, b, w), v in found if v is not None)
    best = sorted(points, key=points.get, reverse=True)[:15]  # type: ignore[arg-type]
    places = [shown[4].index(name) for name in best]
    assert places == sorted(places)
    assert re.search(rf"<td>{best[0]}</td>(\s*<td>[^<]*</td>){{3}}\s*<td>{round(points[best[0]])}</td>\s*</tr>", shown[4])


def _check_statistics(shown: list[str]) -> None:
    assert "412.0" in shown[4]
    # Morans I as esda 2.9 with libpysal 4.14 computes it (contiguity by queen, weights by row, 999 permutations)
    for value in ("0.756", "0.143", "0.283"):
        assert value in shown[5]
    per_1000 = asked(
        "SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(n, 0) * 1000.0 / population))::numeric, 1) FROM public_town t"
        " LEFT JOIN (SELECT town_ags, count(*) n FROM public_vacancy GROUP BY 1) v ON v.town_ags = t.ags WHERE size_class = 'rural'"
    )
    assert re.search(rf"rural\D+289\D+{per_1000[0][0]}\b", shown[3])


def test_without_a_pattern_one_town_in_twenty_stands_out() -> None:
    """The notebook's local p is two-sided, as its text says: on a map of noise a share of 0.05 is at most 0.05."""
    source = (FOLDER / "06_statistics.md").read_text()
    side = 20
    step = sparse.diags_array([1.0, 1.0], offsets=[-1, 1], shape=(side, side))
    around = sparse.csr_array(sparse.kron(step, sparse.eye_array(side)) + sparse.kron(sparse.eye_array(side), step))
    names = {"np": np, "nachbarn": sparse.diags_array(1 / around.sum(axis=1)) @ around}
    exec(re.search(r"^def moran.*?^    return [^\n]*", source, re.S | re.M)[0], names)  # type: ignore[index]
    noise = np.random.default_rng(7)
    shares = [(names["moran"](pd.Series(noise.normal(size=side**2)))[3] <= 0.05).mean() for _ in range(10)]  # type: ignore[operator]
    assert 0.03 < np.mean(shares) < 0.07


def asked(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, ())
        return cursor.fetchall()


def stations():  # type: ignore[no-untyped-def]
    stops = rw.stops()
    return stops[stops["is_rail"] & (stops["departures_day"] >= 20)].geometry


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/leerstaende/", "/orte/luckenwalde/"])
def test_the_pages_of_the_product_do_not_use_folium(page: str, client) -> None:  # type: ignore[no-untyped-def]
    text = client.get(page).content.decode()
    assert text
    assert not [host for host in ("jsdelivr", "cloudflare", "jquery.com", "bootstrapcdn", "unpkg") if host in text]
