"""How the rows of one model belong to a person, and what becomes of them when the person goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import FileField, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from network.privacy.purposes import Purpose
from network.privacy.subjects import Subject
from network.privacy.words import LABELS, NAMES

WITH_ACCOUNT = _("bis das Konto gelöscht wird")


def with_periods(text: Any) -> str:
    """Return a text with the periods that are set filled in."""
    return str(text).format(**settings.RETENTION)


@dataclass(frozen=True)
class Delete:
    """The rows go, with their files and their history."""

    def __str__(self) -> str:
        return str(_("wird gelöscht"))


@dataclass(frozen=True)
class Anonymise:
    """The rows stay without what tells of the person."""

    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(_("bleibt ohne Angaben zur Person"))


@dataclass(frozen=True)
class Keep:
    """The rows stay for a while, for a reason that the person is told."""

    reason: Any

    def __str__(self) -> str:
        return str(_("bleibt: {reason}")).format(reason=with_periods(self.reason))


End = Delete | Anonymise | Keep


@dataclass(frozen=True)
class Holding:
    """How the rows of one model belong to a person."""

    model: str
    why: Purpose
    of: str = ""
    address: str = ""
    shows: str = ""
    kept: Any = WITH_ACCOUNT
    end: End = field(default_factory=Delete)
    leaves: str = ""  # paths to accounts that are only named in rows of others: emptied with the account
    find: Callable[[Subject], QuerySet[Any]] | None = None  # where no path leads to the person
    first: str = ""  # what is done with each row before its end: its method, or the path of a function

    @property
    def lasts(self) -> str:
        """How long the rows are kept, with the periods of this installation."""
        return with_periods(self.kept)

    @property
    def of_model(self) -> type[Model]:
        return apps.get_model(self.model)

    @property
    def name(self) -> str:
        return str(NAMES.get(self.model) or self.of_model._meta.verbose_name_plural)

    def rows(self, who: Subject) -> QuerySet[Any]:
        """Return what is held of a person."""
        manager = self.of_model._default_manager
        if self.find:
            return self.find(who)
        ours = Q(pk__in=[])
        if who.user is not None:
            for path in self.of.split():
                ours |= Q(**{path: who.user.pk})
        for path in self.address.split():
            for address in who.addresses:
                ours |= Q(**{f"{path}__iexact": address})
        return manager.filter(pk__in=manager.filter(ours).order_by().values("pk"))

    def labels(self) -> dict[str, str]:
        """Return the fields of an export with their names."""
        return {name: str(LABELS.get(name) or self.of_model._meta.get_field(name).verbose_name) for name in self.shows.split()}

    @property
    def begun(self) -> str:
        """The field that tells since when a row is there; '' where none does."""
        known = {f.name for f in self.of_model._meta.get_fields()}
        return next((name for name in BEGINNINGS if name in known), "")

    def files(self) -> list[str]:
        return [f.name for f in self.of_model._meta.get_fields() if isinstance(f, FileField)]


BEGINNINGS = (
    "created_at",
    "date_joined",
    "asked_at",
    "given_at",
    "sent_at",
    "received_at",
    "at",
    "first_seen",
    "verified_at",
    "written_at",
)
