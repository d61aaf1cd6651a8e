"""Places in GeoParquet: read as coordinates, written again with columns added. Pure: no database, no clock, no network.

Files are read and written in portions, so that twenty million places need no more memory than their coordinates and the
columns that are added. The same rows, columns and settings give the same bytes: portions, compression and metadata are fixed,
nothing of the time or the machine is written.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo import crs
from geo.errors import InvalidFile, InvalidParameter

PORTION = 100_000  # rows read, and rows of one group written
GEO = b"geo"
LEVEL = 16  # of the Hilbert curve: cells of some ten metres in a country


@dataclass(frozen=True)
class PlaceFile:
    """A GeoParquet file of points that was checked.

    Attributes
    ----------
    path : Path
    geometry : str
        Name of its geometry column.
    id_column : str
    source_crs : int
        EPSG number its coordinates come in.
    x_m, y_m : float64, one per row
        EPSG:25833.
    """

    path: Path
    geometry: str
    id_column: str
    source_crs: int
    x_m: Any
    y_m: Any

    def __len__(self) -> int:
        return len(self.x_m)


def read(path: Path, id_column: str = "id") -> PlaceFile:
    """Read and check a file of points.

    Parameters
    ----------
    path : Path
        GeoParquet (1.0 or 1.1) with WKB points in any CRS that EPSG lists; without an entry it is longitude and latitude, as
        the format says.
    id_column : str
        Column that tells the rows apart.

    Raises
    ------
    InvalidFile
        When the file is missing, no GeoParquet, has no CRS, or a row has no place that a CRS can take.
    InvalidParameter
        When the id column is not there, empty somewhere, or not unique.
    """
    if not path.is_file():
        raise InvalidFile(f"{path.name}: there is no such file; expected is a GeoParquet file of points")
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            geometry, source = _geometry(path, schema)
            _check_ids(path, file, id_column)
            parts: list[tuple[Any, Any]] = []
            for batch in file.iter_batches(PORTION, columns=[geometry]):
                parts.append(_points(path, batch.column(0), sum(len(x) for x, _y in parts), source))
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidFile(f"{path.name}: not readable as Parquet ({str(error).splitlines()[0]})") from error
    if not parts:
        raise InvalidFile(f"{path.name}: the file has no rows")
    x, y = (np.concatenate([p[i] for p in parts]) for i in range(2))
    return PlaceFile(path, geometry, id_column, source, x, y)


def _geometry(path: Path, schema: pa.Schema) -> tuple[str, int]:
    """Return the name of the geometry column and the EPSG number of its CRS."""
    try:
        about = json.loads((schema.metadata or {}).get(GEO, b"null"))
        name = about["primary_column"]
        column = about["columns"][name]
        encoding = column["encoding"]
    except (ValueError, KeyError, TypeError):
        raise InvalidFile(f"{path.name}: has no geometry; expected is GeoParquet, whose metadata names a geometry column") from None
    if name not in schema.names or encoding != "WKB":
        raise InvalidFile(f"{path.name}, {name}: the geometry is missing or not encoded as WKB ({encoding}); allowed is WKB")
    given = column.get("crs", "OGC:CRS84")
    if given is None:
        raise InvalidFile(f"{path.name}, {name}: the CRS is unknown; write the file with one, for example EPSG:{crs.STORAGE}")
    if isinstance(given, dict) and given.get("id") == {"authority": "OGC", "code": "CRS84"}:
        given = "OGC:CRS84"
    try:
        return name, crs.number_of(given if isinstance(given, str) else CRS.from_json_dict(given).to_wkt())
    except (ValueError, TypeError, CRSError) as error:
        raise InvalidFile(f"{path.name}, {name}: {error}") from error


def _check_ids(path: Path, file: pq.ParquetFile, id_column: str) -> None:
    names = file.schema_arrow.names
    if id_column not in names:
        raise InvalidParameter("id_column", id_column, f"a column of {path.name}: {', '.join(names)}")
    ids = file.read(columns=[id_column]).column(0)
    if ids.null_count:
        raise InvalidParameter("id_column", id_column, f"every row needs a value; {ids.null_count} of {path.name} have none")
    if pc.count_distinct(ids).as_py() != len(ids):
        raise InvalidParameter("id_column", id_column, f"its values must be unique; in {path.name} some occur more than once")


def _points(path: Path, column: pa.Array, before: int, source: int) -> tuple[Any, Any]:
    """Return the coordinates of a portion in the storage CRS; `before` rows came before it."""
    try:
        points = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    except shapely.errors.GEOSException as error:
        raise InvalidFile(f"{path.name}: a geometry in rows {before + 1} to {before + len(column)} is no WKB ({error})") from error
    wrong = np.flatnonzero((shapely.get_type_id(points) != shapely.GeometryType.POINT) | shapely.is_empty(points))
    if len(wrong):
        found = points[wrong[0]]
        what = "no geometry" if found is None else f"an empty {found.geom_type}" if found.is_empty else f"a {found.geom_type}"
        raise InvalidFile(f"{path.name}, row {before + wrong[0] + 1}: {what}; every row needs a point")
    x, y = crs.transform_xy(shapely.get_x(points), shapely.get_y(points), source, crs.STORAGE)
    lost = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if len(lost):
        raise InvalidFile(f"{path.name}, row {before + lost[0] + 1}: {points[lost[0]].wkt} is no place in EPSG:{source}")
    return np.asarray(x), np.asarray(y)


def partitions(places: PlaceFile, size: int) -> list[Any]:
    """Return the rows in portions of at most `size` that lie close together: along a Hilbert curve, of equals in file order."""
    bounds = (places.x_m.min(), places.y_m.min(), places.x_m.max() + 1, places.y_m.max() + 1)
    along = [
        gpd.GeoSeries(gpd.points_from_xy(places.x_m[low : low + PORTION], places.y_m[low : low + PORTION])).hilbert_distance(bounds, LEVEL)
        for low in range(0, len(places), PORTION)
    ]
    order = np.argsort(np.concatenate(along), kind="stable")
    return np.array_split(order, -(-len(order) // size))


def write(places: PlaceFile, added: Mapping[str, pa.Array], about: Mapping[str, Any], path: Path) -> None:
    """Write the rows in their order with columns added, the points in EPSG:25833, beside the target and then renamed.

    Parameters
    ----------
    added : mapping
        Name → values, one per row; columns of that name in the input are replaced.
    about : mapping
        What the columns follow from, written as JSON under the key `raumwohlstand`.

    Raises
    ------
    InvalidFile
        When the target cannot be written.
    """
    box = [float(v) for v in (places.x_m.min(), places.y_m.min(), places.x_m.max(), places.y_m.max())]
    spelled = CRS.from_epsg(crs.STORAGE).to_json_dict()
    geometry = {"encoding": "WKB", "geometry_types": ["Point"], "crs": spelled, "bbox": box}
    geo = {"version": "1.1.0", "primary_column": places.geometry, "columns": {places.geometry: geometry}}
    metadata = {GEO: json.dumps(geo), b"raumwohlstand": json.dumps(about, ensure_ascii=False)}
    with pq.ParquetFile(places.path) as source:
        kept = [f for f in source.schema_arrow if f.name != places.geometry and f.name not in added]
        fields = [*kept, *(pa.field(n, v.type, metadata=_unit(n)) for n, v in added.items()), pa.field(places.geometry, pa.binary())]
        schema = pa.schema(fields, metadata=metadata)
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        except OSError as error:
            raise InvalidFile(f"{path}: cannot be written ({error.strerror})") from error
        os.close(handle)
        try:
            with pq.ParquetWriter(name, schema, compression="zstd", compression_level=3) as target:
                for low, columns in _kept(source, [f.name for f in kept]):
                    high = low + columns.num_rows
                    points = shapely.to_wkb(shapely.points(places.x_m[low:high], places.y_m[low:high]))
                    new = [v.slice(low, high - low) for v in added.values()]
                    values = [*columns.columns, *new, pa.array(points, pa.binary())]
                    target.write_table(pa.Table.from_arrays(values, schema=schema), row_group_size=PORTION)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _kept(source: pq.ParquetFile, names: list[str]) -> Iterator[tuple[int, pa.Table]]:
    """Yield the columns that are kept, in portions of one size whatever the groups of the source, with the row each begins at."""
    low = 0
    waiting: list[pa.RecordBatch] = []
    for batch in source.iter_batches(PORTION, columns=names):
        waiting.append(batch)
        if sum(len(b) for b in waiting) >= PORTION:
            table = pa.Table.from_batches(waiting).combine_chunks()
            yield low, table.slice(0, PORTION)
            low += PORTION
            waiting = table.slice(PORTION).to_batches()
    if waiting and sum(len(b) for b in waiting):
        yield low, pa.Table.from_batches(waiting).combine_chunks()


def _unit(name: str) -> dict[bytes, bytes] | None:
    return {b"unit": b"min"} if name.endswith("_min") else None
