"""Addresses of the published layers."""

from django.urls import re_path

from layers.publish import views
from layers.publish.collection import collections

NAMES = "|".join(c.name for c in collections())
EXTENSIONS = "|".join(e.replace(".", r"\.") for e in views.FORMATS)

urlpatterns = [
    re_path(rf"^(?P<name>{NAMES})\.(?P<extension>{EXTENSIONS})$", views.download, name="download"),
]
