"""Mails of a thread, and the sealed ways to answer: a page without an account, and an address for each side where mail comes in."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from geo.errors import Expired
from network.inquiries.models import Inquiry, InquiryMessage
from network.inquiries.steps import Side
from network.post import Mail, base_url, seal, unseal, write

LINK_LASTS = datetime.timedelta(days=90)
MARKER = "## Antwort bitte über dieser Zeile ##"  # in every language: `receive_mail` looks for it
TO_CONTACT = ("inquiry_new", "inquiry_more", "inquiry_step_contact", "inquiry_reminder", "inquiry_reservation_contact")
TO_SEEKER = ("inquiry_sent", "inquiry_answer", "inquiry_step", "inquiry_reservation")
ADDRESS = re.compile(r"anfrage-([a-z0-9]{8,12})-([cs])-([a-z2-7]{16})@(.+)")


def to_contact(inquiry: Inquiry, message: InquiryMessage | None, name: str, **also: Any) -> Mail:
    """Write to the contact's mailbox, with a link that needs no account."""
    context = _context(inquiry, message, Side.CONTACT) | {"link": base_url() + answer_link(inquiry), **also}
    context["address"] = inquiry.seeker.email if inquiry.shares_address and inquiry.seeker else ""
    return write(inquiry.mailbox, name, context, reply_to=reply_address(inquiry, Side.CONTACT))


def to_seeker(inquiry: Inquiry, message: InquiryMessage | None, name: str) -> Mail | None:
    """Write to the seeker; to nobody where they are gone."""
    seeker = inquiry.seeker
    if seeker is None or not seeker.email or not seeker.is_active:
        return None
    context = _context(inquiry, message, Side.SEEKER) | {"link": base_url() + inquiry.get_absolute_url()}
    return write(seeker.email, name, context, language=inquiry.language, reply_to=reply_address(inquiry, Side.SEEKER))


def _context(inquiry: Inquiry, message: InquiryMessage | None, side: str) -> dict[str, Any]:
    """What a mail to a side says, in that side's language."""
    with translation.override(inquiry.language if side == Side.SEEKER else "de"):
        what = inquiry.public_what if side == Side.SEEKER else inquiry.what
    marker = MARKER if settings.MAIL_REPLY_DOMAIN else ""
    return {"inquiry": inquiry, "message": message, "town": inquiry.vacancy.town.name, "marker": marker, "what": what}


def forget(inquiry: Inquiry, side: str = "") -> int:
    """Delete the mails of a thread that wait (to one side, or to both); returns how many."""
    names = {"": (*TO_CONTACT, *TO_SEEKER), "contact": TO_CONTACT}[side]
    return Mail.objects.filter(Q(purpose__in=names) & Q(text__contains=mark_of(inquiry))).delete()[0]


def mark_of(inquiry: Inquiry) -> str:
    """The words by which mails of a thread are known; they stand in each."""
    return f"[{inquiry.key}]"


def answer_link(inquiry: Inquiry) -> str:
    """Return the path of the page where the contact answers without an account."""
    return reverse("inquiry_answer", args=[seal("inquiry_answer", inquiry.key, inquiry.mailbox)])


def opened(token: str) -> Inquiry:
    """Return the inquiry of a contact's link; raises `Expired` where it is old, or the inquiry is with another mailbox by now."""
    key, mailbox = unseal("inquiry_answer", token, LINK_LASTS)
    found = Inquiry.objects.all().called(key)
    if found is None:
        raise Expired(_("Diese Anfrage gibt es nicht mehr."))
    if found.mailbox != mailbox:
        raise Expired(_("Diese Anfrage liegt inzwischen bei einer anderen Stelle. Sie brauchen nichts weiter zu tun."))
    return found


def reply_address(inquiry: Inquiry, side: str) -> str:
    """Return the address at which a side answers by mail; '' where no mail comes in (RW_MAIL_REPLY_DOMAIN)."""
    if not settings.MAIL_REPLY_DOMAIN:
        return ""
    letter = side[0]
    return f"anfrage-{inquiry.key}-{letter}-{_mac(inquiry, letter)}@{settings.MAIL_REPLY_DOMAIN}"


def _mac(inquiry: Inquiry, letter: str) -> str:
    whom = inquiry.mailbox if letter == "c" else (inquiry.seeker_id or 0)
    words = f"network.inquiry_mail {inquiry.key} {letter} {whom}"
    found = hmac.new(settings.SECRET_KEY.encode(), words.encode(), hashlib.sha256).digest()
    return base64.b32encode(found[:10]).decode().lower()


def addressed(recipient: str) -> tuple[Inquiry, str] | None:
    """Return the thread and the side of an address; None for one that is not ours, forged, or of somebody who is no part of it now."""
    found = ADDRESS.fullmatch(recipient.strip().lower())
    if not found or found[4] != settings.MAIL_REPLY_DOMAIN.lower():
        return None
    inquiry = Inquiry.objects.all().called(found[1])
    if inquiry is None or not hmac.compare_digest(_mac(inquiry, found[2]), found[3]):
        return None
    return inquiry, str(Side.CONTACT if found[2] == "c" else Side.SEEKER)


SEALED = re.compile(r"\S*/anfragen/antwort/\S+")


def without_links(text: str) -> str:
    """Return a text without links that open a thread: a quotation must not hand them on."""
    return SEALED.sub("[…]", text)
