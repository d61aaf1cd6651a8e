"""The app's name in the administration, its rules, and which administration there is."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class NetworkConfig(AppConfig):
    name = "network"
    verbose_name = _("Menschen und Zugänge")

    def ready(self) -> None:
        from network import rights  # noqa: F401 - its rules
        from network.intake import tasks as intake_tasks  # noqa: F401


class OfficeConfig(admin.AdminConfig):
    default = False
    default_site = "network.office.Office"
