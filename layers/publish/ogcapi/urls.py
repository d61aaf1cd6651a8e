"""Addresses of OGC API Features."""

from django.urls import path

from layers.publish.ogcapi import views

urlpatterns = [
    path("", views.landing, name="ogcapi"),
    path("api", views.api, name="ogcapi_definition"),
    path("conformance", views.conformance, name="ogcapi_conformance"),
    path("collections", views.listing, name="ogcapi_collections"),
    path("collections/<str:name>", views.described, name="ogcapi_collection"),
    path("collections/<str:name>/queryables", views.queryables, name="ogcapi_queryables"),
    path("collections/<str:name>/items", views.found, name="ogcapi_items"),
    path("collections/<str:name>/items/<path:key>", views.item, name="ogcapi_item"),
]
