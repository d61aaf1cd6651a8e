"""Invitations by mail to a membership; good once, for two weeks, and only as long as the inviting person may invite."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from geo.errors import Expired, NotAllowed
from network import post
from network.members import Membership, OfATenant, OfATenantQuerySet, Role, of_one_tenant
from network.rights import role_at

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LASTS = datetime.timedelta(days=14)


class InvitationQuerySet(OfATenantQuerySet):
    """Invitations, asked in sentences."""

    def waiting(self) -> InvitationQuerySet:
        """Those that may still be accepted."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True, created_at__gt=timezone.now() - LASTS)

    def overdue(self) -> InvitationQuerySet:
        """Those that nobody accepted and nobody can any more."""
        return self.filter(accepted_at__isnull=True, created_at__lte=timezone.now() - LASTS)

    def named_by(self, token: str) -> Invitation:
        """Return the one that a link of a mail stands for; raises `Expired` when it is of no use any more."""
        [pk] = post.unseal("invitation", token, LASTS)
        found = self.filter(pk=pk).select_related("town", "district", "invited_by__person").first()
        if found is None or found.withdrawn_at:
            raise Expired(_now("Diese Einladung wurde zurückgezogen. Bitte fragen Sie die Stelle, die Sie eingeladen hat."))
        if not found.accepted_at and not (found.is_in_force and found.is_backed):
            raise Expired(_now("Diese Einladung gilt nicht mehr. Bitte lassen Sie sich eine neue schicken."))
        if found.accepted_at:
            raise Expired(_now("Diese Einladung ist schon angenommen. Ihre Mitgliedschaften stehen unter „Mein Konto“."))
        return found


class Invitation(OfATenant):
    """Somebody is invited to a membership with a role; `ends_on` is the end of that membership."""

    email = models.EmailField(_("E-Mail-Adresse"))
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations", verbose_name=_("eingeladen von")
    )
    created_at = models.DateTimeField(_("eingeladen"), default=timezone.now)
    accepted_at = models.DateTimeField(_("angenommen"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="accepted_invitations", verbose_name=_("angenommen von")
    )
    withdrawn_at = models.DateTimeField(_("zurückgezogen"), null=True)

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("Einladung")
        verbose_name_plural = _("Einladungen")
        constraints: ClassVar = [of_one_tenant("invitation")]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_role_display()}"

    @transaction.atomic
    def send(self) -> None:
        """Keep it and write the mail; raises `NotAllowed` where the inviting person may not give this role."""
        if not self.is_backed:
            raise NotAllowed(_now("Sie können nur für eigene Orte einladen und keine höhere Rolle geben als die eigene."))
        self.save()
        language = translation.get_language() or "de"
        link = post.base_url() + reverse("invitation", args=[post.seal("invitation", self.pk)])
        post.write(self.email, "invitation", {"invitation": self, "link": link, "days": LASTS.days}, language=language)

    @property
    def is_backed(self) -> bool:
        """Whether who invited is still there, and may give this role."""
        return self.invited_by is not None and may_give(self.invited_by, self, self.role)

    def is_for(self, user: User) -> bool:
        """Whether it went to an address that the person has confirmed."""
        return bool(EmailAddress.objects.filter(user=user, email__iexact=self.email, verified=True).exists())

    @transaction.atomic
    def accept(self, user: User) -> Membership:
        """Make the person a member, or raise their role there; a membership that may more stays as it is.

        Raises
        ------
        NotAllowed
            When the invitation went to another address.
        Expired
            When it is used up, the membership would be over, or the inviting person may not give this role any more.
        """
        own = Invitation.objects.select_for_update().get(pk=self.pk)
        if not own.is_in_force or own not in Invitation.objects.all().waiting() or not own.is_backed:
            raise Expired(_now("Diese Einladung gilt nicht mehr. Bitte lassen Sie sich eine neue schicken."))
        if not own.is_for(user):
            text = _now("Die Einladung gilt für {email}. Melden Sie sich mit dieser Adresse an oder bestätigen Sie sie in Ihrem Konto.")
            raise NotAllowed(text.format(email=own.email))
        held, made = Membership.objects.get_or_create(user=user, **own.of_tenant, defaults={"role": own.role, "ends_on": own.ends_on})
        order = Role.values.index
        if not made and (not held.is_in_force or order(own.role) > order(held.role)):
            held.role, held.ends_on = own.role, own.ends_on
            held.save(update_fields=["role", "ends_on"])
        own.accepted_at, own.accepted_by = timezone.now(), user
        own.save(update_fields=["accepted_at", "accepted_by"])
        return held

    def withdraw(self) -> None:
        """Take it back; a second time changes nothing."""
        if self.withdrawn_at is None and self.accepted_at is None:
            self.withdrawn_at = timezone.now()
            self.save(update_fields=["withdrawn_at"])


def may_give(user: User, place: OfATenant, role: str) -> bool:
    """Whether a person may give this role at a tenant: a manager there, and none above their own."""
    own = role_at(user, place)
    order = Role.values.index
    return bool(own) and order(own) >= order(Role.MANAGER) and order(role) <= order(own)
