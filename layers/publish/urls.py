"""Addresses of the published layers: files, and what describes them."""

import re

from django.urls import path, re_path, register_converter

from layers.publish import tiles, views
from layers.publish.collection import collections
from layers.publish.describe import views as describe
from layers.publish.qgis import views as qgis
from layers.publish.snapshot import store
from layers.publish.snapshot import views as snapshot


class LayerConverter:
    """The name of a layer on offer; any other address is somebody else's."""

    regex = "[a-z_]+"

    def to_python(self, value: str) -> str:
        if value not in {c.name for c in collections()}:
            raise ValueError(value)
        return value

    to_url = str


class FormatConverter:
    """The end of a file's name."""

    regex = "|".join(end.replace(".", r"\.") for end in views.FORMATS)
    to_python = to_url = str


register_converter(LayerConverter, "layer")
register_converter(FormatConverter, "format")

# Without words, so without a language; asked most often, so found first.
data_patterns = [
    re_path(rf"^karte/(?P<name>[0-9a-f]{{20}})/(?P<file>{'|'.join(map(re.escape, store.FILES))})$", snapshot.part, name="snapshot_part"),
    re_path(r"^karte/(?P<name>[0-9a-f]{20})/treffer\.bin$", snapshot.matching_rows, name="snapshot_rows"),
    re_path(r"^karte/(?P<name>[0-9a-f]{20})/antwort\.json$", snapshot.answer, name="snapshot_answer"),
    re_path(r"^karte/(?P<name>[0-9a-f]{20})/lage/(?P<key>\w{1,12})\.json$", snapshot.place, name="snapshot_place"),
    path("karte/<slug:name>/kachel/<int:x>/<int:y>.bin", snapshot.tile, name="snapshot_tile"),
    path("kacheln/<layer:name>/<int:z>/<int:x>/<int:y>.mvt", tiles.vector_tile, name="vector_tile"),
]

urlpatterns = [
    path("<layer:name>.<format:extension>", views.download, name="download"),
    path("metadaten/<slug:name>.xml", describe.record, name="record"),
    path("dcat.rdf", describe.dcat, {"extension": "rdf"}, name="dcat"),
    path("dcat.ttl", describe.dcat, {"extension": "ttl"}, name="dcat_turtle"),
    path("ogc/qgis.qgz", qgis.qgis_project, name="qgis_project"),
    re_path(r"^ogc/stil/(?P<name>[a-z_]+)\.(?P<extension>qml|sld)$", qgis.style, name="layer_style"),
]
