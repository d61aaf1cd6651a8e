"""Letters of the contact point to several: what was written when by whom, to how many, and who wants none of them."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.models import District
from network.organisations.models import OrganisationKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ADDRESSES_KEPT = relativedelta(months=12)


class Audience(models.TextChoices):
    """Whom a letter may go to."""

    STALE_MANAGERS = "stale_managers", _("Leitungen von Gemeinden mit unbestätigten Leerständen")
    SEEKERS = "seekers", _("Suchende mit aktivem Gesuch, die E-Mails erlauben")
    ORGANISATIONS = "organisations", _("Ansprechpersonen von Organisationen")


class MailingState(models.TextChoices):
    """How far a letter is."""

    DRAFT = "draft", _("Entwurf")
    SENDING = "sending", _("wird versandt")
    SENT = "sent", _("versandt")


class OptOutQuerySet(models.QuerySet["OptOut"]):
    """Who wants no letters, asked in sentences."""

    def stop(self, address: str) -> None:
        """Note that an address wants none; a second time changes nothing."""
        self.get_or_create(digest=digest_of(address))

    def among(self, addresses: list[str]) -> set[str]:
        """Return those of these addresses that want none."""
        by_digest = {digest_of(a): a for a in addresses}
        return {by_digest[d] for d in self.filter(digest__in=by_digest).values_list("digest", flat=True)}


def digest_of(address: str) -> str:
    """Return what stands for an address: it is recognised, not read; no secret goes into it, so that a new one forgets nobody's word."""
    return hashlib.sha256(f"network.mailing.opt-out:{address.strip().lower()}".encode()).hexdigest()


class OptOut(models.Model):
    """An address that wants no letters of the contact point. The address itself is not kept."""

    digest = models.CharField(max_length=64, unique=True)
    since = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = OptOutQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d}"


class MailingQuerySet(models.QuerySet["Mailing"]):
    """Letters, asked in sentences."""

    def of_today(self, user: User) -> MailingQuerySet:
        """Those a person sent within the last 24 hours."""
        return self.filter(author=user, sent_at__gt=timezone.now() - datetime.timedelta(days=1))

    def newest(self, length: int) -> MailingQuerySet:
        """The last ones, with who wrote them."""
        return self.select_related("author__person", "district").defer("district__geom")[:length]

    def sending(self) -> MailingQuerySet:
        """Those on their way."""
        return self.filter(state=MailingState.SENDING).order_by("sent_at", "pk")


class Mailing(models.Model):
    """A letter to several. How many got it stays; their addresses are forgotten after twelve months."""

    audience = models.CharField(_("An wen?"), max_length=20, choices=Audience.choices)
    district = models.ForeignKey(
        District, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("Landkreis"), help_text=_("leer: alle")
    )
    kind = models.CharField(
        _("Art der Organisation"), max_length=24, choices=OrganisationKind.choices, blank=True, help_text=_("leer: alle")
    )
    subject = models.CharField(_("Betreff"), max_length=120)
    text = models.TextField(_("Text"), max_length=5000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="mailings", verbose_name=_("von"))
    state = models.CharField(_("Stand"), max_length=8, choices=MailingState.choices, default=MailingState.DRAFT)
    n_recipients = models.PositiveIntegerField(_("Empfänger:innen"), default=0)
    n_left_out = models.PositiveIntegerField(_("ausgelassen"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(_("versandt"), null=True)

    objects: ClassVar = MailingQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("Rundschreiben")
        verbose_name_plural = _("Rundschreiben")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state=MailingState.DRAFT) | models.Q(sent_at__isnull=False), name="mailing_sent_has_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} ({self.created_at:%Y-%m-%d})"


class MailingRecipientQuerySet(models.QuerySet["MailingRecipient"]):
    """Who gets a letter, asked in sentences."""

    def waiting(self) -> MailingRecipientQuerySet:
        """Those whose mail is not written yet."""
        return self.filter(written_at=None, left_out=False).order_by("pk")

    def forgettable(self, now: datetime.datetime) -> MailingRecipientQuerySet:
        """Those of letters that were sent twelve months ago."""
        return self.filter(mailing__sent_at__lt=now - ADDRESSES_KEPT)


class MailingRecipient(models.Model):
    """An address that a letter goes to."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients")
    address = models.EmailField(db_index=True)
    why = models.CharField(max_length=300)
    language = models.CharField(max_length=2, default="de")
    written_at = models.DateTimeField(null=True)
    left_out = models.BooleanField(default=False)  # said between the click and the mail that no letter is wanted

    objects: ClassVar = MailingRecipientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("mailing", "address"), name="mailing_recipient_once")]

    def __str__(self) -> str:
        return str(self.pk)  # never whom: this may stand in a log
