"""Addresses of the layers that belong to no app above."""

from django.urls import path

from layers import views
from layers.publish.mapserver import views as mapserver
from layers.publish.wfs.views import wfs
from layers.remote import views as remote

urlpatterns = [
    path("karte/zentren.json", views.centres, name="centres"),
    path("karte/reisezeit/<slug:key>.png", views.surface_picture, name="surface"),
    path("karte/isochronen/<slug:key>.geojson", views.isochrones, name="isochrones"),
    path("karte/gueteklassen.geojson", views.classes, name="class_areas"),
    path("ogc/wms", mapserver.wms, name="wms"),
    path("ogc/wfs", wfs, name="wfs"),
    path("karte/fern.json", remote.remote_layers, name="remote_layers"),
    path("karte/fern/<slug:key>/", remote.remote_picture, name="remote_picture"),
]
