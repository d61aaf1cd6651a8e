"""Addresses of facilities, zones and remote pictures."""

from django.urls import path

from layers import views

urlpatterns = [
    path("einrichtungen.geojson", views.facilities_geojson, name="facilities_geojson"),
    path("einrichtungen.csv", views.facilities_csv, name="facilities_csv"),
    path("gebiete.geojson", views.zones_geojson, name="zones_geojson"),
    path("karte/fern.json", views.remote_layers, name="remote_layers"),
    path("karte/fern/<slug:key>/", views.remote_picture, name="remote_picture"),
]
