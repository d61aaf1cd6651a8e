"""Articles with checklists, offers of advice, funding programmes: short own texts, each with its sources and their day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import ExtractDay, ExtractMonth
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from geo.filtering import FilterSet
from network.knowhow import choices as c
from network.organisations.models import Organisation
from network.sourced import Sourced, is_web_address, labels_of, lines_of, some_of
from vacancies.prose import as_html


class KnowhowQuerySet(models.QuerySet["models.Model"]):
    """Articles, offers or programmes, asked in sentences."""

    def matching(self, wanted: FilterSet) -> KnowhowQuerySet:
        """Those that meet every criterion of the filter."""
        return self.filter(wanted.q())

    def about(self, *topics: str) -> KnowhowQuerySet:
        """Those on one of these topics."""
        return self.filter(topics__overlap=topics)

    def closest_to(self, topics: Sequence[str], most: int) -> list[Any]:
        """Those that share most of these topics, the first counting most; money, a topic of nearly all, counts only beside another."""
        main = [topic for topic in topics if topic != c.Topic.FINANCE] or list(topics)
        weights = {topic: len(topics) - place for place, topic in enumerate(topics)}
        return sorted(self.about(*main), key=lambda row: (-sum(weights.get(t, 0) for t in row.topics), str(row)))[:most]


class ArticleQuerySet(KnowhowQuerySet):
    """Articles, asked in sentences."""

    def published(self) -> ArticleQuerySet:
        """Those that everybody may read."""
        return self.filter(is_published=True)

    def on_the_way(self) -> ArticleQuerySet:
        """The same in the order of the phases."""
        phases = [When(phase=phase, then=Value(rank)) for rank, phase in enumerate(c.Phase.values)]
        return self.order_by(Case(*phases), "title")

    def mainly_about(self, *topics: str) -> ArticleQuerySet:
        """Those whose first topic is one of these, in this order."""
        ranks = [When(topics__0=topic, then=Value(rank)) for rank, topic in enumerate(topics)]
        return self.filter(topics__0__in=topics).order_by(Case(*ranks), "title")

    def written_between(self, begin: datetime.datetime, end: datetime.datetime) -> ArticleQuerySet:
        """Those that were written from a moment on and before another."""
        return self.published().filter(created_at__gte=begin, created_at__lt=end)


class Article(Sourced):
    """A short text on one question, with a list to tick off."""

    slug = models.SlugField(_("Adresse"), max_length=80, unique=True)
    title = models.CharField(_("Titel"), max_length=120)
    summary = models.CharField(_("Worum es geht"), max_length=300)
    body = models.TextField(_("Text (Markdown)"))
    phase = models.CharField(_("Phase"), max_length=12, choices=c.Phase.choices)
    audiences = some_of(_("für wen"), c.Audience, blank=False)
    topics = some_of(_("Themen"), c.Topic, blank=False)
    checklist = models.TextField(_("Checkliste"), blank=True, help_text=_("je Zeile ein Punkt"))
    is_published = models.BooleanField(_("veröffentlicht"), default=True)
    created_at = models.DateTimeField(_("angelegt"), auto_now_add=True)
    updated_at = models.DateTimeField(_("geändert"), auto_now=True)

    objects: ClassVar = ArticleQuerySet.as_manager()

    class Meta(Sourced.Meta):
        ordering = ("phase", "title")
        verbose_name = _("Artikel")
        verbose_name_plural = _("Artikel")
        indexes: ClassVar = [GinIndex(fields=("topics",), name="article_topics")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])

    @property
    def html(self) -> SafeString:
        """The text as HTML; what looks like HTML in it stays text."""
        return as_html(self.body)

    @property
    def points(self) -> list[str]:
        """What is to be ticked off."""
        return lines_of(self.checklist)

    @property
    def topic_labels(self) -> list[str]:
        return labels_of(self, "topics")

    @property
    def audience_labels(self) -> list[str]:
        return labels_of(self, "audiences")


class OfferQuerySet(KnowhowQuerySet):
    """Offers of advice, asked in sentences."""

    def running_on(self, day: datetime.date) -> OfferQuerySet:
        """Those that have not ended on a day."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


class AdviceOffer(Sourced):
    """What an organisation offers to those who ask it."""

    slug = models.SlugField(_("Adresse"), max_length=80, unique=True)
    title = models.CharField(_("Angebot"), max_length=120)
    provider = models.ForeignKey(Organisation, models.CASCADE, related_name="advice_offers", verbose_name=_("bietet an"))
    text = models.TextField(_("Beschreibung"), max_length=1000)
    topics = some_of(_("Themen"), c.Topic, blank=False)
    phases = some_of(_("Phasen"), c.Phase, blank=False)
    audiences = some_of(_("für wen"), c.Audience, blank=False)
    formats = some_of(_("Form"), c.AdviceFormat)
    cost = models.CharField(_("Kosten"), max_length=200, blank=True, help_text=_("leer: nicht bekannt"))
    region = models.CharField(_("Gebiet"), max_length=120)
    url = models.CharField(_("Internetseite"), max_length=300, validators=[is_web_address])
    ends_on = models.DateField(_("endet am"), null=True, blank=True, help_text=_("leer: bis auf Weiteres"))

    objects: ClassVar = OfferQuerySet.as_manager()

    class Meta(Sourced.Meta):
        ordering = ("title",)
        verbose_name = _("Beratungsangebot")
        verbose_name_plural = _("Beratungsangebote")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{reverse('advice_offers')}#{self.slug}"

    @property
    def topic_labels(self) -> list[str]:
        return labels_of(self, "topics")

    @property
    def phase_labels(self) -> list[str]:
        return labels_of(self, "phases")

    @property
    def audience_labels(self) -> list[str]:
        return labels_of(self, "audiences")

    @property
    def format_labels(self) -> list[str]:
        return labels_of(self, "formats")


class FundingQuerySet(KnowhowQuerySet):
    """Funding programmes, asked in sentences."""

    def open_on(self, day: datetime.date) -> FundingQuerySet:
        """Those one may apply to on a day, or whose dates must be asked for; what has ended is not among them."""
        begun = Q(call_open__isnull=True) | Q(call_open__lte=day)
        ahead = Q(call_close__isnull=True) | Q(call_close__gte=day) | Q(call=c.Call.YEARLY)
        return self.filter(begun & ahead)

    def ended_on(self, day: datetime.date) -> FundingQuerySet:
        """Those whose last day is over on a day and that do not come again by themselves."""
        return self.filter(call_close__lt=day).exclude(call=c.Call.YEARLY)

    def fitting(self, topic: str, areas: Sequence[str]) -> FundingQuerySet:
        """Those on a topic that hold everywhere or in one of these areas, those for an area first.

        What is for monuments first of all is for them alone.
        """
        found = self.about(topic).filter(Q(areas=[]) | Q(areas__overlap=list(areas)))
        if topic != c.Topic.MONUMENT:
            found = found.exclude(topics__0=c.Topic.MONUMENT)
        return found.order_by(Case(When(areas=[], then=Value(1)), default=Value(0)), "name")

    def due(self, day: datetime.date, deadlines: Mapping[int, datetime.date]) -> FundingQuerySet:
        """Those with these primary keys, with their deadline as `due_on`, the nearest first."""
        known = [When(pk=pk, then=Value(last)) for pk, last in deadlines.items()]
        due_on = Case(*known, default=Value(day), output_field=models.DateField())
        return self.filter(pk__in=list(deadlines)).annotate(due_on=due_on).order_by("due_on", "name")

    def with_deadline(self) -> FundingQuerySet:
        """Those that name a last day, by its place in the year."""
        return self.exclude(call_close=None).order_by(ExtractMonth("call_close"), ExtractDay("call_close"))


class FundingProgramme(Sourced):
    """Money that may be applied for, as far as its sources tell."""

    slug = models.SlugField(_("Adresse"), max_length=80, unique=True)
    name = models.CharField(_("Name"), max_length=160)
    funder = models.CharField(_("Geldgeber und Bewilligung"), max_length=160)
    level = models.CharField(_("Ebene"), max_length=12, choices=c.Level.choices)
    summary = models.TextField(_("Wofür"), max_length=600)
    eligible = some_of(_("wer"), c.Eligible, blank=False)
    eligible_note = models.CharField(_("wer, genauer"), max_length=300, blank=True)
    topics = some_of(_("Themen"), c.Topic, blank=False)
    areas = some_of(_("wo"), c.Area)
    area_rule = models.CharField(_("wo, genauer"), max_length=400, blank=True)
    quota_pct = models.PositiveSmallIntegerField(
        _("Anteil in Prozent, höchstens"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    quota_note = models.CharField(_("Anteil, genauer"), max_length=200, blank=True)
    min_amount = models.PositiveIntegerField(_("mindestens in €"), null=True, blank=True)
    max_amount = models.PositiveIntegerField(_("höchstens in €"), null=True, blank=True)
    amount_note = models.CharField(_("Beträge, genauer"), max_length=300, blank=True)
    call = models.CharField(_("Antrag"), max_length=12, choices=c.Call.choices)
    call_open = models.DateField(_("Frist beginnt"), null=True, blank=True)
    call_close = models.DateField(_("Frist endet"), null=True, blank=True)
    call_note = models.CharField(_("Frist, genauer"), max_length=300, blank=True)
    url = models.CharField(_("Internetseite"), max_length=300, validators=[is_web_address])

    objects: ClassVar = FundingQuerySet.as_manager()

    class Meta(Sourced.Meta):
        ordering = ("name",)
        verbose_name = _("Förderprogramm")
        verbose_name_plural = _("Förderprogramme")
        constraints: ClassVar = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=Q(call__in=[c.Call.CONTINUOUS, c.Call.ASK]) | Q(call_close__isnull=False),
                name="funding_deadline_has_day",
                violation_error_message=_("Eine Frist braucht ihren letzten Tag."),
            ),
            models.CheckConstraint(
                condition=Q(call_open__isnull=True) | Q(call_close__isnull=True) | Q(call_open__lte=F("call_close")),
                name="funding_opens_before_it_closes",
                violation_error_message=_("Die Frist endet, bevor sie beginnt."),
            ),
            models.CheckConstraint(
                condition=Q(min_amount__isnull=True) | Q(max_amount__isnull=True) | Q(min_amount__lte=F("max_amount")),
                name="funding_amounts_in_order",
                violation_error_message=_("Der kleinste Betrag ist größer als der größte."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('funding')}#{self.slug}"

    def deadline(self, day: datetime.date) -> datetime.date | None:
        """The next last day from a day on; None where there is none, or it is over."""
        if self.call_close is None:
            return None
        if self.call == c.Call.YEARLY:
            last = _in_year(self.call_close, day.year)
            return last if last >= day else _in_year(self.call_close, day.year + 1)
        return self.call_close if self.call_close >= day else None

    def unknown(self) -> list[str]:
        """What the sources do not tell, by its name."""
        told = (
            (_("Anteil"), self.quota_pct is not None or self.quota_note),
            (_("Beträge"), self.min_amount is not None or self.max_amount is not None or self.amount_note),
            (_("Frist"), self.call != c.Call.ASK or self.call_note),
        )
        return [str(name) for name, known in told if not known]

    @property
    def eligible_labels(self) -> list[str]:
        return labels_of(self, "eligible")

    @property
    def topic_labels(self) -> list[str]:
        return labels_of(self, "topics")

    @property
    def area_labels(self) -> list[str]:
        return labels_of(self, "areas")


def _in_year(day: datetime.date, year: int) -> datetime.date:
    """The same day of another year; 29 February is 28 where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
