"""Addresses of the owners' pages, below those of the register."""

from django.urls import path

from network.owners import views

urlpatterns = [
    path("register/eigentuemer/protokoll/", views.owner_log, name="owner_log"),
    path("register/<slug:key>/eigentuemer/", views.owners, name="owners"),
    path("register/<slug:key>/eigentuemer/zweck/", views.purpose, name="owners_purpose"),
    path("register/<slug:key>/eigentuemer/neu/", views.add_owner, name="owner_add"),
    path("register/<slug:key>/eigentuemer/datei/", views.export_owners, name="owners_export"),
    path("register/<slug:key>/eigentuemer/<int:pk>/", views.change_owner, name="owner_change"),
    path("register/<slug:key>/eigentuemer/<int:pk>/nicht-ansprechen/", views.leave_owner_alone, name="owner_leave_alone"),
]
