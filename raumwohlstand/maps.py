"""Maps of layers in the colours of the platform, with legend, sources and the word that examples are invented. No Django."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any

import folium
import geopandas as gpd
import pandas as pd

from geo import crs
from geo.errors import InvalidParameter
from layers.publish.style import Style, StyleClass, Symbol

LIMIT = 2_000
TOLD = ("title", "name", "centre_name", "town_name", "district_name")  # what names a row, where a layer has it
BOX = "position:absolute;z-index:1000;background:#fffdf8;padding:4px 10px;font:14px sans-serif;color:#1c2320;margin:0;"


def draw(
    rows: gpd.GeoDataFrame, popup: Iterable[str] | None = None, ground: gpd.GeoDataFrame | None = None, note: str = "", limit: int = LIMIT
) -> folium.Map:
    """Return a folium map of a layer's rows in the layer's style; no tile server is asked.

    Parameters
    ----------
    rows : GeoDataFrame
        From this package, or cut out of such a one; any CRS. At most `limit` rows are drawn, and what is left out is said.
    popup : iterable of str, optional
        Columns shown on click with their labels and units; everything is escaped. Without it what names a row and its class.
    ground : GeoDataFrame, optional
        Areas drawn below, e.g. `rw.towns()`.
    note : str
        A further sentence on the map, escaped; how many rows are examples, the layer's note and its sources are there anyway.

    Raises
    ------
    ValueError
        When the frame carries no style in its `.attrs`, or lacks the column that the style goes by.

    Notes
    -----
    The page that folium writes names its scripts on public servers; the notebook fetches them when it is opened in a
    browser with a network. The pages of this product do not use it.
    """
    if "style" not in rows.attrs:
        raise ValueError("the frame has no style in .attrs['style']; expected one from rw.vacancies(), rw.towns() …")
    style = _style(rows.attrs["style"])
    if rows.index.name and rows.index.name not in rows:
        rows = rows.reset_index()  # a layer may be drawn by its key
    if style.column and style.column not in rows:
        raise ValueError(f"the frame lacks the column {style.column}, by which it is drawn; expected it in columns=")
    made = folium.Map(location=(52.45, 13.3), zoom_start=8, tiles=None, control_scale=True)
    if ground is not None:
        shapes = ground[["geometry"]].to_crs(crs.WEB)
        look = {"color": "#8d9a84", "weight": 1, "fillColor": "#fbf9f2", "fillOpacity": 1}
        folium.GeoJson(shapes.to_json(), style_function=lambda _f: look).add_to(made)
    shown = rows.head(limit).to_crs(crs.WEB)
    values = [None if pd.isna(v) else v for v in shown[style.column]] if style.column else [None] * len(shown)
    classes = [style.of(value) for value in values]
    names = [n for n in (*TOLD, style.column) if n in shown] if popup is None else list(popup)
    if unknown := [n for n in names if n not in shown]:
        raise InvalidParameter("popup", str(unknown[0])[:60], f"expected some of {', '.join(map(str, shown))}")
    _add(made, shown, classes, list(_texts(shown, dict.fromkeys(names))))
    used = [c for c in style.classes if c in classes]
    _add_box(made, "top:10px;right:10px", _legend(str(rows.attrs.get("title", "")), used))
    _add_box(made, "bottom:0;left:0;right:0;font-size:12px", html.escape(" ".join(_said(rows, note, limit))))
    return made


def _style(told: dict[str, Any]) -> Style:
    return Style(tuple(StyleClass(**{**c, "symbol": Symbol(**c["symbol"])}) for c in told["classes"]), told["column"])


def _texts(rows: gpd.GeoDataFrame, names: Iterable[str]) -> Iterator[str]:
    """Yield what is shown on click, escaped: one line per column that has a value."""
    labels, units, values = (rows.attrs.get(part, {}) for part in ("labels", "units", "values"))
    columns = {n: rows[n].tolist() for n in names}
    for i in range(len(rows)):
        lines = []
        for name, column in columns.items():
            value = column[i]
            if isinstance(value, list):
                value = ", ".join(values.get(name, {}).get(v, str(v)) for v in value)
            if isinstance(value, dict) or (not isinstance(value, str) and pd.isna(value)) or value == "":
                continue
            text = values.get(name, {}).get(value, str(value)) if isinstance(value, str) else str(value)
            lines.append(_escaped(f"{labels.get(name, name)}: {text} {units.get(name, '')}".strip()))
        yield "<br>".join(lines)


def _escaped(text: str) -> str:
    """Return text for folium's windows, which stand in a template literal of JavaScript: it would run what `${…}` holds."""
    return html.escape(text).translate({ord(c): f"&#{ord(c)};" for c in "$`\\{}"})


def _add(made: folium.Map, rows: gpd.GeoDataFrame, classes: list[StyleClass | None], texts: list[str]) -> None:
    """Add points one by one, areas as one layer; a row that no class holds is not drawn."""
    areas = []
    for shape, c, text in zip(rows.geometry, classes, texts, strict=True):
        if c is None or shape is None or shape.is_empty:
            continue
        look = _look(c.symbol)
        if shape.geom_type == "Point":
            window = folium.Popup(text, max_width=300)
            folium.CircleMarker((shape.y, shape.x), radius=c.symbol.size / 2, popup=window, **look).add_to(made)
        else:
            areas.append({"type": "Feature", "geometry": shape.__geo_interface__, "properties": {"text": text, "look": look}})
    if areas:
        window = folium.GeoJsonPopup(["text"], labels=False)
        drawn = {"type": "FeatureCollection", "features": areas}
        folium.GeoJson(drawn, style_function=_leaflet, popup=window).add_to(made)


def _look(s: Symbol) -> dict[str, Any]:
    edge = {"color": s.stroke or s.fill, "weight": s.width if s.stroke else 0}
    return {**edge, "fill": bool(s.fill), "fill_color": s.fill, "fill_opacity": s.opacity}


def _leaflet(area: dict[str, Any]) -> dict[str, Any]:
    look = area["properties"]["look"]
    words = {"fill_color": "fillColor", "fill_opacity": "fillOpacity"}
    return {words.get(name, name): value for name, value in look.items()}


def _legend(title: str, classes: list[StyleClass]) -> str:
    lines = [f"<b>{html.escape(title)}</b>"]
    for c in classes:
        s = c.symbol
        sign = f"display:inline-block;width:.8em;height:.8em;margin-right:.4em;background:{s.fill};border:1px solid {s.stroke or s.fill}"
        lines.append(f'<span style="{html.escape(sign)}"></span>{html.escape(str(c.label))}')
    return "<br>".join(lines)


def _said(rows: gpd.GeoDataFrame, note: str, limit: int) -> Iterator[str]:
    if note:
        yield note
    if "is_example" in rows and (invented := int(rows["is_example"].sum())):
        yield f"Beispiel: {invented} von {len(rows)} sind erfunden."
    if len(rows) > limit:
        yield f"Gezeichnet sind {limit} von {len(rows)}."
    if rows.attrs.get("note"):
        yield str(rows.attrs["note"])
    if rows.attrs.get("attribution"):
        yield f"Quellen: {rows.attrs['attribution']}"


def _add_box(made: folium.Map, place: str, inner: str) -> None:
    made.get_root().html.add_child(folium.Element(f'<div style="{BOX}{place}">{inner}</div>'))  # type: ignore[attr-defined]
