"""Keeps the public views in step with their SQL files."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from geo import public_views


class GeoConfig(AppConfig):
    name = "geo"
    verbose_name = _("Orte und Datensätze")

    def ready(self) -> None:
        pre_migrate.connect(public_views.before_migrations, sender=self)
        post_migrate.connect(public_views.after_migrations, sender=self)
