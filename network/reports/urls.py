"""Addresses of reporting, and of the moderators' desk."""

from django.urls import path, re_path

from network.reports import desk, views

urlpatterns = [
    path("melden/", views.report, name="report"),
    path("melden/danke/", views.thanks, name="report_thanks"),
    path("melden/bestaetigen/<str:token>/", views.confirm, name="report_confirm"),
    path("melden/<slug:slug>/angabe-falsch/", views.correct, name="report_wrong"),
    re_path(r"^melden/(?P<slug>[-\w]+)/(?P<word>steht-noch-leer|steht-nicht-mehr-leer)/$", views.tap, name="report_tap"),
    path("pruefen/", desk.queue, name="report_queue"),
    path("pruefen/<slug:key>/", desk.one, name="report_desk"),
    path("pruefen/<slug:key>/entscheiden/", desk.decide, name="report_decide"),
    path("pruefen/<slug:key>/zuruecknehmen/", desk.take_back, name="report_take_back"),
    path("pruefen/<slug:key>/eigentuemer-informiert/", desk.owner_informed, name="report_owner_informed"),
    path("pruefen/<slug:key>/foto.jpg", desk.photo, name="report_photo"),
]
