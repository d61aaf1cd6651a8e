"""States of requests and of matches, and which may follow which: one table each."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from geo.errors import NotAllowed


class RequestState(models.TextChoices):
    """What becomes of a request for space."""

    DRAFT = "draft", gettext_lazy("Entwurf")
    ACTIVE = "active", pgettext_lazy("request", "aktiv")
    PAUSED = "paused", pgettext_lazy("request", "pausiert")
    FULFILLED = "fulfilled", pgettext_lazy("request", "erfüllt")
    WITHDRAWN = "withdrawn", pgettext_lazy("request", "zurückgezogen")
    EXPIRED = "expired", pgettext_lazy("request", "abgelaufen")


class MatchState(models.TextChoices):
    """What becomes of a match; from the inquiry on, mediated contact moves it."""

    SUGGESTED = "suggested", pgettext_lazy("match", "vorgeschlagen")
    VIEWED = "viewed", pgettext_lazy("match", "angesehen")
    INQUIRY_SENT = "inquiry_sent", pgettext_lazy("match", "angefragt")
    FORWARDED = "forwarded", pgettext_lazy("match", "weitergeleitet")
    VIEWING = "viewing", pgettext_lazy("match", "Besichtigung")
    NEGOTIATING = "negotiating", pgettext_lazy("match", "in Verhandlung")
    RESERVED = "reserved", pgettext_lazy("match", "Anhandgabe")
    AGREED = "agreed", pgettext_lazy("match", "vereinbart")
    DECLINED = "declined", pgettext_lazy("match", "passt nicht")
    EXPIRED = "expired", pgettext_lazy("match", "abgelaufen")


R, M = RequestState, MatchState
REQUEST_MOVES: Mapping[str, tuple[str, ...]] = {
    R.DRAFT: (R.ACTIVE, R.WITHDRAWN),
    R.ACTIVE: (R.PAUSED, R.FULFILLED, R.WITHDRAWN, R.EXPIRED),
    R.PAUSED: (R.ACTIVE, R.FULFILLED, R.WITHDRAWN, R.EXPIRED),
    R.EXPIRED: (R.ACTIVE, R.FULFILLED, R.WITHDRAWN),
    R.FULFILLED: (R.ACTIVE,),
    R.WITHDRAWN: (R.ACTIVE,),
}
_OPEN = (M.DECLINED, M.EXPIRED)
MATCH_MOVES: Mapping[str, tuple[str, ...]] = {
    M.SUGGESTED: (M.VIEWED, M.INQUIRY_SENT, *_OPEN),
    M.VIEWED: (M.INQUIRY_SENT, *_OPEN),
    M.INQUIRY_SENT: (M.FORWARDED, M.VIEWING, M.NEGOTIATING, *_OPEN),
    M.FORWARDED: (M.VIEWING, M.NEGOTIATING, M.RESERVED, M.AGREED, *_OPEN),
    M.VIEWING: (M.NEGOTIATING, M.RESERVED, M.AGREED, *_OPEN),
    M.NEGOTIATING: (M.VIEWING, M.RESERVED, M.AGREED, *_OPEN),
    M.RESERVED: (M.NEGOTIATING, M.AGREED, *_OPEN),
    M.AGREED: (),
    M.DECLINED: (M.VIEWED,),
    M.EXPIRED: (M.VIEWED,),
}
UNTOUCHED = (M.SUGGESTED, M.VIEWED)  # nobody has done anything about it: such a row may go when it fits no more


def check_move(moves: Mapping[str, tuple[str, ...]], labels: type[models.TextChoices], now: str, to: str) -> None:
    """Raise `NotAllowed` where a state may not follow; the sentence says which may."""
    if to not in labels.values or to not in moves[now]:
        allowed = ", ".join(f"„{labels(s).label}“" for s in moves[now]) or _("keiner")
        wanted = labels(to).label if to in labels.values else to[:30]
        text = _("Von „{now}“ geht es nicht zu „{to}“. Möglich ist: {allowed}.")
        raise NotAllowed(text.format(now=labels(now).label, to=wanted, allowed=allowed))
