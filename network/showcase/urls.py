"""Addresses of showcases, WIR-Räume and actors."""

from django.urls import path

from network.showcase import views

urlpatterns = [
    path("beispiele/", views.showcases, name="showcases"),
    path("beispiele/bild/<str:name>", views.showcase_photo, name="showcase_photo"),
    path("beispiele/<slug:slug>/", views.showcase, name="showcase"),
    path("wir-raeume/", views.wir_spaces, name="wir_spaces"),
    path("netzwerk/akteure/", views.actors, name="actors"),
]
