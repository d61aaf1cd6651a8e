"""All addresses: German at the root, English under /en/."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from layers.publish.ows.page import services_page

urlpatterns = i18n_patterns(
    path("admin/", admin.site.urls),
    path("ogc/", services_page, name="services"),
    path("", include("network.urls")),
    path("", include("layers.urls")),
    path("", include("vacancies.urls")),
    path("", include("layers.publish.urls")),
    prefix_default_language=False,
)

handler404 = "vacancies.views.not_found"
handler500 = "vacancies.views.server_error"
