"""The yearly mail that asks an office whether its entry still holds."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from geo.errors import Expired
from network.contacts.models import ContactPoint
from network.post import base_url, seal, unseal, write

LINK_LASTS = datetime.timedelta(days=90)


def ask_again(day: datetime.date) -> int:
    """Ask every office whose entry nobody confirmed for a year, once a year; returns how many mails."""
    asked = 0
    for contact in list(ContactPoint.objects.all().to_ask_again(day)):
        with transaction.atomic():
            contact.asked_on = day
            contact.save(update_fields=["asked_on"])
            link = base_url() + reverse("contact_verify", args=[seal("contact_verify", contact.key, contact.mailbox)])
            write(contact.mailbox, "contact_verify", {"contact": contact, "link": link})
            asked += 1
    return asked


def opened(token: str) -> ContactPoint:
    """Return the contact of a link; raises `Expired` where the link is not good, or the mailbox is another by now."""
    key, mailbox = unseal("contact_verify", token, LINK_LASTS)
    found = ContactPoint.objects.all().called(key)
    if found is None or found.mailbox != mailbox:
        raise Expired(_("Dieser Kontakt steht so nicht mehr im Verzeichnis."))
    return found
