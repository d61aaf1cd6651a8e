"""A collection's style in the words of other programs: QML of QGIS, and OGC SLD 1.0.0 and 1.1.0. Values in, text out."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree
from lxml.builder import ElementMaker

from layers.publish.collection import Collection
from layers.publish.style import PAPER, StyleClass, Symbol

MM = 0.28  # of a pixel, by OGC's definition
INK = "#2b2f2c"
SLD, SE, OGC, XLINK = (
    "http://www.opengis.net/sld",
    "http://www.opengis.net/se",
    "http://www.opengis.net/ogc",
    "http://www.w3.org/1999/xlink",
)
LABEL_PX = 11


def qml(collection: Collection, names: Mapping[str, str] | None = None) -> str:
    """Return the style as QGIS (3.22 and later) saves it: rules, scale limits, labels, the columns' labels and lists of values.

    Parameters
    ----------
    names : mapping, optional
        How columns are called in the file, where that differs.
    """
    categories = "LayerConfiguration|Symbology|Labeling|Fields|Forms|Rendering"
    root = etree.Element("qgis", version="3.22.0", styleCategories=categories, **visibility(collection))
    fill_qml(root, collection, names or {})
    return '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n' + etree.tostring(root, encoding="unicode", pretty_print=True)


def visibility(collection: Collection) -> dict[str, str]:
    """Return the attributes of a `qgis` or `maplayer` element that say between which scales the layer shows, and whether with labels."""
    largest, smallest = collection.scale
    return {
        "hasScaleBasedVisibilityFlag": "1" if largest or smallest else "0",
        "minScale": str(largest or 100_000_000),
        "maxScale": str(smallest),
        "labelsEnabled": "1" if collection.style.label_column else "0",
    }


def fill_qml(root: etree._Element, collection: Collection, names: Mapping[str, str]) -> None:
    """Append renderer, labels and columns to a `qgis` or `maplayer` element."""
    style = collection.style
    renderer = etree.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0")
    rules = etree.SubElement(renderer, "rules", key="root")
    symbols = etree.SubElement(renderer, "symbols")
    column = names.get(style.column, style.column)
    for n, shown in enumerate(style.classes):
        rule = etree.SubElement(rules, "rule", key=f"class{n}", symbol=str(n), label=str(shown.label))
        if condition := _expression(column, shown):
            rule.set("filter", condition)
        symbols.append(_symbol(str(n), shown.symbol, collection.geometry_type))
    if style.label_column:
        root.append(_labels(names.get(style.label_column, style.label_column), style.label_below, collection.geometry_type))
    _columns(root, collection, names)


def _expression(column: str, shown: StyleClass) -> str:
    name = '"' + column.replace('"', '""') + '"'
    if shown.value is not None:
        return f"{name} = '{shown.value.replace(chr(39), chr(39) * 2)}'"
    parts = [f"{name} >= {shown.low:g}"] if shown.low is not None else []
    parts += [f"{name} < {shown.high:g}"] if shown.high is not None else []
    return " AND ".join(parts) or ("ELSE" if column else "")


def _colour(hexadecimal: str, opacity: float = 1.0) -> str:
    r, g, b = (int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5))
    return f"{r},{g},{b},{round(255 * opacity)}"


def _options(parent: etree._Element, values: Mapping[str, str]) -> None:
    held = etree.SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        etree.SubElement(held, "Option", name=name, value=value, type="QString")


def _symbol(name: str, symbol: Symbol, geometry: str) -> etree._Element:
    point = geometry == "Point"
    made = etree.Element("symbol", type="marker" if point else "fill", name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    layer = etree.SubElement(made, "layer", enabled="1", locked="0", **{"class": "SimpleMarker" if point else "SimpleFill", "pass": "0"})
    look = {
        "color": _colour(symbol.fill or PAPER, symbol.opacity if symbol.fill else 0),
        "outline_color": _colour(symbol.stroke or PAPER),
        "outline_style": "solid" if symbol.stroke else "no",
        "outline_width": f"{symbol.width * MM:.3g}",
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    if point:
        look |= {"name": symbol.shape, "size": f"{symbol.size * MM:.3g}", "size_unit": "MM", "scale_method": "diameter"}
    else:
        look["style"] = "solid" if symbol.fill else "no"
    _options(layer, look)
    return made


def _labels(column: str, below: int, geometry: str) -> etree._Element:
    made = etree.Element("labeling", type="simple")
    settings = etree.SubElement(made, "settings", calloutType="simple")
    text = etree.SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontFamily="Open Sans",
        fontSize=f"{LABEL_PX * 0.75:g}",
        fontSizeUnit="Point",
        textColor=_colour(INK),
        textOpacity="1",
    )
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": _colour(PAPER), "bufferOpacity": "1"}
    etree.SubElement(text, "text-buffer", buffer)
    # 6: around a point by preference; 1: over the middle of an area
    etree.SubElement(settings, "placement", placement="6" if geometry == "Point" else "1", dist="1.2", distUnits="MM", priority="5")
    limits = {"scaleVisibility": "1", "scaleMin": "0", "scaleMax": str(below), "obstacle": "1", "drawLabels": "1"}
    etree.SubElement(settings, "rendering", limits)
    return made


def _columns(root: etree._Element, collection: Collection, names: Mapping[str, str]) -> None:
    fields = etree.SubElement(root, "fieldConfiguration")
    aliases = etree.Element("aliases")
    for n, f in enumerate(collection.fields):
        name = names.get(f.name, f.name)
        etree.SubElement(aliases, "alias", field=name, name=str(f.label), index=str(n))
        if not f.choices or f.kind != "text":
            continue
        widget = etree.SubElement(etree.SubElement(fields, "field", name=name), "editWidget", type="ValueMap")
        config = etree.SubElement(etree.SubElement(widget, "config"), "Option", type="Map")
        listed = etree.SubElement(config, "Option", name="map", type="List")
        for value, label in f.choices:
            entry = etree.SubElement(listed, "Option", type="Map")
            etree.SubElement(entry, "Option", name=str(label), value=str(value), type="QString")
    root.append(aliases)


def sld(collection: Collection, version: str = "1.1.0") -> str:
    """Return the style as a StyledLayerDescriptor of version 1.0.0 or 1.1.0; sizes in pixels of 0.28 mm."""
    new = version == "1.1.0"
    space = SE if new else SLD
    spaces = {None: SLD, "ogc": OGC, "xlink": XLINK} | ({"se": SE} if new else {})
    s, d = ElementMaker(namespace=space, nsmap=spaces), ElementMaker(namespace=SLD, nsmap=spaces)
    parameter = s.SvgParameter if new else s.CssParameter

    def said(text: object) -> etree._Element:
        return s.Description(s.Title(str(text))) if new else s.Title(str(text))

    def limits(largest: int, smallest: int) -> list[etree._Element]:
        made = [s.MinScaleDenominator(str(smallest))] if smallest else []
        return made + ([s.MaxScaleDenominator(str(largest))] if largest else [])

    def named(name: str, value: str) -> etree._Element:
        return parameter(value, name=name)

    def drawn(symbol: Symbol) -> list[etree._Element]:
        made = [s.Fill(named("fill", symbol.fill), named("fill-opacity", f"{symbol.opacity:g}"))] if symbol.fill else []
        if symbol.stroke:
            made.append(s.Stroke(named("stroke", symbol.stroke), named("stroke-width", f"{symbol.width:g}")))
        return made

    style, rules = collection.style, []
    for n, shown in enumerate(style.classes):
        condition = _filter(style.column, shown, s)
        if collection.geometry_type == "Point":
            mark = s.Mark(s.WellKnownName(shown.symbol.shape), *drawn(shown.symbol))
            symbolizer = s.PointSymbolizer(s.Graphic(mark, s.Size(f"{shown.symbol.size:g}")))
        else:
            symbolizer = s.PolygonSymbolizer(*drawn(shown.symbol))
        parts = [s.Name(f"class{n}"), said(shown.label), *condition, *limits(*collection.scale), symbolizer]
        rules.append(s.Rule(*parts))
    if style.label_column:
        largest = min(style.label_below, collection.scale[0] or style.label_below)
        placed = s.PointPlacement(
            s.AnchorPoint(s.AnchorPointX("0.5"), s.AnchorPointY("0")), s.Displacement(s.DisplacementX("0"), s.DisplacementY("8"))
        )
        text = s.TextSymbolizer(
            s.Label(etree.Element(f"{{{OGC}}}PropertyName")),
            s.Font(named("font-family", "Open Sans"), named("font-size", str(LABEL_PX))),
            s.LabelPlacement(placed),
            s.Halo(s.Radius("1.5"), s.Fill(named("fill", PAPER))),
            s.Fill(named("fill", INK)),
        )
        text[0][0].text = style.label_column
        rules.append(s.Rule(s.Name("label"), said(collection.title), *limits(largest, collection.scale[1]), text))
    kind = s.FeatureTypeStyle(*rules)
    layer = d.NamedLayer(s.Name(collection.name), d.UserStyle(s.Name(collection.name), said(collection.title), d.IsDefault("1"), kind))
    root = d.StyledLayerDescriptor(layer, version=version)
    return etree.tostring(root, encoding="unicode", pretty_print=True)


def _filter(column: str, shown: StyleClass, s: ElementMaker) -> list[etree._Element]:
    o = ElementMaker(namespace=OGC, nsmap={"ogc": OGC})

    def compared(operator: str, value: object) -> etree._Element:
        return o(operator, o.PropertyName(column), o.Literal(str(value)))

    if shown.value is not None:
        return [o.Filter(compared("PropertyIsEqualTo", shown.value))]
    parts = [compared("PropertyIsGreaterThanOrEqualTo", f"{shown.low:g}")] if shown.low is not None else []
    parts += [compared("PropertyIsLessThan", f"{shown.high:g}")] if shown.high is not None else []
    if not parts:
        return [s.ElseFilter()] if column else []
    return [o.Filter(o.And(*parts) if len(parts) > 1 else parts[0])]
