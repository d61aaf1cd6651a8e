"""Searches of the map as they are kept with a subscription or a request for space."""

from __future__ import annotations

from django.http import QueryDict
from django.utils.translation import gettext as _

from geo.errors import InvalidParameter
from geo.figures import figure

LONGEST = 1000  # characters of a query string


def to_keep(query: str) -> str:
    """Return the query string of a search that is short enough to be kept.

    Raises
    ------
    InvalidParameter
        For a longer one; names the criterion that makes it long.
    """
    if len(query) > LONGEST:
        name, values = max(QueryDict(query).lists(), key=lambda asked: sum(len(v) for v in asked[1]))
        allowed = _("weniger davon; als Suche behalten wir höchstens {most} Zeichen, diese hat {n}")
        raise InvalidParameter(name, f"{','.join(values)[:60]}…", allowed.format(most=figure(LONGEST), n=figure(len(query))))
    return query
