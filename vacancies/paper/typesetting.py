"""From content to a tagged PDF: `web/print` holds the documents' looks, typst sets them in a process of its own that has limits."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from geo.errors import Busy

LOOKS = settings.BASE_DIR / "web" / "print"
TYPESETTER = Path(__file__).with_name("typesetter.py")
SECONDS = 30
AT_ONCE = 2  # documents set at the same time by one process of the server
WAIT_S = 20
# Characters that print nothing but turn the writing round or end up as boxes: of C1, direction, byte order.
UNSEEN = dict.fromkeys([*range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Document:
    """A document before it is set.

    Parameters
    ----------
    look : str
        `expose` or `list`: the file of `web/print` that says how it looks.
    content : mapping
        What it says, as JSON has it; all of it is text, never markup.
    files : mapping
        Pictures, by the name that `content` calls them: drawn or read when the document is set, from what `content` and the version of
        the rows tell apart.
    """

    look: str
    content: Mapping[str, Any]
    files: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Differs when the document would."""
        return sha256((_looks() + self.look + self._json).encode()).hexdigest()

    @cached_property
    def _json(self) -> str:
        text = json.dumps(self.content, ensure_ascii=False, default=str)  # `str`: texts that Django translates when they are read
        return text.translate(UNSEEN)

    def pdf(self, made_at: datetime.datetime) -> bytes:
        """Return the document as PDF/UA-1; the same content and time give the same bytes.

        Raises
        ------
        Busy
            When others are being set and no turn came within `WAIT_S`, or it takes longer than `SECONDS`.
        """
        with _turn(), tempfile.TemporaryDirectory(prefix="raum-") as name:
            folder = Path(name)
            for look in LOOKS.glob("*.typ"):
                shutil.copyfile(look, folder / look.name)
            (folder / "content.json").write_text(self._json, encoding="utf-8")
            for file, read in self.files.items():
                (folder / file).write_bytes(read())
            times = str(int(made_at.timestamp()))
            command = [sys.executable, "-I", str(TYPESETTER), name, f"{self.look}.typ", str(LOOKS / "fonts"), times]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired:
                raise Busy(_("Dieses Dokument hat zu lange gedauert. Bitte in einer halben Minute noch einmal versuchen."), 30) from None
            if done.returncode:
                raise RuntimeError(f"{self.look} was not set: {done.stderr.strip()[-2000:]}")
            return (folder / "document.pdf").read_bytes()


@lru_cache(maxsize=1)
def _looks() -> str:
    """Return a digest of how documents look."""
    files = sorted([*LOOKS.glob("*.typ"), *TYPESETTER.parent.glob("*.py")])
    return sha256(b"\0".join(p.read_bytes() for p in files)).hexdigest()


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy(_("Gerade werden zu viele Dateien erzeugt. Bitte in einer halben Minute noch einmal versuchen."), 30)
    try:
        yield
    finally:
        _turns.release()
