"""The address of one's own page."""

from django.urls import path

from network.people import views

urlpatterns = [path("konto/", views.account, name="account")]
