"""Addresses of requests for space."""

from django.urls import path

from network.seeking import editing, views

urlpatterns = [
    path("gesuche/", views.requests_page, name="requests"),
    path("gesuche/meine/", views.own_requests, name="own_requests"),
    path("gesuche/neu/", editing.begin, name="request_begin"),
    path("gesuche/neu/<int:step>/", editing.step_page, name="request_step"),
    path("gesuche/neu/<int:step>/anzahl/", editing.count, name="request_count"),
    path("gesuche/neu/pruefen/", editing.check_page, name="request_check"),
    path("gesuche/neu/speichern/", editing.save, name="request_save"),
    path("gesuche/verlaengern/<str:token>/", views.renew_by_mail, name="request_renew"),
    path("gesuche/keine-mails/<str:token>/", views.silent_by_mail, name="request_silent"),
    path("gesuche/<slug:key>/", views.request_page, name="space_request"),
    path("gesuche/<slug:key>/bearbeiten/<int:step>/", editing.step_page, name="request_step_of"),
    path("gesuche/<slug:key>/bearbeiten/<int:step>/anzahl/", editing.count, name="request_count_of"),
    path("gesuche/<slug:key>/bearbeiten/pruefen/", editing.check_page, name="request_check_of"),
    path("gesuche/<slug:key>/bearbeiten/speichern/", editing.save, name="request_save_of"),
    path("gesuche/<slug:key>/stand/", views.move, name="request_move"),
    path("gesuche/<slug:key>/verlaengern/", views.renew, name="request_renew_own"),
    path("gesuche/<slug:key>/organisation/", views.for_organisation, name="request_organisation"),
    path("gesuche/<slug:key>/loeschen/", views.delete, name="request_delete"),
    path("gesuche/<slug:key>/treffer/", views.matches_page, name="request_matches"),
    path("gesuche/<slug:key>/treffer/<slug:vacancy>/passt-nicht/", views.decline, name="request_decline"),
    path("leerstaende/<slug:slug>/gesuche/", views.takers_page, name="vacancy_takers"),
]
