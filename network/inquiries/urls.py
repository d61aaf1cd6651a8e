"""Addresses of inquiries."""

from django.urls import path

from network.inquiries import views

urlpatterns = [
    path("anfragen/", views.inquiries, name="inquiries"),
    path("anfragen/neu/<slug:slug>/", views.new_inquiry, name="inquiry_new"),
    path("anfragen/antwort/<str:token>/", views.answer_inquiry, name="inquiry_answer"),
    path("anfragen/<slug:key>/", views.inquiry, name="inquiry"),
    path("anfragen/<slug:key>/stand/", views.move_inquiry, name="inquiry_move"),
    path("anfragen/<slug:key>/weiterleiten/", views.forward_inquiry, name="inquiry_forward"),
    path("anfragen/<slug:key>/uebernehmen/", views.take_inquiry, name="inquiry_take"),
    path("anfragen/<slug:key>/loeschen/", views.delete_inquiry, name="inquiry_delete"),
    path("anfragen/<slug:key>/sperren/", views.block_seeker, name="inquiry_block"),
    path("anfragen/<slug:key>/anfrage.json", views.export_inquiry, name="inquiry_json"),
    path("anfragen/<slug:key>/druck/", views.print_inquiry, name="inquiry_print"),
]
