"""Official files an operator loads: BKG VG250-EW (boundaries with inhabitants) and Destatis GV-ISys (figures)."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo import crs
from geo.errors import ImportRefused, InvalidFile
from geo.files import local_file
from geo.models import Dataset, Town
from geo.shapes import read_shapes
from geo.sources import TownReport, checksum, dataset, redraw_districts, store
from geo.spreadsheets import sheet_rows, workbook

STATE = "12"  # Brandenburg in the AGS
MAX_BOUNDARIES, MAX_UNPACKED, MAX_OUTLINE = 1_000_000_000, 2_000_000_000, 20_000_000
NEEDED = ("AGS", "GEN", "BEZ", "EWZ", "GF")
LAND = 4  # GF: land with structure; the others are water
PLAUSIBLE_KM2 = (20_000, 40_000)  # Brandenburg has 29,654 km²; a file in degrees or of another state has not


def load(boundaries: Path | None, population: Path | None, valid_on: datetime.date) -> TownReport:
    """Bring towns, districts and their data sets up to date in the running transaction.

    Parameters
    ----------
    boundaries : Path, optional
        VG250-EW as GeoPackage, zipped GeoPackage or zipped Shapefile.
    population : Path, optional
        GV-ISys workbook. Without `boundaries` only the figures of the towns that are there change.
    valid_on : datetime.date
        The day the files describe.

    Raises
    ------
    InvalidFile, ImportRefused
    """
    there = Dataset.objects.get(key="municipal-figures").valid_on
    if there and valid_on < there:
        raise ImportRefused(f"--valid-on {valid_on}: the figures that are loaded are of {there}; older ones do not replace them")
    if boundaries:
        rows = [r | {"population_date": valid_on} for r in read_vg250(boundaries)]
    else:
        rows = [_as_row(t) for t in Town.objects.current()]
    if population:
        figures = read_gvisys(population)
        strangers = sorted(figures.keys() - {r["ags8"] for r in rows})
        if strangers:
            named = ", ".join(f"{figures[ags]['name']} ({ags})" for ags in strangers[:5])
            raise ImportRefused(
                f"{population.name}: {len(strangers)} municipalities without a boundary: {named}; load the VG250 of the same year"
            )
        for r in rows:
            if found := figures.get(r["ags8"]):
                r |= {"population": found["population"], "area_km2": found["area_km2"], "population_date": valid_on}
    source = Dataset.objects.get(key="municipal-boundaries")
    if boundaries:
        source = dataset(
            "municipal-boundaries",
            valid_on=valid_on,
            attribution=f"© GeoBasis-DE / BKG {valid_on.year} (Daten verändert)",
            note=f"VG250-EW, {len(rows)} Gemeinden, eingelesen aus {boundaries.name}.",
            sha256=checksum(boundaries),
            row_count=len(rows),
        )
    report = store(rows, source)
    if population:
        missing = [r["name"] for r in rows if r["ags8"] not in figures]
        report.notes += [f"not in {population.name}, figures kept: {', '.join(missing[:10])}"] if missing else []
    if population or boundaries:
        _date_figures(boundaries, population, valid_on)
    if boundaries:
        redraw_districts()
    return report


def _as_row(town: Town) -> dict[str, Any]:
    return {
        "ags8": town.ags8,
        "name": town.name,
        "population": town.population,
        "area_km2": town.area_km2,
        "population_date": town.population_date,
        "geom": shapely.from_wkb(bytes(town.geom.wkb)),
    }


def _date_figures(boundaries: Path | None, population: Path | None, valid_on: datetime.date) -> None:
    """Say on the data page where the figures come from now."""
    names = " und ".join(p.name for p in (boundaries, population) if p)
    by = "Statistisches Bundesamt (Destatis)" if population else "Bundesamt für Kartographie und Geodäsie"
    line = f"© Statistisches Bundesamt (Destatis), {valid_on.year}, dl-de/by-2-0"
    dataset(
        "municipal-figures",
        publisher=by,
        valid_on=valid_on,
        attribution=line if population else f"© GeoBasis-DE / BKG {valid_on.year} (Daten verändert)",
        note=f"Einwohnerzahlen am {valid_on:%d.%m.%Y}, eingelesen aus {names}. Die Größenklasse folgt allein aus der Einwohnerzahl.",
    )


def read_vg250(path: Path) -> list[dict[str, Any]]:
    """Return the Brandenburg municipalities of a BKG VG250-EW file; `geom` in the storage CRS.

    Raises
    ------
    InvalidFile
        When the file has no layer with the columns AGS, GEN, BEZ, EWZ and GF, no CRS, or another state.
    """
    path = local_file(path, MAX_BOUNDARIES)
    table = read_shapes(path, "*gem", where=f"AGS LIKE '{STATE}%'", most_bytes=MAX_UNPACKED, most_per_shape=MAX_OUTLINE)
    column = {c.upper(): c for c in table.columns}
    missing = [n for n in NEEDED if n not in column]
    if missing or table.shapes is None:
        raise InvalidFile(f"{path.name}: columns missing: {', '.join(missing) or 'the geometry'}; VG250-EW has {', '.join(NEEDED)}")
    if table.broken:
        raise InvalidFile(f"{path.name}: {next(iter(table.broken.values()))}")
    if table.crs is None:
        raise InvalidFile(f"{path.name}: says no CRS; VG250 comes in EPSG:{crs.UTM32}")
    try:
        source = crs.number_of(table.crs)
    except ValueError as error:
        raise InvalidFile(f"{path.name}: {error}") from error
    parts: dict[str, list[Any]] = {}
    first: dict[str, dict[str, Any]] = {}
    for row, shape in zip(table.rows, table.shapes, strict=True):
        if _number(row.get(column["GF"])) != LAND or shape is None:
            continue
        ags = str(row[column["AGS"]])
        parts.setdefault(ags, []).append(shapely.from_wkb(shape))
        first.setdefault(ags, row)
    found = []
    for ags, row in sorted(first.items()):
        inhabitants = _number(row.get(column["EWZ"]))
        if len(ags) != 8 or inhabitants is None or not 0 <= inhabitants < 10_000_000:
            raise InvalidFile(
                f"{path.name}: AGS {ags}: AGS must have 8 digits and EWZ (inhabitants) be a number, not {row.get(column['EWZ'])!r}"
            )
        area = polygons(crs.transform(shapely.union_all(np.array(parts[ags])), source, crs.STORAGE))
        found.append(
            {"ags8": ags, "name": str(row[column["GEN"]]), "kind": str(row[column["BEZ"]]), "population": int(inhabitants), "geom": area}
        )
    total = sum(r["geom"].area for r in found) / 1e6
    if not PLAUSIBLE_KM2[0] <= total <= PLAUSIBLE_KM2[1]:
        raise InvalidFile(f"{path.name}: {len(found)} municipalities of Brandenburg with {total:,.0f} km² in all; the state has 29,654 km²")
    return found


def polygons(shape: Any) -> Any:
    """Return the valid areas of a geometry, without the lines and points that mending may leave."""
    valid = shapely.make_valid(shape)
    return shapely.union_all([g for g in shapely.get_parts(shapely.get_parts(valid)) if g.geom_type in ("Polygon", "MultiPolygon")])


def read_gvisys(path: Path) -> dict[str, dict[str, Any]]:
    """Return AGS → name, area in km² and population of a Destatis GV-ISys workbook (rows with Satzart 60).

    Columns: Satzart, Textkennzeichen, Land, RB, Kreis, VB, Gem, name, area in km², population.

    Raises
    ------
    InvalidFile
        When there are no such rows for Brandenburg, or a row has no number where one belongs.
    """
    path = local_file(path)
    found: dict[str, dict[str, Any]] = {}
    with workbook(path) as book:
        for sheet in book.worksheets:
            for number, cells in sheet_rows(sheet):
                text = [str(c).strip() if c is not None else "" for c in cells[:10]]
                if len(text) < 10 or text[0] != "60" or text[2].zfill(2) != STATE:
                    continue
                ags = text[2].zfill(2) + text[3].zfill(1) + text[4].zfill(2) + text[6].zfill(3)
                area, inhabitants = _number(cells[8]), _number(cells[9])
                if area is None or inhabitants is None or area <= 0 or inhabitants < 0:
                    raise InvalidFile(
                        f"{path.name}: row {number} ({text[7][:40]}): area and population must be numbers, not {text[8]!r} and {text[9]!r}"
                    )
                found[ags] = {"name": text[7].split(",")[0].strip(), "area_km2": f"{area:.2f}", "population": int(inhabitants)}
    if not found:
        raise InvalidFile(f"{path.name}: no rows with Satzart 60 and Land {STATE}; expected the Gemeindeverzeichnis (GV-ISys)")
    return found


def _number(cell: Any) -> float | None:
    """Return a cell as a number: 35.01, "35,01", "1 234"; None for anything else."""
    try:
        found = float(str(cell).replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except ValueError:
        return None
    return found if np.isfinite(found) else None
