"""Text as a cell of a table: a spreadsheet must not take it for a formula."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what one begins with


def harmless(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA) else text
