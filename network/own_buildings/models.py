"""Buildings that their owners entered themselves, and what the owners consented to."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.errors import NotAllowed, TooMany
from network.own_buildings.consent import CONSENT, VERSION
from network.owners.models import OwnerContact, OwnerRank
from network.people.models import chosen_name
from network.reports.models import REFUSED, WAITING, Kind, Report
from network.reports.receiving import hand_in
from network.seeking.matches import count_takers
from vacancies import choices as c
from vacancies.models import Vacancy

if TYPE_CHECKING:
    from django.contrib.auth.models import User


A_DAY = 20  # buildings that one person enters


class StatedRole(models.TextChoices):
    """What a person says they are to a building; the municipality checks it."""

    OWNER = "owner", _("Ich bin Eigentümer:in oder Miteigentümer:in")
    AUTHORISED = "authorised", _("Ich bin von der Eigentümer:in beauftragt")


class OwnBuildingQuerySet(models.QuerySet["OwnBuilding"]):
    """People's own buildings, asked in sentences."""

    def of(self, user: User) -> OwnBuildingQuerySet:
        """Those of one person, the newest first."""
        return self.filter(user=user).select_related("vacancy__town").order_by("-created_at", "-pk")

    def drafts_of(self, user: User) -> models.QuerySet[Vacancy]:
        """Vacancies that a person alone entered, and that no moderator has taken into the register."""
        entered = Vacancy.objects.filter(source=c.Source.OWNER, publication=c.Publication.DRAFT, pk__in=self.of(user).values("vacancy"))
        return entered.exclude(pk__in=self.exclude(user=user).values("vacancy"))

    def told(self) -> list[OwnBuilding]:
        """The same with what their owners' page says of each.

        `is_public`: the public sees it now; `is_left_alone`: the person asked not to be spoken to; `fitting_requests`: how many active
        requests for space it would fit.
        """
        alone = OwnerContact.objects.filter(
            vacancy=OuterRef("vacancy"), email__iexact=OuterRef("user__email"), rank=OwnerRank.DO_NOT_CONTACT
        )
        public = Vacancy.objects.public().filter(key=OuterRef("vacancy__key"))
        marked = self.annotate(is_public=Exists(public), is_left_alone=Exists(alone))
        rows = list(marked.prefetch_related("consents", "vacancy__reports"))
        fitting = count_takers(*(own.vacancy.key for own in rows if own.is_public))
        for own in rows:
            own.fitting_requests = fitting.get(own.vacancy.key, 0)
        return rows

    def of_vacancy(self, vacancy: Vacancy) -> OwnBuildingQuerySet:
        """Who entered a vacancy as theirs."""
        return self.filter(vacancy=vacancy).select_related("user__person")

    def of_form(self, user: User, form_key: str | None) -> OwnBuilding | None:
        """The one that a form entered already; None where it did not."""
        return self.filter(user=user, vacancy__reports__form_key=form_key).first() if form_key else None

    def enter(self, user: User, vacancy: Vacancy, stated_role: str, visibility: str, form_key: str) -> OwnBuilding:
        """Keep a person's building with what may be shown of it, and hand it to the municipality; a form sent twice counts once.

        Raises
        ------
        TooMany
            Beyond what one person enters on a day.
        """
        key = hashlib.sha256(f"{user.pk} {form_key}".encode()).hexdigest()[:32] if form_key else None
        if known := self.of_form(user, key):
            return known
        if self.filter(user=user, created_at__gt=timezone.now() - datetime.timedelta(days=1)).count() >= A_DAY:
            raise TooMany(_now("Sie haben heute schon {n} Gebäude eingetragen. Bitte machen Sie morgen weiter.").format(n=A_DAY))
        try:
            with transaction.atomic():
                vacancy.save()
                own = self.create(user=user, vacancy=vacancy, stated_role=stated_role)
                own.allow(visibility, key)
        except IntegrityError:  # of two clicks at once the other was faster
            if (known := self.of_form(user, key)) is None:
                raise
            return known
        return own

    def move(self, before: Vacancy, after: Vacancy) -> list[int]:
        """Let the people of one vacancy be those of another, the same building; returns the rows that moved, for `move_back`."""
        moved = list(self.filter(vacancy=before).exclude(user__in=self.filter(vacancy=after).values("user")).values_list("pk", flat=True))
        self.filter(pk__in=moved).update(vacancy=after)
        return moved

    def move_back(self, moved: list[int], after: Vacancy, before: Vacancy, since: datetime.datetime) -> None:
        """Undo `move` for the rows it moved at a moment; what was shown by consent they gave since, and by no other, is hidden."""
        agreed = BuildingConsent.objects.filter(own_building__vacancy=after, withdrawn_at=None)
        theirs = agreed.filter(own_building__in=moved, given_at__gte=since)
        if theirs.exists() and not agreed.exclude(own_building__in=moved).exists():
            _hide(after.pk)
        self.filter(pk__in=moved, vacancy=after).update(vacancy=before)


class OwnBuilding(models.Model):
    """A person says that a vacancy of the register is theirs to speak for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_buildings", verbose_name=_("Person"))
    vacancy = models.ForeignKey(Vacancy, models.CASCADE, related_name="entered_by", verbose_name=_("Leerstand"))
    stated_role = models.CharField(_("In welcher Rolle tragen Sie es ein?"), max_length=12, choices=StatedRole.choices)
    created_at = models.DateTimeField(_("eingetragen"), auto_now_add=True)

    objects: ClassVar = OwnBuildingQuerySet.as_manager()

    class Meta:
        verbose_name = _("eigenes Gebäude")
        verbose_name_plural = _("eigene Gebäude")
        constraints: ClassVar = [models.UniqueConstraint(fields=("user", "vacancy"), name="own_building_once")]

    def __str__(self) -> str:
        return f"own building {self.pk}"

    @property
    def place(self) -> str:
        """Where it stands, as its owner says it."""
        street = f"{self.vacancy.street} {self.vacancy.house_no}".strip()
        return ", ".join(part for part in (street, self.vacancy.town.name) if part)

    @property
    def is_with_the_municipality(self) -> bool:
        """Whether a moderator still has to decide on it."""
        return any(r.kind == Kind.OWN and r.state in WAITING for r in self.vacancy.reports.all())  # type: ignore[attr-defined]

    @property
    def is_refused(self) -> bool:
        """Whether a moderator did not take it into the register, and nothing new lies there."""
        own = [r for r in self.vacancy.reports.all() if r.kind == Kind.OWN]  # type: ignore[attr-defined]
        last = max(own, key=lambda r: (r.received_at, r.pk), default=None)
        return bool(last and last.state in REFUSED and self.vacancy.publication == c.Publication.DRAFT)

    @property
    def consent_in_force(self) -> BuildingConsent | None:
        """What the person consented to last, unless it is withdrawn."""
        last = max(self.consents.all(), key=lambda c: (c.given_at, c.pk), default=None)
        return last if last and last.withdrawn_at is None else None

    @transaction.atomic
    def allow(self, visibility: str, form_key: str | None = None) -> None:
        """Note what may be shown, log the consent with its text, and hand a draft to the municipality unless it lies there.

        Of what is public already, less is shown at once; more waits for nobody either: the basis is the owner's word.
        """
        vacancy = Vacancy.objects.select_for_update(of=("self",)).get(pk=self.vacancy_id)
        if vacancy.basis not in (c.Basis.NONE, c.Basis.OWNER_CONSENT):
            text = _now("Dieser Leerstand ist auf anderer Grundlage im Register ({basis}). Bitte wenden Sie sich an die Gemeinde.")
            raise NotAllowed(text.format(basis=vacancy.get_basis_display()))
        now = timezone.now()
        self.consents.filter(withdrawn_at=None).update(withdrawn_at=now)
        if visibility in c.PUBLIC:
            text = "\n\n".join(str(part) for part in CONSENT[visibility])
            self.consents.create(text_version=VERSION, text=text, visibility=visibility, given_at=now)
            _set(vacancy.pk, visibility, c.Basis.OWNER_CONSENT)
        else:
            _set(vacancy.pk, c.Visibility.MUNICIPALITY, c.Basis.NONE)
        if vacancy.publication == c.Publication.DRAFT and not self.is_with_the_municipality:
            words = {name: getattr(vacancy, name) for name in ("town", "point", "street", "house_no", "postcode", "former_use")}
            hand_in(Report(kind=Kind.OWN, vacancy=vacancy, form_key=form_key, **words), self.user)
        self.vacancy.refresh_from_db()

    @transaction.atomic
    def withdraw_consent(self) -> None:
        """Take the consent back: nothing of the vacancy is public from now on. A second time changes nothing."""
        self.consents.filter(withdrawn_at=None).update(withdrawn_at=timezone.now())
        _hide(self.vacancy_id)
        self.vacancy.refresh_from_db()

    @transaction.atomic
    def leave_alone(self) -> None:
        """Note for the municipality that the person does not want to be spoken to about this building."""
        known = OwnerContact.objects.filter(vacancy=self.vacancy, email__iexact=self.user.email) if self.user.email else None
        if known:
            for contact in known:
                contact.leave_alone()
            return
        name = chosen_name(self.user) or self.user.email
        OwnerContact.objects.create(vacancy=self.vacancy, name=name, email=self.user.email, rank=OwnerRank.DO_NOT_CONTACT)


def _set(vacancy: int, visibility: str, basis: str) -> None:
    """Say what of a vacancy may be shown, and why; nothing else of the row is looked at, so that nothing else of it can be in the way."""
    agreed = basis == c.Basis.OWNER_CONSENT
    words = {"consent_on": timezone.localdate() if agreed else None, "consent_text_version": VERSION if agreed else ""}
    Vacancy.objects.filter(pk=vacancy).update(visibility=visibility, basis=basis, updated_at=timezone.now(), **words)


def _hide(vacancy: int) -> None:
    """Show nothing of a vacancy that is shown by its owner's consent."""
    if Vacancy.objects.filter(pk=vacancy, basis=c.Basis.OWNER_CONSENT).exists():
        _set(vacancy, c.Visibility.MUNICIPALITY, c.Basis.NONE)


class BuildingConsentQuerySet(models.QuerySet["BuildingConsent"]):
    """Consents to showing a building, asked in sentences."""

    def of(self, user: User) -> BuildingConsentQuerySet:
        """Those of one person, with the building."""
        return self.filter(own_building__user=user).select_related("own_building__vacancy__town")


class BuildingConsent(models.Model):
    """The log of consents: which text, to which visibility, from when until when. The text stands here as it was shown."""

    own_building = models.ForeignKey(OwnBuilding, models.CASCADE, related_name="consents")
    text_version = models.CharField(_("Fassung"), max_length=20)
    text = models.TextField(_("Wortlaut"))
    visibility = models.CharField(_("Sichtbarkeit"), max_length=12, choices=c.Visibility.choices)
    given_at = models.DateTimeField(pgettext_lazy("consent", "gegeben"), default=timezone.now)
    withdrawn_at = models.DateTimeField(pgettext_lazy("consent", "zurückgezogen"), null=True)

    objects: ClassVar = BuildingConsentQuerySet.as_manager()

    class Meta:
        ordering = ("given_at", "pk")
        verbose_name = _("Einwilligung")
        verbose_name_plural = _("Einwilligungen")

    def __str__(self) -> str:
        return f"{self.text_version} {self.visibility}"
