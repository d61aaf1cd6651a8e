"""Events and who comes to them."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.errors import NotAllowed
from geo.filtering import FilterSet
from geo.models import Town
from network.gathering import recurrence
from network.ical import ZONE
from network.members import Membership, Role
from network.organisations.models import Organisation
from network.sourced import is_web_address
from vacancies.models import Vacancy
from vacancies.prose import as_html
from vacancies.public import PublicVacancy

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

log = logging.getLogger(__name__)
AHEAD = datetime.timedelta(days=366)  # how far recurring events are listed


class EventKind(models.TextChoices):
    """What kind of gathering it is."""

    WORKSHOP = "workshop", _("Werkstatt")
    VISIT = "visit", _("Besichtigung")
    MEETING = "meeting", _("Netzwerktreffen")
    ONLINE = "online", _("Online")
    FESTIVAL = "festival", _("Festival")


class EventState(models.TextChoices):
    """Who sees it."""

    DRAFT = "draft", _("Entwurf")
    PUBLISHED = "published", _("veröffentlicht")
    CANCELLED = "cancelled", _("abgesagt")


def is_rule(rule: str) -> None:
    """Raise `ValidationError` for a recurrence that cannot be reckoned with."""
    try:
        recurrence.check(rule)
    except ValueError as error:
        text = _now("Diese Wiederholung ist nicht lesbar ({why}); zum Beispiel: FREQ=MONTHLY;BYDAY=2WE;UNTIL=20271231")
        raise ValidationError(text.format(why=str(error)[:60])) from error


SHOWN = ~Q(state=EventState.DRAFT) & Q(published_at__isnull=False)


def _organised_by(user: User | AnonymousUser) -> Q:
    """Those of the person's organisations, and those they entered as long as they are editor somewhere."""
    if not user.is_authenticated or not user.is_active:
        return Q(pk__in=())
    own = Q(organiser__in=Organisation.objects.all().of(user).values("pk"))
    return own | Q(entered_by_id=user.pk) if Membership.objects.all().of(user, Role.EDITOR).exists() else own


class EventQuerySet(models.QuerySet["Event"]):
    """Events, asked in sentences."""

    def shown(self) -> EventQuerySet:
        """Those everybody sees: that were published, those called off among them."""
        return self.filter(SHOWN)

    def visible_to(self, user: User | AnonymousUser) -> EventQuerySet:
        """Those a person sees: drafts are for who organises them, and for coordinators."""
        return self if user.has_perm("network.coordinate") else self.filter(SHOWN | _organised_by(user))

    def organised_by(self, user: User | AnonymousUser) -> EventQuerySet:
        """Those whose list of participants a person may read: their own and their organisation's, all for coordinators."""
        return self if user.has_perm("network.coordinate") else self.filter(_organised_by(user))

    def edited_by(self, user: User | AnonymousUser) -> EventQuerySet:
        """Those a person may change: all for coordinators, else the person's own drafts."""
        mine = self.organised_by(user)
        return mine if user.has_perm("network.coordinate") else mine.filter(state=EventState.DRAFT)

    def drafts(self) -> EventQuerySet:
        """Those that wait to be published."""
        return self.filter(state=EventState.DRAFT)

    def matching(self, wanted: FilterSet) -> EventQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q())

    def to_come(self, now: datetime.datetime) -> EventQuerySet:
        """Those that are not over, as far as columns tell: recurring ones may have had their last time."""
        return self.filter(Q(ends_at__gte=now) | ~Q(rule=""))

    def over(self, now: datetime.datetime) -> EventQuerySet:
        """Those that took place, last first; recurring ones may have more times to come."""
        return self.filter(ends_at__lt=now).order_by("-starts_at", "-pk")

    def running(self) -> EventQuerySet:
        """Those that are published and not called off."""
        return self.filter(state=EventState.PUBLISHED)

    def with_people_waiting(self, now: datetime.datetime) -> EventQuerySet:
        """Published ones whose coming times have a waiting list: how many are on it (`waiting`), and for when at first (`next_waited`)."""
        queue = Q(registrations__state=Registration.State.WAITING, registrations__begins_at__gt=now)
        found = self.running().filter(queue)
        counted = {"waiting": models.Count("registrations"), "next_waited": models.Min("registrations__begins_at")}
        return found.annotate(**counted).order_by("next_waited", "pk")

    def last_published(self, length: int) -> EventQuerySet:
        """The first of those that were published last."""
        return self.order_by(F("published_at").desc(nulls_last=True), "-pk")[:length]


class Event(models.Model):
    """A gathering, once or again and again."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("Adresse"), max_length=100, unique=True)
    title = models.CharField(_("Titel"), max_length=140)
    kind = models.CharField(_("Art"), max_length=12, choices=EventKind.choices)
    starts_at = models.DateTimeField(_("Beginn"))
    ends_at = models.DateTimeField(_("Ende"))
    rule = models.CharField(
        _("Wiederholung"), max_length=200, blank=True, validators=[is_rule], help_text=_("als RRULE, zum Beispiel FREQ=MONTHLY;BYDAY=2WE")
    )
    skipped = ArrayField(models.DateField(), verbose_name=_("fällt aus am"), default=list, blank=True, help_text=_("Tage, mit Komma"))
    venue = models.CharField(_("Ort"), max_length=200, blank=True, help_text=_("Name und Anschrift; leer bei reinen Online-Terminen"))
    town = models.ForeignKey(Town, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("Gemeinde"))
    point = models.PointField(_("Lage"), srid=crs.STORAGE, null=True, blank=True)
    online_url = models.CharField(_("Adresse online"), max_length=300, blank=True, validators=[is_web_address])
    organiser = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="events", verbose_name=_("veranstaltet von")
    )
    accessibility = models.CharField(
        _("Barrierefreiheit"), max_length=300, blank=True, help_text=_("Stufen, Aufzug, WC, Gebärdensprache …")
    )
    description = models.TextField(_("Beschreibung (Markdown)"), max_length=6000)
    takes_registration = models.BooleanField(_("mit Anmeldung"), default=False)
    capacity = models.PositiveIntegerField(
        _("Plätze"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("leer: unbegrenzt")
    )
    vacancies = models.ManyToManyField(Vacancy, blank=True, related_name="gatherings", verbose_name=_("Leerstände dazu"))
    state = models.CharField(_("Stand"), max_length=12, choices=EventState.choices, default=EventState.DRAFT)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="events", verbose_name=_("eingetragen von")
    )
    published_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "pk")
        verbose_name = _("Termin")
        verbose_name_plural = _("Termine")
        indexes: ClassVar = [models.Index(fields=("state", "starts_at"), name="event_when")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")),
                name="event_ends_after_it_begins",
                violation_error_message=_("Das Ende liegt vor dem Beginn."),
            ),
            models.CheckConstraint(
                condition=~Q(venue="") | ~Q(online_url=""),
                name="event_is_somewhere",
                violation_error_message=_("Bitte einen Ort oder eine Adresse online angeben."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(takes_registration=True),
                name="event_seats_need_registration",
                violation_error_message=_("Plätze zählen nur mit Anmeldung."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("event", args=[self.slug])

    @property
    def html(self) -> SafeString:
        return as_html(self.description)

    @property
    def is_draft(self) -> bool:
        return self.state == EventState.DRAFT

    @property
    def is_cancelled(self) -> bool:
        return self.state == EventState.CANCELLED

    @property
    def lasts(self) -> datetime.timedelta:
        """How long it takes by the clock on the wall."""
        wall = [moment.astimezone(ZONE).replace(tzinfo=None) for moment in (self.starts_at, self.ends_at)]
        return wall[1] - wall[0]

    def end_of(self, begins: datetime.datetime) -> datetime.datetime:
        """When an occurrence that begins then is over."""
        return begins.astimezone(ZONE) + self.lasts  # by the wall: arithmetic within a zone keeps the hour

    def times(self, since: datetime.datetime, until: datetime.datetime) -> list[datetime.datetime]:
        """The beginnings between two moments, in the time of Berlin."""
        return self._times(since, until, self.skipped)

    def _times(self, since: datetime.datetime, until: datetime.datetime, skipped: Collection[datetime.date]) -> list[datetime.datetime]:
        try:
            found = recurrence.occurrences(self.starts_at, self.rule, skipped, since, until, ZONE)
        except ValueError:
            log.error("the recurrence of event %s cannot be read: %s", self.slug, self.rule)  # one wrong row takes no list down
            return []
        return [moment.astimezone(ZONE) for moment in found]

    def coming(self, now: datetime.datetime) -> list[datetime.datetime]:
        """The beginnings of those that are not over, within a year; of one that takes place once whenever it is."""
        if not self.rule:
            return [self.starts_at.astimezone(ZONE)] if self.ends_at >= now else []
        return self.times(now - self.lasts, now + AHEAD)

    def open_for(self, now: datetime.datetime) -> list[datetime.datetime]:
        """The beginnings one may still register for."""
        if self.state != EventState.PUBLISHED or not self.takes_registration:
            return []
        return [moment for moment in self.coming(now) if moment > now]

    def public_vacancies(self) -> list[PublicVacancy]:
        """The vacancies it is about, as far as everybody may see them."""
        return list(PublicVacancy.objects.filter(key__in=self.vacancies.values("key")))

    def abandoned(self) -> list[datetime.datetime]:
        """The times that people are registered for and that the event, as it is written now, does not have any more.

        Who comes to an event that takes place once moves with it, and days that fall out are called off (`seats.keep`).
        """
        taken = set(self.registrations.all().to_come(timezone.now()).values_list("begins_at", flat=True))
        if not taken or self.is_cancelled or not (self.rule or Event.objects.exclude(rule="").filter(pk=self.pk).exists()):
            return []
        return sorted(taken - set(self._times(min(taken), max(taken), ())))

    def clean(self) -> None:
        super().clean()
        if self.pk and self.starts_at and (lost := self.abandoned()):
            text = _now(
                "Für {when} gibt es Anmeldungen; diesen Tag muss es weiter geben. Lassen Sie ihn ausfallen, dann bekommen alle Bescheid."
            )
            raise ValidationError({"starts_at": text.format(when=date_format(lost[0].astimezone(ZONE), "DATETIME_FORMAT"))})

    def publish(self) -> None:
        """Show it to everybody; the day it was first shown stays. Raises `NotAllowed` for one that was called off."""
        if self.is_cancelled:
            raise NotAllowed(_now("Dieser Termin ist abgesagt, und alle wissen es. Bitte tragen Sie ihn neu ein."))
        self.state, self.published_at = EventState.PUBLISHED, self.published_at or timezone.now()
        self.save(update_fields=["state", "published_at", "updated_at"])


def enters_events(user: User | AnonymousUser) -> bool:
    """Whether a person may enter events: people of organisations, editors of any municipality, and coordinators."""
    if user.has_perm("network.coordinate") or Membership.objects.all().of(user, Role.EDITOR).exists():
        return True
    return bool(user.is_authenticated and Organisation.objects.all().of(user).exists())


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Registrations, asked in sentences."""

    def at(self, event: Event, begins: datetime.datetime) -> RegistrationQuerySet:
        """Those for one occurrence, in the order in which they were confirmed."""
        return self.filter(event=event, begins_at=begins).order_by("confirmed_at", "pk")

    def to_come(self, now: datetime.datetime) -> RegistrationQuerySet:
        """Those for occurrences that have not begun, without those that were given back."""
        return self.filter(begins_at__gt=now).exclude(state=Registration.State.CANCELLED)

    def seated(self) -> RegistrationQuerySet:
        """Those with a seat."""
        return self.filter(state=Registration.State.SEATED)

    def waiting(self) -> RegistrationQuerySet:
        """Those on the waiting list, first come first."""
        return self.filter(state=Registration.State.WAITING).order_by("confirmed_at", "pk")

    def confirmed(self) -> RegistrationQuerySet:
        """Those with a seat, then those who wait."""
        return self.filter(state__in=("seated", "waiting")).order_by("begins_at", "state", "confirmed_at", "pk")

    def of_events_before(self, when: datetime.datetime) -> RegistrationQuerySet:
        """Those whose occurrence was before a moment."""
        return self.filter(begins_at__lt=when)

    def never_confirmed(self, before: datetime.datetime) -> RegistrationQuerySet:
        """Those whose mail nobody confirmed and that were made before a moment."""
        return self.filter(state=Registration.State.PENDING, created_at__lt=before)


class Registration(models.Model):
    """A person comes to one occurrence of an event."""

    class State(models.TextChoices):
        PENDING = "pending", _("unbestätigt")
        SEATED = "seated", _("angemeldet")
        WAITING = "waiting", _("auf der Warteliste")
        CANCELLED = "cancelled", _("abgemeldet")

    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    begins_at = models.DateTimeField(_("Termin"))
    name = models.CharField(_("Ihr Name"), max_length=120)
    mail = models.EmailField(_("Ihre E-Mail-Adresse"))
    needs = models.CharField(_("Was brauchen Sie, um gut teilnehmen zu können?"), max_length=300, blank=True)
    language = models.CharField(max_length=2, default="de", editable=False)
    state = models.CharField(_("Stand"), max_length=12, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ("begins_at", "confirmed_at", "pk")
        verbose_name = _("Anmeldung")
        verbose_name_plural = _("Anmeldungen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("event", "begins_at", "mail"), name="registration_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "cancelled"]) | Q(confirmed_at__isnull=False), name="registration_seat_is_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} ({self.begins_at:%Y-%m-%d})"  # never who: this may stand in a log

    @property
    def is_seated(self) -> bool:
        return self.state == self.State.SEATED
