"""Lists that officers hand in: kept in a folder of their own for an hour, readable for the person who brought them alone."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from geo.errors import Expired, ImportRefused, InvalidFile, NotAllowed
from geo.files import plain_text
from geo.importing import LoadReport
from geo.models import UMLAUTS, Dataset
from geo.scope import scope_of
from geo.sources import checksum
from network.members import Role
from vacancies.published import INTERNAL_LICENCE
from vacancies.sources.apply import load

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile

KEPT_S = 60 * 60
MAX_BYTES = 20_000_000
KINDS = (".csv", ".xlsx", ".geojson", ".gpkg")


@dataclass(frozen=True)
class Upload:
    """A list that waits: its folder's name, whose it is, what it was called, and the hash it had."""

    token: str
    user: int
    name: str
    stored: str
    sha256: str

    @property
    def folder(self) -> Path:
        return settings.UPLOADS / self.token

    @property
    def path(self) -> Path:
        return self.folder / self.stored

    @property
    def mapping(self) -> Path:
        """The YAML of the columns that the officer chose; not there while they are recognised."""
        return self.folder / "columns.yaml"

    def choose(self, column_of: dict[str, str]) -> None:
        """Keep which column stands for which field."""
        self.mapping.write_text(yaml.safe_dump(column_of, allow_unicode=True), encoding="utf-8")

    def read(self, user: User, write: bool = False) -> LoadReport:
        """Check the list against the register, for the municipalities the person edits; with `write`, apply it.

        Raises
        ------
        InvalidFile, ImportRefused
        """
        seen = scope_of(user, Role.EDITOR)
        chosen = self.mapping if self.mapping.exists() else None
        return load(self.path, self.source(seen.digest[:8]), within=seen, column_file=chosen, write=write)

    def source(self, place: str) -> Dataset:
        """Return the data set of the list, perhaps not saved: the same name from the same place is the same list again."""
        stem = slugify(Path(self.name).stem.translate(UMLAUTS))[:36].strip("-") or "liste"
        key = f"liste-{place}-{stem}"[:50]
        made = Dataset(key=key, title=self.name[:200], licence=INTERNAL_LICENCE, attribution=self.name[:200])
        return Dataset.objects.filter(key=key).first() or made

    def apply(self, user: User, sha256: str) -> LoadReport:
        """Apply the list that the person has seen the report of; raises `ImportRefused` when it is another one."""
        if not secrets.compare_digest(sha256.encode(), self.sha256.encode()) or checksum(self.path) != self.sha256:
            raise ImportRefused(_("Das ist nicht mehr die Liste, die Sie geprüft haben. Bitte laden Sie sie noch einmal hoch."))
        return self.read(user, write=True)


def keep(file: UploadedFile, user: User) -> Upload:
    """Keep a file that was handed in.

    Raises
    ------
    InvalidFile
        When it is of another kind, empty or too large.
    """
    name = plain_text(Path(file.name or "").name)[:120]
    suffix = Path(name).suffix.lower()
    if suffix not in KINDS:
        raise InvalidFile(_("„{name}“ lesen wir hier nicht; erlaubt sind {kinds}.").format(name=name, kinds=", ".join(KINDS)))
    if not file.size or file.size > MAX_BYTES:
        size = f"{(file.size or 0) / 1e6:.1f}".replace(".", ",")
        raise InvalidFile(_("„{name}“ hat {size} MB; erlaubt ist mehr als nichts und höchstens 20 MB.").format(name=name, size=size))
    token, stored = secrets.token_hex(16), f"liste{suffix}"
    folder = settings.UPLOADS / token
    folder.mkdir(parents=True, mode=0o700)
    with (folder / stored).open("wb") as out:
        out.writelines(file.chunks())
    made = Upload(token, user.pk, name, stored, checksum(folder / stored))
    (folder / "upload.json").write_text(json.dumps(vars(made)), encoding="utf-8")
    return made


def named(token: str, user: User) -> Upload:
    """Return a person's list; raises `Expired` when it is not there or older than an hour, `NotAllowed` when it is not theirs."""
    gone = _("Diese Liste ist nicht mehr da; hochgeladene Dateien werden nach einer Stunde gelöscht. Bitte laden Sie sie noch einmal hoch.")
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise Expired(gone)
    try:
        note = settings.UPLOADS / token / "upload.json"
        told: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        is_old = note.stat().st_mtime < time.time() - KEPT_S
    except (OSError, ValueError):
        raise Expired(gone) from None
    if told["user"] != user.pk:
        raise NotAllowed(_("Diese Liste hat jemand anderes hochgeladen."))
    if is_old:
        raise Expired(gone)
    return Upload(**told)
