"""Advice cases: a question on its way to an answer, its states, and everything that was said."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from geo.errors import NotAllowed
from geo.models import Town
from network.knowhow.choices import Audience, Phase, Topic
from network.members import Membership
from network.organisations.models import Organisation, OrganisationMember
from network.people.models import shown_name
from network.sourced import labels_of, some_of
from vacancies.models import new_key

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class State(models.TextChoices):
    """How far a case is."""

    NEW = "new", _("neu")
    ASSIGNED = "assigned", _("zugewiesen")
    IN_PROGRESS = "in_progress", _("in Beratung")
    WAITING_CLIENT = "waiting_client", _("wartet auf Antwort")
    RESOLVED = "resolved", _("geklärt")
    CLOSED = "closed", _("geschlossen")


# where a case may go from each state
TRANSITIONS: dict[str, frozenset[str]] = {
    State.NEW: frozenset({State.ASSIGNED, State.CLOSED}),
    State.ASSIGNED: frozenset({State.IN_PROGRESS, State.WAITING_CLIENT, State.RESOLVED, State.CLOSED}),
    State.IN_PROGRESS: frozenset({State.ASSIGNED, State.WAITING_CLIENT, State.RESOLVED, State.CLOSED}),
    State.WAITING_CLIENT: frozenset({State.ASSIGNED, State.IN_PROGRESS, State.RESOLVED, State.CLOSED}),
    State.RESOLVED: frozenset({State.IN_PROGRESS, State.CLOSED}),
    State.CLOSED: frozenset(),
}
OPEN = (State.NEW, State.ASSIGNED, State.IN_PROGRESS, State.WAITING_CLIENT)


def _handled_by(user: User | AnonymousUser) -> Q:
    """Those of organisations whose contact the person is, and those they advise as long as they belong to somewhere."""
    if user.has_perm("network.coordinate"):
        return Q(pk__isnull=False)
    if not user.is_active or user.pk is None:
        return Q(pk__in=())
    advised = Q(adviser_id=user.pk)
    if not Membership.objects.all().of(user).exists():
        advised &= Q(organisation__in=Organisation.objects.all().of(user).values("pk"))
    return advised | Q(organisation__in=Organisation.objects.all().kept_by(user).values("pk"))


class CaseQuerySet(models.QuerySet["AdviceCase"]):
    """Advice cases, asked in sentences."""

    def submitted(self) -> CaseQuerySet:
        """Those whose client has confirmed the address of the mail; the others are nobody's business yet."""
        return self.exclude(confirmed_at=None)

    def open(self) -> CaseQuerySet:
        """Those that still need somebody."""
        return self.submitted().filter(state__in=OPEN)

    def unassigned(self) -> CaseQuerySet:
        """Open ones that nobody works on: no adviser who still may, and no organisation with a contact."""
        advises = Q(adviser__is_superuser=True) | Q(adviser__in=Membership.objects.all().in_force().values("user"))
        kept = Q(organisation__in=OrganisationMember.objects.all().contacts().values("organisation"))
        return self.open().exclude(pk__in=AdviceCase.objects.filter((advises & Q(adviser__is_active=True)) | kept).values("pk"))

    def waiting_since(self, day: datetime.date) -> CaseQuerySet:
        """Those that have waited for their client since that day or longer."""
        return self.submitted().filter(state=State.WAITING_CLIENT, state_since__date__lte=day)

    def visible_to(self, user: User | AnonymousUser) -> CaseQuerySet:
        """Those a person may see: those they may work on, and those they asked."""
        own = Q(client_id=user.pk) if user.is_active and user.pk else Q(pk__in=())
        return self.submitted().filter(own | _handled_by(user))

    def handled_by(self, user: User | AnonymousUser) -> CaseQuerySet:
        """Those a person may work on: all for coordinators, else those the person advises or keeps for an organisation."""
        return self.submitted().filter(_handled_by(user))

    def never_confirmed(self, before: datetime.datetime) -> CaseQuerySet:
        """Those whose address nobody has confirmed and that were written before a moment."""
        return self.filter(confirmed_at=None, created_at__lt=before)

    def ended_before(self, moment: datetime.datetime) -> CaseQuerySet:
        """Those that were resolved or closed before a moment."""
        return self.filter(state__in=(State.RESOLVED, State.CLOSED), state_since__lt=moment)


class AdviceCase(models.Model):
    """A question of a person to the contact point; the intake's answers are its first fields."""

    key = models.SlugField(max_length=16, unique=True, default=new_key, editable=False)
    once = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # of the form: sent twice it is one case
    audience = models.CharField(_("Sie fragen als"), max_length=12, choices=Audience.choices)
    phase = models.CharField(_("Wo stehen Sie?"), max_length=12, choices=Phase.choices)
    topics = some_of(_("Worum geht es?"), Topic, blank=False)
    town = models.ForeignKey(
        Town, models.PROTECT, null=True, blank=True, related_name="advice_cases", verbose_name=_("In welcher Gemeinde?")
    )
    building = models.CharField(_("Um welches Gebäude geht es?"), max_length=200, blank=True)
    plan = models.TextField(_("Was haben Sie vor?"), max_length=2000)
    question = models.TextField(_("Ihre Frage"), max_length=2000)
    tried = models.TextField(_("Was haben Sie schon versucht?"), max_length=2000, blank=True)
    until = models.CharField(_("Bis wann brauchen Sie eine Antwort?"), max_length=120, blank=True)
    client_name = models.CharField(_("Ihr Name"), max_length=120)
    client_mail = models.EmailField(_("Ihre E-Mail-Adresse"))
    language = models.CharField(max_length=2, default="de", editable=False)
    client = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="advice_cases", editable=False)
    consent_text_version = models.CharField(max_length=20, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    state = models.CharField(_("Stand"), max_length=16, choices=State.choices, default=State.NEW)
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    adviser = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="advised_cases", verbose_name=_("berät")
    )
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="advice_cases", verbose_name=_("Organisation")
    )

    objects: ClassVar = CaseQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("Beratungsfall")
        verbose_name_plural = _("Beratungsfälle")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=False) | Q(state=State.NEW), name="advice_case_confirmed_before_it_moves"
            ),
            models.CheckConstraint(condition=~Q(consent_text_version=""), name="advice_case_has_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.get_state_display()})"  # never who asks: this may stand in a log

    def get_absolute_url(self) -> str:
        return reverse("advice_case", args=[self.key])

    @property
    def topic_labels(self) -> list[str]:
        return labels_of(self, "topics")

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def adviser_name(self) -> str:
        return shown_name(self.adviser) if self.adviser else ""

    @property
    def handlers(self) -> list[User]:
        """Who is told of what happens: the adviser as long as they may work on it, else the contacts of the organisation."""
        if self.adviser and AdviceCase.objects.all().handled_by(self.adviser).contains(self):
            return [self.adviser]
        people = self.organisation.people.all().contacts().select_related("user") if self.organisation else ()
        return [person.user for person in people]

    @property
    def next_states(self) -> list[tuple[str, str]]:
        """Where the case may go by a click; assigning has a form of its own."""
        return [(s.value, str(s.label)) for s in State if s in TRANSITIONS[self.state] and s != State.ASSIGNED]

    @transaction.atomic
    def confirm(self) -> bool:
        """Note that the client reads this mail; returns whether that is new."""
        locked = AdviceCase.objects.select_for_update().get(pk=self.pk)
        if locked.confirmed_at:
            return False
        self.confirmed_at = self.state_since = timezone.now()
        self.save(update_fields=["confirmed_at", "state_since"])
        return True

    @transaction.atomic
    def move(self, to: str, by: User | None = None) -> None:
        """Put the case into another state; into the one it has changes nothing.

        Raises
        ------
        NotAllowed
            When the way from its state does not lead there.
        """
        now = AdviceCase.objects.select_for_update().get(pk=self.pk).state
        if to == now:
            return
        if to not in TRANSITIONS[now]:
            allowed = ", ".join(str(State(s).label) for s in State if s in TRANSITIONS[now]) or _now("nichts mehr")
            text = _now("Von „{now}“ geht es nicht zu „{to}“; möglich ist: {allowed}.")
            wanted = str(State(to).label) if to in State.values else to[:20]
            raise NotAllowed(text.format(now=State(now).label, to=wanted, allowed=allowed))
        self.state, self.state_since = to, timezone.now()
        self.save(update_fields=["state", "state_since"])
        self.note(CaseEntry.Kind.MOVED, f"{State(now).label} → {State(to).label}", by)

    @transaction.atomic
    def hand_to(
        self, adviser: User | None = None, organisation: Organisation | None = None, *, reason: str = "", by: User | None = None
    ) -> None:
        """Give the case to an adviser, an organisation or both; from one to another only with a reason.

        Raises
        ------
        NotAllowed
            When nobody is named, the case is closed, or somebody has it and no reason is given.
        """
        if adviser is None and organisation is None:
            raise NotAllowed(_now("Bitte nennen Sie, wer den Fall übernimmt."))
        had = self.adviser or self.organisation
        if had and not reason.strip():
            raise NotAllowed(_now("Bitte geben Sie an, warum Sie den Fall übergeben."))
        if not self.is_open:
            raise NotAllowed(_now("Ein geklärter oder geschlossener Fall wird nicht mehr übergeben."))
        self.adviser, self.organisation = adviser, organisation
        self.save(update_fields=["adviser", "organisation"])
        names = " / ".join(name for name in (adviser and shown_name(adviser), organisation and organisation.name) if name)
        self.note(CaseEntry.Kind.HANDED, f"{names}: {reason.strip()}" if reason.strip() else names, by)
        self.move(State.ASSIGNED, by)

    def note(self, kind: str, text: str, by: User | None = None) -> CaseEntry:
        """Add to what was said and done."""
        return self.entries.create(kind=kind, text=text, author=by)


class EntryQuerySet(models.QuerySet["CaseEntry"]):
    """What was said and done in a case, asked in sentences."""

    def for_client(self) -> EntryQuerySet:
        """What the client sees: the messages."""
        return self.filter(kind__in=(CaseEntry.Kind.TO_CLIENT, CaseEntry.Kind.FROM_CLIENT))


class CaseEntry(models.Model):
    """One thing that was said or done in a case."""

    class Kind(models.TextChoices):
        NOTE = "note", _("interne Notiz")
        TO_CLIENT = "to_client", _("Nachricht")
        FROM_CLIENT = "from_client", _("Antwort")
        MOVED = "moved", _("Stand geändert")
        HANDED = "handed", _("zugewiesen")

    case = models.ForeignKey(AdviceCase, models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.TextField(max_length=5000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")
        verbose_name = _("Eintrag")
        verbose_name_plural = _("Einträge")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.created_at:%Y-%m-%d})"

    @property
    def author_name(self) -> str:
        return shown_name(self.author) if self.author else ""
