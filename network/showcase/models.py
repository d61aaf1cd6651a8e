"""Showcases – what became of vacant buildings, good or bad – and WIR-Räume: rooms that are used in common."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.contrib.gis.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from geo import crs
from geo.filtering import FilterSet
from geo.models import Town
from network.organisations.models import Organisation
from network.showcase.choices import Outcome, WirStatus
from network.sourced import Sourced, is_web_address, labels_of, lines_of, some_of
from vacancies.choices import Shows, TargetUse
from vacancies.photos import CleanPictureField


class ShowcaseQuerySet(models.QuerySet["Showcase"]):
    """Showcases, asked in sentences."""

    def published(self) -> ShowcaseQuerySet:
        """Those everybody sees."""
        return self.filter(is_published=True)

    def matching(self, wanted: FilterSet) -> ShowcaseQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q())

    def written_between(self, begin: datetime.datetime, end: datetime.datetime) -> ShowcaseQuerySet:
        """Those that were written from a moment on and before another."""
        return self.published().filter(created_at__gte=begin, created_at__lt=end)


class Showcase(Sourced):
    """A building that found a use, or did not; what is not known is left empty."""

    slug = models.SlugField(_("Adresse"), max_length=80, unique=True)
    title = models.CharField(_("Titel"), max_length=120)
    town = models.ForeignKey(Town, models.PROTECT, related_name="showcases", verbose_name=_("Gemeinde"))
    place = models.CharField(_("Ortsteil oder Anschrift"), max_length=160, blank=True)
    point = models.PointField(_("Lage"), srid=crs.STORAGE, null=True, blank=True, help_text=_("leer: die Ortsmitte"))
    summary = models.CharField(_("In einem Satz"), max_length=300)
    former_use = models.CharField(_("Frühere Nutzung"), max_length=300, blank=True)
    vacancy_note = models.CharField(_("Leerstand"), max_length=200, blank=True)
    uses = some_of(_("Nutzungen"), TargetUse)
    today = models.TextField(_("Heute"), max_length=1000, blank=True)
    actors = models.TextField(
        _("Beteiligte"), max_length=1000, blank=True, help_text=_("je Zeile eine; Organisationen, keine Privatpersonen")
    )
    timeline = models.TextField(_("Zeitleiste"), max_length=1500, blank=True, help_text=_("je Zeile: Zeitpunkt, Doppelpunkt, was geschah"))
    area = models.CharField(_("Größe"), max_length=200, blank=True)
    costs = models.TextField(_("Kosten"), max_length=600, blank=True)
    funding = models.TextField(_("Förderung und Finanzierung"), max_length=600, blank=True)
    lessons = models.TextField(_("Was man daraus lernt"), max_length=1500, blank=True, help_text=_("je Zeile eines"))
    setbacks = models.TextField(_("Was nicht ging"), max_length=1500, blank=True, help_text=_("je Zeile eines"))
    outcome = models.CharField(_("Ausgang"), max_length=12, choices=Outcome.choices, default=Outcome.UNKNOWN)
    as_of = models.CharField(_("Stand der Angaben"), max_length=120, blank=True)
    quote = models.CharField(_("Zitat"), max_length=400, blank=True)
    quote_source = models.CharField(_("Quelle des Zitats"), max_length=300, blank=True, validators=[is_web_address])
    url = models.CharField(_("Internetseite"), max_length=300, blank=True, validators=[is_web_address])
    of_kolab = models.BooleanField(_("Ort des Projekts KoLaB"), default=False)
    is_published = models.BooleanField(_("veröffentlicht"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = ShowcaseQuerySet.as_manager()

    class Meta(Sourced.Meta):
        ordering = ("-of_kolab", "title")
        verbose_name = _("Beispiel aus der Praxis")
        verbose_name_plural = _("Beispiele aus der Praxis")
        constraints: ClassVar = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=Q(quote="") | ~Q(quote_source=""),
                name="showcase_quote_has_source",
                violation_error_message=_("Ein Zitat braucht die Adresse, an der es steht."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("showcase", args=[self.slug])

    @property
    def use_labels(self) -> list[str]:
        return labels_of(self, "uses")

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The timeline as (when, what)."""
        parted = [line.partition(":") for line in lines_of(self.timeline)]
        return [(when.strip(), what.strip()) if what else ("", when.strip()) for when, _colon, what in parted]

    @property
    def lesson_lines(self) -> list[str]:
        return lines_of(self.lessons)

    @property
    def setback_lines(self) -> list[str]:
        return lines_of(self.setbacks)

    @property
    def actor_lines(self) -> list[str]:
        return lines_of(self.actors)

    def pictures(self) -> tuple[tuple[ShowcasePhoto, ShowcasePhoto] | None, list[ShowcasePhoto]]:
        """The first picture from before and the last from after, where there are both, and the others in their order."""
        every = list(self.photos.all())
        before = next((p for p in every if p.shows == Shows.BEFORE), None)
        after = next((p for p in reversed(every) if p.shows == Shows.AFTER), None)
        if before is None or after is None:
            return None, every
        return (before, after), [p for p in every if p not in (before, after)]


class ShowcasePhotoQuerySet(models.QuerySet["ShowcasePhoto"]):
    """Pictures, asked in sentences."""

    def shown(self) -> ShowcasePhotoQuerySet:
        """Those of showcases that everybody sees."""
        return self.filter(showcase__is_published=True)


class ShowcasePhoto(models.Model):
    """A picture of a showcase, stored without metadata."""

    showcase = models.ForeignKey(Showcase, models.CASCADE, related_name="photos")
    file = CleanPictureField(_("Bild"))
    alt_text = models.CharField(_("Bildbeschreibung"), max_length=200)
    caption = models.CharField(_("Unterschrift"), max_length=200, blank=True)
    creator = models.CharField(_("Urheber:in"), max_length=120)
    licence = models.CharField(_("Lizenz"), max_length=60)
    taken_on = models.DateField(_("aufgenommen am"), null=True, blank=True)
    shows = models.CharField(_("zeigt"), max_length=8, choices=Shows.choices, default=Shows.VIEW)

    objects: ClassVar = ShowcasePhotoQuerySet.as_manager()

    class Meta:
        ordering = ("taken_on", "pk")
        verbose_name = _("Foto")
        verbose_name_plural = _("Fotos")

    def __str__(self) -> str:
        return self.alt_text

    def get_absolute_url(self) -> str:
        return reverse("showcase_photo", args=[self.file.name])


class WirSpace(Sourced):
    """A WIR-Raum: room that several use in common, with what it offers."""

    slug = models.SlugField(_("Adresse"), max_length=80, unique=True)
    title = models.CharField(_("Name"), max_length=120)
    town = models.ForeignKey(Town, models.PROTECT, related_name="wir_spaces", verbose_name=_("Gemeinde"))
    place = models.CharField(_("Ortsteil oder Anschrift"), max_length=160, blank=True)
    point = models.PointField(_("Lage"), srid=crs.STORAGE, null=True, blank=True, help_text=_("leer: die Ortsmitte"))
    offers = some_of(_("bietet"), TargetUse, blank=False)
    note = models.CharField(_("Angebot, genauer"), max_length=300, blank=True)
    operator = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="wir_spaces", verbose_name=_("Betreiber:in")
    )
    capacity = models.PositiveIntegerField(_("Plätze"), null=True, blank=True, help_text=_("leer: nicht bekannt"))
    bookable = models.BooleanField(_("buchbar"), null=True, blank=True)
    status = models.CharField(_("Stand"), max_length=12, choices=WirStatus.choices)
    url = models.CharField(_("Internetseite"), max_length=300, blank=True, validators=[is_web_address])
    showcase = models.ForeignKey(
        Showcase, models.SET_NULL, null=True, blank=True, related_name="wir_spaces", verbose_name=_("Beispiel dazu")
    )

    class Meta(Sourced.Meta):
        ordering = ("title",)
        verbose_name = _("WIR-Raum")
        verbose_name_plural = _("WIR-Räume")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{reverse('wir_spaces')}#{self.slug}"


from network.showcase.public import PublicShowcase, PublicWirSpace  # noqa: E402, F401  (Django finds models here)
