"""Addresses of advice."""

from django.urls import path

from network.advice import views

urlpatterns = [
    path("beratung/anfrage/", views.intake, name="advice_intake"),
    path("beratung/anfrage/unterwegs/", views.sent, name="advice_sent"),
    path("beratung/anfrage/bestaetigen/<str:token>/", views.confirm, name="advice_confirm"),
    path("beratung/meine/<str:token>/", views.mine, name="advice_mine"),
    path("beratung/faelle/", views.cases, name="advice_cases"),
    path("beratung/faelle/<slug:key>/", views.case, name="advice_case"),
    path("beratung/faelle/<slug:key>/stand/", views.move, name="advice_move"),
    path("beratung/faelle/<slug:key>/schreiben/", views.write, name="advice_write"),
    path("beratung/faelle/<slug:key>/uebergeben/", views.hand_over, name="advice_hand_over"),
]
