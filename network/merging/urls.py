"""Addresses of merging."""

from django.urls import path

from network.merging import views

ORGANISATIONS, CONTACTS = {"kind": "organisation"}, {"kind": "contact"}
urlpatterns = [
    path("schreibtisch/zusammenfuehren/", views.merges, ORGANISATIONS, name="merges"),
    path("schreibtisch/zusammenfuehren/<slug:keep>/<slug:drop>/", views.compare, ORGANISATIONS, name="merge_compare"),
    path("schreibtisch/kontakte-zusammenfuehren/", views.merges, CONTACTS, name="merges_contacts"),
    path("schreibtisch/kontakte-zusammenfuehren/<slug:keep>/<slug:drop>/", views.compare, CONTACTS, name="merge_compare_contacts"),
    path("schreibtisch/zusammengefuehrt/<int:pk>/zuruecknehmen/", views.undo, name="merge_undo"),
]
