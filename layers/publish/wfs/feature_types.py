"""Collections as feature types of WFS: names, types and identifiers of what a client sees.

text → xs:string, number → xs:integer, decimal → xs:decimal, flag → xs:boolean, date → xs:date; a list is its texts joined by
`|`, an object its JSON text. A column that is empty says so (`xsi:nil`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import copy
from functools import cache, partial
from typing import Any, ClassVar

from django.contrib.gis.db.models import F
from django.db.models import Model, TextField, Value
from django.db.models.functions import Cast
from gisserver.crs import CRS, CRS84
from gisserver.features import FeatureField, FeatureType
from gisserver.parsers.xml import xmlns
from gisserver.types import GmlIdAttribute, XPathMatch, XsdComplexType, XsdElement, XsdTypes

from geo import crs
from geo.filtering import FilterSet
from layers.publish.collection import Collection, Field, collection
from layers.publish.files import Joined

PREFIX = "raum"
NAMESPACE = "urn:x-raumwohlstand:layers"
KINDS = {
    "text": XsdTypes.string,
    "number": XsdTypes.integer,
    "decimal": XsdTypes.decimal,
    "flag": XsdTypes.boolean,
    "date": XsdTypes.date,
    "list": XsdTypes.string,
    "object": XsdTypes.string,
}
NO_NAME = re.compile(r"[^A-Za-z0-9ÄÖÜäöüß_-]|_(?=x)")
ESCAPED = re.compile(r"_x([0-9A-F]{1,6})_")


def id_of(key: object) -> str:
    """Return a key as part of an identifier: what xs:ID does not allow becomes `_x3A_` (here the colon)."""
    return NO_NAME.sub(lambda m: f"_x{ord(m[0]):X}_", str(key))


def key_of(identifier: str) -> str:
    """Return the key that `id_of` was given."""
    return ESCAPED.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)), identifier)


class TextElement(XsdElement):
    """A column that is asked (`as_text` of its path) and written (`written`) as one text, whatever it is in the database."""

    as_text: ClassVar[Callable[[str], Any]]
    written: ClassVar[Callable[[Any], str]]

    def get_value(self, instance: Model) -> str | None:
        value = super().get_value(instance)
        return None if value is None else self.written(value)

    def build_lhs_part(self, compiler: Any, match: Any) -> Any:
        return compiler.add_annotation(self.as_text(self.orm_path))

    def build_rhs_part(self, compiler: Any, match: Any) -> Any:
        return self.as_text(self.orm_path)


class ListElement(TextElement):
    as_text = staticmethod(lambda path: Joined(F(path)))
    written = staticmethod("|".join)


class ObjectElement(TextElement):
    as_text = staticmethod(lambda path: Cast(F(path), TextField()))
    written = staticmethod(partial(json.dumps, ensure_ascii=False))


class _Absent(XsdElement):
    """A standard property of GML that our features may have by the schema, and never have."""

    def build_lhs_part(self, compiler: Any, match: Any) -> Any:
        return compiler.add_annotation(self.build_rhs_part(compiler, match))

    def build_rhs_part(self, compiler: Any, match: Any) -> Any:
        return Value(None, output_field=TextField())


ELEMENTS = {"list": ListElement, "object": ObjectElement}
ABSENT = ("name", "description", "identifier")


class LayerField(FeatureField):
    """A field of a collection as an element of its feature type."""

    def __init__(self, field: Field, is_key: bool) -> None:
        super().__init__(field.name)
        self.field, self.is_key = field, is_key

    @property
    def xsd_element(self) -> XsdElement:  # type: ignore[override]
        if "_element" not in self.__dict__:
            made = ELEMENTS.get(self.field.kind)
            self._element = (made or XsdElement)(
                name=self.name,
                type=KINDS[self.field.kind],
                namespace=self.feature_type.xml_namespace,
                nillable=not self.is_key,
                min_occurs=1 if self.is_key else 0,
                source=None if made else self.model_field,
                feature_type=self.feature_type,
            )
        return self._element


class _Identifier(GmlIdAttribute):
    """`@gml:id`, written as in the features."""

    def format_raw_value(self, value: Any) -> str:
        return f"{self.type_name}.{id_of(value)}"


class LayerType(FeatureType):
    """The feature type of a collection; `asking` makes it answer with the rows of a filter."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        fields = [LayerField(f, f.name == collection.key) for f in collection.fields]
        super().__init__(
            collection.rows(),
            name=collection.name,
            fields=[*fields, collection.geometry],
            geometry_field_name=collection.geometry,
            crs=CRS.from_srid(crs.STORAGE),
            other_crs=[*(CRS.from_string(f"urn:ogc:def:crs:EPSG::{n}") for n in crs.KNOWN if n != crs.STORAGE), CRS84],
            show_name_field=False,
            xml_namespace=NAMESPACE,
        )
        assert self.xsd_type  # made once, for the copies, too

    @property
    def xsd_base_type(self) -> XsdComplexType:
        """gml:AbstractFeatureType without gml:boundedBy: nobody needs it, and it doubles the work."""
        key = self.model._meta.pk
        attribute = _Identifier(type_name=self.name, source=key, model_attribute=key.name, feature_type=self)
        return XsdComplexType(
            name="AbstractFeatureType",
            namespace=xmlns.gml.value,
            elements=[],
            attributes=[attribute],
            base=XsdTypes.gmlAbstractGMLType,
        )

    def resolve_element(self, xpath: str, ns_aliases: dict[str, str]) -> XPathMatch:
        prefix, _colon, local = xpath.rpartition(":")
        if local in ABSENT and ns_aliases.get(prefix) == xmlns.gml.value:
            absent = _Absent(name=local, type=XsdTypes.string, namespace=xmlns.gml, min_occurs=0, feature_type=self)
            return XPathMatch(self, [absent], query=xpath)
        return super().resolve_element(xpath, ns_aliases)

    def asking(self, wanted: FilterSet) -> LayerType:
        """Return the same type over the rows that meet the filter."""
        made = copy(self)
        made.queryset = self.collection.matching(wanted)
        return made


@cache
def layer_type(name: str) -> LayerType:
    """Return the feature type of a collection over all its rows."""
    return LayerType(collection(name))
