"""Zip archives from strangers: looked at before anything is unpacked, read member by member, never by their own paths."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from geo.errors import InvalidFile, RaumError

MAX_MEMBERS, MAX_UNPACKED, MAX_RATIO = 200, 200_000_000, 100
CHUNK = 1_000_000
DIRECTORY_ENTRY = b"PK\x01\x02"
NESTED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".kmz")
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, KeyError)


@contextmanager
def opened(path: Path, most_bytes: int = MAX_UNPACKED) -> Iterator[zipfile.ZipFile]:
    """Open an archive that may be read; damage found while reading it is an `InvalidFile`, too.

    Parameters
    ----------
    path : Path
    most_bytes : int
        What all members together may unpack to.

    Raises
    ------
    InvalidFile
        For dangerous names, links, archives within, encryption, damage, or more content than is reasonable.
    """
    _few_members(path)
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive.infolist(), path, most_bytes)
            yield archive
    except RaumError:
        raise
    except DAMAGE as error:
        raise InvalidFile(f"{path.name}: not a readable zip file ({_reason(path, error)})") from error


def _reason(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        if file.read(4) == OLD_OFFICE:
            return "it is an old Excel file or protected by a password; save it as .xlsx without one"
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _few_members(path: Path) -> None:
    """Count the entries without building them: a directory of millions would fill the memory on opening."""
    found, rest = 0, b""
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            found += (rest + block).count(DIRECTORY_ENTRY)
            rest = block[-len(DIRECTORY_ENTRY) + 1 :]
    if found > MAX_MEMBERS:
        raise InvalidFile(f"{path.name}: more than {MAX_MEMBERS} files inside")


def _check(infos: list[zipfile.ZipInfo], path: Path, most_bytes: int) -> None:
    total, packed = sum(i.file_size for i in infos), max(path.stat().st_size, 1)
    if total > most_bytes or (total > CHUNK and total / packed > MAX_RATIO):
        raise InvalidFile(f"{path.name}: unpacks to {total / 1e6:.0f} MB, {total / packed:.0f} times its size; refused")
    for info in infos:
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
        if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[0:1] or is_link:
            raise InvalidFile(f"{path.name}: the file name {info.filename[:80]!r} inside is not allowed")
        if info.flag_bits & 1:
            raise InvalidFile(f"{path.name}: protected by a password; such files are not read")
        if inner.suffix.lower() in NESTED:
            raise InvalidFile(f"{path.name}: an archive inside an archive is not read ({info.filename[:80]})")


def unpack(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write one member to a path of our own."""
    with archive.open(member) as source, target.open("wb") as file:
        while block := source.read(CHUNK):
            file.write(block)


def refuse_entities(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an office file with a document type or entities in any part, in whatever encoding XML allows."""
    marks = [m.encode(code) for m in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")]
    for info in archive.infolist():
        rest = b""
        with archive.open(info) as part:
            while block := part.read(CHUNK):
                if any(m in rest + block for m in marks):
                    raise InvalidFile(f"{name}: {info.filename[:80]} declares entities; such workbooks are not read")
                rest = block[-40:]
