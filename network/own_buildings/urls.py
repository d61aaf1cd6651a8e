"""Addresses of one's own buildings."""

from django.urls import path

from network.own_buildings import views

urlpatterns = [
    path("eintragen/", views.enter, name="own_building_enter"),
    path("eintragen/meine/", views.mine, name="own_buildings"),
    path("eintragen/<int:pk>/freigabe/", views.sharing, name="own_building_sharing"),
    path("eintragen/<int:pk>/aendern/", views.edit, name="own_building_edit"),
    path("eintragen/<int:pk>/zurueckziehen/", views.withdraw, name="own_building_withdraw"),
    path("eintragen/<int:pk>/nicht-ansprechen/", views.leave_alone, name="own_building_leave_alone"),
]
