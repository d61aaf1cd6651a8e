"""Addresses of the register's pages."""

from django.urls import path, re_path

from vacancies import compare_views, embed, feeds, permalink, views
from vacancies.paper import views as paper
from vacancies.places import views as places

urlpatterns = [
    path("", views.listing_page, {"page": "map"}, name="map"),
    path("karte/objekt/<slug:key>/", views.card, name="card"),
    path("leerstaende/", views.listing_page, {"page": "list"}, name="list"),
    path("leerstaende/<slug:slug>/", views.vacancy_page, name="vacancy"),
    path("leerstaende/<slug:slug>/expose.pdf", paper.expose_pdf, name="expose"),
    path("leerstaende.pdf", paper.list_pdf, name="list_pdf"),
    path("leerstaende/<slug:slug>/erreichbar/", views.outward_page, name="outward"),
    re_path(r"^leerstaende\.(?P<ending>atom|feed\.json)$", feeds.feed, name="feed"),
    path("embed", embed.embed_page, name="embed"),
    path("einbetten/", embed.builder_page, name="embed_builder"),
    path("qr.svg", permalink.qr_code, name="qr"),
    path("fotos/<str:name>", views.photo, name="photo"),
    path("orte/", places.towns_page, name="towns"),
    path("orte/<slug:slug>/", places.town_page, name="town"),
    path("landkreise/", places.districts_page, name="districts"),
    path("landkreise/<slug:slug>/", places.district_page, name="district"),
    path("ueberblick/", places.overview_page, name="overview"),
    path("ueberblick.csv", places.overview_csv, name="overview_csv"),
    path("orte/<slug:slug>/lage.json", places.town_place, name="town_place"),
    path("vergleich/", compare_views.compare_page, name="compare"),
    path("vergleich.geojson", compare_views.compare_geojson, name="compare_geojson"),
    path("vergleich.csv", compare_views.compare_csv, name="compare_csv"),
    path("datenquellen/", views.sources_page, name="sources"),
    path("gueteklassen/", views.classes_page, name="classes"),
    path("impressum/", views.text_page, {"name": "impressum"}, name="impressum"),
    path("datenschutz/", views.text_page, {"name": "datenschutz"}, name="datenschutz"),
    path("barrierefreiheit/", views.text_page, {"name": "barrierefreiheit"}, name="barrierefreiheit"),
    path("leichte-sprache/", views.text_page, {"name": "leichte-sprache"}, name="leichte-sprache"),
]
