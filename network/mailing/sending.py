"""A letter on its way: seen as it will be, tried on oneself, sent in batches; whoever says no meanwhile gets none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.errors import NotAllowed
from layers.tasks import soon
from network import post
from network.desk.desk import name_of
from network.mailing import recipients
from network.mailing.models import Mailing, MailingRecipient, MailingState, OptOut

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STOP = "mailing-stop"
BATCH = 50  # mails a run of the queue writes
PER_DAY = 3  # letters a person may send in 24 hours
CHANGED = gettext_lazy("Inzwischen hat sich geändert, was im Schreiben steht oder wer es bekommt. Bitte sehen Sie beides noch einmal an.")
MOST = 2000  # people a letter may go to


def as_mail(mailing: Mailing, why: str = "") -> dict[str, str]:
    """Return subject and text as the mail will have them."""
    return post.compose(
        "mailing", _words(mailing, why or _("… hier steht, warum die Person das Schreiben bekommt.")), unsubscribe=_stop("name@example.org")
    )


@transaction.atomic
def test(mailing: Mailing, user: User) -> None:
    """Send the letter to its author alone.

    Raises
    ------
    NotAllowed
        For an account without an address.
    """
    if not user.email:
        raise NotAllowed(_("Ihr Konto hat keine E-Mail-Adresse; eine Probe kann nicht ankommen."))
    words = _words(mailing, _("Dies ist eine Probe an Sie selbst."))
    post.write(user.email, "mailing", words, unsubscribe=_stop(user.email))


@transaction.atomic
def send(mailing: Mailing, seen: str, by: User) -> Mailing:
    """Begin to send a letter to those whose number and names were seen; a second time changes nothing.

    Raises
    ------
    NotAllowed
        When others would get it than were seen, nobody or too many would, or the person sent too many letters today.
    """
    locked: Mailing = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.state != MailingState.DRAFT:
        return locked
    chosen = recipients.choose(locked)
    if chosen.digest != seen:
        raise NotAllowed(str(CHANGED))
    if not chosen.recipients:
        raise NotAllowed(_("Niemand würde dieses Schreiben bekommen."))
    if len(chosen.recipients) > MOST:
        raise NotAllowed(_("Ein Schreiben geht an höchstens {n} Personen. Bitte wählen Sie einen Landkreis.").format(n=MOST))
    if Mailing.objects.all().of_today(by).count() >= PER_DAY:
        raise NotAllowed(_("Mehr als {n} Rundschreiben am Tag sind nicht vorgesehen. Bitte senden Sie es morgen.").format(n=PER_DAY))
    MailingRecipient.objects.bulk_create(
        MailingRecipient(mailing=locked, address=r.address.lower(), why=r.why[:300], language=r.language) for r in chosen.recipients
    )
    locked.state, locked.sent_at, locked.author = MailingState.SENDING, timezone.now(), by
    locked.n_recipients, locked.n_left_out = len(chosen.recipients), chosen.n_left_out
    locked.save()
    from network.mailing.tasks import write_letters

    soon(write_letters)
    return locked


def write_batch(most: int = BATCH) -> int:
    """Write the next mails of the letters on their way; return how many. Who said no meanwhile is left out."""
    written = 0
    for mailing in Mailing.objects.all().sending():
        with transaction.atomic():
            locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
            waiting = list(locked.recipients.all().waiting().select_for_update()[: most - written])
            refused = recipients.refusing([r.address for r in waiting])
            for r in waiting:
                if r.address in refused:
                    r.left_out = True
                    locked.n_recipients, locked.n_left_out = locked.n_recipients - 1, locked.n_left_out + 1
                else:
                    post.write(r.address, "mailing", _words(locked, r.why), language=r.language, unsubscribe=_stop(r.address))
                    r.written_at = timezone.now()
                    written += 1
                r.save(update_fields=["left_out", "written_at"])
            if not locked.recipients.all().waiting().exists():
                locked.state = MailingState.SENT
            locked.save(update_fields=["state", "n_recipients", "n_left_out"])
        if written >= most:
            break
    return written


def stop(token: str) -> None:
    """Send no more letters to the address of a link; raises `Expired` for a link that is none."""
    OptOut.objects.all().stop(post.unseal(STOP, token)[0])


def _stop(address: str) -> str:
    return reverse("mailing_stop", args=[post.seal(STOP, address.lower())])


def _words(mailing: Mailing, why: str) -> dict[str, Any]:
    return {"mailing": mailing, "why": why, "author": name_of(mailing.author) if mailing.author else ""}
