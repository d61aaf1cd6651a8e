"""What GetFeature answers in: the engine's renderers, mended where clients or schemas ask for more."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from django.contrib.gis.db.models.functions import AsGeoJSON, AsWKB
from django.db.models import Func, Model, QuerySet
from gisserver.crs import CRS84, WGS84
from gisserver.db import AsGML, get_db_geometry_target
from gisserver.output import CollectionOutputRenderer, DBCSVRenderer, DBGeoJsonRenderer, DBGML32Renderer, DBGML32ValueRenderer
from gisserver.output.utils import tag_escape
from gisserver.output.xmlschema import XmlSchemaRenderer

from geo import crs
from layers.publish.files import cell
from layers.publish.wfs.feature_types import KINDS, LayerField, TextElement, id_of

LARGEST_PAGE = 10_000
UNSAFE = re.compile(r"[&<>]|[^\x20-\U0010FFFF]")  # what XML cannot hold as it is, and some it can
NO_ID = re.compile(r"<gml:(Polygon|Point|LineString)>")
ARROW = {KINDS["number"]: pa.int64(), KINDS["decimal"]: pa.float64(), KINDS["flag"]: pa.bool_(), KINDS["date"]: pa.date32()}


def digits(number: int) -> int:
    """Return the decimals of a coordinate: a millimetre."""
    return 8 if number in (crs.WEB, crs.ETRS89) else 3


class Gml(DBGML32Renderer):
    """GML 3.2: identifiers that are valid, on inner polygons, too; empty columns say so (`xsi:nil`)."""

    def decorate_queryset(self, projection: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows come as tuples: the key, then the columns in their order, geometries as GML."""
        rows = CollectionOutputRenderer.decorate_queryset(self, projection, queryset)
        target, modern = projection.output_crs, not projection.output_crs.force_xy
        options = {"is_latlon": modern and target.is_north_east_order, "long_urn": modern, "precision": digits(target.srid)}
        elements = projection.xsd_root_elements
        shapes = {f"_gml_{e.name}": AsGML(get_db_geometry_target(e, target), **options) for e in elements if e.type.is_geometry}
        columns = [f"_gml_{e.name}" if e.type.is_geometry else e.orm_path for e in elements]
        return rows.annotate(**shapes).values_list("pk", *columns)

    def start_collection(self, sub_collection: Any) -> None:
        """Note what is the same in every feature: names, tags, and how each column is written."""
        layer = sub_collection.projection.feature_type
        name = self.feature_qnames[layer]
        self._begin, self._end = f'<{name} gml:id="{layer.name}.', f"</{name}>\n"
        self._shape = layer.model._meta.object_name
        self._columns = []
        for element in sub_collection.projection.xsd_root_elements:
            name = self.xml_qnames[element]
            self._columns.append((_writer(element), f"<{name}>", f"</{name}>\n", f'<{name} xsi:nil="true"/>\n'))

    def write_feature(self, projection: Any, instance: tuple[Any, ...], extra_xmlns: str = "") -> None:
        key = id_of(instance[0])
        parts = [f'{self._begin}{key}"{extra_xmlns}>\n']
        for value, (text, begin, end, nil) in zip(instance[1:], self._columns, strict=True):
            if value is None:
                parts.append(nil)
            elif text is None:
                made = self.render_gml_value(projection, super().get_gml_id(self._shape, key), value)
                parts.append(f"{begin}{made}{end}")
            else:
                parts.append(f"{begin}{text(value)}{end}")
        parts.append(self._end)
        self._write("".join(parts))

    def render_gml_value(self, projection: Any, gml_id: str, value: str, extra_xmlns: str = "") -> str:
        return with_ids(super().render_gml_value(projection, gml_id, value, extra_xmlns), gml_id)


class GmlValue(DBGML32ValueRenderer):
    """GML 3.2 of one column."""

    def write_feature(self, projection: Any, instance: dict[str, Any], extra_xmlns: str = "") -> None:
        if "member" in instance:
            instance = {**instance, "member": without_control(instance["member"])}
        super().write_feature(projection, instance, extra_xmlns)

    def get_gml_id(self, prefix: str, object_id: object) -> str:
        return super().get_gml_id(prefix, id_of(object_id))

    def render_gml_value(self, projection: Any, gml_id: str, value: str, extra_xmlns: str = "") -> str:
        return with_ids(super().render_gml_value(projection, gml_id, value, extra_xmlns), gml_id)


def with_ids(gml: str, gml_id: str) -> str:
    """Return GML in which every inner geometry has a gml:id, as GML 3.2 demands."""
    if gml.startswith("<gml:Point"):
        return gml  # has none
    number = count(1)
    return NO_ID.sub(lambda m: f'<gml:{m[1]} gml:id="{gml_id}.{next(number)}">', gml)


def _writer(element: Any) -> Callable[[Any], str] | None:
    """Return what makes XML text of a column's values, None for geometries."""
    if isinstance(element, TextElement):
        return lambda value: xml_text(element.written(value))
    return None if element.type.is_geometry else xml_text


def xml_text(value: Any) -> str:
    """Return a value as text in XML."""
    if isinstance(value, str):
        return tag_escape(without_control(value)) if UNSAFE.search(value) else value
    return ("true" if value else "false") if isinstance(value, bool) else tag_escape(str(value))


def without_control(value: Any) -> Any:
    """Return a text without the characters that XML 1.0 cannot hold."""
    return "".join(c for c in value if c >= " " or c in "\t\n\r") if isinstance(value, str) and not value.isprintable() else value


class GeoJson(DBGeoJsonRenderer):
    """RFC 7946: longitude first, outer rings counter-clockwise; another CRS only where the client asks for it by name."""

    max_page_size = LARGEST_PAGE

    def decorate_queryset(self, projection: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        named = any(getattr(sub.source_query, "srsName", None) for sub in self.collection.results)
        if not named or projection.output_crs == WGS84:
            projection.output_crs = CRS84
        geometry = projection.feature_type.main_geometry_element
        projection.add_field(geometry)
        rows = CollectionOutputRenderer.decorate_queryset(self, projection, queryset)
        moved = Func(get_db_geometry_target(geometry, projection.output_crs), function="ST_ForcePolygonCCW", output_field=geometry.source)
        shape = AsGeoJSON(moved, precision=min(digits(projection.output_crs.srid), 7))
        columns = [e for e in projection.xsd_root_elements if not e.type.is_geometry]
        projection.json_columns = [e.name for e in columns], [(i, e.written) for i, e in enumerate(columns) if isinstance(e, TextElement)]
        return rows.annotate(_shape=shape).values_list("pk", "_shape", *(e.orm_path for e in columns))

    def render_feature(self, projection: Any, instance: tuple[Any, ...]) -> bytes:
        key, shape, *values = instance
        names, texts = projection.json_columns
        for i, written in texts:
            values[i] = None if values[i] is None else written(values[i])
        return b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b}' % (
            orjson.dumps(f"{projection.feature_type.name}.{id_of(key)}"),
            b"null" if shape is None else shape.encode(),
            orjson.dumps(dict(zip(names, values, strict=True)), default=float),
        )

    def get_header(self) -> dict[str, Any]:
        head = super().get_header()
        if self.collection.results[0].projection.output_crs == CRS84:
            del head["crs"]
        return head

    def get_footer(self) -> dict[str, Any]:
        """A number that was not counted is left out."""
        return {name: value for name, value in super().get_footer().items() if value is not None}


class Csv(DBCSVRenderer):
    """RFC 4180 with the geometry as EWKT; no cell is a formula."""

    max_page_size = LARGEST_PAGE

    def get_row(self, instance: Model, projection: Any, xsd_elements: list[Any]) -> list[Any]:
        return [cell(value) for value in super().get_row(instance, projection, xsd_elements)]


class GeoPackage(CollectionOutputRenderer):
    """A GeoPackage with one layer for each query."""

    content_type = "application/geopackage+sqlite3"
    content_disposition = 'attachment; filename="{typenames}.gpkg"'
    max_page_size = LARGEST_PAGE

    def decorate_queryset(self, projection: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        geometry = projection.feature_type.main_geometry_element
        projection.add_field(geometry)
        rows = super().decorate_queryset(projection, queryset)
        return rows.defer(geometry.orm_path).annotate(_shape=AsWKB(get_db_geometry_target(geometry, projection.output_crs)))

    def render_stream(self) -> Iterator[bytes]:
        import pyogrio  # slow to load, seldom asked

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer.gpkg"
            for sub in self.collection.results:
                projection = sub.projection
                elements = [e for e in projection.xsd_root_elements if not e.type.is_geometry]
                name = str(projection.feature_type.main_geometry_element.name)
                columns: dict[str, list[Any]] = {e.name: [] for e in elements} | {name: []}
                for instance in self.read_features(sub):
                    for e in elements:
                        columns[e.name].append(e.get_value(instance))
                    columns[name].append(bytes(instance._shape))
                types = [(e.name, ARROW.get(e.type, pa.string())) for e in elements] + [(name, pa.binary())]
                floats = {e.name for e in elements if e.type is KINDS["decimal"]}
                made = {n: [None if v is None else float(v) for v in c] if n in floats else c for n, c in columns.items()}
                pyogrio.write_arrow(
                    pa.table(made, schema=pa.schema(types)),
                    path,
                    driver="GPKG",
                    layer=projection.feature_type.name,
                    geometry_name=name,
                    geometry_type=projection.feature_type.collection.geometry_type,
                    crs=f"EPSG:{projection.output_crs.srid}",
                    append=path.exists(),
                )
            yield path.read_bytes()


class Schema(XmlSchemaRenderer):
    """DescribeFeatureType; each column says what it holds."""

    def render_element(self, xsd_element: Any) -> str:
        plain = super().render_element(xsd_element)
        field = next((f for f in xsd_element.feature_type.fields if isinstance(f, LayerField) and f.name == xsd_element.name), None)
        if field is None:
            return plain
        text = tag_escape(str(field.field.description or field.field.label))
        return f"{plain.removesuffix(' />')}><annotation><documentation>{text}</documentation></annotation></element>"
