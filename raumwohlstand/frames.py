"""From an Arrow table and its description to a GeoDataFrame with the right types; the same for every source. No Django."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geo import crs

if TYPE_CHECKING:
    import folium

GEOMETRY = "geom"  # the column of the table: WKB
TYPES = {"number": pa.int64(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32()}  # of kinds; all others: text
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


class LayerFrame(gpd.GeoDataFrame):
    """A GeoDataFrame that knows how its layer is drawn; what is cut out of it or reprojected stays one."""

    @property
    def _constructor(self) -> Any:
        made = super()._constructor

        def construct(*args: Any, **kwargs: Any) -> Any:
            return _kept(made(*args, **kwargs))

        return construct

    def _constructor_from_mgr(self, mgr: Any, axes: Any) -> Any:
        return _kept(super()._constructor_from_mgr(mgr, axes))

    def explore(self, *args: Any, **options: Any) -> folium.Map:
        """Return the map in the layer's style (`rw.map`); with options of geopandas' own `explore` that one, on no ground unless asked."""
        if args or options or "style" not in self.attrs:
            return super().explore(*args, **{"tiles": None, **options})  # the default asks a foreign server
        from raumwohlstand.maps import draw

        return draw(self)


def _kept(made: Any) -> Any:
    if type(made) is gpd.GeoDataFrame:
        made.__class__ = LayerFrame
    return made


def frame_of(table: pa.Table, described: dict[str, Any]) -> LayerFrame:
    """Return the rows of a layer in EPSG:25833, indexed by its key.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of the layer and `geom`; a list is its texts joined by `|`, an object its JSON text.
    described : dict
        What `layers.publish.exports.provenance.described` says of the layer; becomes `.attrs`, cut to the columns that are there.

    Notes
    -----
    Whole numbers are Int64, flags boolean, decimals float64, dates datetime64; a column with a list of allowed values is
    categorical, with those values in their order, the empty text, then others that occur. Lists are Python lists; an object
    without content is None.
    """
    kinds, values = described["kinds"], described["values"]
    names = [n for n in table.column_names if n != GEOMETRY]
    plain, special = {}, {}
    for name in names:
        column, kind = table[name], kinds[name]
        if kind == "list":
            special[name] = _lists(column)
        elif kind == "object":
            with _collector_at_rest():
                special[name] = [None if text in (None, "{}") else orjson.loads(text) for text in column.to_pylist()]
        elif kind == "text" and values.get(name):
            special[name] = _categories(column, list(values[name]))
        elif kind == "date":
            plain[name] = column.cast(pa.timestamp("s"))
        else:
            plain[name] = column.cast(TYPES.get(kind, pa.string()))
    simple = pa.table(plain).to_pandas(types_mapper=NULLABLE.get) if plain else pd.DataFrame(index=range(len(table)))
    columns = {n: special[n] if n in special else simple[n] for n in names}
    columns |= {n: pd.Series(columns[n], dtype=object) for n in names if kinds[n] in ("list", "object")}  # also where there are no rows
    shapes = shapely.from_wkb(table[GEOMETRY].to_numpy())
    made = LayerFrame(pd.DataFrame(columns), geometry=shapes, crs=crs.STORAGE).set_index(described["key"])
    told = ("labels", "units", "descriptions", "values", "kinds")
    made.attrs = {**described, **{part: {n: v for n, v in described[part].items() if n in names} for part in told}}
    return made


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for cycles among very many new lists, again and again: there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _lists(column: pa.ChunkedArray) -> list[list[str] | None]:
    """Return texts parted by `|` as lists, one of its own for every row."""
    texts = column.to_pylist()
    known = {text: text.split("|") if text else [] for text in set(texts) if text is not None}
    with _collector_at_rest():
        return [None if text is None else known[text].copy() for text in texts]


def _categories(column: pa.ChunkedArray, allowed: list[str]) -> pd.Categorical:
    usual = list(dict.fromkeys((*allowed, "")))  # nothing known is one of them, so that frames of other questions have the same type
    known = usual + sorted(v for v in pc.unique(column).to_pylist() if v is not None and v not in usual)
    codes = pc.fill_null(pc.index_in(column, value_set=pa.array(known, pa.string())), -1).to_numpy()
    return pd.Categorical.from_codes(codes, known)
