"""Requests for space (Gesuche), their history, and the vacancies that fit them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.errors import NotAllowed
from geo.filtering import LONGEST_KEPT
from network.organisations.models import Organisation
from network.seeking import needs
from network.seeking.states import MATCH_MOVES, REQUEST_MOVES, UNTOUCHED, MatchState, RequestState, check_move
from vacancies.models import Vacancy, new_key

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

LASTS = relativedelta(months=6)  # without renewal
LONGEST_STORY = 4000
GOOD_ENOUGH = 50  # score of a match that may be called one


class SeekerType(models.TextChoices):
    """Who looks for room."""

    SOCIAL_ENTERPRISE = "social_enterprise", _("Sozialunternehmen")
    CREATIVE = "creative", _("Kunst- und Kreativschaffende")
    COMMON_GOOD = "common_good", _("Gemeinwohl-Unternehmen")
    COOPERATIVE = "cooperative", _("Genossenschaft")
    ASSOCIATION = "association", _("Verein")
    COHOUSING = "cohousing", _("Wohngruppe")
    MUNICIPALITY = "municipality", _("Kommune")
    EDUCATION = "education", _("Bildungseinrichtung")
    FOUNDER = "founder", _("Gründer:in")
    OTHER = "other", _("andere")


class Duration(models.TextChoices):
    PERMANENT = "permanent", pgettext_lazy("duration", "auf Dauer")
    INTERIM = "interim", pgettext_lazy("duration", "zur Zwischennutzung")


class Equity(models.TextChoices):
    """Whether there is money of one's own."""

    UNTOLD = "untold", _("keine Angabe")
    NONE = "none", _("noch kein Eigenkapital")
    SOME = "some", _("etwas Eigenkapital vorhanden")
    SECURED = "secured", _("Finanzierung steht")


class Shown(models.TextChoices):
    """What the public sees of a request."""

    NOTHING = "nothing", _("nichts")
    SUMMARY = "summary", _("die Wünsche, ohne Namen")
    NAMED = "named", _("die Wünsche mit Titel, Geschichte und Organisation")


class Notify(models.TextChoices):
    """When mails come."""

    AT_ONCE = "at_once", _("sofort")
    WEEKLY = "weekly", _("einmal in der Woche")
    NEVER = "never", _("nie")


class SpaceRequestQuerySet(models.QuerySet["SpaceRequest"]):
    """Requests for space, asked in sentences."""

    def active(self) -> SpaceRequestQuerySet:
        return self.filter(state=RequestState.ACTIVE)

    def public(self) -> SpaceRequestQuerySet:
        """Active ones of which the public may see something, newest first."""
        shown = self.active().exclude(visibility=Shown.NOTHING).select_related("organisation")
        named = Organisation.objects.all().public().filter(pk=models.OuterRef("organisation"))
        return shown.annotate(organisation_is_public=models.Exists(named)).order_by("-renewed_on", "key")

    def of(self, user: User | AnonymousUser) -> SpaceRequestQuerySet:
        """Those of one person, newest first."""
        return self.filter(owner_id=user.pk).order_by("-created_at", "pk") if user.pk else self.none()

    def visible_to(self, user: User | AnonymousUser) -> SpaceRequestQuerySet:
        """One's own, and those of which the public may see something."""
        public = Q(state=RequestState.ACTIVE) & ~Q(visibility=Shown.NOTHING)
        return self.filter(public | Q(owner_id=user.pk)) if user.pk else self.filter(public)

    def called(self, key: str) -> SpaceRequest | None:
        return self.select_related("owner", "organisation").filter(key=key).first()

    def not_matched_with(self, state: str) -> SpaceRequestQuerySet:
        """Active ones that were last matched with another state of the register."""
        return self.active().exclude(matched_with=state).order_by("pk")

    def telling(self, notify: str) -> SpaceRequestQuerySet:
        """Active ones whose owner wants mails so often and can have them."""
        return self.active().filter(notify=notify, owner__is_active=True).exclude(owner__email="").select_related("owner").order_by("pk")

    def expiring_on(self, day: datetime.date) -> SpaceRequestQuerySet:
        """Those that end on or before a day unless they are renewed."""
        return self.filter(state__in=(RequestState.ACTIVE, RequestState.PAUSED), expires_on__lte=day).select_related("owner")

    def silence(self, key: str) -> None:
        """Send no more mails about one."""
        self.filter(key=key).update(notify=Notify.NEVER)

    def with_best_score(self) -> SpaceRequestQuerySet:
        """The same with the score of their best match as `best_score`, and since when they are active as `activated_at`."""
        best = models.Max("matches__score", filter=Q(matches__is_current=True))
        begun = models.Subquery(
            StateChange.objects.filter(request=models.OuterRef("pk"), state=RequestState.ACTIVE).order_by("-at").values("at")[:1]
        )
        return self.annotate(best_score=best, activated_at=models.functions.Coalesce(begun, "created_at"))

    def unmatched(self) -> SpaceRequestQuerySet:
        """Active ones without a vacancy that fits, or whose best scores below GOOD_ENOUGH; who has waited longest first."""
        found = self.active().with_best_score()
        return found.filter(Q(best_score=None) | Q(best_score__lt=GOOD_ENOUGH)).order_by("activated_at", "pk")

    def stamp(self) -> str:
        """Changes whenever an active request does."""
        found = self.active().aggregate(n=Count("pk"), at=models.Max("updated_at"))
        return f"{found['n']} {found['at']}"


class SpaceRequest(models.Model):
    """What somebody looks for: needs with their weights, who asks, and how much of it is public.

    `needs` is JSON as `network.seeking.needs` reads it. `query` holds what a search on the map asked besides, as its query string:
    criteria that no need knows. Both narrow.
    """

    key = models.CharField(_("Kennung"), max_length=12, unique=True, default=new_key, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="space_requests", verbose_name=_("Person"))
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="space_requests", verbose_name=_("Organisation")
    )
    title = models.CharField(_("Titel"), max_length=120)
    story = models.TextField(_("Worum es geht"), blank=True, validators=[MaxLengthValidator(LONGEST_STORY)])
    seeker_type = models.CharField(_("Wer sucht"), max_length=20, choices=SeekerType.choices, default=SeekerType.OTHER)
    team_size = models.PositiveSmallIntegerField(
        _("Personen im Team"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    equity = models.CharField(_("Eigenkapital"), max_length=10, choices=Equity.choices, default=Equity.UNTOLD)
    starts_on = models.DateField(_("Beginn"), null=True, blank=True)
    duration = models.CharField(_("Dauer"), max_length=10, choices=Duration.choices, default=Duration.PERMANENT)
    needs = models.JSONField(_("Wünsche"), default=dict, blank=True, validators=[needs.check])
    query = models.CharField(_("Filter der Karte"), max_length=LONGEST_KEPT, blank=True)
    visibility = models.CharField(_("Was ist öffentlich?"), max_length=8, choices=Shown.choices, default=Shown.NOTHING)
    notify = models.CharField(_("E-Mail bei neuen Treffern"), max_length=8, choices=Notify.choices, default=Notify.WEEKLY)
    language = models.CharField(_("Sprache"), max_length=2, choices=settings.LANGUAGES, default="de")
    state = models.CharField(pgettext_lazy("request", "Stand"), max_length=10, choices=RequestState.choices, default=RequestState.DRAFT)
    renewed_on = models.DateField(_("zuletzt verlängert"), null=True, blank=True, editable=False)
    expires_on = models.DateField(_("läuft ab am"), null=True, blank=True, editable=False)
    reminded_on = models.DateField(null=True, blank=True, editable=False)
    matched_with = models.CharField(max_length=40, blank=True, editable=False)  # the register then; empty: not yet
    created_at = models.DateTimeField(_("angelegt"), auto_now_add=True)
    updated_at = models.DateTimeField(_("geändert"), auto_now=True)

    objects: ClassVar = SpaceRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "pk")
        verbose_name = _("Gesuch")
        verbose_name_plural = _("Gesuche")
        indexes: ClassVar = [models.Index(fields=("state", "notify"), name="request_state_notify")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state__in=(RequestState.ACTIVE, RequestState.PAUSED)) | Q(expires_on__isnull=False), name="request_expires"
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.key}"  # never the title or the person: this may stand in a log

    def get_absolute_url(self) -> str:
        return reverse("space_request", args=[self.key])

    @property
    def sentence(self) -> str:
        return needs.sentence(self.needs)

    @property
    def is_named(self) -> bool:
        return self.visibility == Shown.NAMED

    @property
    def public_organisation(self) -> str:
        """The organisation's name where it and the request are public."""
        return str(self.organisation) if self.is_named and self.organisation_is_public else ""

    @cached_property
    def organisation_is_public(self) -> bool:
        """Whether everybody may see the organisation."""
        return self.organisation is not None and Organisation.objects.all().public().contains(self.organisation)

    @property
    def public_title(self) -> str:
        """The title where it is public, else what is looked for."""
        uses = self.needs.get("target_uses")
        told = needs.BY_NAME["target_uses"].say(uses["value"]) if uses else str(_("Raum"))
        return self.title if self.is_named else str(_("Gesucht: {uses}")).format(uses=told)

    @property
    def moves(self) -> list[RequestState]:
        """The states that its owner may give it now."""
        return [RequestState(s) for s in REQUEST_MOVES[self.state] if s != RequestState.EXPIRED]

    def move(self, to: str, day: datetime.date | None = None) -> None:
        """Give it another state and note when; raises `NotAllowed`. Activating renews it."""
        day = day or timezone.localdate()
        with transaction.atomic():
            locked = SpaceRequest.objects.select_for_update().get(pk=self.pk)
            if locked.state != to:
                check_move(REQUEST_MOVES, RequestState, locked.state, to)
                locked.state = to
                if to == RequestState.ACTIVE:
                    locked._renew(day)
                    locked.matched_with = ""
                locked.save()
                StateChange.objects.create(request=locked, state=to)
        self.refresh_from_db()

    def renew(self, day: datetime.date | None = None) -> None:
        """Let it go on for six months; raises `NotAllowed` for one that is a draft or over. A second time changes nothing."""
        if self.state in (RequestState.ACTIVE, RequestState.PAUSED):
            self._renew(day or timezone.localdate())
            self.save(update_fields=["renewed_on", "expires_on", "reminded_on", "updated_at"])
        elif self.state == RequestState.EXPIRED:
            self.move(RequestState.ACTIVE, day)
        else:
            text = _now("Ein Gesuch mit dem Stand „{state}“ lässt sich nicht verlängern.")
            raise NotAllowed(text.format(state=self.get_state_display()))  # type: ignore[attr-defined]

    def _renew(self, day: datetime.date) -> None:
        self.renewed_on, self.expires_on, self.reminded_on = day, day + LASTS, None


class StateChange(models.Model):
    """Since when a request has been in a state."""

    request = models.ForeignKey(SpaceRequest, models.CASCADE, related_name="history")
    state = models.CharField(max_length=10, choices=RequestState.choices)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.state} {self.at:%Y-%m-%d}"


class Reason(models.TextChoices):
    """Why a match does not fit."""

    PLACE = "place", _("Die Lage passt nicht")
    SIZE = "size", _("Zu groß oder zu klein")
    PRICE = "price", _("Zu teuer")
    CONDITION = "condition", _("Der Zustand passt nicht")
    GONE = "gone", _("Steht nicht mehr leer")
    OTHER = "other", _("Etwas anderes")


class MatchQuerySet(models.QuerySet["SpaceMatch"]):
    """Matches, asked in sentences."""

    def current(self) -> MatchQuerySet:
        """Those whose vacancy is public and fits, best first."""
        return self.filter(is_current=True).order_by("-score", "-points", "vacancy_id")

    def to_show(self) -> MatchQuerySet:
        """Those that the seeker has not put aside, best first."""
        return self.current().exclude(state=MatchState.DECLINED)

    def put_aside(self) -> MatchQuerySet:
        return self.current().filter(state=MatchState.DECLINED)

    def untold(self) -> MatchQuerySet:
        """New ones that stood in no mail yet, best first."""
        return self.current().filter(told_at=None, state=MatchState.SUGGESTED)

    def untouched(self) -> MatchQuerySet:
        return self.filter(state__in=UNTOUCHED)

    def unseen_since(self, day: datetime.date) -> MatchQuerySet:
        """Those of active requests that were found on or before a day and that the seeker has not looked at, oldest first."""
        unseen = self.filter(is_current=True, state=MatchState.SUGGESTED, request__state=RequestState.ACTIVE, first_seen__date__lte=day)
        return unseen.select_related("request__organisation", "vacancy__town").defer("vacancy__town__geom").order_by("first_seen", "pk")

    def see(self) -> int:
        """Note that the seeker has seen them."""
        return self.filter(state=MatchState.SUGGESTED).update(state=MatchState.VIEWED)


class SpaceMatch(models.Model):
    """A vacancy that fits a request; `vacancy_id` is its public key.

    `verdicts` names needs: `{"for": [], "against": [], "unknown": []}`.
    """

    request = models.ForeignKey(SpaceRequest, models.CASCADE, related_name="matches")
    vacancy = models.ForeignKey(Vacancy, models.CASCADE, to_field="key", related_name="matches")
    score = models.FloatField()
    points = models.FloatField()
    reliability = models.FloatField()
    verdicts = models.JSONField()
    state = models.CharField(max_length=12, choices=MatchState.choices, default=MatchState.SUGGESTED)
    reason = models.CharField(_("Warum passt es nicht?"), max_length=10, choices=Reason.choices, blank=True)
    is_current = models.BooleanField(default=True)
    first_seen = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = MatchQuerySet.as_manager()

    class Meta:
        ordering = ("-score", "-points", "vacancy_id")
        verbose_name = _("Treffer")
        verbose_name_plural = _("Treffer")
        constraints: ClassVar = [models.UniqueConstraint(fields=("request", "vacancy"), name="match_once")]

    def __str__(self) -> str:
        return f"{self.request_id} × {self.vacancy_id}"  # type: ignore[attr-defined]

    def move(self, to: str, **also: Any) -> None:
        """Give it another state; raises `NotAllowed`. The same state again changes nothing."""
        with transaction.atomic():
            locked = SpaceMatch.objects.select_for_update().get(pk=self.pk)
            if locked.state != to:
                check_move(MATCH_MOVES, MatchState, locked.state, to)
                locked.state = to
                for name, value in also.items():
                    setattr(locked, name, value)
                locked.save(update_fields=["state", *also])
        self.refresh_from_db()
