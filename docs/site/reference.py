"""What the documentation takes from the program itself: filters, layers, data sets, tasks. Markdown in German, tasks in English."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.utils.formats import date_format

from geo.criteria import Criterion
from layers.publish.collection import Collection, collections
from vacancies.filters import VacancyFilter

ROOT = Path(__file__).resolve().parents[2]
GROUPS = {
    "main": "Die wichtigsten",
    "place": "Ort und Haltestelle",
    "reach": "Reisezeit und Einrichtungen",
    "object": "Gebäude und Angebot",
    "map": "Gebiet",
}
MOST_OPTIONS = 30  # longer lists are told by their number
# what a kind of criterion takes, and a value to show; a choice's are its own
KINDS = {
    "choice": ("einer oder mehrere Werte der Liste", ""),
    "rank": ("ein Wert der Liste; gemeint ist er oder besser", "C"),
    "text": ("Wörter; alle müssen vorkommen", "Bäckerei"),
    "flag": ("`1`", "1"),
    "number": ("eine ganze Zahl von {lowest} bis {highest}{unit}", "60"),
    "months": ("eine Zahl von Monaten, {lowest} bis {highest}", "12"),
    "range": ("von-bis, auch nur `150-` oder `-300`; {lowest} bis {highest}{unit}", "150-300"),
    "clock": ("eine Uhrzeit wie `22:30`; vor 4 Uhr gehört sie zum Abend davor", "22:30"),
    "day": ("ein Tag wie `2026-05-31`", "2026-05-31"),
    "within": ("Einrichtung und Minuten zu Fuß, mehrere mit Komma, je höchstens {highest}", "supermarket:15"),
    "near": ("Länge, Breite (Grad) und Meter", "11.7515,52.9955,5000"),
    "bbox": ("West, Süd, Ost, Nord in Grad", "13.0,52.0,14.0,52.6"),
    "polygon": ("Ecken als Länge,Breite, mit Strichpunkt getrennt", "13.0,52.3;14.2,52.3;13.6,53.2"),
}


def filters() -> str:
    """Return every criterion of the filter: what it asks, its parameter, its values, and how it is read aloud."""
    lines = []
    for group, title in GROUPS.items():
        lines += [f"## {title}", ""]
        for criterion in VacancyFilter.criteria:
            if criterion.group == group:
                lines += _criterion(criterion)
    return "\n".join(lines)


def _criterion(criterion: Criterion) -> Iterator[str]:
    told = criterion.schema()
    unit = f" {told['unit']}" if told.get("unit") else ""
    rule, example = KINDS[criterion.kind]
    numbers = {name: f"{told[name]:,}".replace(",", ".") for name in ("lowest", "highest") if name in told}
    options = told.get("options", [])
    if criterion.kind == "choice":
        example = ",".join(o["value"] for o in options[:2])
    said = VacancyFilter.parse({criterion.name: example}).sentence()
    yield f"### {told['label']}"
    yield ""
    if told["help"]:
        yield f"{told['help'].rstrip('.')}."
        yield ""
    yield f"`{criterion.name}=` {rule.format(unit=unit, **numbers)}. Beispiel: `?{criterion.name}={example}` – *{said}*."
    yield ""
    if 0 < len(options) <= MOST_OPTIONS:
        yield "| Wert | bedeutet |"
        yield "|---|---|"
        yield from (f"| `{o['value']}` | {o['label']} |" for o in options)
        yield ""
    elif options:
        yield f"{len(options)} Werte: der letzte Teil der Adresse einer Gemeinde, `/orte/{options[0]['value']}/` → `{options[0]['value']}`."
        yield ""


def layers() -> str:
    """Return every public layer with its columns."""
    return "\n".join(line for layer in collections() for line in _layer(layer))


def _layer(layer: Collection) -> Iterator[str]:
    yield f"### {layer.title}"
    yield ""
    yield f"`{layer.name}` · {layer.geometry_type}. {layer.description} {layer.note}"
    yield ""
    yield "| Spalte | Bedeutung | Art |"
    yield "|---|---|---|"
    for f in layer.fields:
        values = ", ".join(f"`{value}` {label}" for value, label in f.choices)
        values = f" ({values})" if 0 < len(f.choices) <= MOST_OPTIONS else ""
        yield f"| `{f.name}` | {_cell(f.label)}{f': {_cell(f.description)}' if f.description else ''}{_cell(values)} | {f.kind} |"
    yield ""


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def datasets() -> str:
    """Return the data sets with licence, day and the line that must be shown."""
    known = tomllib.loads((ROOT / "data" / "datasets.toml").read_text(encoding="utf-8"))
    rows = ["| Datensatz | Lizenz | Stand | Quellenvermerk |", "|---|---|---|---|"]
    for entry in known.values():
        licence = f"[{entry['licence']}]({entry['licence_url']})" if entry.get("licence_url") else entry["licence"]
        day = date_format(entry["valid_on"], "DATE_FORMAT") if entry.get("valid_on") else "nicht angegeben"
        rows.append(f"| {_cell(entry['title'])} | {licence} | {day} | {_cell(entry['attribution'])} |")
    return "\n".join(rows)


def tasks() -> str:
    """Return the tasks of `./dev`."""
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = written
    return _table(("task", "does"), ((f"`./dev {name}`", text) for name, (_do, text) in module.TASKS.items()))


def decisions() -> str:
    """Return the records of decisions, the newest first."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"), reverse=True)
    listed = ((f"{p.name[:4]}-{p.name[4:6]}-{p.name[6:8]}", f"[{_title(p)}]({p.name})") for p in files)
    return "# Decisions\n\nWhy things are as they are: context, decision, consequence.\n\n" + _table(("day", "decision"), listed)


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def _table(heads: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"| {' | '.join(heads)} |", "|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])


PARTS: dict[str, Callable[[], str]] = {"filters": filters, "layers": layers, "datasets": datasets, "tasks": tasks}
