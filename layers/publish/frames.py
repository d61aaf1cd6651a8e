"""Collections as GeoDataFrames, and maps of them."""

from __future__ import annotations

import html
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.db.models import F, QuerySet

from geo import crs
from layers.publish.collection import Collection


def frame(collection: Collection, rows: QuerySet[Any]) -> gpd.GeoDataFrame:
    """Return public rows as a GeoDataFrame in EPSG:25833, indexed by the key, in its order.

    Numbers are nullable integers or floats, flags nullable booleans, dates datetime64, lists Python lists.
    """
    names = [f.name for f in collection.fields]
    values = rows.order_by(collection.key).annotate(shape=AsWKB(F(collection.geometry))).values_list("shape", *names)
    found = list(values)
    columns = {name: [row[i] for row in found] for i, name in enumerate(names, 1)}
    shapes = shapely.from_wkb([bytes(row[0]) for row in found])
    made = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs.STORAGE)
    kinds = {"number": "Int64", "flag": "boolean"}
    for f in collection.fields:
        if f.kind in kinds:
            made[f.name] = made[f.name].astype(kinds[f.kind])
        elif f.kind == "date":
            made[f.name] = pd.to_datetime(made[f.name])
        elif f.kind == "decimal":
            made[f.name] = made[f.name].astype(float)
    return made.set_index(collection.key)


def folium_map(
    points: gpd.GeoDataFrame, label: str, ground: gpd.GeoDataFrame | None = None, note: str = "", limit: int = 2_000
) -> folium.Map:
    """Return a folium map of points over an optional ground; no tile server is asked.

    Parameters
    ----------
    points : GeoDataFrame
        Any CRS; at most `limit` rows are drawn.
    label : str
        Column shown on click, escaped.
    ground : GeoDataFrame, optional
        Areas drawn below.
    note : str
        A sentence shown on the map, e.g. that the rows are examples; escaped. What `limit` leaves out is said there, too.

    Notes
    -----
    The page that folium writes names its scripts on a public server; the notebook shows them when it is opened in a
    browser with a network. The pages of this product do not use it.
    """
    made = folium.Map(location=(52.45, 13.3), zoom_start=8, tiles=None, control_scale=True)
    if ground is not None:
        shapes = ground[["geometry"]].to_crs(crs.WEB)
        folium.GeoJson(
            shapes.to_json(), style_function=lambda _f: {"color": "#8d9a84", "weight": 1, "fillColor": "#fbf9f2", "fillOpacity": 1}
        ).add_to(made)
    for row in points.to_crs(crs.WEB).head(limit).itertuples():
        text = html.escape(str(getattr(row, label)))
        spot = (row.geometry.y, row.geometry.x)
        folium.CircleMarker(spot, radius=5, color="#1f5a45", fill=True, popup=folium.Popup(text, max_width=260)).add_to(made)
    shown = [note] if note else []
    if len(points) > limit:
        shown.append(f"Gezeichnet sind {limit} von {len(points)}.")
    if shown:
        line = html.escape(" ".join(shown))
        style = "position:absolute;bottom:24px;left:50%;transform:translateX(-50%);z-index:1000;background:#fff;padding:4px 10px"
        made.get_root().html.add_child(folium.Element(f'<p style="{style};font:14px sans-serif">{line}</p>'))  # type: ignore[attr-defined]
    return made
