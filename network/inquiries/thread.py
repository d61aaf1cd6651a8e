"""What happens in a thread: begin, write, take a step, forward, take over, delete. Each is whole or not at all."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geo.errors import InvalidParameter, NotAllowed
from network import limits
from network.contacts.directory import to_write_to
from network.contacts.models import ContactPoint
from network.inquiries import mails
from network.inquiries.models import EndReason, Inquiry, InquiryBlock, InquiryMessage, digest_of
from network.inquiries.steps import ENDED, Side, check_step
from network.seeking.models import Reason, SpaceRequest
from network.seeking.states import MATCH_MOVES, MatchState
from vacancies.models import Vacancy

INQUIRIES_A_DAY = {"person": 5}
MESSAGES_A_DAY = {"thread": 30}
SAME_TEXT = 2  # vacancies that may get the very same text from one person
LONGEST_RESERVATION = datetime.timedelta(days=730)


def begin(user: User, vacancy: Vacancy, text: str, **also: Any) -> tuple[Inquiry, bool]:
    """Write to who answers for a vacancy; returns the inquiry and whether it is new.

    A second time gives the one that is open. Raises `NotAllowed` for a person who is blocked, wrote too much today or sends one text
    to many.
    """
    if (known := Inquiry.objects.all().open_one(user, vacancy)) is not None:
        return known, False
    digest = digest_of(text)
    check_may_begin(user)
    if Inquiry.objects.all().same_text(user, digest) >= SAME_TEXT:
        raise NotAllowed(
            _("Diesen Text haben Sie schon an mehrere Stellen geschickt. Bitte schreiben Sie, was Sie an diesem Ort vorhaben.")
        )
    limits.note("inquiry", INQUIRIES_A_DAY, person=str(user.pk))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two clicks at once: the second finds the first
        if (known := Inquiry.objects.all().open_one(user, vacancy)) is not None:
            return known, False
        contact = to_write_to(vacancy.town, also.get("topic", ""))
        inquiry = Inquiry(seeker=user, vacancy=vacancy, contact=contact, digest=digest, waiting_since=timezone.now(), **also)
        inquiry.save()
        _begin_match(inquiry.request, vacancy)
        message = inquiry.messages.create(side=Side.SEEKER, author=user, by=inquiry.seeker_name, text=text)
        mails.to_contact(inquiry, message, "inquiry_new")
        mails.to_seeker(inquiry, None, "inquiry_sent")
    return inquiry, True


def check_may_begin(user: User) -> None:
    """Raise `NotAllowed` for a person who is blocked."""
    if InquiryBlock.objects.all().holds(user):
        raise NotAllowed(_("Von diesem Konto nehmen wir keine Anfragen an. Fragen dazu beantwortet die Kontaktstelle (siehe Impressum)."))


def _begin_match(request: SpaceRequest | None, vacancy: Vacancy) -> None:
    match = request.matches.filter(vacancy=vacancy.key).first() if request else None
    if match is None:
        return
    if match.state in (MatchState.DECLINED, MatchState.EXPIRED):
        match.move(MatchState.VIEWED, reason="")
    if match.state in (MatchState.SUGGESTED, MatchState.VIEWED):
        match.move(MatchState.INQUIRY_SENT)


def _locked(inquiry: Inquiry) -> Inquiry:
    return Inquiry.objects.select_for_update(of=("self",)).select_related("vacancy__town", "contact").get(pk=inquiry.pk)


def write(inquiry: Inquiry, side: str, text: str, author: User | None = None, by: str = "", **also: Any) -> InquiryMessage:
    """Add a message and tell the other side; the same text again at once changes nothing. Raises `NotAllowed` after the end."""
    if side == Side.SEEKER and author is not None:
        check_may_begin(author)
    limits.note("inquiry_message", MESSAGES_A_DAY, thread=f"{inquiry.key} {side}")
    with transaction.atomic():
        locked = _locked(inquiry)
        if locked.state in ENDED:
            check_step(side, locked.state, MatchState.VIEWING)
        last = locked.messages.order_by("-at", "-pk").first()
        if last is not None and (last.side, last.text, last.is_internal) == (side, text, also.get("is_internal", False)):
            return last
        message: InquiryMessage = locked.messages.create(side=side, author=author, by=by[:160], text=text, **also)
        if not message.is_internal:
            _note_answer(locked, side)
            mails.to_seeker(locked, message, "inquiry_answer") if side != Side.SEEKER else mails.to_contact(locked, message, "inquiry_more")
    return message


def _note_answer(inquiry: Inquiry, side: str) -> None:
    """Who waits for whom after a message or a step."""
    now = timezone.now()
    inquiry.changed_at = now
    if side != Side.SEEKER:
        inquiry.waiting_since, inquiry.reminded = None, 0
    elif inquiry.waiting_since is None:
        inquiry.waiting_since, inquiry.reminded = now, 0
    inquiry.save()


def step(inquiry: Inquiry, side: str, to: str, author: User | None = None, by: str = "", **also: Any) -> Inquiry:
    """Give an inquiry its next state and tell the other side; the same again changes nothing.

    `reserved_until` is needed for a reservation (again to prolong it), `reason` to decline. Raises `NotAllowed` or `InvalidParameter`.
    """
    with transaction.atomic():
        locked = _locked(inquiry)
        until = also.get("reserved_until")
        prolongs = to == locked.state == MatchState.RESERVED and until != locked.reserved_until
        if locked.state == to and not prolongs:
            return locked
        check_step(side, locked.state, to, prolongs=prolongs)
        _check_words(to, side, also)
        locked.reserved_until = until if to == MatchState.RESERVED else None
        locked.reason = also.get("reason", "") if to == MatchState.DECLINED else ""
        locked.state = to
        locked.ended_at = timezone.now() if to in ENDED else None
        _note_answer(locked, side)
        if to in ENDED:
            locked.waiting_since = None
            locked.save(update_fields=["waiting_since"])
        _move_match(locked, to)
        message = locked.messages.create(side=side, author=author, by=by[:160], state=to)
        if side != Side.SEEKER:
            mails.to_seeker(locked, message, "inquiry_step")
        if side in (Side.SEEKER, Side.PLATFORM):
            mails.to_contact(locked, message, "inquiry_step_contact")
    return locked


def _check_words(to: str, side: str, also: dict[str, Any]) -> None:
    today = timezone.localdate()
    if to == MatchState.RESERVED:
        until = also.get("reserved_until")
        if not isinstance(until, datetime.date) or not today < until <= today + LONGEST_RESERVATION:
            allowed_words = _("ein Tag ab morgen, höchstens zwei Jahre voraus")
            raise InvalidParameter("reserved_until", str(until or ""), allowed_words)
    if to == MatchState.DECLINED and side == Side.SEEKER:
        also["reason"] = EndReason.WITHDRAWN
    if to == MatchState.DECLINED and also.get("reason") not in EndReason.values:
        raise InvalidParameter("reason", str(also.get("reason") or "")[:30], ", ".join(str(r.label) for r in EndReason))


def _move_match(inquiry: Inquiry, to: str) -> None:
    """Let the match follow, as far as its own table goes."""
    match = inquiry.match
    if match is None or to not in MATCH_MOVES[match.state]:
        return
    reason = Reason.GONE if inquiry.reason == EndReason.TAKEN else Reason.OTHER
    match.move(to, **({"reason": reason} if to == MatchState.DECLINED else {}))


def forward(inquiry: Inquiry, contact: ContactPoint | None, note: str, side: str, author: User, by: str) -> None:
    """Hand an inquiry to another contact (None: the contact point), with a note that the seeker does not see."""
    with transaction.atomic():
        locked = _locked(inquiry)
        if locked.state in ENDED:
            check_step(side, locked.state, MatchState.FORWARDED)
        if locked.contact == contact:
            return
        locked.contact, locked.taken_by, locked.reminded = contact, None, 0
        locked.changed_at = locked.handed_at = timezone.now()
        locked.save()
        mails.forget(locked, "contact")
        if note:
            locked.messages.create(side=side, author=author, by=by, text=note, is_internal=True)
        locked.messages.create(side=Side.PLATFORM, text=_("Weitergegeben an: {name}").format(name=locked.contact_name))
        mails.to_contact(locked, locked.messages.of_seeker().order_by("at").first(), "inquiry_new", note=note)


def take_over(inquiry: Inquiry, user: User) -> None:
    """Say that oneself sees to it; a second time changes nothing."""
    Inquiry.objects.filter(pk=inquiry.pk).exclude(taken_by=user).update(taken_by=user, changed_at=timezone.now())


@transaction.atomic
def anonymise(inquiry: Inquiry) -> None:
    """Delete what the seeker wrote and who they are, end the inquiry, drop mails about it that wait. A second time changes nothing."""
    locked = _locked(inquiry)
    mails.forget(locked)
    if locked.state not in ENDED:
        locked = step(locked, Side.SEEKER, MatchState.DECLINED)
    locked.messages.of_seeker().update(text="", by="", author=None, deleted_at=timezone.now())
    locked.seeker, locked.request, locked.shares_address, locked.digest = None, None, False, ""
    locked.save()


def forget_author(user: User) -> None:
    """Keep what a person wrote for an office without their name; the messages belong to the threads of others."""
    InquiryMessage.objects.filter(author=user).update(by="")
