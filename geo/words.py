"""Spelling that does not matter, taken out, so that words of different people compare."""

from __future__ import annotations

import re
import unicodedata

from geo.models import UMLAUTS


def plain(text: object) -> str:
    """Return text without case, accents and punctuation: "Straße/Hausnr." becomes "strasse hausnr"."""
    lowered = str(text).replace("²", "2").translate(UMLAUTS).lower()
    ascii_only = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", ascii_only).strip()
