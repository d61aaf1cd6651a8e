"""Reports: what people tell the register of a building, and what becomes of it. Not public; rows are of one municipality."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.gis.db import models
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo import crs
from geo.errors import NotAllowed
from geo.models import Town
from geo.scope import scope_of
from network.members import Role
from vacancies import choices as c
from vacancies.models import Vacancy, new_key
from vacancies.photos import CleanPictureField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class Kind(models.TextChoices):
    """What is reported."""

    NEW = "new", _("Leerstand, der noch nicht im Register steht")
    STILL_VACANT = "still_vacant", _("steht noch leer")
    NOT_VACANT = "not_vacant", _("steht nicht mehr leer")
    WRONG = "wrong", _("eine Angabe ist falsch")
    OWN = "own", _("eigenes Gebäude")


class State(models.TextChoices):
    """How far a report has come."""

    RECEIVED = "received", pgettext_lazy("report", "eingegangen")
    EMAIL_CONFIRMED = "email_confirmed", pgettext_lazy("report", "Adresse bestätigt")
    IN_REVIEW = "in_review", pgettext_lazy("report", "in Prüfung")
    ACCEPTED = "accepted", pgettext_lazy("report", "angenommen")
    MERGED = "merged", pgettext_lazy("report", "stand schon im Register")
    CORRECTION_APPLIED = "correction_applied", pgettext_lazy("report", "übernommen")
    REJECTED = "rejected", pgettext_lazy("report", "nicht übernommen")
    SPAM = "spam", pgettext_lazy("report", "Unfug")


WAITING = (State.EMAIL_CONFIRMED, State.IN_REVIEW)
REFUSED = (State.REJECTED, State.SPAM)
DECIDED = (State.ACCEPTED, State.MERGED, State.CORRECTION_APPLIED, *REFUSED)
# The one table of what may follow what. A decision that is taken back goes to review again.
TRANSITIONS: dict[str, tuple[State, ...]] = {
    State.RECEIVED: (State.EMAIL_CONFIRMED, State.IN_REVIEW),
    State.EMAIL_CONFIRMED: (State.IN_REVIEW,),
    State.IN_REVIEW: DECIDED,
    **dict.fromkeys(DECIDED, (State.IN_REVIEW,)),
}
# What may be decided of which kind.
OUTCOMES: dict[str, tuple[State, ...]] = {
    Kind.NEW: (State.ACCEPTED, State.MERGED, State.REJECTED, State.SPAM),
    Kind.OWN: (State.ACCEPTED, State.MERGED, State.REJECTED, State.SPAM),
    **dict.fromkeys((Kind.STILL_VACANT, Kind.NOT_VACANT, Kind.WRONG), (State.CORRECTION_APPLIED, State.REJECTED, State.SPAM)),
}


class ReportQuerySet(models.QuerySet["Report"]):
    """Reports, asked in sentences."""

    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        """Those of municipalities where the person moderates."""
        return self.filter(scope_of(user, Role.MODERATOR).rows("town__ags8"))

    def waiting(self) -> ReportQuerySet:
        """Those a moderator has to decide, the longest waiting first."""
        return self.filter(state__in=WAITING).order_by("received_at", "pk")

    def decided(self) -> ReportQuerySet:
        """Those that are decided, the last one first."""
        return self.filter(state__in=DECIDED).order_by("-decided_at", "-pk")

    def with_owner_to_be_told(self) -> ReportQuerySet:
        """Those whose vacancy is in the register by a report, and whose owner has not been told (Art. 14 GDPR)."""
        made = self.filter(kind=Kind.NEW, state=State.ACCEPTED, owner_informed_on__isnull=True)
        return made.order_by("decided_at", "pk")

    def with_rows(self) -> ReportQuerySet:
        """With what their lines show."""
        return self.select_related("town", "vacancy__town").defer("town__geom", "vacancy__town__geom")

    def of_today(self, **words: Any) -> ReportQuerySet:
        """Those of the last 24 hours from one address or one connection."""
        return self.filter(received_at__gt=timezone.now() - datetime.timedelta(days=1), **words)

    def of_form(self, form_key: str | None) -> Report | None:
        """The one that a form made already; None where it did not."""
        return self.filter(form_key=form_key).first() if form_key else None

    def same_tap(self, vacancy: Vacancy, kind: str, network: str) -> bool:
        """Whether this was said of the vacancy from this connection today already."""
        return self.of_today(vacancy=vacancy, kind=kind, network=network).exists()

    def never_confirmed(self, now: datetime.datetime) -> ReportQuerySet:
        """Those whose address nobody confirmed for months (settings.RETENTION)."""
        until = now - relativedelta(months=settings.RETENTION["report_unconfirmed_months"])
        return self.filter(state=State.RECEIVED, received_at__lt=until)

    def with_needless_address(self, now: datetime.datetime) -> ReportQuerySet:
        """Those decided long enough ago that nobody will ask the reporter (settings.RETENTION)."""
        until = now - relativedelta(months=settings.RETENTION["report_address_months"])
        return self.filter(state__in=DECIDED, decided_at__lt=until).exclude(email="", note="", photo="", user=None)

    def with_needless_connection(self, now: datetime.datetime) -> ReportQuerySet:
        """Those whose connection need not be counted any more."""
        return self.filter(received_at__lt=now - datetime.timedelta(days=1)).exclude(network="")


class Report(models.Model):
    """What somebody tells of a building. `point` in EPSG:25833; none where only the address is known.

    `proposed` holds the fields of the vacancy as they should be, plain as in JSON; `undo` what a decision changed.
    `version` counts the steps: who decides says which they saw.
    """

    key = models.CharField(_("Kennung"), max_length=12, unique=True, default=new_key, editable=False)
    kind = models.CharField(_("Art"), max_length=12, choices=Kind.choices)
    state = models.CharField(pgettext_lazy("report", "Stand"), max_length=20, choices=State.choices, default=State.RECEIVED)
    version = models.PositiveIntegerField(default=0, editable=False)
    town = models.ForeignKey(Town, models.PROTECT, related_name="reports", verbose_name=_("Gemeinde"))
    vacancy = models.ForeignKey(Vacancy, models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("Leerstand"))
    point = models.PointField(_("Lage"), srid=crs.STORAGE, null=True, blank=True)
    street = models.CharField(_("Straße"), max_length=120, blank=True)
    house_no = models.CharField(_("Hausnummer"), max_length=12, blank=True)
    postcode = models.CharField(_("Postleitzahl"), max_length=5, blank=True)
    former_use = models.CharField(_("Was war es früher?"), max_length=24, choices=c.Use.choices, default=c.Use.UNKNOWN)
    vacant_since_year = models.PositiveSmallIntegerField(
        _("Seit wann steht es ungefähr leer?"),
        null=True,
        blank=True,
        help_text=_("Ein Jahr, zum Beispiel 2019."),
        validators=[MinValueValidator(1800), MaxValueValidator(2100)],
    )
    seen = models.TextField(_("Was ist zu sehen?"), max_length=1000, blank=True, help_text=_("zum Beispiel: Schaufenster verklebt"))
    note = models.TextField(_("Was die Gemeinde noch wissen sollte"), max_length=1000, blank=True)
    photo = CleanPictureField(_("Foto"), blank=True)
    proposed = models.JSONField(default=dict, blank=True, editable=False)
    email = models.EmailField(_("Ihre E-Mail-Adresse"), blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("Person")
    )
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="de")
    network = models.CharField(max_length=32, blank=True, editable=False, db_index=True)
    form_key = models.CharField(max_length=32, null=True, unique=True, editable=False)
    received_at = models.DateTimeField(_("eingegangen"), default=timezone.now)
    decided_at = models.DateTimeField(_("entschieden"), null=True, blank=True)
    undo = models.JSONField(default=dict, blank=True, editable=False)
    owner_informed_on = models.DateField(_("Eigentümer:in informiert am"), null=True, blank=True)

    objects: ClassVar = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-received_at", "-pk")
        verbose_name = _("Meldung")
        verbose_name_plural = _("Meldungen")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in DECIDED], decided_at__isnull=False)
                | (~models.Q(state__in=[str(s) for s in DECIDED]) & models.Q(decided_at__isnull=True)),
                name="report_decided_has_a_day",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=("state", "town"), name="report_state_town")]

    def __str__(self) -> str:
        return f"report {self.key}"  # never the address: this may stand in a log

    @property
    def address(self) -> str:
        """Street and number as told."""
        return f"{self.street} {self.house_no}".strip()

    @property
    def outcomes(self) -> tuple[State, ...]:
        """What may be decided."""
        return OUTCOMES[self.kind] if self.is_waiting else ()

    @property
    def is_waiting(self) -> bool:
        """Whether a moderator has to decide."""
        return self.state in WAITING

    @property
    def is_decided(self) -> bool:
        """Whether a moderator has decided."""
        return self.state in DECIDED

    @property
    def owner_due_on(self) -> datetime.date | None:
        """The day until which the owner is to be told that data of theirs came from others: a month (Art. 14 (3) GDPR)."""
        return timezone.localdate(self.decided_at) + relativedelta(months=1) if self.decided_at else None

    @property
    def owner_is_overdue(self) -> bool:
        """Whether that day has passed."""
        due = self.owner_due_on
        return bool(due and self.owner_informed_on is None and due < timezone.localdate())

    def go(self, to: State, by: User | None = None, reason: str = "") -> None:
        """Take a step of the table and note it; raises `NotAllowed` for any other. The row must be locked."""
        if to not in TRANSITIONS[self.state]:
            text = _now("Eine Meldung im Stand „{now}“ kann nicht „{to}“ werden.")
            raise NotAllowed(text.format(now=self.get_state_display(), to=to.label))
        ReportStep.objects.create(report=self, before=self.state, after=to, by=by, reason=reason)
        self.state, self.version = to, self.version + 1
        self.decided_at = timezone.now() if to in DECIDED else None
        self.save()


class ReportStep(models.Model):
    """One step of a report: from where to where, when, by whom and why."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="steps")
    before = models.CharField(max_length=20, choices=State.choices)
    after = models.CharField(max_length=20, choices=State.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="report_steps")
    reason = models.TextField(max_length=1000, blank=True)

    class Meta:
        ordering = ("at", "pk")
        verbose_name = _("Schritt einer Meldung")
        verbose_name_plural = _("Schritte der Meldungen")

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
