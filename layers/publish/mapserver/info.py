"""GetFeatureInfo: MapServer finds the features at a pixel, the database tells their values, this tells them in the format asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.gis.db.models.functions import AsGeoJSON, Transform
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from lxml import etree

from geo import crs
from geo.clients import connection_of
from layers.publish.collection import Collection, Field
from layers.publish.mapserver import engine
from layers.publish.ows.reports import OwsError
from layers.publish.rights import as_reader

if TYPE_CHECKING:
    from layers.publish.mapserver.views import Plan

GML = "application/vnd.ogc.gml"
JSON = ("application/json", "application/geo+json", "geojson")
FORMATS = ("text/html", "application/json", GML, "text/plain")


@dataclass(frozen=True)
class Found:
    """A feature at the pixel: its values by column, its shape as GeoJSON (longitude, latitude)."""

    collection: Collection
    values: dict[str, Any]
    shape: str

    def lines(self) -> list[tuple[str, str]]:
        """Return label and value of the columns that have one, as a person reads them."""
        said = [(field, shown(field, self.values[field.name])) for field in self.collection.fields]
        return [(str(field.label), text) for field, text in said if text]


def shown(field: Field, value: Any) -> str:
    """Return a value as text; '' for none."""
    labels = dict(field.choices)
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if field.kind == "list":
        return ", ".join(str(labels.get(v, v)) for v in value)
    if field.kind == "object":
        return json.dumps(value, ensure_ascii=False)
    return str(labels.get(value, value))


def answer(plan: Plan, request: HttpRequest) -> HttpResponse:
    """Return what is at the pixel; raises `OwsError` for a format or a pixel that there is not."""
    wanted = plan.keys.get("info_format", "").lower() or FORMATS[0]
    if wanted not in (*FORMATS, *JSON):
        raise OwsError("InvalidFormat", f"INFO_FORMAT={wanted[:40]}: there are {', '.join(FORMATS)}", "info_format")
    for name, size in zip(("i", "j") if plan.version == "1.3.0" else ("x", "y"), ("width", "height"), strict=True):
        given = plan.keys.get(name) or plan.keys.get({"i": "x", "j": "y", "x": "i", "y": "j"}[name], "")
        if not given or int(given) >= int(plan.keys[size]):
            raise OwsError("InvalidPoint", f"{name.upper()}={given}: a pixel from 0 to {int(plan.keys[size]) - 1}", name)
    text = plan.mapfile(request)
    got = engine.ask(text, (*plan.told, ("info_format", GML)), connection_of(request), path=request.path)
    if wanted == GML:
        return HttpResponse(got.body, content_type=got.content_type)
    found = _features(plan, etree.fromstring(got.body, _parser()))
    if wanted in JSON:
        return HttpResponse(_geojson(found), content_type="application/json" if wanted == "geojson" else wanted)
    if wanted == "text/plain":
        return HttpResponse(_plain(found), content_type="text/plain; charset=utf-8")
    return render(request, "ogc/feature_info.html", {"found": found})


def _parser() -> etree.XMLParser:
    """Return a parser that expands nothing; the answer may be large, it comes from our own helper."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def _features(plan: Plan, root: Any) -> list[Found]:
    """Return the features that the answer names, in its order, with their values from the database."""
    made: list[Found] = []
    for layer in plan.layers:
        keys = [e.findtext(layer.key, "") for e in root.iterfind(f"{layer.name}_layer/{layer.name}_feature")]
        if not keys:
            continue
        shape = AsGeoJSON(Transform(layer.geometry, crs.WEB), precision=7)
        names = [f.name for f in layer.fields]
        with as_reader():
            rows = layer.matching(plan.asked.of(layer)).filter(**{f"{layer.key}__in": keys}).annotate(_shape=shape).values(*names, "_shape")
            known = {row[layer.key]: row for row in rows}
        made += [Found(layer, {n: known[k][n] for n in names}, known[k]["_shape"]) for k in keys if k in known]
    return made


def _geojson(found: list[Found]) -> str:
    def one(f: Found) -> str:
        name = json.dumps(f"{f.collection.name}.{f.values[f.collection.key]}")
        values = json.dumps({"layer": f.collection.name, **f.values}, cls=_Numbers, ensure_ascii=False)
        return f'{{"type":"Feature","id":{name},"geometry":{f.shape or "null"},"properties":{values}}}'

    return f'{{"type":"FeatureCollection","features":[{",".join(map(one, found))}]}}'


class _Numbers(DjangoJSONEncoder):
    """Decimals as numbers."""

    def default(self, o: Any) -> Any:
        return float(o) if type(o).__name__ == "Decimal" else super().default(o)


def _plain(found: list[Found]) -> str:
    if not found:
        return _("Hier ist nichts.") + "\n"
    parts = [f"{f.collection.title}\n" + "".join(f"  {label}: {text}\n" for label, text in f.lines()) for f in found]
    return "\n".join(parts)
