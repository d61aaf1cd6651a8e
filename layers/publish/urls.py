"""Addresses of the published layers: files, and what describes them."""

from django.urls import path, re_path

from layers.publish import views
from layers.publish.collection import collections
from layers.publish.describe import views as describe
from layers.publish.qgis import views as qgis

NAMES = "|".join(c.name for c in collections())
EXTENSIONS = "|".join(e.replace(".", r"\.") for e in views.FORMATS)

urlpatterns = [
    re_path(rf"^(?P<name>{NAMES})\.(?P<extension>{EXTENSIONS})$", views.download, name="download"),
    path("metadaten/<slug:name>.xml", describe.record, name="record"),
    path("dcat.rdf", describe.dcat, {"extension": "rdf"}, name="dcat"),
    path("dcat.ttl", describe.dcat, {"extension": "ttl"}, name="dcat_turtle"),
    path("ogc/qgis.qgz", qgis.qgis_project, name="qgis_project"),
    re_path(r"^ogc/stil/(?P<name>[a-z_]+)\.(?P<extension>qml|sld)$", qgis.style, name="layer_style"),
]
