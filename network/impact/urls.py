"""Addresses of the figures."""

from django.urls import path, re_path

from network.impact import views

PICTURE = rf"^schreibtisch/bericht/(?P<figure>{views.FIGURE_KEYS})-(?P<part>monat|groesse|nutzung)\.(?P<extension>svg|png)$"

urlpatterns = [
    path("schreibtisch/bericht/", views.report_figures, name="report_figures"),
    path("schreibtisch/bericht.csv", views.report_csv, name="report_csv"),
    re_path(PICTURE, views.report_picture, name="report_picture"),
    path("ueberblick/wirkung/", views.impact, name="impact"),
]
