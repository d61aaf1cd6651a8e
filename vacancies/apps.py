"""Keeps the public views in step with their SQL files."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class VacanciesConfig(AppConfig):
    name = "vacancies"
    verbose_name = _("Leerstände")

    def ready(self) -> None:
        pre_migrate.connect(_before, sender=self)
        post_migrate.connect(_after, sender=self)


def _before(plan: list[Any], using: str, **_more: Any) -> None:
    from vacancies import public_views

    if plan:  # a table cannot change under a view
        public_views.drop(using)


def _after(using: str, **_more: Any) -> None:
    from vacancies import public_views

    public_views.create(using)
