"""Addresses of a person's own pages."""

from django.urls import path

from network import views

urlpatterns = [
    path("konto/app-passwoerter/", views.app_passwords, name="app_passwords"),
    path("konto/app-passwoerter/<int:pk>/widerrufen/", views.revoke_app_password, name="revoke_app_password"),
]
