"""A vacancy with an owner nobody may see, an office that answers, a seeker: for tests of contacts and inquiries."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.core import mail

from geo.models import Town
from network import post
from network.contacts.models import ContactPoint
from network.inquiries import thread
from network.inquiries.models import Inquiry
from network.owners.models import OwnerContact
from vacancies.models import Vacancy

OWNER = ("Kanarienvogel-Eigentum GmbH", "eigentum-canary@example.net", "0331 7654321", "Geheimweg 99, 16775 Gransee", "Notiz-Canary")
TEXT = "Guten Tag, wir möchten hier eine offene Werkstatt einrichten."
SCRIPT = "<script>alert('böse')</script>"


def vacancy_in(slug: str = "gransee", number: int = 0) -> Vacancy:
    """A public vacancy whose owner is known to the register alone."""
    rows = Vacancy.objects.filter(publication="published", visibility="exact", basis="example", town__slug=slug).order_by("key")
    found: Vacancy = rows.select_related("town__district")[number]
    return owned(found)


def owned(vacancy: Vacancy) -> Vacancy:
    """Give it the owner nobody may see."""
    name, email, phone, address, note = OWNER
    words = {"organisation": name, "name": "Erna Canary", "email": email, "phone": phone, "address": address, "note": note}
    OwnerContact.objects.create(vacancy=vacancy, **words)
    return vacancy


def office(name: str = "Bauamt Gransee", *towns: str, **also: Any) -> ContactPoint:
    """A contact with a mailbox; of Gransee where nothing else is said."""
    words = {"function": "building", "mailbox": f"{name.lower().replace(' ', '-')}@example.org"} | also
    found = ContactPoint.objects.create(name=name, **words)
    if towns or not {"admin_union", "district", "statewide"} & set(also):
        found.towns.set(Town.objects.filter(slug__in=towns or ("gransee",)))
    return found


def seeker(name: str = "ilse") -> User:
    return User.objects.create_user(name, f"{name}-canary@example.org")


def begun(user: User, vacancy: Vacancy, text: str = TEXT, **also: Any) -> Inquiry:
    return thread.begin(user, vacancy, text, **{"topic": "use"} | also)[0]


def sent() -> list[Any]:
    """The mails that were written since the last call."""
    mail.outbox.clear()
    post.send_waiting()
    return list(mail.outbox)


def link_in(message: Any, word: str = "anfragen/antwort") -> str:
    found = re.search(rf"/{word}/\S+", message.body)
    assert found, message.body
    return found[0]


def to(messages: list[Any], address: str) -> list[Any]:
    return [m for m in messages if m.to == [address]]
