"""Rows as layers of a GeoPackage; called in a process of its own."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """A layer: name and Arrow type of each column, the last the geometry as WKB; a file with lists of rows, pickled one after the other."""

    name: str
    kinds: list[tuple[str, str]]
    rows: Path
    geometry_type: str
    srid: int

    def batches(self) -> Iterator[list[list[Any]]]:
        with self.rows.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(0)
            while file.tell() < end:
                yield pickle.load(file)  # noqa: S301 - written by this server a moment ago


def geopackage(tables: list[Table], folder: str) -> str:
    """Write the layers into one file and return its path."""
    import pyarrow as pa
    import pyogrio

    path = Path(folder) / "answer.gpkg"
    for table in tables:
        schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in table.kinds])
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, (_batch(rows, schema) for rows in table.batches())),
            path,
            driver="GPKG",
            layer=table.name,
            geometry_name=table.kinds[-1][0],
            geometry_type=table.geometry_type,
            crs=f"EPSG:{table.srid}",
            append=path.exists(),
        )
    return str(path)


def _batch(rows: list[list[Any]], schema: Any) -> Any:
    import pyarrow as pa

    made = []
    for column, field in zip(zip(*rows, strict=True), schema, strict=True):
        values = [None if v is None else float(v) for v in column] if pa.types.is_floating(field.type) else column
        made.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(made, schema=schema)
