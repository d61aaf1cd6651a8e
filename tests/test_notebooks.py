"""The notebooks run from their own folder, say what is invented, and exist twice in the same words."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

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
    if path.stem == "01_register":
        _check_register(shown)
    if path.stem == "03_services":
        _check_services(shown)
    for cell, text in zip(code, shown, strict=True):
        if "is_example" in text or "<iframe" in text:
            assert "Beispiel: " in text, f"examples are shown without saying so: {cell.source[:60]}"


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


def stations():  # type: ignore[no-untyped-def]
    stops = rw.stops()
    return stops[stops["is_rail"] & (stops["departures_day"] >= 20)].geometry


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/leerstaende/", "/orte/luckenwalde/"])
def test_the_pages_of_the_product_do_not_use_folium(page: str, client) -> None:  # type: ignore[no-untyped-def]
    text = client.get(page).content.decode()
    assert text
    assert not [host for host in ("jsdelivr", "cloudflare", "jquery.com", "bootstrapcdn", "unpkg") if host in text]
