"""Log lines that name nobody, whoever wrote them and whatever a traceback quotes."""

from __future__ import annotations

import logging
import re

# What is taken out, and what stands there instead.
QUIET = (
    (re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*"), "[address]"),
    (re.compile(r"^DETAIL: .*$", re.MULTILINE), "DETAIL: [row]"),  # PostgreSQL quotes the row that it refuses
    (re.compile(r"(?<=[/=])[\w.-]{8,}:[\w-]{4,}:[\w-]{20,}"), "[token]"),  # links of mails
    (re.compile(r"(?<=\w/)\?[^\s\"']*|\?[\w%.-]+=[^\s\"']*"), "?[query]"),  # may tell where somebody lives
    (re.compile(r"\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b"), r"\1.0"),
    (re.compile(r"\b(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})+\b", re.IGNORECASE), "[ip]"),
)


class QuietFormatter(logging.Formatter):
    """Takes addresses, queries, links of mails and network addresses out of what is written, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return quiet(super().format(record))


def quiet(text: str) -> str:
    """Return a text without what could tell of a person."""
    for pattern, instead in QUIET:
        text = pattern.sub(instead, text)
    return text
