"""Addresses of merging."""

from django.urls import path

from network.merging import views

urlpatterns = [
    path("schreibtisch/zusammenfuehren/", views.merges, name="merges"),
    path("schreibtisch/zusammenfuehren/<slug:keep>/<slug:drop>/", views.compare, name="merge_compare"),
    path("schreibtisch/zusammengefuehrt/<int:pk>/zuruecknehmen/", views.undo, name="merge_undo"),
]
