"""Numbers as people write them: 1.234,5 in German, 1,234.5 in English."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import ngettext


def figure(value: int | float | Decimal, digits: int = 0) -> str:
    """Return a number with thousands grouped and so many decimals, in the language of the page."""
    return number_format(Decimal(f"{value:.{digits}f}"), digits, force_grouping=True)


def minutes(n: int) -> str:
    """Return a number of minutes as a person says it."""
    return ngettext("{n}\u00a0Minute", "{n}\u00a0Minuten", n).format(n=figure(n))


def brief(value: float, digits: int = 4) -> str:
    """Return a number with at most so many decimals and no trailing zeros, in the language of the page."""
    text = f"{value:.{digits}f}"
    return number_format(Decimal(text.rstrip("0").rstrip(".") if digits else text), force_grouping=True)
