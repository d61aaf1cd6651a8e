"""What a person agreed to, in which words; and who was told that their account lies idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Consents, asked in sentences."""

    def of(self, user: User) -> ConsentQuerySet:
        """Those of one person, newest first."""
        return self.filter(user=user)

    def by(self, who: User | str) -> ConsentQuerySet:
        """Those of a person, or of an e-mail address that stands for one."""
        return self.filter(address__iexact=who) if isinstance(who, str) else self.filter(user=who)

    def in_force(self) -> ConsentQuerySet:
        """Those that were not withdrawn."""
        return self.filter(withdrawn_at=None)

    def to(self, text: str, about: str = "") -> ConsentQuerySet:
        """Those to a text, whatever its version, about one thing."""
        return self.filter(text=text, about=about)

    def withdrawn_before(self, when: object) -> ConsentQuerySet:
        return self.filter(withdrawn_at__lt=when)


class Consent(models.Model):
    """Somebody agreed to a text of `web/texts/consents`; `digest` proves its wording, `about` names what it was given for."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="consents", verbose_name=_("Konto")
    )
    address = models.EmailField(_("E-Mail-Adresse"), blank=True)
    text = models.SlugField(_("Text"), max_length=40)
    version = models.PositiveSmallIntegerField(_("Fassung"))
    language = models.CharField(_("Sprache"), max_length=2, choices=settings.LANGUAGES, default="de")
    digest = models.CharField(_("Prüfwert des Wortlauts"), max_length=64)
    about = models.CharField(_("gilt für"), max_length=40, blank=True)
    given_at = models.DateTimeField(_("gegeben"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("widerrufen"), null=True, blank=True)

    objects: ClassVar = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ("-given_at", "-pk")
        verbose_name = _("Einwilligung")
        verbose_name_plural = _("Einwilligungen")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, address="") | (Q(user__isnull=True) & ~Q(address="")), name="consent_of_one"
            ),
            models.UniqueConstraint(
                fields=("user", "address", "text", "version", "about"),
                condition=Q(withdrawn_at=None),
                nulls_distinct=False,
                name="consent_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text}-{self.version}"  # never who: this may stand in a log


class IdleNotice(models.Model):
    """A person was told that their account is going to be deleted; signing in makes it void."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="idle_notice", verbose_name=_("Konto"))
    sent_at = models.DateTimeField(_("erinnert"), default=timezone.now)

    class Meta:
        verbose_name = _("Erinnerung an ein ruhendes Konto")
        verbose_name_plural = _("Erinnerungen an ruhende Konten")

    def __str__(self) -> str:
        return f"{self.sent_at:%Y-%m-%d}"
