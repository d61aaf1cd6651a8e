"""What GetFeature answers in: the engine's renderers, mended where clients or schemas ask for more."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from django.contrib.gis.db.models.functions import AsGeoJSON, AsWKB
from django.db.models import Func, Model, QuerySet
from gisserver.crs import CRS84, WGS84
from gisserver.db import AsGML, get_db_geometry_target, replace_queryset_geometries
from gisserver.output import CollectionOutputRenderer, DBCSVRenderer, DBGeoJsonRenderer, DBGML32Renderer, DBGML32ValueRenderer
from gisserver.output.utils import tag_escape
from gisserver.output.xmlschema import XmlSchemaRenderer

from geo import crs
from layers.publish.files import cell
from layers.publish.wfs.feature_types import KINDS, LayerField, id_of

LARGEST_PAGE = 10_000
NO_ID = re.compile(r"<gml:(Polygon|Point|LineString)>")
ARROW = {KINDS["number"]: pa.int64(), KINDS["decimal"]: pa.float64(), KINDS["flag"]: pa.bool_(), KINDS["date"]: pa.date32()}


def digits(number: int) -> int:
    """Return the decimals of a coordinate: a millimetre."""
    return 8 if number in (crs.WEB, crs.ETRS89) else 3


class Gml(DBGML32Renderer):
    """GML 3.2: identifiers that are valid, on inner polygons, too; empty columns say so (`xsi:nil`)."""

    def decorate_queryset(self, projection: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = CollectionOutputRenderer.decorate_queryset(self, projection, queryset)
        target, modern = projection.output_crs, not projection.output_crs.force_xy
        options = {"is_latlon": modern and target.is_north_east_order, "long_urn": modern, "precision": digits(target.srid)}
        return replace_queryset_geometries(rows, projection.geometry_elements, target, AsGML, **options)

    def write_feature(self, projection: Any, instance: Model, extra_xmlns: str = "") -> None:
        name = self.feature_qnames[projection.feature_type]
        self._write(f'<{name} gml:id="{projection.feature_type.name}.{id_of(instance.pk)}"{extra_xmlns}>\n')
        for element in projection.xsd_root_elements:
            if element.type.is_geometry:
                self.write_gml_field(projection, element, instance)
            else:
                self.write_xml_field(projection, element, without_control(element.get_value(instance)))
        self._write(f"</{name}>\n")

    def get_gml_id(self, prefix: str, object_id: object) -> str:
        return super().get_gml_id(prefix, id_of(object_id))

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
    number = count(1)
    return NO_ID.sub(lambda m: f'<gml:{m[1]} gml:id="{gml_id}.{next(number)}">', gml)


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
        return rows.defer(geometry.orm_path).annotate(_as_db_geojson=shape)

    def render_feature(self, projection: Any, instance: Model) -> bytes:
        values = {e.name: e.get_value(instance) for e in projection.xsd_root_elements if not e.type.is_geometry}
        return b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b}' % (
            orjson.dumps(f"{projection.feature_type.name}.{id_of(instance.pk)}"),
            self.render_geometry(projection, instance),
            orjson.dumps(values, default=float),
        )

    def get_header(self) -> dict[str, Any]:
        head = super().get_header()
        if self.collection.results[0].projection.output_crs == CRS84:
            del head["crs"]
        return head


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
