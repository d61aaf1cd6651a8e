"""Addresses of organisations."""

from django.urls import path

from network.organisations import views

urlpatterns = [
    path("netzwerk/organisationen/<slug:key>/", views.organisation, name="organisation"),
    path("konto/organisationen/neu/", views.found_organisation, name="found_organisation"),
    path("konto/organisationen/beitreten/", views.join, name="join_organisation"),
    path("konto/organisationen/<slug:key>/", views.people, name="organisation_people"),
    path("konto/organisationen/<slug:key>/aendern/", views.change_organisation, name="change_organisation"),
    path("konto/organisationen/person/<int:pk>/", views.confirm_person, name="confirm_person"),
    path("konto/organisationen/person/<int:pk>/entfernen/", views.remove_person, name="remove_person"),
]
