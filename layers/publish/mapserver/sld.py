"""Styles that a client sends (SLD_BODY): read and checked before MapServer, which would fetch pictures and open files they name."""

from __future__ import annotations

import re

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from layers.publish.ows.question import check_depth
from layers.publish.ows.reports import OwsError

ELEMENTS = (
    "StyledLayerDescriptor NamedLayer Name Title Abstract Description UserStyle IsDefault FeatureTypeStyle FeatureTypeName Rule "
    "LegendGraphic MinScaleDenominator MaxScaleDenominator ElseFilter NamedStyle LayerFeatureConstraints "
    "PointSymbolizer LineSymbolizer PolygonSymbolizer TextSymbolizer Geometry Graphic Mark WellKnownName Fill Stroke GraphicFill "
    "GraphicStroke CssParameter SvgParameter Size Opacity Rotation Label LabelPlacement PointPlacement LinePlacement AnchorPoint "
    "AnchorPointX AnchorPointY Displacement DisplacementX DisplacementY PerpendicularOffset Halo Radius Font Priority VendorOption "
    "Filter And Or Not PropertyIsEqualTo PropertyIsNotEqualTo PropertyIsLessThan PropertyIsGreaterThan PropertyIsLessThanOrEqualTo "
    "PropertyIsGreaterThanOrEqualTo PropertyIsLike PropertyIsBetween PropertyIsNull LowerBoundary UpperBoundary PropertyName "
    "ValueReference Literal"
)
ALLOWED = frozenset(ELEMENTS.split())
MARKS = ("circle", "cross", "square", "star", "triangle", "x")
BREAKING = re.compile(r"[\"\\\[\]`\x00-\x08]")
OWN_FONT = "sans"


def check(text: str) -> None:
    """Refuse a style that names anything outside itself; raises `OwsError`."""
    try:
        root = fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise OwsError("InvalidParameterValue", "SLD_BODY: a document type or entities are not read", "sld_body") from None
    except (ParseError, ValueError, LookupError) as error:
        raise OwsError("InvalidParameterValue", f"SLD_BODY is no well-formed XML: {error}", "sld_body") from None
    check_depth(root)
    for element in root.iter():
        name, value = element.tag.rpartition("}")[2], (element.text or "").strip()
        if name not in ALLOWED:
            raise OwsError("InvalidParameterValue", f"SLD_BODY: {name[:40]} is not accepted; styles may name nothing outside", "sld_body")
        if name == "WellKnownName" and value.lower() not in MARKS:
            raise OwsError("InvalidParameterValue", f"SLD_BODY: the mark {value[:40]!r}; there are {', '.join(MARKS)}", "sld_body")
        if name == "CssParameter" and element.get("name", "").lower() == "font-family" and value != OWN_FONT:
            raise OwsError("InvalidParameterValue", f"SLD_BODY: the font {value[:40]!r}; there is {OWN_FONT}", "sld_body")
        if BREAKING.search(value):
            raise OwsError("InvalidParameterValue", f'SLD_BODY: {name} holds one of " \\ [ ] `', "sld_body")
