"""What of a request is public rests on a consent: its visibility gives and withdraws it, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _

from network.privacy import consents
from network.seeking.models import Shown, SpaceRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEXT = "gesuch-oeffentlich"


def note(request: SpaceRequest) -> None:
    """Note the consent that the visibility of a saved request tells, or its end."""
    if request.visibility == Shown.NOTHING:
        consents.withdraw(request.owner, TEXT, request.key)
    else:
        consents.give(request.owner, TEXT, request.key)


@consents.on_withdrawal(TEXT)
def hide(who: User | str, about: str) -> None:
    """Show the public nothing of a request any more."""
    SpaceRequest.objects.filter(owner=who, key=about).update(visibility=Shown.NOTHING)


def forget(requests: Iterable[SpaceRequest]) -> None:
    """Delete requests with all their matches; the consents to showing them end with them."""
    for request in requests:
        with transaction.atomic():
            consents.withdraw(request.owner, TEXT, request.key)
            request.delete()


def _help() -> str:
    page = reverse("consent_text", args=[TEXT, consents.versions(TEXT)[-1]])
    text = _("Ihr Name und Ihre E-Mail-Adresse stehen nie öffentlich. Wer hier etwas zeigt, willigt ein: {link}.")
    return format_html(text.replace("{link}", '<a href="{}">{}</a>'), page, _("Wortlaut der Einwilligung"))


help_text = lazy(_help, str)()
