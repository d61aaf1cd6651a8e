"""Runs alone, in a process with limits: sets a document of `web/print` with typst as PDF/UA-1. Called by `vacancies.paper.typesetting`.

The folder it is given is all that typst sees. Texts come as JSON and are never read as markup.
"""

import re
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY, RESULT, CPU_SECONDS = 3_000_000_000, 50_000_000, 20  # bytes of address space, of the file; seconds
STANDARD = "ua-1"
NO_LETTER = "\ufffd"
UNKNOWN = re.compile(r'the text `"(.*?)"` could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
ROUNDS = 4  # one round names the letters that no font has; a second one those that stood behind them


def main() -> None:
    folder, template, fonts, timestamp = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESULT, RESULT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Path(folder, "document.pdf").write_bytes(typeset(Path(folder), template, fonts, int(timestamp)))


def typeset(folder: Path, template: str, fonts: str, timestamp: int) -> bytes:
    """Return the PDF of `content.json` in the folder; a letter that no font has is shown as �."""
    import typst

    known = typst.Fonts(include_system_fonts=False, font_paths=[fonts])
    options: dict[str, Any] = {"root": str(folder), "font_paths": known, "timestamp": timestamp}
    content = folder / "content.json"
    for _round in range(ROUNDS):
        try:
            return typst.compile(str(folder / template), pdf_standards=[STANDARD], **options)
        except typst.TypstError as error:
            missing = {letter for found in UNKNOWN.findall(error.diagnostic) for letter in _plain(found)}
            if not missing:
                raise
        text = content.read_text(encoding="utf-8")
        content.write_text(text.translate(dict.fromkeys(map(ord, missing), NO_LETTER)), encoding="utf-8")
    return typst.compile(str(folder / template), **options)


def _plain(found: str) -> str:
    """Return the letters that a message of typst names, which escapes those that are not seen."""
    return ESCAPED.sub(lambda m: chr(int(m[1], 16)), found)


if __name__ == "__main__":
    main()
