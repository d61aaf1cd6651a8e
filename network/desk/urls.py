"""Addresses of the desk."""

from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from network.desk import views
from network.desk.lists import BY_KEY


class ListConverter(SlugConverter):
    """The name of a list there is."""

    regex = "|".join(BY_KEY)


register_converter(ListConverter, "desk_list")

urlpatterns = [
    path("schreibtisch/", views.desk, name="desk"),
    path("schreibtisch/liste/<desk_list:name>/", views.desk_list, name="desk_list"),
    path("schreibtisch/liste/<desk_list:name>.csv", views.desk_csv, name="desk_csv"),
    path("schreibtisch/liste/<desk_list:name>/<int:row>/zuweisen/", views.assign, name="desk_assign"),
    path("schreibtisch/aufgaben/<int:pk>/erledigt/", views.finish, name="desk_finish"),
    path("schreibtisch/gesuche/<slug:key>/", views.desk_request, name="desk_request"),
]
