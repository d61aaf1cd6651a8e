"""Addresses of subscriptions."""

from django.urls import path

from network.alerts import views

urlpatterns = [
    path("benachrichtigen/", views.order, name="alert_order"),
    path("benachrichtigen/unterwegs/", views.sent, name="alert_sent"),
    path("benachrichtigen/bestaetigen/<str:token>/", views.confirm, name="alert_confirm"),
    path("benachrichtigen/abbestellen/<str:token>/", views.stop, name="alert_stop"),
    path("benachrichtigen/verlaengern/<str:token>/", views.renew, name="alert_renew"),
]
