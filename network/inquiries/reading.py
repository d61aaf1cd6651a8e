"""An incoming mail as plain text: from whom, whether a program wrote it, what is new in it. Knows no framework."""

from __future__ import annotations

import email
import hashlib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from html import unescape

MOST_BYTES = 5 * 1024 * 1024
RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
BULK = ("bulk", "junk", "list", "auto_reply")


class Unreadable(Exception):
    """The mail is too big, or has no text."""


@dataclass(frozen=True)
class Read:
    """What of a mail goes on: the addresses it was sent to, its text above our marker, a name that stays the same when it comes again."""

    recipients: tuple[str, ...]
    text: str
    digest: str
    is_automatic: bool
    left_out: int  # attachments


def read(raw: bytes, marker: str) -> Read:
    """Return a mail as it goes on; raises `Unreadable`.

    Parameters
    ----------
    raw : bytes
        As the mail server hands it over (RFC 822).
    marker : str
        The line that stands above our own text in each mail; it and what follows is a quotation.
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"more than {MOST_BYTES} bytes")
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    values = [str(v) for name in RECIPIENTS for v in message.get_all(name, [])]
    found = tuple(dict.fromkeys(address.lower() for _name, address in getaddresses(values) if address))
    if is_automatic(message):
        return Read(found, "", "", True, 0)
    text = above(plain_text(message), marker)
    if not text:
        raise Unreadable("no text")
    name = str(message.get("Message-ID", "")) or text
    left_out = sum(1 for part in message.walk() if part.get_content_disposition() == "attachment")
    return Read(found, text, hashlib.sha256(name.encode(errors="replace")).hexdigest(), False, left_out)


def is_automatic(message: EmailMessage) -> bool:
    """Whether a program wrote it: absence notes, bounces, lists (RFC 3834)."""
    by = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    bulk = str(message.get("Precedence", "")).strip().lower() in BULK
    report = message.get_content_type() in ("multipart/report", "message/delivery-status")
    empty = str(message.get("Return-Path", "x")).strip() == "<>"
    return by != "no" or bulk or report or empty or "X-Autoreply" in message or "X-Autorespond" in message


def plain_text(message: EmailMessage) -> str:
    """Return the text part, or that of the HTML without its marks; '' where there is neither."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, UnicodeError, KeyError):  # a charset nobody knows
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_type() == "text/html":
        text = re.sub(r"(?is)<(script|style|head).*?</\1>", "", text)
        text = unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<(br|/p|/div|/li)[^>]*>", "\n", text)))
    text = re.sub(r"[^\S\n\t]", " ", text.replace("\r\n", "\n"))  # every other space, as that which must not break
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


def above(text: str, marker: str) -> str:
    """Return what stands above the marker, without the lines that quote or say who wrote what is quoted."""
    head, found, _rest = text.partition(marker)
    lines = head.rstrip().split("\n") if head.strip() else []
    while found and lines and (not lines[-1].strip() or lines[-1].lstrip().startswith(">") or lines[-1].rstrip().endswith(":")):
        lines.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
