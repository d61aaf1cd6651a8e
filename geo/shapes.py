"""GeoJSON, GeoPackage and zipped Shapefiles, read by GDAL in a process of its own that has limits and no network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from geo import archives
from geo.errors import InvalidFile
from geo.files import MAX_CELLS, MAX_ROWS, Table, enough, header, plain_text
from geo.ogr_reader import ALLOWED

SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MAX_SHAPE = 1_000_000  # bytes of WKB: some 60,000 vertices
SECONDS, CPU_SECONDS = 120, 60
HEAD = 4_096
CRS_ADDRESS = re.compile(rb'"crs"\s*:\s*\{[^{}]*"type"\s*:\s*"(?:link|url)"', re.IGNORECASE)
READER = Path(__file__).with_name("ogr_reader.py")
QUIET = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "OGR_SQLITE_PRAGMA": "trusted_schema=OFF",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "PROJ_NETWORK": "OFF",
    "GML_FIELDTYPES": "ALWAYS_STRING",  # a key such as 12E4 is no number
    "GML_DOWNLOAD_SCHEMA": "NO",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def read_shapes(
    path: Path,
    layer: str | None = None,
    *,
    where: str | None = None,
    most_bytes: int = archives.MAX_UNPACKED,
    most_per_shape: int = MAX_SHAPE,
) -> Table:
    """Read a layer with its attributes and geometries.

    Parameters
    ----------
    path : Path
        A plain local file, see `geo.files.local_file`.
    layer : str, optional
        Layer of a GeoPackage or Shapefile in a zip with several; `*` stands for anything, case does not matter.
    where : str, optional
        Attribute condition in OGR's words. Never made from what a stranger wrote.
    most_bytes : int
        What a zip may unpack to.
    most_per_shape : int
        WKB bytes of one geometry; a larger one makes its row broken.

    Raises
    ------
    InvalidFile
    """
    with tempfile.TemporaryDirectory(prefix="raum-") as name:
        folder = Path(name)
        source = _private_copy(path, folder, layer, most_bytes)
        asked = {"layer": None if source.suffix == ".shp" else layer, "where": where, "most_per_shape": most_per_shape}
        found = _read_apart(source, asked, path.name)
    return _table(found, path.name)


def read_gml(data: bytes, name: str, most_per_shape: int = MAX_SHAPE) -> Table:
    """Read the features of a WFS answer: attributes as text, geometries with longitude or east first whatever the service's order.

    Parameters
    ----------
    data : bytes
        GML without a document type (the caller has looked).
    name : str
        What to call it in errors.

    Raises
    ------
    InvalidFile
    """
    with tempfile.TemporaryDirectory(prefix="raum-") as folder:
        source = Path(folder) / "source.gml"
        source.write_bytes(data)
        asked = {"layer": None, "where": None, "most_per_shape": most_per_shape}
        return _table(_read_apart(source, asked, name, ("GML",)), name)


def _table(found: dict[str, Any], name: str) -> Table:
    enough(len(found["rows"]), len(found["columns"]), name)
    columns = header(found["columns"], name)
    rows = [{c: v for c, v in zip(columns, row, strict=True) if v is not None} for row in found["rows"]]
    table = Table(columns, rows, list(range(1, len(rows) + 1)), crs=found["crs"])
    if found["shapes"] is not None:
        table.shapes = [bytes.fromhex(s) if s else None for s in found["shapes"]]
    table.broken = {int(n): rule for n, rule in found["broken"].items()}
    if len(found["layers"]) > 1:
        table.notes.append(f"layer {found['layer']!r} of {', '.join(found['layers'][:20])}; --layer takes another")
    return table


@lru_cache(maxsize=1)
def _drivers() -> list[str]:
    import pyogrio

    return sorted(pyogrio.list_drivers())


def _forbidden(wanted: Iterable[str]) -> str:
    """Return all of GDAL's drivers but the wanted ones, as GDAL_SKIP has them: it reads this when it starts."""
    return ",".join(name for name in _drivers() if name not in wanted)


def _read_apart(source: Path, asked: dict[str, Any], name: str, drivers: Iterable[str] = ALLOWED) -> dict[str, Any]:
    """Run the reader in its process, in the folder of the file, and return what it found."""
    folder = source.parent
    target = folder / "rows.json"
    limits = {"cpu_seconds": CPU_SECONDS, "most_rows": MAX_ROWS, "most_cells": MAX_CELLS}
    job = {"source": str(source), "target": str(target), "drivers": sorted(drivers), **limits, **asked}
    reading = "FALSE" if job["source"].endswith(".shp") else "EMPTY_DIR"  # a Shapefile is several files
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LD_LIBRARY_PATH")}
    others = _forbidden(job["drivers"])
    environment = kept | QUIET | {"GDAL_SKIP": others, "OGR_SKIP": others, "GDAL_DISABLE_READDIR_ON_OPEN": reading}
    command = [sys.executable, "-I", str(READER), json.dumps(job)]
    try:
        with (folder / "said.txt").open("wb") as said:
            done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise InvalidFile(f"{name}: reading took longer than {SECONDS // 60} minutes; refused") from None
    try:
        found = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = f"it ended with {done.returncode}"
        raise InvalidFile(f"{name}: damaged or too large; the reader gave up ({reason})") from error
    if problem := found.get("error"):
        tidy = plain_text(str(problem).replace(job["source"], name).replace(str(folder), "").strip())
        raise InvalidFile(f"{name}: {tidy[:300]}")
    return dict(found)


def _private_copy(path: Path, folder: Path, layer: str | None, most_bytes: int) -> Path:
    """Copy the file under a plain name that fits its content; unpack a Shapefile member by member."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with archives.opened(path, most_bytes) as archive:
            return _unpacked(archive, path.name, folder, layer)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if suffix == ".gpkg":
        target = folder / "source.gpkg"
        _is_geopackage(head, path.name)
    else:
        target = folder / "source.geojson"
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise InvalidFile(f"{path.name}: not GeoJSON (it does not begin with a brace)")
        if CRS_ADDRESS.search(path.read_bytes()):
            raise InvalidFile(f"{path.name}: its CRS is an address on the network, which is not asked; name the CRS or leave it out")
    shutil.copyfile(path, target)
    return target


def _is_geopackage(head: bytes, name: str) -> None:
    if not head.startswith(b"SQLite format 3\x00"):
        raise InvalidFile(f"{name}: not a GeoPackage (it is no SQLite file)")


def _unpacked(archive: zipfile.ZipFile, name: str, folder: Path, layer: str | None) -> Path:
    """Unpack the one Shapefile or GeoPackage of an archive, whatever folders it lies in."""
    inner = [PurePosixPath(n.replace("\\", "/")) for n in archive.namelist()]
    members = {m: n for m, n in zip(inner, archive.namelist(), strict=True) if "__MACOSX" not in m.parts and not m.name.startswith("._")}
    found = [m for m in members if m.suffix.lower() in (".shp", ".gpkg")]
    if layer and any(m.suffix.lower() == ".shp" for m in found):
        found = sorted((m for m in found if fnmatch(m.stem.lower(), layer.lower())), key=lambda m: len(m.stem))[:1]
    if len(found) != 1:
        known = sorted(m.stem for m in members if m.suffix.lower() == ".shp")
        shown = f" ({', '.join(known[:12])}); --layer names one" if known else ""
        raise InvalidFile(f"{name}: {len(found)} Shapefiles fit; exactly one is read{shown}")
    if found[0].suffix.lower() == ".gpkg":
        target = folder / "source.gpkg"
        archives.unpack(archive, members[found[0]], target)
        with target.open("rb") as file:
            _is_geopackage(file.read(HEAD), name)
        return target
    stem = str(found[0].with_suffix("")).lower()
    parts = {m.suffix.lower(): n for m, n in members.items() if str(m.with_suffix("")).lower() == stem}
    for suffix in SHAPE_PARTS:
        if suffix in parts:
            archives.unpack(archive, parts[suffix], folder / f"source{suffix}")
    missing = [s for s in (".shx", ".dbf") if s not in parts]
    if missing:
        raise InvalidFile(f"{name}: {found[0].name} lacks its {' and '.join(missing)}; a Shapefile is .shp, .shx, .dbf and .prj")
    return folder / "source.shp"
