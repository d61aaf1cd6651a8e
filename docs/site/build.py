"""Make the documentation as pages: `./dev docs [--serve] [FOLDER]`.

The Markdown of the repository is the source; it is gathered into a folder of its own, where `docs` is the root and links follow,
filled with what the program tells of itself (`reference`), and set by mkdocs. A link that leads nowhere ends the build.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import logging
import os
import posixpath
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "docs/*.md",
    "docs/de/*.md",
    "docs/de/datenschutz/*.md",
    "docs/decisions/*.md",
    "notebooks/*.md",
    "data/README.md",
    "CHANGELOG.md",
    "CONTEXT.md",
)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
MARK = re.compile(r"<!-- (\w+) -->")
PORT = 8001


def build(target: Path) -> None:
    """Write the site into a folder.

    Raises
    ------
    mkdocs.exceptions.Abort
        When a link, an anchor or a page of the navigation is missing.
    """
    from mkdocs.commands.build import build as set_pages
    from mkdocs.config import load_config

    with tempfile.TemporaryDirectory(prefix="raum-docs-") as name:
        folder = Path(name)
        gather(folder)
        config = load_config(str(Path(__file__).with_name("mkdocs.yml")), docs_dir=str(folder), site_dir=str(target), strict=True)
        set_pages(config)
    for page in target.rglob("*.html"):
        if not is_german(page.relative_to(target).as_posix()):
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace('<html lang="de"', '<html lang="en"', 1), encoding="utf-8")


def is_german(page: str) -> bool:
    """Whether a page of the site is written in German; what surrounds it always is."""
    return page.rpartition(".")[0] in ("index", "404") or page.startswith(("de/", "notebooks/"))


def gather(folder: Path) -> None:
    """Write every page and what it shows into a folder, as the site has them."""
    from docs.site import reference

    pages = {path.relative_to(ROOT).as_posix() for pattern in PAGES for path in ROOT.glob(pattern)}
    for name in sorted(pages):
        text = (ROOT / name).read_text(encoding="utf-8")
        text = MARK.sub(lambda found: reference.PARTS[found[1]](), text)
        _write(folder / place(name), "".join(_led(part, name, pages, folder) for part in CODE.split(text)))
    _write(folder / "decisions" / "index.md", reference.decisions())
    for source, name in _looks():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)


def _looks() -> Iterator[tuple[Path, str]]:
    static = ROOT / "web" / "static"
    yield static / "icon.svg", "icon.svg"
    yield Path(__file__).with_name("style.css"), "style.css"
    for font in static.glob("fonts/*"):
        yield font, f"fonts/{font.name}"


def place(name: str) -> str:
    """Return where a file of the repository is on the site: `docs` is its root."""
    return name.removeprefix("docs/")


def _led(text: str, page: str, pages: set[str], folder: Path) -> str:
    """Return text whose links lead to the same things on the site; files that are no pages are copied beside."""
    if text.startswith("`"):
        return text

    def led(found: re.Match[str]) -> str:
        path, hash_, anchor = found[2].partition("#")
        if not path or re.match(r"[a-z]+:|/", path):
            return found[0]
        there = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        here = posixpath.dirname(place(page))
        if (ROOT / there).is_dir():
            there = posixpath.join(there, "index.md")
        elif there not in pages and (ROOT / there).is_file():
            _write_bytes(folder / place(there), (ROOT / there).read_bytes())
        return f"{found[1]}{posixpath.relpath(place(there), here or '.')}{hash_}{anchor}{found[3]}"

    return LINK.sub(led, text)


def _write(path: Path, text: str) -> None:
    _write_bytes(path, text.encode())


def _write_bytes(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev docs")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("RW_DATA_DIR", ROOT / ".run")) / "docs")
    parser.add_argument("--serve", action="store_true", help=f"show the pages at http://127.0.0.1:{PORT}/")
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from mkdocs.exceptions import Abort

    django.setup()
    logging.basicConfig(level=logging.WARNING, format="  %(message)s")
    begin = time.monotonic()
    try:
        build(args.folder)
    except Abort as error:
        print(f"  {error}")
        return 1
    print(f"  {len(list(args.folder.rglob('*.html')))} pages in {args.folder}, {time.monotonic() - begin:.1f} s", flush=True)
    if args.serve:
        print(f"  http://127.0.0.1:{PORT}/  (Ctrl-C ends)", flush=True)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(args.folder))
        with contextlib.suppress(KeyboardInterrupt):
            http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
