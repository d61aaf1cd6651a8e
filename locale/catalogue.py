"""Keep the English catalogue in step with the code; needs neither gettext nor a database.

    .venv/bin/python locale/catalogue.py            says what is missing, and ends with 1 if anything is
    .venv/bin/python locale/catalogue.py --write    adds new texts, drops those no longer used, compiles django.mo

`./dev lint` runs the first, `./dev fix` the second. New texts are then translated by hand in locale/en/LC_MESSAGES/django.po.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
GERMAN = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"  # words of django-allauth, which speaks English by itself
CODE = ("config", "geo", "layers", "vacancies", "network")
# the functions that translate: at which position they take context, text and plural
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
ALIASES = {"_": "gettext", "_now": "gettext"}
TEMPLATE_CALL = re.compile(r"\b(_|gettext|ngettext|pgettext|npgettext)\(")
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)s|%%")
Text = tuple[str | None, str, str | None]  # context, text, plural


def used() -> dict[Text, str]:
    """Return every translated text with the file that has it first.

    Raises
    ------
    ValueError
        When a text to be translated is not written out (`_(name)`), naming file and line.
    """
    found: dict[Text, str] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                for text in texts_of_code(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))):
                    found.setdefault(text, str(path.relative_to(ROOT)))
    templates = ROOT / "web" / "templates"
    for path in sorted([*templates.rglob("*.html"), *(templates / "mail").glob("*.txt")]):
        for text in texts_of_template(path.read_text(encoding="utf-8")):
            found.setdefault(text, str(path.relative_to(ROOT)))
    return found


def texts_of_code(source: str, name: str) -> Iterator[Text]:
    """Yield the texts that Python code translates."""
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    for call in sorted(calls, key=lambda n: (n.lineno, n.col_offset)):
        called = ALIASES.get(call.func.id, call.func.id.removesuffix("_lazy"))
        if called in CALLS:
            yield _text(called, call, f"{name}:{call.lineno}")


def texts_of_template(source: str) -> Iterator[Text]:
    """Yield the texts that a template translates, read by Django's own lexer."""
    code = templatize(source)
    for start in TEMPLATE_CALL.finditer(code):
        end = start.end()
        while True:  # the call ends at the first bracket that makes it whole
            end = code.index(")", end) + 1
            try:
                call = ast.parse(code[start.start() : end], mode="eval").body
            except SyntaxError:
                continue
            break
        assert isinstance(call, ast.Call)
        yield _text(ALIASES.get(start[1], start[1]), call, start[0])


def _text(called: str, call: ast.Call, where: str) -> Text:
    context, text, plural = (None if i is None else call.args[i] for i in CALLS[called])
    parts = [None if p is None else p.value if isinstance(p, ast.Constant) else "" for p in (context, text, plural)]
    if not parts[1]:
        raise ValueError(f"{where}: the text to be translated must be written out")
    return parts[0], parts[1], parts[2]


def key(entry: polib.POEntry) -> Text:
    return entry.msgctxt, entry.msgid, entry.msgid_plural or None


def problems(catalogue: polib.POFile, texts: dict[Text, str]) -> list[str]:
    """Return what is wrong with a catalogue, a sentence each."""
    known = {key(e): e for e in catalogue}
    found = [f"{where}: „{text[1]}“ is not in the catalogue" for text, where in texts.items() if text not in known]
    for text, entry in known.items():
        said = list(entry.msgstr_plural.values()) if text[2] else [entry.msgstr]
        if text not in texts:
            found.append(f"„{text[1]}“ is not used any more")
        if not all(s.strip() for s in said) or (text[2] and len(said) != 2):
            found.append(f"„{text[1]}“ is not translated")
        elif entry.fuzzy:
            found.append(f"„{text[1]}“ is marked fuzzy")
        elif any(sorted(PLACEHOLDER.findall(s)) != sorted(PLACEHOLDER.findall(text[1])) for s in said):
            found.append(f"„{text[1]}“ and its translation have different placeholders")
    return found


def write() -> None:
    """Add new texts (empty), drop unused ones, and compile."""
    before = polib.pofile(str(PO))
    old = {key(e): e for e in before}
    made = polib.POFile(wrapwidth=0)
    made.header, made.metadata = before.header, before.metadata
    for text in used():
        context, msgid, plural = text
        blank = {"msgid_plural": plural, "msgstr_plural": {0: "", 1: ""}} if plural else {}
        entry = old.get(text) or polib.POEntry(msgctxt=context, msgid=msgid, **blank)
        kind = "python-brace-format" if re.search(r"\{\w*\}", msgid) else "python-format" if re.search(r"%\(\w+\)s", msgid) else ""
        entry.flags = [kind] if kind else []
        entry.occurrences, entry.previous_msgid = [], None
        made.append(entry)
    made.save(str(PO))
    for po in (PO, GERMAN):
        polib.pofile(str(po)).save_as_mofile(str(po.with_suffix(".mo")))


def is_compiled() -> bool:
    """Whether both django.mo hold what their django.po say."""
    return all(
        mo.exists() and mo.read_bytes() == polib.pofile(str(po)).to_binary() for po in (PO, GERMAN) for mo in [po.with_suffix(".mo")]
    )


def main() -> int:
    settings.configure(USE_I18N=False)
    if "--write" in sys.argv[1:]:
        write()
    found = problems(polib.pofile(str(PO)), used())
    if not is_compiled():
        found.append("django.mo does not hold what django.po says; run ./dev fix")
    print("\n".join(found) or "The English catalogue is complete.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
