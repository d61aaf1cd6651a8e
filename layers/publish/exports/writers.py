"""Collections as files of geodata programs: GeoPackage, GeoParquet, FlatGeobuf and Shapefile, all in EPSG:25833.

Rows go through in batches, so that memory does not grow with their number. Every function writes into a folder that is
empty and returns the file.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import shapely
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from pyproj import CRS

from geo import crs
from layers.publish.collection import Collection
from layers.publish.exports import provenance, tables
from layers.publish.exports.provenance import Provenance
from layers.publish.files import BATCH
from layers.publish.qgis import styles

LONGEST_NAME = 10  # characters of a column's name in a DBF table
LONGEST_TEXT = 254  # bytes of its texts
ROW_GROUP = 10 * BATCH  # rows that a reader of Parquet takes or leaves together


def geopackage(told: Provenance, rows: QuerySet[Any], folder: Path) -> Path:
    """Write a GeoPackage with spatial index, the columns' labels, the sources as metadata, and its style for QGIS.

    Version 1.2, because programs of some years ago warn of later ones.
    """
    collection, path = told.collection, folder / "rows.gpkg"
    options = {"IDENTIFIER": str(collection.title), "DESCRIPTION": told.text(), "GEOMETRY_NAME": tables.GEOMETRY, "FID": "fid"}
    _write(told, rows, path, "GPKG", layer_options=options, dataset_options={"VERSION": "1.2"})
    with closing(sqlite3.connect(path)) as file, file:
        _add_metadata(file, told)
        _add_labels(file, collection)
        _add_style(file, collection)
    return path


def _write(told: Provenance, rows: QuerySet[Any], path: Path, driver: str, **options: Any) -> None:
    collection = told.collection
    pyogrio.write_arrow(
        tables.reader(collection, rows),
        path,
        layer=collection.name,
        driver=driver,
        geometry_name=tables.GEOMETRY,
        geometry_type=collection.geometry_type,
        crs=f"EPSG:{crs.STORAGE}",
        **options,
    )


def _add_metadata(file: sqlite3.Connection, told: Provenance) -> None:
    """Add the extension gpkg_metadata: one text about the layer."""
    file.executescript(
        """
        CREATE TABLE IF NOT EXISTS gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL
          DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
        CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT,
          row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), md_file_id INTEGER NOT NULL,
          md_parent_id INTEGER, CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
          CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
        """
    )
    _declare(file, "gpkg_metadata", None, "gpkg_metadata", "http://www.geopackage.org/spec120/#extension_metadata", "read-write")
    _declare(file, "gpkg_metadata_reference", None, "gpkg_metadata", "http://www.geopackage.org/spec120/#extension_metadata", "read-write")
    insert = "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) VALUES ('dataset', ?, 'text/plain', ?)"
    added = file.execute(insert, ("http://purl.org/dc/terms/", told.text())).lastrowid
    refer = "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id) VALUES ('table', ?, ?)"
    file.execute(refer, (told.collection.name, added))


def _add_labels(file: sqlite3.Connection, collection: Collection) -> None:
    """Add the extension gpkg_schema: each column's label, unit and description."""
    file.executescript(
        """
        CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
          description TEXT, mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
          CONSTRAINT gdc_tn UNIQUE (table_name, name));
        CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT,
          min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
          CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
        """
    )
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        _declare(file, table, None, "gpkg_schema", "http://www.geopackage.org/spec/#extension_schema", "read-write")
    insert = "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)"
    for f in collection.fields:
        file.execute(insert, (collection.name, f.name, f.name, str(f.label), str(f.description) or str(f.label)))


def _declare(file: sqlite3.Connection, table: str, column: str | None, name: str, definition: str, scope: str) -> None:
    file.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
        "definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
    )
    file.execute("INSERT OR IGNORE INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (table, column, name, definition, scope))


def _add_style(file: sqlite3.Connection, collection: Collection) -> None:
    """Add the table in which QGIS looks for styles; it takes the one marked as default when it opens the layer."""
    file.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256), "
        "f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, "
        "description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
    )
    now = "strftime('%Y-%m-%dT%H:%M:%fZ','now')"
    file.execute(
        f"INSERT INTO gpkg_contents (table_name, identifier, data_type, last_change) VALUES ('layer_styles', 'layer_styles', 'attributes', {now})"  # noqa: S608, E501
    )
    columns = "f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description"
    file.execute(
        f"INSERT INTO layer_styles ({columns}) VALUES ('', '', ?, ?, ?, ?, ?, 1, ?)",  # noqa: S608 - our own names
        (
            collection.name,
            tables.GEOMETRY,
            collection.name,
            styles.qml(collection),
            styles.sld(collection),
            str(collection.title),
        ),
    )


def flatgeobuf(told: Provenance, rows: QuerySet[Any], folder: Path) -> Path:
    """Write a FlatGeobuf with its spatial index, which orders the rows along a curve; dates are date-times, which is all it has."""
    path = folder / "rows.fgb"
    _write(told, rows, path, "FlatGeobuf", layer_options={"TITLE": str(told.collection.title), "DESCRIPTION": told.text()})
    return path


def geoparquet(told: Provenance, rows: QuerySet[Any], folder: Path) -> Path:
    """Write GeoParquet 1.1 with a bounding box beside every geometry; sources and columns stand in the key/value metadata."""
    collection, path = told.collection, folder / "rows.parquet"
    columns = tables.schema(collection)
    box = pa.struct([(name, pa.float64()) for name in ("xmin", "ymin", "xmax", "ymax")])
    covering = {"bbox": {name: ["bbox", name] for name in ("xmin", "ymin", "xmax", "ymax")}}
    about = {
        "encoding": "WKB",
        "geometry_types": [collection.geometry_type],
        "crs": _described_crs(),
        "edges": "planar",
        "covering": covering,
    }
    head = {
        "geo": json.dumps({"version": "1.1.0", "primary_column": tables.GEOMETRY, "columns": {tables.GEOMETRY: about}}),
        "title": str(collection.title),
        "description": told.text(),
        "attribution": told.attribution,
        "licence": "; ".join(dict.fromkeys(d.licence for d in told.datasets)),
        "note": collection.rows_note,
        "columns": tables.column_list(collection),
        "raumwohlstand": json.dumps(provenance.described(collection, told.datasets, told.question, told.run), ensure_ascii=False),
    }
    wider = columns.append(pa.field("bbox", box)).with_metadata(head)

    def boxed(batch: pa.RecordBatch) -> pa.RecordBatch:
        edges = shapely.bounds(shapely.from_wkb(batch.column(tables.GEOMETRY).to_numpy(zero_copy_only=False)))
        boxes = pa.StructArray.from_arrays([pa.array(edges[:, i]) for i in range(4)], fields=list(box))
        return pa.RecordBatch.from_arrays([*batch.columns, boxes], schema=wider)

    with pq.ParquetWriter(path, wider, compression="zstd") as writer:
        waiting = tables.batches(collection, rows)
        while group := [boxed(batch) for batch in itertools.islice(waiting, ROW_GROUP // BATCH)]:
            writer.write_table(pa.Table.from_batches(group))
    return path


@cache
def _described_crs() -> dict[str, Any]:
    """The storage CRS as PROJJSON; PROJ takes a hundredth of a second to look it up."""
    return CRS.from_epsg(crs.STORAGE).to_json_dict()


def short_names(collection: Collection) -> dict[str, str]:
    """Return each column's name of at most ten characters.

    The rule: names that fit stay. Of a longer one the vowels within its words go, from the end on, then what is too much at
    the end; if that name is taken, its last characters become a number.
    """
    made: dict[str, str] = {f.name: f.name for f in collection.fields if len(f.name) <= LONGEST_NAME}
    for f in collection.fields:
        if f.name in made:
            continue
        letters, taken = list(f.name), set(made.values())
        for i in range(len(letters) - 1, 0, -1):
            if len(letters) > LONGEST_NAME and letters[i] in "aeiou" and letters[i - 1] != "_":
                del letters[i]
        name, number = "".join(letters)[:LONGEST_NAME].rstrip("_"), 1
        while name in taken:
            number += 1
            name = "".join(letters)[: LONGEST_NAME - len(str(number))] + str(number)
        made[f.name] = name
    return {f.name: made[f.name] for f in collection.fields}


def shapefile(told: Provenance, rows: QuerySet[Any], folder: Path) -> Path:
    """Write a zipped Shapefile (UTF-8) with a readme that names columns and sources; longer texts are cut to 254 bytes."""
    collection, path = told.collection, folder / "rows.shp.zip"
    names = short_names(collection)
    columns = tables.schema(collection)
    widths = tables.text_widths(collection, rows)
    wider = pa.schema([f.with_name(names.get(f.name, f.name)).with_metadata(_width(widths.get(f.name))) for f in columns])

    def cut() -> Iterator[pa.RecordBatch]:
        for batch in tables.batches(collection, rows):
            made = [_cut(column) if column.type == pa.string() else column for column in batch.columns]
            yield pa.RecordBatch.from_arrays(made, schema=wider)

    shapes = folder / "shapes"
    shapes.mkdir()
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(wider, cut()),
        shapes / f"{collection.name}.shp",
        driver="ESRI Shapefile",
        geometry_name=tables.GEOMETRY,
        geometry_type=collection.geometry_type.removeprefix("Multi"),
        crs=f"EPSG:{crs.STORAGE}",
        encoding="UTF-8",
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part in sorted(shapes.iterdir()):
            archive.write(part, part.name)
        archive.writestr(f"{collection.name}.qml", styles.qml(collection, names))
        archive.writestr("LIESMICH.txt", _readme(told, names))
    return path


def _width(longest: int | None) -> dict[str, str] | None:
    """Return what tells GDAL the width of a text column, so that it needs not write the table anew for each longer text."""
    return None if longest is None else {"GDAL:OGR:width": str(min(max(longest, 1), LONGEST_TEXT))}


def _cut(column: pa.Array) -> pa.Array:
    """Return texts of at most 254 bytes of UTF-8, cut between characters."""
    if (pc.max(pc.binary_length(column)).as_py() or 0) <= LONGEST_TEXT:
        return column
    return pa.array([None if v is None else v.encode()[:LONGEST_TEXT].decode(errors="ignore") for v in column.to_pylist()], pa.string())


def _readme(told: Provenance, names: dict[str, str]) -> str:
    labels = {f.name: f"{f.label}" for f in told.collection.fields}
    lines = [f"{short:<12}{name:<26}{labels[name]}" for name, short in names.items()]
    rule = _(
        "Ein Shapefile fasst Spaltennamen mit 10 Zeichen: längere verlieren von hinten Selbstlaute, dann das Ende. Texte sind nach "
        "254 Bytes abgeschnitten, fehlende Texte und leere nicht zu unterscheiden. Vollständig ist das GeoPackage."
    )
    return "\r\n".join([*told.text().splitlines(), "", rule, "", f"{_('kurz'):<12}{_('Spalte'):<26}{_('Bedeutung')}", *lines, ""])
