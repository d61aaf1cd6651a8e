"""Whose rows of the register a person sees: a value that pages, engines and the database are all given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

SETTING = "raum.towns"  # of the database, which cuts the register's views by it
ALL = "*"


@dataclass(frozen=True)
class Scope:
    """Rows of the municipalities with these AGS; `everywhere` are all. Without either there are none."""

    towns: frozenset[str] = field(default_factory=frozenset)
    everywhere: bool = False

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.towns)

    @property
    def words(self) -> str:
        """What the database is told: `*`, or the AGS joined by commas; '' for nothing.

        Raises
        ------
        ValueError
            For an AGS that is not of eight digits.
        """
        if self.everywhere:
            return ALL
        if wrong := [ags for ags in self.towns if not (len(ags) == 8 and ags.isascii() and ags.isdigit())]:
            raise ValueError(f"{wrong[0][:20]!r} is no AGS")
        return ",".join(sorted(self.towns))

    @property
    def digest(self) -> str:
        """A short name of the scope, for keys of caches."""
        return hashlib.sha256(self.words.encode()).hexdigest()[:24]

    def covers(self, ags: str) -> bool:
        """Whether a municipality is in it."""
        return self.everywhere or ags in self.towns

    def rows(self, column: str) -> Q:
        """Return the condition on a column that holds the AGS."""
        if self.everywhere:
            return Q()
        return Q(**{f"{column}__in": sorted(self.towns)})


NOWHERE = Scope()


def scope_of(user: Any, role: str = "viewer") -> Scope:
    """Return where a person has at least this role; the package above that knows people answers (settings.SCOPE_OF)."""
    found: Scope = import_string(settings.SCOPE_OF)(user, role)
    return found
