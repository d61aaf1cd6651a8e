"""Addresses of members and invitations."""

from django.urls import path

from network.invitations import views

urlpatterns = [
    path("konto/mitglieder/", views.members, name="members"),
    path("konto/mitglieder/<int:pk>/", views.member, name="member"),
    path("konto/mitglieder/<int:pk>/beenden/", views.end_membership, name="end_membership"),
    path("konto/mitglieder/einladung/<int:pk>/zurueckziehen/", views.withdraw_invitation, name="withdraw_invitation"),
    path("konto/mitgliedschaft/<int:pk>/beenden/", views.resign, name="resign"),
    path("einladung/<str:token>/", views.invitation, name="invitation"),
]
