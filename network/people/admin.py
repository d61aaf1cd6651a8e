"""Accounts in the administration: deleting one is leaving for good, with all that belongs to it, as on the person's own page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from network.privacy.deletion import preview
from network.privacy.leaving import leave
from network.privacy.subjects import Subject

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Django's accounts; deletion goes the one way that reaches history, files, mails and organisations."""

    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Return what leaving deletes or empties, person by person; nothing that refers to a person forbids it."""
        users = list(objs)
        told = [[str(user), [f"{step.holding.name}: {step.rows}" for step in preview(Subject.of(user))]] for user in users]
        counts = {str(User._meta.verbose_name_plural): len(users)}
        return [item for pair in told for item in pair], counts, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        leave(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            leave(user)
