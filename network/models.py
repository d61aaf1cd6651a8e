"""People and how they come in."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.errors import NotAllowed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 20  # passwords a person may hold at once


def _digest(secret: str) -> str:
    """A plain hash is enough: the secret has 192 random bits, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


class AppPasswordQuerySet(models.QuerySet["AppPassword"]):
    """Passwords of programs, asked in sentences."""

    def of(self, user: User) -> AppPasswordQuerySet:
        """Those of one person, newest first."""
        return self.filter(user=user).order_by("-created_at", "-pk")

    def valid(self) -> AppPasswordQuerySet:
        """Those that open the door: not revoked, and the person may still sign in."""
        return self.filter(revoked_at__isnull=True, user__is_active=True)

    def create_for(self, user: User, label: str) -> tuple[AppPassword, str]:
        """Return a new password and its secret, which is nowhere kept; raises `NotAllowed` when the person has too many."""
        if self.of(user).valid().count() >= MOST:
            raise NotAllowed(_("Mehr als {n} Passwörter sind nicht vorgesehen; bitte widerrufen Sie eines.").format(n=MOST))  # type: ignore[attr-defined]
        secret = f"raum-{secrets.token_urlsafe(24)}"
        return self.create(user=user, label=label, digest=_digest(secret)), secret

    def opened_by(self, username: str, secret: str) -> User | None:
        """Return the person whose password it is, None for a wrong name or secret; notes when it was used."""
        found = self.valid().select_related("user").filter(digest=_digest(secret)).first()
        if found is None or found.user.get_username() != username:
            return None
        today = timezone.localdate()
        if found.last_used_on != today:
            self.filter(pk=found.pk).update(last_used_on=today)
        return found.user


class AppPassword(models.Model):
    """A password for one program (QGIS, ArcGIS …): made and revoked by the person it belongs to, good for reading services only."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="app_passwords", verbose_name=_("Person"))
    label = models.CharField(_("wofür"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("angelegt"), auto_now_add=True)
    last_used_on = models.DateField(_("zuletzt benutzt"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("widerrufen"), null=True, editable=False)

    objects: ClassVar = AppPasswordQuerySet.as_manager()

    class Meta:
        verbose_name = _("App-Passwort")
        verbose_name_plural = _("App-Passwörter")

    def __str__(self) -> str:
        return self.label

    def revoke(self) -> None:
        """Close the door for good; a second time changes nothing."""
        if self.revoked_at is None:
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])


from network.advice.models import AdviceCase, CaseEntry  # noqa: E402, F401
from network.alerts.models import Subscription  # noqa: E402, F401
from network.contacts.models import ContactPoint  # noqa: E402, F401
from network.desk.models import Assignment  # noqa: E402, F401
from network.gathering.models import Event, Registration  # noqa: E402, F401
from network.impact.models import Attendance  # noqa: E402, F401
from network.inquiries.models import Inquiry, InquiryBlock, InquiryMessage  # noqa: E402, F401
from network.intake.models import StaleReminder  # noqa: E402, F401
from network.invitations.models import Invitation  # noqa: E402, F401
from network.knowhow.models import AdviceOffer, Article, FundingProgramme  # noqa: E402, F401
from network.limits import Attempt  # noqa: E402, F401
from network.mailing.models import Mailing, MailingRecipient, OptOut  # noqa: E402, F401
from network.members import Membership  # noqa: E402, F401
from network.merging.models import Merge  # noqa: E402, F401
from network.news.models import NewsletterSubscription  # noqa: E402, F401
from network.organisations.models import Organisation, OrganisationMember  # noqa: E402, F401
from network.own_buildings.models import BuildingConsent, OwnBuilding  # noqa: E402, F401
from network.owners.models import OwnerContact, OwnerView  # noqa: E402, F401
from network.people.models import Person  # noqa: E402, F401
from network.post import Mail  # noqa: E402, F401
from network.privacy.models import Consent, IdleNotice  # noqa: E402, F401
from network.reports.models import Report, ReportStep  # noqa: E402, F401
from network.seeds import Seed  # noqa: E402, F401
from network.seeking.models import SpaceMatch, SpaceRequest, StateChange  # noqa: E402, F401
from network.showcase.models import PublicShowcase, PublicWirSpace, Showcase, ShowcasePhoto, WirSpace  # noqa: E402, F401
