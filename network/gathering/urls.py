"""Addresses of events."""

from django.urls import path

from network.gathering import views

urlpatterns = [
    path("termine/", views.events, name="events"),
    path("termine.ics", views.calendar, name="event_calendar"),
    path("termine/eintragen/", views.enter, name="event_enter"),
    path("termine/anmeldung/unterwegs/", views.registration_sent, name="registration_sent"),
    path("termine/anmeldung/bestaetigen/<str:token>/", views.registration_confirm, name="registration_confirm"),
    path("termine/anmeldung/abmelden/<str:token>/", views.registration_cancel, name="registration_cancel"),
    path("termine/<slug:slug>.ics", views.event_calendar, name="event_ics"),
    path("termine/<slug:slug>/", views.event, name="event"),
    path("termine/<slug:slug>/bearbeiten/", views.enter, name="event_edit"),
    path("termine/<slug:slug>/veroeffentlichen/", views.publish, name="event_publish"),
    path("termine/<slug:slug>/absagen/", views.call_off, name="event_call_off"),
    path("termine/<slug:slug>/teilnehmende/", views.participants, name="event_participants"),
]
