"""All addresses: German at the root, English under /en/; data that hold no words have no language."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path

from layers.publish.ows.page import services_page
from layers.publish.urls import data_patterns
from network.privacy.views import security
from vacancies.sitemaps import SITEMAPS

urlpatterns = [
    *data_patterns,
    path(".well-known/security.txt", security, name="security_txt"),
    path("sitemap.xml", sitemaps.index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_part"}, name="sitemap"),
    path("sitemap-<section>.xml", sitemaps.sitemap, {"sitemaps": SITEMAPS}, name="sitemap_part"),
    *i18n_patterns(
        path("admin/", admin.site.urls),
        path("ogc/", services_page, name="services"),
        path("", include("network.urls")),
        path("", include("layers.urls")),
        path("", include("vacancies.urls")),
        path("", include("layers.publish.urls")),
        prefix_default_language=False,
    ),
]

handler404 = "vacancies.views.not_found"
handler500 = "vacancies.views.server_error"
