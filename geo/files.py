"""Files that strangers hand in, read as tables. Nothing is fetched, nothing unpacked outside a private folder.

Every reader returns a `Table`; whatever is wrong with the file as a whole is an `InvalidFile` with a sentence that helps.
CSV and XLSX are read by `geo.spreadsheets`, GeoJSON, GeoPackage and Shapefile by `geo.shapes`.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geo.errors import InvalidFile

MAX_FILE = 200_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 500_000, 500, 20_000_000
SHEETS = {".csv", ".tsv", ".txt", ".xlsx"}
SHAPES = {".geojson", ".json", ".gpkg", ".zip"}
SUFFIXES = ".csv, .tsv, .txt, .xlsx, .geojson, .json, .gpkg, .zip (Shapefile), .pbf (OpenStreetMap)"
INSTEAD = {
    ".xls": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".xlsm": "save it as .xlsx, without macros",
    ".shp": "pack .shp, .shx, .dbf and .prj into one .zip",
    ".dbf": "pack .shp, .shx, .dbf and .prj into one .zip",
}


@dataclass
class Table:
    """Rows as they stand in a file.

    Attributes
    ----------
    columns : list of str
    rows : list of dict
        Column → text, number or date; cells without content may be missing.
    numbers : list of int
        Row number in the file, as a person counts (the header of a CSV is row 1).
    shapes : list of bytes or None
        Geometry as WKB, for formats that have one.
    crs : str or int or None
        CRS of `shapes` when the file says so: "EPSG:25833" or WKT.
    broken : dict
        Row number → rule, for rows whose cells cannot be told apart or that hold too much.
    notes : list of str
        What was assumed on reading: encoding, delimiter, sheet, layer.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    numbers: list[int]
    shapes: list[bytes | None] | None = None
    crs: str | int | None = None
    broken: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_table(name: str | Path, layer: str | None = None, sheet: str | None = None) -> Table:
    """Read a file by its name's ending.

    Parameters
    ----------
    name : path
    layer : str, optional
        Of a GeoPackage, or the Shapefile in a zip with several; `*` stands for anything.
    sheet : str, optional
        Of a workbook; the first by default.

    Raises
    ------
    InvalidFile
        When the file is not there, of another kind, too large, damaged or dangerous.
    """
    from geo import shapes, spreadsheets

    path = local_file(name)
    suffix = path.suffix.lower()
    if suffix in SHAPES:
        return shapes.read_shapes(path, layer)
    if suffix == ".xlsx":
        return spreadsheets.read_xlsx(path, sheet)
    if suffix in SHEETS:
        return spreadsheets.read_csv(path)
    raise InvalidFile(f"{path.name}: files of this kind are not read ({INSTEAD.get(suffix, 'allowed are ' + SUFFIXES)})")


def local_file(name: str | Path, limit: int = MAX_FILE) -> Path:
    """Return the absolute path of a plain local file; refuse addresses, virtual paths, connection strings and devices.

    Raises
    ------
    InvalidFile
    """
    text = str(name)
    shown = plain_text(text[:200])
    if shown != text[:200] or re.search(r"://|^/vsi|^[A-Za-z]{2,}:|^\s*<", text):
        raise InvalidFile(f"{shown[:80]}: only files on this machine are read, no addresses or connections")
    path = Path(text).absolute()
    try:
        status = path.stat()
    except OSError as error:
        raise InvalidFile(f"{shown}: {'may not be read' if isinstance(error, PermissionError) else 'no such file'}") from error
    if not stat.S_ISREG(status.st_mode):
        raise InvalidFile(f"{shown}: not a plain file; folders, devices and pipes are not read")
    if not os.access(path, os.R_OK):
        raise InvalidFile(f"{shown}: may not be read")
    if status.st_size > limit:
        raise InvalidFile(f"{path.name}: {status.st_size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB are read")
    if status.st_size == 0:
        raise InvalidFile(f"{path.name}: the file is empty")
    return path


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Return text without the characters that steer terminals, reverse the direction of writing or break a database."""
    return CONTROL.sub("\ufffd", text)


def header(cells: list[Any], name: str) -> list[str]:
    """Return column names: never empty, never twice.

    Raises
    ------
    InvalidFile
        When there are too many.
    """
    if len(cells) > MAX_COLUMNS:
        raise InvalidFile(f"{name}: {len(cells)} columns; at most {MAX_COLUMNS} are read")
    columns: list[str] = []
    taken: set[str] = set()
    for n, cell in enumerate(cells, 1):
        first = column = plain_text(" ".join(str(cell if cell is not None else "").split()))[:200] or f"column {n}"
        again = 2
        while column in taken:
            column, again = f"{first} ({again})", again + 1
        taken.add(column)
        columns.append(column)
    return columns


def enough(rows: int, columns: int, name: str, most: int = MAX_ROWS) -> None:
    """Refuse a table that is too large for this machine's memory."""
    if rows > most:
        raise InvalidFile(f"{name}: more than {most:,} rows")
    if rows * columns > MAX_CELLS:
        raise InvalidFile(f"{name}: more than {MAX_CELLS:,} cells")
