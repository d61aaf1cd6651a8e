"""docs/import.md tells the truth: its headers are those of the mapping, its commands run, its limits are the code's."""

from __future__ import annotations

import io
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command, load_command_class

from geo import archives, files
from vacancies.models import Vacancy
from vacancies.sources import mapping, rows

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\./dev manage (\S+ .*)$", TEXT, re.MULTILINE)
HOME = {"load_vacancies": "vacancies", "load_addresses": "geo", "load_towns": "geo"}


def block(kind: str) -> str:
    return re.search(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[1]  # type: ignore[index]


def test_the_table_of_headers_is_that_of_the_mapping() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    known = tomllib.loads(mapping.WORDS.read_text(encoding="utf-8"))["headers"]
    assert told == {name: ", ".join(words) for name, words in known.items()}


def test_every_header_is_recognised_as_the_field_it_stands_for() -> None:
    known = tomllib.loads(mapping.WORDS.read_text(encoding="utf-8"))["headers"]
    wrong = {w: mapping.recognise([w]) for name, words in known.items() for w in words if mapping.recognise([w]) != {name: w}}
    assert wrong == {}
    assert set(known) <= set(mapping.FIELDS)


def test_every_word_of_a_list_means_a_value_that_the_register_has() -> None:
    for field, kind in mapping.LISTS.items():
        column = Vacancy._meta.get_field(field)
        allowed = {key for key, _label in getattr(column, "base_field", column).choices}
        values = tomllib.loads(mapping.WORDS.read_text(encoding="utf-8"))["values"][kind]
        assert set(values) <= allowed, field
        for value, words in values.items():
            assert {mapping.lookup(kind, w) for w in words} == {value}, (field, value)


def test_limits_are_the_codes() -> None:
    assert f"{files.MAX_FILE // 1_000_000} MB je Datei" in TEXT
    assert f"{files.MAX_ROWS:,} Zeilen, {files.MAX_COLUMNS} Spalten, {files.MAX_CELLS // 1_000_000} Millionen".replace(",", ".", 1) in TEXT
    assert f"{rows.MAX_VERTICES:,} Stützpunkte und {rows.MAX_AREA_M2 // 1_000_000} km²".replace(",", ".") in TEXT
    assert f"Spielraum {rows.TOWN_TOLERANCE_M} m" in TEXT
    assert files.MAX_FILE == archives.MAX_UNPACKED


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_has_options_that_exist(line: str) -> None:
    name, *words = shlex.split(line)
    load_command_class(HOME[name], name).create_parser("manage.py", name).parse_args(words)


@pytest.mark.django_db
@pytest.mark.parametrize("line", [c for c in COMMANDS if c.startswith("load_vacancies")])
def test_every_example_runs_with_the_example_file(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leerstand.csv").write_text(block("csv"), encoding="utf-8")
    Path("spalten.yaml").write_text(block("yaml"), encoding="utf-8")
    out = io.StringIO()
    name, *words = shlex.split(line)
    call_command(name, *words, stdout=out)
    assert "2 read, 2 new, 0 changed, 0 unchanged, 0 duplicates, 0 refused" in out.getvalue()
    assert "left out as personal data: Eigentümer" in out.getvalue()
    assert Vacancy.objects.filter(dataset__key="leerstand").count() == (2 if "--write" in words else 0)
    assert Vacancy.objects.public().filter(is_example=False).count() == (2 if "published" in words else 0)
