"""Inquiries: a seeker writes to who answers for a vacancy, through the platform; a thread of messages, its state, its end."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import TYPE_CHECKING, ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.scope import scope_of
from network.contacts.models import ContactPoint, Topic
from network.inquiries.steps import ENDED, Side
from network.members import Role
from network.people.models import shown_name
from network.seeking.models import SpaceMatch, SpaceRequest
from network.seeking.states import MatchState
from vacancies.models import Vacancy, new_key
from vacancies.public import PublicVacancy

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

LONGEST = 5000
IDLE = datetime.timedelta(days=180)  # without a word: it ends


class EndReason(models.TextChoices):
    """Why an inquiry ended without an agreement."""

    TAKEN = "taken", _("Der Raum ist vergeben")
    NOT_AVAILABLE = "not_available", _("Der Raum steht nicht zur Verfügung")
    NO_FIT = "no_fit", _("Vorhaben und Raum passen nicht zusammen")
    WITHDRAWN = "withdrawn", _("Die anfragende Person hat sie zurückgezogen")
    OTHER = "other", pgettext_lazy("reason", "Etwas anderes")


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    """Inquiries, asked in sentences."""

    def of(self, user: User | AnonymousUser) -> InquiryQuerySet:
        """Those that a person wrote, newest first."""
        return self.filter(seeker_id=user.pk).told() if user.pk else self.none()

    def kept_by(self, user: User | AnonymousUser) -> InquiryQuerySet:
        """Those about vacancies where a person moderates; all for the contact point."""
        return self.filter(scope_of(user, Role.MODERATOR).rows("vacancy__town__ags8")).told()

    def visible_to(self, user: User | AnonymousUser) -> InquiryQuerySet:
        """One's own, and those about vacancies where one moderates."""
        scope = scope_of(user, Role.MODERATOR)
        if not user.pk or scope.everywhere:
            return self.told() if user.pk else self.none()
        return self.filter(Q(seeker_id=user.pk) | scope.rows("vacancy__town__ags8")).told()

    def told(self) -> InquiryQuerySet:
        """With what a page says of each, newest first."""
        rows = self.select_related("vacancy__town__district", "contact", "request", "taken_by__person", "seeker__person")
        titles = PublicVacancy.objects.filter(key=OuterRef("vacancy_id")).values("title")
        return rows.annotate(public_title=Subquery(titles)).order_by("-created_at", "-pk")

    def open(self) -> InquiryQuerySet:
        return self.exclude(state__in=ENDED)

    def called(self, key: str) -> Inquiry | None:
        return self.told().filter(key=key).first()

    def open_one(self, user: User, vacancy: Vacancy) -> Inquiry | None:
        """The one that a person already has open about a vacancy."""
        return self.open().filter(seeker=user, vacancy=vacancy).first()

    def unanswered_since(self, day: datetime.date) -> InquiryQuerySet:
        """Open ones whose seeker waits for an answer since a day or longer, the longest waiting first."""
        return self.open().filter(waiting_since__date__lte=day).told().order_by("waiting_since", "pk")

    def to_remind(self, now: datetime.datetime, days: int, reminded: int) -> InquiryQuerySet:
        """Those that wait, and have lain with their office, for so many days, and were reminded of so often."""
        day = now - datetime.timedelta(days=days)
        return self.open().filter(waiting_since__lte=day, handed_at__lte=day, reminded=reminded).told()

    def reserved_until(self, day: datetime.date) -> InquiryQuerySet:
        """Those whose reservation ends on or before a day."""
        return self.filter(state=MatchState.RESERVED, reserved_until__lte=day).told()

    def idle(self, now: datetime.datetime) -> InquiryQuerySet:
        """Open ones about which nobody said anything for long."""
        return self.open().exclude(state=MatchState.RESERVED).filter(changed_at__lt=now - IDLE).told()

    def over(self, now: datetime.datetime) -> InquiryQuerySet:
        """Those that ended longer ago than they are kept (settings.RETENTION)."""
        return self.filter(ended_at__lt=now - relativedelta(months=settings.RETENTION["inquiry_months"]))

    def same_text(self, user: User, digest: str) -> int:
        """To how many vacancies a person sent this very text."""
        return self.filter(seeker=user, digest=digest).values("vacancy").distinct().count()


class Inquiry(models.Model):
    """One seeker's conversation about one vacancy with who answers for it. Without `contact` that is the contact point.

    `waiting_since` is since when the seeker waits for an answer. Owners' data are no part of it.
    """

    key = models.CharField(max_length=12, unique=True, default=new_key, editable=False)
    seeker = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="inquiries")
    vacancy = models.ForeignKey(Vacancy, models.CASCADE, to_field="key", related_name="inquiries")
    request = models.ForeignKey(SpaceRequest, models.SET_NULL, null=True, blank=True, related_name="inquiries", verbose_name=_("Gesuch"))
    contact = models.ForeignKey(ContactPoint, models.SET_NULL, null=True, blank=True, related_name="inquiries")
    topic = models.CharField(_("Worum geht es?"), max_length=12, choices=Topic.choices, default=Topic.USE)
    shares_address = models.BooleanField(default=False)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="de")
    digest = models.CharField(max_length=64, db_index=True)
    state = models.CharField(max_length=12, choices=MatchState.choices, default=MatchState.INQUIRY_SENT)
    reason = models.CharField(_("Grund"), max_length=16, choices=EndReason.choices, blank=True)
    reserved_until = models.DateField(_("Anhandgabe bis"), null=True, blank=True)
    reservation_reminded = models.DateField(null=True)  # the end that was reminded of
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="taken_inquiries")
    waiting_since = models.DateTimeField(null=True, blank=True, db_index=True)
    reminded = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(default=timezone.now)  # to who answers now
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = InquiryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("Anfrage")
        verbose_name_plural = _("Anfragen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("seeker", "vacancy"), condition=~Q(state__in=ENDED), name="inquiry_once_open"),
            models.CheckConstraint(
                condition=~Q(state=MatchState.RESERVED) | Q(reserved_until__isnull=False), name="inquiry_reserved_until"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | (~Q(state__in=ENDED) & Q(ended_at=None)), name="inquiry_ended_at"
            ),
            models.CheckConstraint(condition=~Q(state=MatchState.DECLINED) | ~Q(reason=""), name="inquiry_declined_why"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.key}"

    def get_absolute_url(self) -> str:
        return reverse("inquiry", args=[self.key])

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @cached_property
    def public_title(self) -> str | None:
        """The vacancy's title as far as the public may read it."""
        return PublicVacancy.objects.filter(key=self.vacancy_id).values_list("title", flat=True).first()  # type: ignore[attr-defined]

    @property
    def public_what(self) -> str:
        """The vacancy as its seeker may call it: by its public title, else by its key."""
        return self.public_title or str(_("Leerstand {key}")).format(key=self.vacancy.key)

    @property
    def what(self) -> str:
        """The vacancy as those who answer call it: by its title in the register, else by its key."""
        return self.vacancy.title or self.public_what

    @property
    def match(self) -> SpaceMatch | None:
        """The match that it began from."""
        return SpaceMatch.objects.filter(request=self.request_id, vacancy=self.vacancy_id).first() if self.request_id else None

    @property
    def office(self) -> ContactPoint | None:
        """The contact that answers now; None for the contact point, which steps in for one that left the directory."""
        return self.contact if self.contact and self.contact.withdrawn_on is None else None

    @property
    def contact_name(self) -> str:
        return self.office.name if self.office else str(settings.CONTACT["name"])

    @property
    def seeker_name(self) -> str:
        """The name that the seeker chose to tell, never their address."""
        return shown_name(self.seeker)

    @property
    def mailbox(self) -> str:
        """Where mails for the contact's side go."""
        return self.office.mailbox if self.office and self.office.mailbox else str(settings.CONTACT["mail"])


class InquiryMessageQuerySet(models.QuerySet["InquiryMessage"]):
    """Messages, asked in sentences."""

    def shown_to(self, side: str) -> InquiryMessageQuerySet:
        """What a side reads: notes between offices are not for the seeker."""
        rows = self.filter(is_internal=False) if side == Side.SEEKER else self
        return rows.order_by("at", "pk")

    def of_seeker(self) -> InquiryMessageQuerySet:
        return self.filter(side=Side.SEEKER)

    def has_mail(self, digest: str) -> bool:
        return self.filter(mail_digest=digest).exists()


class InquiryMessage(models.Model):
    """One message of a thread; `by` says who spoke as it stood then, without a person's address."""

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="messages")
    side = models.CharField(max_length=12, choices=Side.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.CharField(max_length=160, blank=True)
    text = models.TextField(_("Nachricht"), blank=True, validators=[MaxLengthValidator(LONGEST)])
    state = models.CharField(max_length=12, choices=MatchState.choices, blank=True)  # the step that it notes
    is_internal = models.BooleanField(default=False)
    by_mail = models.BooleanField(default=False)
    mail_digest = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = InquiryMessageQuerySet.as_manager()

    class Meta:
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("inquiry", "mail_digest"), condition=~Q(mail_digest=""), name="inquiry_mail_once"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.at:%Y-%m-%d}"


class InquiryBlockQuerySet(models.QuerySet["InquiryBlock"]):
    """Blocks, asked in sentences."""

    def holds(self, user: User) -> bool:
        """Whether a person may write no inquiries."""
        return self.filter(user=user).exists()

    def set(self, user: User, by: User) -> None:
        """Let a person write no inquiries; a second time changes nothing."""
        self.get_or_create(user=user, defaults={"by": by})

    def lift(self, user: User) -> None:
        """Let a person write again."""
        self.filter(user=user).delete()


class InquiryBlock(models.Model):
    """A person whom the contact point lets write no inquiries."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="inquiry_block")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = InquiryBlockQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


def digest_of(text: str) -> str:
    """Return what tells whether two texts are the same but for spaces and case, without keeping either."""
    plain = " ".join(text.lower().split())
    return hmac.new(settings.SECRET_KEY.encode(), plain.encode(), hashlib.sha256).hexdigest()
