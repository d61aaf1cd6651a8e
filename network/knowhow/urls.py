"""Addresses of know-how."""

from django.urls import path

from network.knowhow import views

urlpatterns = [
    path("wissen/", views.articles, name="articles"),
    path("wissen/<slug:slug>/", views.article, name="article"),
    path("beratung/", views.advice_offers, name="advice_offers"),
    path("foerderung/", views.funding, name="funding"),
    path("foerderung/<slug:slug>.ics", views.funding_deadline, name="funding_deadline"),
]
