"""Who may take which step of an inquiry; which may follow which stands in `network.seeking.states`."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from geo.errors import NotAllowed
from network.seeking.states import MATCH_MOVES, MatchState, check_move


class Side(models.TextChoices):
    """Who speaks in a thread."""

    SEEKER = "seeker", pgettext_lazy("inquiry", "Anfragende Person")
    CONTACT = "contact", pgettext_lazy("inquiry", "Ansprechstelle")
    MEMBER = "member", pgettext_lazy("inquiry", "Kommune")
    COORDINATOR = "coordinator", gettext_lazy("Kontaktstelle")
    PLATFORM = "platform", gettext_lazy("Hinweis")


S = MatchState
ENDED = (S.AGREED, S.DECLINED, S.EXPIRED)
OFFICE = (Side.CONTACT, Side.MEMBER, Side.COORDINATOR)
MAY: dict[str, tuple[str, ...]] = {
    S.FORWARDED: OFFICE,
    S.VIEWING: OFFICE,
    S.NEGOTIATING: OFFICE,
    S.RESERVED: OFFICE,
    S.AGREED: OFFICE,
    S.DECLINED: (Side.SEEKER, *OFFICE),
    S.EXPIRED: (Side.COORDINATOR, Side.PLATFORM),
}
VERBS = {
    S.FORWARDED: gettext_lazy("Weitergeleitet an die Eigentümerseite"),
    S.VIEWING: gettext_lazy("Besichtigung vereinbart"),
    S.NEGOTIATING: gettext_lazy("In Verhandlung"),
    S.RESERVED: gettext_lazy("Anhandgabe"),
    S.AGREED: gettext_lazy("Vereinbart"),
    S.DECLINED: gettext_lazy("Absagen"),
    S.EXPIRED: gettext_lazy("Als abgelaufen schließen"),
}


def steps_of(side: str, now: str) -> list[tuple[str, str]]:
    """Return the states that a side may give an inquiry now, each with the words on its button."""
    return [(to, str(_("Zurückziehen") if (side, to) == (Side.SEEKER, S.DECLINED) else VERBS[to])) for to in allowed(side, now)]


def allowed(side: str, now: str) -> list[str]:
    """Return the states that a side may give an inquiry now; one that has ended stays as it is."""
    return [] if now in ENDED else [to for to in MATCH_MOVES[now] if side in MAY.get(to, ())]


def check_step(side: str, now: str, to: str, *, prolongs: bool = False) -> None:
    """Raise `NotAllowed` where the side may not do this now, with what it may. What is prolonged keeps its state."""
    if to in allowed(side, now) or (prolongs and side in MAY[to]):
        return
    if prolongs or (now not in ENDED and to in MATCH_MOVES[now]):
        raise NotAllowed(_("Diesen Schritt geht die andere Seite. Schreiben Sie ihr, wenn er ansteht."))
    if now in ENDED:
        raise NotAllowed(_("Diese Anfrage ist beendet: {state}.").format(state=MatchState(now).label))
    check_move(MATCH_MOVES, MatchState, now, to)
