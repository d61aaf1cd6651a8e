"""Addresses of the layers that belong to no app above."""

from django.urls import path

from layers import views

urlpatterns = [
    path("karte/zentren.json", views.centres, name="centres"),
    path("karte/reisezeit/<slug:key>.png", views.surface_picture, name="surface"),
    path("karte/isochronen/<slug:key>.geojson", views.isochrones, name="isochrones"),
    path("karte/gueteklassen.geojson", views.classes, name="class_areas"),
]
