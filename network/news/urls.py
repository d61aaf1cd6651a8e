"""Addresses of news."""

from django.urls import path

from network.news import views
from network.news.feed import NewsFeed

urlpatterns = [
    path("neues.atom", NewsFeed(), name="news_feed"),
    path("termine.atom", NewsFeed(only_events=True), name="events_feed"),
    path("rundbrief/", views.newsletter, name="newsletter"),
    path("rundbrief/unterwegs/", views.newsletter_sent, name="newsletter_sent"),
    path("rundbrief/bestaetigen/<str:token>/", views.newsletter_confirm, name="newsletter_confirm"),
    path("rundbrief/abbestellen/<str:token>/", views.newsletter_stop, name="newsletter_stop"),
]
