"""Addresses of officers' lists, below those of the register."""

from django.urls import path, re_path

from network.intake import views

urlpatterns = [
    path("register/einlesen/", views.upload, name="intake_upload"),
    path("register/einlesen/<str:token>/", views.preview, name="intake_preview"),
    path("register/einlesen/<str:token>/anwenden/", views.apply, name="intake_apply"),
    path("register/entwuerfe/", views.drafts, name="intake_drafts"),
    path("register/pruefliste/", views.stale, name="stale_list"),
    re_path(r"^register/leerstaende\.(?P<extension>csv|xlsx)$", views.export, name="register_export"),
]
