"""CSV in any common spelling, and XLSX workbooks, as tables."""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geo import archives
from geo.errors import InvalidFile, RaumError
from geo.files import MAX_COLUMNS, MAX_ROWS, Table, enough, header

DELIMITERS = ";,\t|^~"
NAMES = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
SAMPLE = 262_144
HEADER_WITHIN = 20  # rows: what stands above the header is a title
NUMBER = re.compile(r"-?\d[\d.,]*")
MAX_CELL = 1_000_000
LAST_ROW = 1_048_576  # of any sheet
MOJIBAKE = ("Ã¤", "Ã¶", "Ã¼", "ÃŸ", "Ã„", "Ã–", "Ãœ")  # German letters of UTF-8, read as Windows-1252


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """Return text and the name of its encoding: UTF-8 (with or without mark), UTF-16 with mark, else Windows-1252.

    Raises
    ------
    InvalidFile
        When it is no text, or UTF-8 that is damaged somewhere.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text, encoding = data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise InvalidFile(f"{name}: begins like UTF-16 and is damaged at byte {error.start:,}") from error
    else:
        try:
            text, encoding = data.decode("utf-8-sig"), "UTF-8"
        except UnicodeDecodeError as error:
            text, encoding = data.decode("cp1252", errors="replace"), "Windows-1252"
            if any(m in text for m in MOJIBAKE):
                raise InvalidFile(f"{name}: UTF-8 that is damaged at byte {error.start:,}; save it anew as CSV UTF-8") from error
    if "\x00" in text:
        raise InvalidFile(f"{name}: not a text file (it holds zero bytes)")
    return text, encoding


def read_csv(path: Path, most: int = MAX_ROWS) -> Table:
    """Read separated values.

    The delimiter is found from the first rows, or named by a first line such as `sep=;`. Titles above the header are
    skipped. A row with more cells than there are columns is `broken`: which cell belongs where cannot be told.

    Raises
    ------
    InvalidFile
    """
    text, encoding = decoded(path.read_bytes(), path.name)
    first = text[:8].splitlines()[0].strip() if text else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        delimiter, skipped = first[4], 1
    else:
        delimiter, skipped = _delimiter(text[:SAMPLE])
    table = Table([], [], [])
    spoken = NAMES.get(delimiter, repr(delimiter))
    table.notes.append(f"read as {encoding}, separated by {spoken}")
    shared: dict[str, str] = {}
    try:
        for n, (line, cells) in enumerate(_records(text, delimiter, path.name)):
            if n < skipped:
                continue
            if not table.columns:
                while cells and not cells[-1].strip():
                    cells.pop()
                table.columns = header(list(cells), path.name)
                continue
            if any(c.strip() for c in cells[len(table.columns) :]):
                table.broken[line] = f"{len(cells)} cells under {len(table.columns)} headings; text with the delimiter needs quotes"
            filled = ((c, v.strip()) for c, v in zip(table.columns, cells, strict=False))
            table.rows.append({c: shared.setdefault(v, v) for c, v in filled if v})
            table.numbers.append(line)
            enough(len(table.rows), len(table.columns), path.name, most)
    except csv.Error as error:
        raise InvalidFile(f"{path.name}: not readable as CSV ({error})") from error
    if not table.columns:
        raise InvalidFile(f"{path.name}: no header row")
    return table


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line a record starts at and its cells, without blank records."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    cells: list[str] = []
    for cells in reader:
        if reader.line_num - line > 1_000:
            raise InvalidFile(f"{name}: a quotation mark opened in row {line} is not closed")
        if len(cells) > 10 * MAX_COLUMNS:
            raise InvalidFile(f"{name}: row {line} has {len(cells):,} cells; at most {MAX_COLUMNS} are read")
        if any(c.strip() for c in cells):
            yield line, cells
        line = reader.line_num + 1
    if text.count('"') % 2 and cells and "\n" in cells[-1]:
        raise InvalidFile(f"{name}: a quotation mark opened near the end is not closed")


def _delimiter(sample: str) -> tuple[str, int]:
    """Return the delimiter and how many records stand above the header.

    The header is the first record with two filled cells and no number. The best delimiter is the one by which the most
    records have as many cells as the header has, weighed by that number of cells; then the one whose header comes first.
    """
    best: tuple[tuple[float, ...], str, int] | None = None
    for rank, delimiter in enumerate(DELIMITERS):
        records = []
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if any(c.strip() for c in cells):
                    records.append(cells)
                if len(records) > 300:
                    break
        except csv.Error:
            continue
        heads = [i for i, r in enumerate(records[:HEADER_WITHIN]) if sum(bool(c.strip()) for c in r) >= 2]
        head = next((i for i in heads if not any(NUMBER.fullmatch(c.strip()) for c in records[i])), None)
        if head is None:
            continue
        width, below = len(records[head]), records[head + 1 :]
        share = sum(len(r) == width for r in below) / len(below) if below else 1.0
        score = (share * width, -head, -rank)
        if best is None or score > best[0]:
            best = (score, delimiter, head)
    return (best[1], best[2]) if best else (";", 0)


@contextmanager
def workbook(path: Path) -> Iterator[Any]:
    """Open a workbook for reading values; damage found while reading it is an `InvalidFile`.

    Raises
    ------
    InvalidFile
    """
    import openpyxl

    with archives.opened(path) as archive:
        archives.refuse_entities(archive, path.name)
    book = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that do not matter for values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            yield book
    except RaumError:
        raise
    except Exception as error:
        raise InvalidFile(f"{path.name}: not readable as XLSX ({type(error).__name__}); is it a workbook, and whole?") from error
    finally:
        if book is not None:
            book.close()


def sheet_rows(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield number and cells of the rows that hold something; a sheet that claims a million empty rows costs little."""
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1, max_row=LAST_ROW), 1):
        if any(cells) and any(c is not None and str(c).strip() for c in cells):
            yield number, cells


def read_xlsx(path: Path, sheet: str | None = None) -> Table:
    """Read a workbook's sheet: values, never formulas. The header is the first row with two filled cells or more.

    Raises
    ------
    InvalidFile
    """
    table = Table([], [], [])
    with workbook(path) as book:
        names = [s.title for s in book.worksheets]
        if sheet is not None and sheet not in names:
            raise InvalidFile(f"{path.name}: no sheet {sheet!r}; there are {', '.join(names)}")
        if not names:
            raise InvalidFile(f"{path.name}: the workbook has no sheet with cells")
        source = book[sheet or names[0]]
        if len(names) > 1:
            table.notes.append(f"sheet {source.title!r} of {len(names)}; --sheet takes another")
        beyond = 0
        for number, cells in sheet_rows(source):
            filled = [i for i, c in enumerate(cells) if c is not None and str(c).strip()]
            if not table.columns:
                if len(filled) >= 2:
                    table.columns = header(list(cells[: filled[-1] + 1]), path.name)
                continue
            beyond += filled[-1] >= len(table.columns)
            shown = ((c, v.strip() if isinstance(v, str) else v) for c, v in zip(table.columns, cells, strict=False))
            table.rows.append({c: v for c, v in shown if v is not None and v != ""})
            table.numbers.append(number)
            enough(len(table.rows), len(table.columns), path.name)
        if beyond:
            table.notes.append(f"{beyond} rows have cells to the right of the headings; they are not read")
        if not table.columns:
            raise InvalidFile(f"{path.name}: no header row in sheet {source.title!r}")
    return table
