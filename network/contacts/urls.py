"""Addresses of the directory."""

from django.urls import path

from network.contacts import views

urlpatterns = [
    path("kontakte/", views.contacts, name="contacts"),
    path("kontakte/neu/", views.add_contact, name="contact_add"),
    path("kontakte/bestaetigen/<str:token>/", views.verify_contact, name="contact_verify"),
    path("kontakte/<slug:key>/veraltet/", views.report_stale, name="contact_stale"),
    path("kontakte/<slug:key>/aendern/", views.change_contact, name="contact_change"),
    path("kontakte/<slug:key>/zurueckziehen/", views.withdraw_contact, name="contact_withdraw"),
]
