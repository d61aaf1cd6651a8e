"""English is complete: every text of templates and code is in the catalogue, translated, with its placeholders, and compiled.

Mend a failure with `./dev fix` (adds new texts, drops unused ones, compiles) and translate what is empty in
locale/en/LC_MESSAGES/django.po; then once more `./dev fix`.
"""

from __future__ import annotations

import gettext
import importlib.util
from pathlib import Path
from types import ModuleType

import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent


def load() -> ModuleType:
    """The script by its path: a folder named locale cannot be imported beside Python's own module."""
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "locale" / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogue = load()


def test_every_text_is_in_the_catalogue_and_translated() -> None:
    assert catalogue.problems(polib.pofile(str(catalogue.PO)), catalogue.used()) == []


def test_the_texts_are_found_where_they_are() -> None:
    texts = catalogue.used()
    assert len(texts) > 500
    for text in (
        (None, "Größe der Gemeinde", None),  # gettext_lazy in a class
        (None, "{n} Leerstand", "{n} Leerstände"),  # ngettext
        ("publication", "Stand", None),  # pgettext_lazy
        (None, "Zum Inhalt", None),  # {% translate %}
        ("count", "Einwohner:innen", None),  # {% translate … context %}
        (None, "leer seit %(when)s", None),  # {% blocktranslate with … %}
        (None, "unbekannt", None),  # |default:_("…")
    ):
        assert text in texts


def test_the_compiled_catalogue_says_what_the_source_says() -> None:
    assert catalogue.is_compiled(), "run ./dev fix"
    with catalogue.PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Größe der Gemeinde") == "Town size"
    assert compiled.pgettext("publication", "Stand") == "Status"
    assert [compiled.ngettext("{n} Leerstand", "{n} Leerstände", n) for n in (1, 2)] == ["{n} vacancy", "{n} vacancies"]


def test_the_header_is_filled_in() -> None:
    metadata = polib.pofile(str(catalogue.PO)).metadata
    assert metadata["Language"] == "en"
    assert metadata["Plural-Forms"] == "nplurals=2; plural=(n != 1);"
    assert not [v for v in metadata.values() if any(w in v for w in ("PACKAGE", "YEAR", "FULL NAME", "EMAIL"))]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"msgid": "Karte", "msgstr": "Map"}, None),
        ({"msgid": "Karte", "msgstr": " "}, "„Karte“ is not translated"),
        ({"msgid": "Karte", "msgstr": "Map", "flags": ["fuzzy"]}, "„Karte“ is marked fuzzy"),
        ({"msgid": "Karte", "msgstr": "Map {n}"}, "„Karte“ and its translation have different placeholders"),
        ({"msgid": "{n} Ort", "msgid_plural": "{n} Orte", "msgstr_plural": {0: "{n} town", 1: "{m} towns"}}, "different placeholders"),
        ({"msgid": "{n} Ort", "msgid_plural": "{n} Orte", "msgstr_plural": {0: "{n} town", 1: ""}}, "is not translated"),
        ({"msgid": "weg", "msgstr": "gone"}, "„weg“ is not used any more"),
    ],
)
def test_a_flaw_is_named(entry: dict[str, object], problem: str | None) -> None:
    file = polib.POFile()
    file.append(polib.POEntry(**entry))
    plural = entry.get("msgid_plural")
    texts = {(None, entry["msgid"], plural): "somewhere"} if entry["msgid"] != "weg" else {}
    found = catalogue.problems(file, texts)
    assert (found == []) if problem is None else (len(found) == 1 and problem in found[0])
    assert catalogue.problems(polib.POFile(), {(None, "neu", None): "a.py"}) == ["a.py: „neu“ is not in the catalogue"]


def test_a_text_that_is_not_written_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.py:1: the text to be translated must be written out"):
        list(catalogue.texts_of_code("_(label)", "a.py"))
