"""Addresses of letters to several."""

from django.urls import path

from network.mailing import views

urlpatterns = [
    path("schreibtisch/rundschreiben/", views.mailings, name="mailings"),
    path("schreibtisch/rundschreiben/neu/", views.write, name="mailing_new"),
    path("schreibtisch/rundschreiben/<int:pk>/", views.mailing, name="mailing"),
    path("schreibtisch/rundschreiben/<int:pk>/aendern/", views.write, name="mailing_change"),
    path("schreibtisch/rundschreiben/<int:pk>/probe/", views.test, name="mailing_test"),
    path("schreibtisch/rundschreiben/<int:pk>/senden/", views.send, name="mailing_send"),
    path("rundschreiben/abbestellen/<str:token>/", views.stop, name="mailing_stop"),
]
