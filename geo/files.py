"""Files that strangers hand in, read as tables. Nothing is fetched, nothing unpacked outside a private folder.

Every reader returns a `Table`; whatever is wrong with the file as a whole is an `InvalidFile` with a sentence that helps.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from geo import crs
from geo.errors import InvalidFile

MAX_FILE = 200_000_000
MAX_MEMBERS, MAX_UNPACKED, MAX_RATIO = 200, 200_000_000, 100
MAX_ROWS, MAX_COLUMNS = 500_000, 500
DRIVERS = {"GPKG", "ESRI Shapefile", "GeoJSON"}
SHAPE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml"}
SUFFIXES = ".csv, .tsv, .txt, .xlsx, .geojson, .json, .gpkg, .zip (Shapefile), .pbf (OpenStreetMap)"


@dataclass
class Table:
    """Rows as they stand in a file.

    Attributes
    ----------
    columns : list of str
    rows : list of dict
        Column → text, number, date or None.
    numbers : list of int
        Row number in the file, as a person counts (the header of a CSV is row 1).
    shapes : list of bytes or None
        Geometry as WKB, for formats that have one.
    crs : str or int or None
        CRS of `shapes` when the file says so.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    numbers: list[int]
    shapes: list[bytes | None] | None = None
    crs: str | int | None = None


def read_table(name: str | Path, layer: str | None = None, sheet: str | None = None) -> Table:
    """Read a file by its name's ending.

    Raises
    ------
    InvalidFile
        When the file is not there, of another kind, too large, damaged or dangerous.
    """
    path = local_file(name)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return read_csv(path)
    if suffix == ".xlsx":
        return read_xlsx(path, sheet)
    if suffix in (".geojson", ".json", ".gpkg", ".zip"):
        return read_shapes(path, layer)
    raise InvalidFile(f"{path.name}: files of this kind are not read; allowed are {SUFFIXES}")


def local_file(name: str | Path) -> Path:
    """Return the path of a plain local file; refuse addresses, virtual paths, connection strings and devices."""
    text = str(name)
    if "\x00" in text or "://" in text or text.startswith("/vsi") or re.match(r"^[A-Za-z]{2,}:", text) or text.lstrip().startswith("<"):
        raise InvalidFile(f"{text[:80]}: only files on this machine are read, no addresses or connections")
    path = Path(text)
    if not path.is_file():
        raise InvalidFile(f"{text[:200]}: no such file")
    size = path.stat().st_size
    if size > MAX_FILE and path.suffix.lower() != ".pbf":
        raise InvalidFile(f"{path.name}: {size / 1e6:.0f} MB; at most {MAX_FILE / 1e6:.0f} MB are read")
    if size == 0:
        raise InvalidFile(f"{path.name}: the file is empty")
    return path


def decoded(data: bytes, name: str) -> str:
    """Return text from UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise InvalidFile(f"{name}: not a text file (it holds zero bytes)")
    return text


def read_csv(path: Path) -> Table:
    """Read separated values: semicolon, comma, tab or bar, found from the first lines."""
    text = decoded(path.read_bytes(), path.name)
    sample = text[:65_536]
    try:
        delimiter = csv.Sniffer().sniff(sample, delimiters=";,\t|").delimiter
    except csv.Error:
        head = sample.splitlines()[0] if sample else ""
        delimiter = max(";,\t|", key=head.count)
    csv.field_size_limit(1_000_000)
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    columns: list[str] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
        for cells in reader:
            if not any(c.strip() for c in cells):
                continue
            if not columns:
                columns = _header(cells, path.name)
                continue
            rows.append({c: v.strip() for c, v in zip(columns, cells, strict=False)})
            numbers.append(reader.line_num)
            if len(rows) > MAX_ROWS:
                raise InvalidFile(f"{path.name}: more than {MAX_ROWS:,} rows")
    except csv.Error as error:
        raise InvalidFile(f"{path.name}: not readable as CSV ({error})") from error
    if not columns:
        raise InvalidFile(f"{path.name}: no header row")
    return Table(columns, rows, numbers)


def _header(cells: list[Any], name: str) -> list[str]:
    if len(cells) > MAX_COLUMNS:
        raise InvalidFile(f"{name}: {len(cells)} columns; at most {MAX_COLUMNS}")
    columns: list[str] = []
    for n, cell in enumerate(cells, 1):
        column = " ".join(str(cell or "").split()) or f"column {n}"
        columns.append(column if column not in columns else f"{column} ({n})")
    return columns


def read_xlsx(path: Path, sheet: str | None = None) -> Table:
    """Read a workbook's sheet: values, never formulas. The header is the first row with two filled cells or more."""
    import openpyxl

    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.endswith((".xml", ".rels")):
                with archive.open(info) as part:
                    if b"<!DOCTYPE" in part.read(4_096) or b"<!ENTITY" in archive.read(info)[:65_536]:
                        raise InvalidFile(f"{path.name}: {info.filename} declares entities; such workbooks are not read")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        names = book.sheetnames
        if sheet is not None and sheet not in names:
            raise InvalidFile(f"{path.name}: no sheet {sheet!r}; there are {', '.join(names)}")
        source = book[sheet] if sheet else book[names[0]]
        columns: list[str] = []
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        for number, cells in enumerate(source.iter_rows(values_only=True), 1):
            filled = [c for c in cells if c is not None and str(c).strip()]
            if not columns:
                if len(filled) >= 2:
                    width = max(i for i, c in enumerate(cells) if c is not None) + 1
                    columns = _header(list(cells[:width]), path.name)
                continue
            if filled:
                rows.append({c: v.strip() if isinstance(v, str) else v for c, v in zip(columns, cells, strict=False)})
                numbers.append(number)
            if len(rows) > MAX_ROWS:
                raise InvalidFile(f"{path.name}: more than {MAX_ROWS:,} rows")
    except InvalidFile:
        raise
    except Exception as error:
        raise InvalidFile(f"{path.name}: not readable as XLSX ({type(error).__name__})") from error
    if not columns:
        raise InvalidFile(f"{path.name}: no header row in sheet {source.title!r}")
    return Table(columns, rows, numbers)


def check_zip(path: Path) -> None:
    """Refuse archives with dangerous names, links, archives within, or more content than is reasonable."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise InvalidFile(f"{path.name}: not a readable zip file ({error})") from error
    if len(infos) > MAX_MEMBERS:
        raise InvalidFile(f"{path.name}: {len(infos)} files inside; at most {MAX_MEMBERS}")
    total = sum(i.file_size for i in infos)
    packed = max(sum(i.compress_size for i in infos), 1)
    if total > MAX_UNPACKED or (total > 1_000_000 and total / packed > MAX_RATIO):
        raise InvalidFile(f"{path.name}: unpacks to {total / 1e6:.0f} MB, {total / packed:.0f} times its size; refused")
    for info in infos:
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        if inner.is_absolute() or ".." in inner.parts or (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise InvalidFile(f"{path.name}: the file name {info.filename!r} inside is not allowed")
        if inner.suffix.lower() in (".zip", ".gz", ".7z", ".tar"):
            raise InvalidFile(f"{path.name}: an archive inside an archive is not read ({info.filename})")


def read_shapes(path: Path, layer: str | None = None) -> Table:
    """Read GeoJSON, GeoPackage or a zipped Shapefile with GDAL, in a process of its own with limits and without network."""
    with tempfile.TemporaryDirectory(prefix="raum-") as folder:
        source = _private_copy(path, Path(folder))
        target = Path(folder) / "rows.json"
        command = [sys.executable, "-I", str(Path(__file__).with_name("ogr_reader.py")), str(source), str(target), layer or ""]
        quiet = {
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
            "CPL_CURL_ENABLE_VSIMEM": "NO",
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR" if source.suffix != ".shp" else "FALSE",
            "GDAL_HTTP_PROXY": "127.0.0.1:9",
            "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LD_LIBRARY_PATH")}
        try:
            done = subprocess.run(command, env=kept | quiet, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise InvalidFile(f"{path.name}: reading took longer than two minutes") from None
        if done.returncode or not target.exists():
            reason = done.stderr.strip().splitlines()[-1:] or ["the reader stopped"]
            raise InvalidFile(f"{path.name}: not readable ({reason[0][:200]})")
        found = json.loads(target.read_text(encoding="utf-8"))
    if len(found["rows"]) > MAX_ROWS:
        raise InvalidFile(f"{path.name}: more than {MAX_ROWS:,} rows")
    columns = _header(found["columns"], path.name)
    rows = [dict(zip(columns, row, strict=True)) for row in found["rows"]]
    shapes = [bytes.fromhex(s) if s else None for s in found["shapes"]]
    return Table(columns, rows, list(range(1, len(rows) + 1)), shapes, found["crs"] or crs.WEB)


def _private_copy(path: Path, folder: Path) -> Path:
    """Copy the file under a plain name that fits its content; unpack a Shapefile member by member."""
    head = path.open("rb").read(512)
    if path.suffix.lower() == ".zip":
        check_zip(path)
        with zipfile.ZipFile(path) as archive:
            shapes = [n for n in archive.namelist() if n.lower().endswith(".shp")]
            if len(shapes) != 1:
                raise InvalidFile(f"{path.name}: {len(shapes)} Shapefiles inside; exactly one is read")
            stem = shapes[0][:-4]
            for name in archive.namelist():
                suffix = PurePosixPath(name).suffix.lower()
                if name.startswith(stem + ".") and suffix in SHAPE_PARTS:
                    (folder / f"source{suffix}").write_bytes(archive.read(name))
        return folder / "source.shp"
    if path.suffix.lower() == ".gpkg":
        if not head.startswith(b"SQLite format 3\x00"):
            raise InvalidFile(f"{path.name}: not a GeoPackage")
        target = folder / "source.gpkg"
    else:
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise InvalidFile(f"{path.name}: not GeoJSON")
        target = folder / "source.geojson"
    target.write_bytes(path.read_bytes())
    return target
