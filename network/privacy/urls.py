"""Addresses of consents, export and deletion."""

from django.urls import path

from network.privacy import views

urlpatterns = [
    path("konto/einwilligungen/", views.consent_list, name="consents"),
    path("konto/einwilligungen/<int:pk>/widerrufen/", views.withdraw, name="withdraw_consent"),
    path("einwilligungen/<slug:name>/<int:version>/", views.consent_text, name="consent_text"),
    path("konto/daten/", views.data, name="data"),
    path("konto/daten/daten.json", views.download, name="data_download"),
    path("konto/loeschen/", views.leave_for_good, name="data_delete"),
    path("daten/geloescht/", views.deleted, name="data_deleted"),
    path("daten/anfordern/", views.request_data, name="data_request"),
    path("daten/unterwegs/", views.sent, name="data_sent"),
    path("daten/<str:token>/", views.of_address, name="data_of_address"),
    path("daten/<str:token>/daten.json", views.download_of_address, name="data_of_address_download"),
]
