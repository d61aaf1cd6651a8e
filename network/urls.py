"""Addresses of a person's own pages."""

from django.urls import include, path, re_path

from layers.publish.mapserver.views import wms
from layers.publish.ogcapi.urls import urlpatterns as features
from layers.publish.urls import FormatConverter
from layers.publish.views import download
from layers.publish.wfs.views import wfs
from network import views
from network.alerts.urls import urlpatterns as alerts
from network.contacts.urls import urlpatterns as contacts
from network.inquiries.urls import urlpatterns as inquiries
from network.privacy.urls import urlpatterns as privacy
from network.seeking.urls import urlpatterns as seeking
from network.services import internal

urlpatterns = [
    path("ogc/intern/wms", internal(wms), name="internal_wms"),
    path("ogc/intern/wfs", internal(wfs), name="internal_wfs"),
    re_path(rf"^ogc/intern/(?P<name>[a-z_]+)\.(?P<extension>{FormatConverter.regex})$", internal(download), name="internal_download"),
    *(path(f"ogc/intern/features/{p.pattern}", internal(p.callback), name=f"internal_{p.name}") for p in features),
    path("raum-anbieten/", views.offering_room, name="offering_room"),
    path("fuer-gemeinden/", views.municipalities, name="municipalities"),
    path("konto/app-passwoerter/", views.app_passwords, name="app_passwords"),
    path("konto/app-passwoerter/<int:pk>/widerrufen/", views.revoke_app_password, name="revoke_app_password"),
    *seeking,
    *alerts,
    *contacts,
    *inquiries,
    *privacy,
    path("", include("network.advice.urls")),
    path("", include("network.knowhow.urls")),
    path("", include("network.gathering.urls")),
    path("", include("network.showcase.urls")),
    path("", include("network.news.urls")),
    path("", include("network.people.urls")),
    path("", include("network.signin.urls")),
    path("", include("network.organisations.urls")),
    path("", include("network.invitations.urls")),
    path("", include("network.intake.urls")),
    path("", include("network.owners.urls")),
    path("", include("network.desk.urls")),
    path("", include("network.merging.urls")),
    path("", include("network.mailing.urls")),
    path("", include("network.impact.urls")),
    path("", include("network.reports.urls")),
    path("", include("network.own_buildings.urls")),
]
