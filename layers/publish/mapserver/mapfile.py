"""A MapServer map file from declared layers: values in, text out.

All text goes through `quoted`: what could end a string in a map file, or be replaced in it, is left out. SQL comes from
`sql.select`, which holds no such character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geo import crs
from layers.publish.collection import Collection
from layers.publish.mapserver.sql import ROW
from layers.publish.style import PAPER, Style, StyleClass, Symbol

FONT = Path(__file__).with_name("figtree-500.ttf")
LARGEST = 4096  # pixels
INK = "#26332c"
SYSTEMS = tuple(f"EPSG:{n}" for n in crs.KNOWN)
UNSAFE = re.compile(r"[\"\\\x00-\x1f\x7f]")
PREFIX, SPACE = "raum", "urn:x-raumwohlstand:layers"
GML_TYPES = {"number": "Integer", "decimal": "Real", "flag": "Boolean", "date": "Date"}
SHAPES = {"circle": "circle", "square": "square", "triangle": "triangle"}
SYMBOLS = """  SYMBOL NAME "circle" TYPE ELLIPSE FILLED TRUE POINTS 1 1 END END
  SYMBOL NAME "square" TYPE VECTOR FILLED TRUE POINTS 0 0 0 1 1 1 1 0 0 0 END END
  SYMBOL NAME "triangle" TYPE VECTOR FILLED TRUE POINTS 0 1 0.5 0 1 1 0 1 END END
"""
FORMATS = """  OUTPUTFORMAT NAME "png" DRIVER "AGG/PNG" MIMETYPE "image/png" IMAGEMODE RGB EXTENSION "png" FORMATOPTION "COMPRESSION=4" END
  OUTPUTFORMAT NAME "png8" DRIVER "AGG/PNG8" MIMETYPE "image/png; mode=8bit" IMAGEMODE RGB EXTENSION "png" FORMATOPTION "QUANTIZE_FORCE=on" FORMATOPTION "QUANTIZE_COLORS=256" END
  OUTPUTFORMAT NAME "jpeg" DRIVER "AGG/JPEG" MIMETYPE "image/jpeg" IMAGEMODE RGB EXTENSION "jpg" FORMATOPTION "QUALITY=88" END
  OUTPUTFORMAT NAME "raw" DRIVER "AGG/PNG" MIMETYPE "image/x-raw" IMAGEMODE RGB EXTENSION "png" FORMATOPTION "COMPRESSION=0" END
"""  # noqa: E501
RAW = "image/x-raw"


@dataclass(frozen=True)
class Drawn:
    """A layer as it is to be drawn: its rows as SQL, and for a description the box around all of them (storage CRS)."""

    collection: Collection
    rows: str
    box: tuple[float, float, float, float] = crs.EXTENT


@dataclass(frozen=True)
class Contact:
    """Who answers for the service."""

    organisation: str
    mail: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""


@dataclass(frozen=True)
class Service:
    """What the service says of itself.

    Parameters
    ----------
    address : str
        With the map's filter, ending in `?` or `&`.
    site : str
        Address of the pages, ending in `/`.
    connection : str
        libpq words of the reader.
    metadata : (str, str)
        Type and format by which the version calls metadata of ISO 19139.
    styled : bool
        Whether the client sends a style of its own: ours leaves no trace then.
    margin : int
        Pixels by which the picture is larger than the one asked for, on every side; labels keep out of it.
    lasting : bool
        Whether MapServer keeps its connection to the database for the next request.
    """

    title: str
    abstract: str
    address: str
    site: str
    connection: str
    contact: Contact
    fees: str
    constraints: str
    sequence: str = ""
    keywords: tuple[str, ...] = ()
    metadata: tuple[str, str] = ("ISO19115:2003", "application/xml")
    styled: bool = False
    margin: int = 0
    lasting: bool = True


def quoted(text: object) -> str:
    """Return a text as a string of a map file."""
    return '"' + UNSAFE.sub(" ", str(text)) + '"'


def mapfile(service: Service, layers: Sequence[Drawn]) -> str:
    """Return the map file for the layers, drawn in their order."""
    return "".join(
        (
            'MAP\n  NAME "raumwohlstand"\n  STATUS ON\n  SIZE 512 512\n  UNITS METERS\n  IMAGECOLOR "#ffffff"\n  IMAGETYPE "png"\n',
            f"  MAXSIZE {LARGEST + 2 * service.margin}\n  {RESOLUTION}\n",
            f"  EXTENT {_numbers(crs.EXTENT)}\n  {_projection()}\n  FONTSET {quoted(FONT.with_name('fonts.txt'))}\n",
            FORMATS,
            SYMBOLS,
            f"  WEB\n{_metadata(_about(service), 4)}  END\n",
            f'  LEGEND STATUS OFF KEYSIZE 22 16 KEYSPACING 6 5 IMAGECOLOR "#ffffff" LABEL {_font(9)} END END\n',
            *(_layer(service, drawn) for drawn in layers),
            "END\n",
        )
    )


def _about(service: Service) -> dict[str, object]:
    contact = service.contact
    return {
        "ows_title": service.title,
        "ows_abstract": service.abstract,
        "ows_keywordlist": ",".join(service.keywords),
        "ows_onlineresource": service.address,
        "ows_service_onlineresource": service.site,
        "ows_enable_request": "*",
        "ows_srs": " ".join(SYSTEMS),
        "ows_fees": service.fees,
        "ows_accessconstraints": service.constraints,
        "ows_contactorganization": contact.organisation,
        "ows_contactperson": contact.organisation,
        "ows_contactposition": "pointOfContact",
        "ows_contactelectronicmailaddress": contact.mail,
        "ows_addresstype": "postal",
        "ows_address": contact.address,
        "ows_city": contact.city,
        "ows_postcode": contact.postcode,
        "ows_stateorprovince": "DE-BB",
        "ows_country": "DE",
        "ows_updatesequence": service.sequence,
        "ows_http_max_age": "",
        "wms_rootlayer_title": service.title,
        "wms_bbox_extended": "true",
        "wms_sld_enabled": "true",
        "wms_attribution_title": "",
        "wms_getmap_formatlist": "raw" if service.margin else "png,png8,jpeg",
        "labelcache_map_edge_buffer": -service.margin if service.margin else "",
        "wms_getlegendgraphic_formatlist": "png,png8,jpeg",
        "wms_feature_info_mime_type": "text/html",
        "wms_getfeatureinfo_formatlist": "text/html,application/json,application/vnd.ogc.gml,text/plain",
        "wms_allow_getmap_without_styles": "true",
        "wfs_namespace_prefix": PREFIX,
        "wfs_namespace_uri": SPACE,
        "wfs_maxfeatures": MOST_FEATURES,
        "wfs_getfeature_formatlist": "",
        "ows_sos_enable_request": "!*",
        "ows_wcs_enable_request": "!*",
    }


MOST_FEATURES = 50_000
FULL_SIZE = 500_000  # scale denominator above which signs and lines shrink, so that a whole state is not a blot
RESOLUTION = "RESOLUTION 90.7142857 DEFRESOLUTION 90.7142857"  # a pixel of 0.28 mm, as the standards have it
SMALLEST = 0.4  # of their size


def _layer(service: Service, drawn: Drawn) -> str:
    c = drawn.collection
    kind = {"Point": "POINT"}.get(c.geometry_type, "POLYGON")
    link = f"{service.site}metadaten/{c.name}.xml"
    about = {
        "ows_title": c.title,
        "ows_abstract": " ".join(str(t) for t in (c.description, c.note) if t),
        "ows_keywordlist": ",".join(c.keywords),
        "ows_srs": " ".join(SYSTEMS),
        "ows_extent": _numbers(drawn.box),
        "ows_include_items": "all",
        "ows_featureid": c.key,
        "wms_layer_group": f"/{c.group}",
        "wms_style_default_title": c.title,
        "ows_metadataurl_href": link,
        "ows_metadataurl_type": service.metadata[0],
        "ows_metadataurl_format": service.metadata[1],
        "ows_authorityurl_name": "raumwohlstand",
        "ows_authorityurl_href": service.site,
        "ows_identifier_authority": "raumwohlstand",
        "ows_identifier_value": c.name,
        "gml_include_items": ",".join(f.name for f in c.fields),
        "gml_featureid": c.key,
        "gml_geometries": "geom",
        "gml_geom_type": {"Point": "point", "Polygon": "polygon"}.get(c.geometry_type, "multipolygon"),
        "wfs_use_default_extent_for_getfeature": "false",
        **{f"gml_{f.name}_type": GML_TYPES.get(f.kind, "Character") for f in c.fields},
    }
    whole = "" if service.styled else _composite(c.style, kind)
    largest, smallest = c.scale
    scales = (f"    MAXSCALEDENOM {largest}\n" if largest else "") + (f"    MINSCALEDENOM {smallest}\n" if smallest else "")
    return "".join(
        (
            f"  LAYER\n    NAME {quoted(c.name)}\n    TYPE {kind}\n    STATUS ON\n{scales}",
            f'    TEMPLATE "none"\n    TOLERANCE 6\n    TOLERANCEUNITS PIXELS\n    {_projection()}\n',
            f"    SYMBOLSCALEDENOM {FULL_SIZE}\n    CONNECTIONTYPE POSTGIS\n    CONNECTION {connection(service.connection)}\n",
            f"    DATA {quoted(f'geom from ({drawn.rows}) as sub using unique {ROW} using srid={crs.STORAGE}')}\n",
            '    PROCESSING "CLOSE_CONNECTION=DEFER"\n' if service.lasting else "",
            _metadata(about, 4),
            whole,
            _classes(c.style, kind, [f.name for f in c.fields], bool(whole)),
            "  END\n",
        )
    )


def connection(words: str) -> str:
    """Return libpq words as a string of a map file.

    Raises
    ------
    ValueError
        When a password has a character that the file cannot hold.
    """
    if UNSAFE.search(words):
        raise ValueError("a quote or backslash in the reader's database address cannot stand in a map file")
    return f'"{words}"'


def _classes(style: Style, kind: str, columns: Sequence[str], whole: bool) -> str:
    parts = [f"    CLASSITEM {quoted(style.column)}\n"] if style.column else []
    parts += [f"    LABELITEM {quoted(style.label_column)}\n"] if style.label_column else []
    label = _label(style, kind) if style.label_column in columns else ""
    for one in style.classes:
        parts.append(
            f"    CLASS\n      NAME {quoted(one.label)}\n{_expression(style, one)}{_symbol(one.symbol, kind, whole)}{label}    END\n"
        )
    return "".join(parts)


def _expression(style: Style, one: StyleClass) -> str:
    if one.value is not None:
        return f"      EXPRESSION {quoted(one.value)}\n"
    bounds = [f"[{style.column}] >= {one.low:g}"] if one.low is not None else []
    bounds += [f"[{style.column}] < {one.high:g}"] if one.high is not None else []
    return f"      EXPRESSION ({' AND '.join(bounds)})\n" if bounds else ""


def _see_through(s: Symbol) -> bool:
    """Whether an area lets the ground show and has no line of another colour."""
    return s.opacity < 1 and s.stroke in ("", s.fill)


def _composite(style: Style, kind: str) -> str:
    """Return the words that make a whole layer transparent: its areas are drawn opaque first, so that seams and overlaps do not show."""
    opacities = {c.symbol.opacity for c in style.classes}
    whole = kind == "POLYGON" and len(opacities) == 1 and all(_see_through(c.symbol) for c in style.classes)
    return f"    COMPOSITE OPACITY {round(100 * opacities.pop())} END\n" if whole else ""


def _symbol(s: Symbol, kind: str, whole: bool) -> str:
    clear = s.opacity < 1 and not whole
    colour = quoted(s.fill + f"{round(255 * s.opacity):02x}") if s.fill and clear else quoted(s.fill)
    edge = f"OUTLINECOLOR {quoted(s.stroke)} WIDTH {s.width:g} MINWIDTH {s.width * SMALLEST:g} MAXWIDTH {s.width:g}" if s.stroke else ""
    if kind == "POINT":
        full = s.size + (s.width if s.stroke else 0)  # half of the line covers the sign
        size = f"SIZE {full:g} MINSIZE {full * SMALLEST:g} MAXSIZE {full:g}"
        return f"      STYLE SYMBOL {quoted(SHAPES[s.shape])} {size} COLOR {colour} {edge} END\n"
    if whole:
        return f"      STYLE COLOR {colour} OUTLINECOLOR {colour} WIDTH 0.8 END\n"
    fill = f"      STYLE COLOR {colour} END\n" if s.fill else ""
    return fill + (f"      STYLE {edge} LINEJOIN ROUND END\n" if s.stroke else "")


def _label(style: Style, kind: str) -> str:
    place = "POSITION AUTO OFFSET 0 0" if kind == "POINT" else "POSITION CC"
    limit = f"MAXSCALEDENOM {style.label_below}"
    return f'      LABEL {_font(9)} OUTLINECOLOR "{PAPER}" OUTLINEWIDTH 3 {place} {limit} PARTIALS FALSE MINDISTANCE 120 BUFFER 3 MAXLENGTH 26 WRAP " " ALIGN CENTER END\n'  # noqa: E501


def _font(size: int) -> str:
    return f'TYPE TRUETYPE FONT "sans" SIZE {size} COLOR "{INK}"'


def _metadata(values: dict[str, object], indent: int) -> str:
    lines = [f"{' ' * indent}  {quoted(k)} {quoted(v)}\n" for k, v in values.items() if str(v)]
    return f"{' ' * indent}METADATA\n{''.join(lines)}{' ' * indent}END\n"


def _projection() -> str:
    return f'PROJECTION "init=epsg:{crs.STORAGE}" END'


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{v:.3f}" for v in values)
