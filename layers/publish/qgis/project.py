"""All layers as a project for QGIS: grouped, titled and styled, their rows from the WFS. Values in, bytes out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable

from lxml import etree
from pyproj import CRS

from geo import crs
from layers.publish.collection import Collection
from layers.publish.qgis import styles

PREFIX = "raum"  # of the type names in the WFS
VERSION = "3.22.0"
SRSID = "2106"  # of EPSG:25833 in the list that QGIS brings along
Source = Callable[[Collection], tuple[str, str]]


def wfs_source(address: str, query: str) -> Source:
    """Return what gives a layer's provider and data source: the WFS at an address, which keeps the filter of a query string."""
    url = address + (f"?{query}" if query else "")

    def source(layer: Collection) -> tuple[str, str]:
        words = {
            "pagingEnabled": "true",
            "preferCoordinatesForWfsT11": "false",
            "restrictToRequestBBOX": "1",
            "srsname": f"EPSG:{crs.STORAGE}",
            "typename": f"{PREFIX}:{layer.name}",
            "url": url,
            "version": "2.0.0",
        }
        return "WFS", " ".join(f"{name}='{_quoted(value)}'" for name, value in words.items())

    return source


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def project(layers: Iterable[Collection], source: Source, title: str, attribution: Callable[[Collection], str]) -> bytes:
    """Return a zipped project (`.qgz`) in EPSG:25833 that opens on Brandenburg.

    Points lie above areas. Layers with names (vacancies, towns, stops, facilities) are shown at first, the others are a click
    away.

    Parameters
    ----------
    source : callable
        Gives provider and data source of a layer.
    attribution : callable
        Gives the source lines of a layer.
    """
    layers = tuple(layers)
    root = etree.Element("qgis", projectname=title, version=f"{VERSION}-Białowieża")
    etree.SubElement(root, "title").text = title
    etree.SubElement(root, "projectCrs").append(_system())
    root.append(_tree(layers, source))
    canvas = etree.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    etree.SubElement(canvas, "units").text = "meters"
    canvas.append(_box("extent"))
    etree.SubElement(canvas, "destinationsrs").append(_system())
    held = etree.SubElement(root, "projectlayers")
    for layer in layers:
        held.append(_layer(layer, *source(layer), attribution(layer)))
    view = etree.SubElement(root, "ProjectViewSettings", UseProjectScales="0")
    shown = etree.SubElement(view, "DefaultViewExtent", dict(zip(("xmin", "ymin", "xmax", "ymax"), map(str, crs.EXTENT), strict=True)))
    shown.append(_system())
    enabled = etree.SubElement(etree.SubElement(etree.SubElement(root, "properties"), "SpatialRefSys"), "ProjectionsEnabled", type="int")
    enabled.text = "1"  # without it the project has no CRS
    text = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + etree.tostring(root, encoding="unicode", pretty_print=True)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("raumwohlstand.qgs"), text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _identifier(layer: Collection) -> str:
    return f"{PREFIX}_{layer.name}"


def _system() -> etree._Element:
    made = etree.Element("spatialrefsys", nativeFormat="Wkt")
    known = CRS.from_epsg(crs.STORAGE)
    # QGIS looks at the code only where its own number stands beside it
    words = {"wkt": known.to_wkt(), "srsid": SRSID, "srid": str(crs.STORAGE), "authid": f"EPSG:{crs.STORAGE}", "description": known.name}
    for name, text in words.items():
        etree.SubElement(made, name).text = text
    return made


def _box(name: str) -> etree._Element:
    made = etree.Element(name)
    for edge, value in zip(("xmin", "ymin", "xmax", "ymax"), crs.EXTENT, strict=True):
        etree.SubElement(made, edge).text = str(value)
    return made


def _tree(layers: tuple[Collection, ...], source: Source) -> etree._Element:
    root, groups = etree.Element("layer-tree-group"), {}
    for layer in layers:
        heading = str(layer.group)
        if heading not in groups:
            groups[heading] = etree.SubElement(root, "layer-tree-group", name=heading, expanded="1", checked="Qt::Checked")
        provider, data = source(layer)
        shown = "Qt::Checked" if layer.style.label_column else "Qt::Unchecked"
        listed = {
            "id": _identifier(layer),
            "name": str(layer.title),
            "source": data,
            "providerKey": provider,
            "checked": shown,
            "expanded": "0",
        }
        etree.SubElement(groups[heading], "layer-tree-layer", listed)
    order = etree.SubElement(root, "custom-order", enabled="1")
    for layer in sorted(layers, key=lambda c: c.geometry_type != "Point"):
        etree.SubElement(order, "item").text = _identifier(layer)
    return root


def _layer(layer: Collection, provider: str, data: str, attribution: str) -> etree._Element:
    made = etree.Element(
        "maplayer",
        type="vector",
        geometry="Point" if layer.geometry_type == "Point" else "Polygon",
        wkbType=layer.geometry_type,
        **styles.visibility(layer),
    )
    for name, text in (("id", _identifier(layer)), ("datasource", data), ("layername", str(layer.title))):
        etree.SubElement(made, name).text = text
    etree.SubElement(made, "abstract").text = f"{layer.description} {layer.note}".strip()
    etree.SubElement(made, "attribution").text = attribution
    etree.SubElement(made, "srs").append(_system())
    about = etree.SubElement(made, "resourceMetadata")
    for name, text in (("identifier", layer.name), ("type", "dataset"), ("title", str(layer.title)), ("rights", attribution)):
        etree.SubElement(about, name).text = text
    etree.SubElement(made, "provider", encoding="UTF-8").text = provider
    styles.fill_qml(made, layer, {})
    return made
