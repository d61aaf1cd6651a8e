"""Collections as workbooks (XLSX): the rows on the first sheet, what they mean and where they come from on the second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
from django.contrib.gis.db.models.functions import Transform
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from geo import crs
from geo.positions import X, Y
from layers.publish.exports import tables
from layers.publish.exports.provenance import Provenance
from layers.publish.files import DANGEROUS, DIGITS, place

LONGEST = 32_767  # characters that a cell holds
MOST_ROWS = 1_048_575


def workbook(told: Provenance, rows: QuerySet[Any], folder: Path) -> Path:
    """Write the rows and, last, the position: lon, lat (EPSG:4326) and x, y (EPSG:25833) as in the CSV.

    Texts are texts (a postcode keeps its zero), dates are dates; text that a spreadsheet would take for a formula gets an
    apostrophe in front. Rows beyond what a sheet holds are left out, and the second sheet says so.
    """
    collection, path = told.collection, folder / "rows.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(str(collection.title)[:31])
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, name) for name in (*(f.name for f in collection.fields), "lon", "lat", "x", "y")])
    kinds = [f.kind for f in collection.fields]
    spot = place(collection)
    web = Transform(spot, crs.WEB)
    found = tables.values(collection, rows, lon=X(web), lat=Y(web), east=X(spot), north=Y(spot))
    written, left_out = 0, 0
    for row in found:
        if written == MOST_ROWS:
            left_out += 1
            continue
        *plain, lon, lat, x, y = row
        cells = [_value(kind, value) for kind, value in zip(kinds, plain, strict=True)]
        sheet.append([*cells, round(lon, DIGITS), round(lat, DIGITS), round(x, 1), round(y, 1)])
        written += 1
    about = book.create_sheet(_("Quellen"))
    for label, text in told.rows():
        about.append([_bold(about, label), safe(text)])
    if left_out:
        about.append([_bold(about, _("Nicht enthalten")), _("{n} weitere Zeilen: ein Blatt fasst nicht mehr.").format(n=left_out)])
    about.append([])
    about.append([_bold(about, text) for text in (_("Spalte"), _("Bedeutung"), _("Werte"))])
    for f in collection.fields:
        about.append([f.name, safe(str(f.label)), safe(", ".join(f"{value} = {label}" for value, label in f.choices))])
    book.save(path)
    return path


def _bold(sheet: Any, text: str) -> WriteOnlyCell:
    made = WriteOnlyCell(sheet, text)
    made.font = Font(bold=True)
    return made


def _value(kind: str, value: Any) -> Any:
    if value is None or kind in ("number", "decimal", "flag", "date"):
        return value
    return safe(value if isinstance(value, str) else tables.as_json(value))


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, without the control characters that XML cannot hold."""
    if text.startswith(DANGEROUS):
        text = f"'{text}"
    return (text if text.isprintable() else openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text))[:LONGEST]
