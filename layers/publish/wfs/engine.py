"""What the engine (django-gisserver 2.5) lacks, mended in place; each with its reason.

The classes that read a request are registered by their tags and cannot be replaced by subclasses.
"""

from __future__ import annotations

import datetime
import logging
import re
from typing import Any, cast

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from gisserver.exceptions import ExternalParsingError, InvalidParameterValue
from gisserver.extensions.functions import function_registry
from gisserver.parsers.fes20.expressions import Literal
from gisserver.parsers.fes20.identifiers import ResourceId
from gisserver.parsers.gml.geometries import GEOSGMLGeometry
from gisserver.parsers.values import parse_iso_date
from gisserver.types import XsdTypes

from geo.time_criteria import day_of
from layers.publish.ows.question import NUMBER
from layers.publish.spatial import stored
from layers.publish.wfs.feature_types import key_of

_read_literal = Literal.from_xml.__func__  # type: ignore[attr-defined]
_build_geometry = GEOSGMLGeometry.build_rhs
_read_geometry = GEOSGMLGeometry.from_xml.__func__
COORDINATES = ("}pos", "}posList", "}lowerCorner", "}upperCorner", "}coordinates")


def _by_key(self: ResourceId, _compiler: Any) -> Q:
    """Identifiers are `type.key` with the key written as xs:ID allows."""
    if self.startTime or self.endTime or self.version:
        raise InvalidParameterValue("versions of features are not kept", locator="resourceId")
    return Q(pk=key_of(self.rid.rpartition(".")[2]))


def _in_storage(self: GEOSGMLGeometry, compiler: Any) -> Any:
    """A geometry of a filter is carried over with dense edges; the engine carries its corners alone, and misses features."""
    return stored(_build_geometry(self, compiler))


def _from_xml(cls: type[Literal], element: Any) -> Literal:
    """An empty literal is an empty text; the engine takes it for nothing and then cannot compare."""
    made = _read_literal(cls, element)
    if made.raw_value is None and not len(element):
        made.raw_value = ""
    return made


def _day(text: str) -> datetime.date:
    """A day; a client may compare it with a moment, which counts as the day it has in Brandenburg. The engine refuses moments."""
    moment = parse_datetime(text) if "T" in text else None
    return day_of(moment) if moment else parse_iso_date(text)


def _of_numbers(cls: type[GEOSGMLGeometry], element: Any) -> GEOSGMLGeometry:
    """GDAL takes words for zeros."""
    for part in element.iter():
        if part.tag.endswith(COORDINATES) and not all(NUMBER.fullmatch(n) for n in re.split(r"[\s,]+", (part.text or "").strip())):
            raise ExternalParsingError(f"coordinates that are no numbers: {(part.text or '')[:60]}")
    return cast(GEOSGMLGeometry, _read_geometry(cls, element))


def mend() -> None:
    """Mend the engine; twice does no harm."""
    ResourceId.build_query = _by_key
    GEOSGMLGeometry.build_rhs = _in_storage
    XsdTypes.date._to_python_func = _day
    Literal.from_xml = classmethod(_from_xml)
    GEOSGMLGeometry.from_xml = classmethod(_of_numbers)
    function_registry.functions.clear()  # none is needed, each is a way to keep the database busy
    logging.getLogger("gisserver").setLevel(logging.CRITICAL)  # every bad filter would fill the log with its text
