"""The register: vacancies, their units and photos. What the public sees is `vacancies.public`."""

from __future__ import annotations

import datetime
import secrets
from typing import TYPE_CHECKING, ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.gis.measure import D
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce, Concat, TruncDate, Upper
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo import crs
from geo.addresses import address_key
from geo.models import UMLAUTS, Dataset, Town
from geo.scope import scope_of
from vacancies import choices as c
from vacancies.geometry import GRID_M, GridCentre
from vacancies.photos import CleanPictureField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from vacancies.public import PublicVacancyQuerySet

KEY_ALPHABET, KEY_LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 8
TOWN_TOLERANCE_M = 250  # town boundaries are generalised to 60 m


def new_key() -> str:
    """Return a random public key: says nothing about how many rows there are or which are hidden."""
    return "".join(secrets.choice(KEY_ALPHABET) for _i in range(KEY_LENGTH))


def _choice(label: str, choices: type[models.TextChoices], default: str = "unknown") -> models.CharField:
    return models.CharField(label, max_length=24, choices=choices.choices, default=default)


def _choices(label: str, choices: type[models.TextChoices]) -> ArrayField:
    return ArrayField(models.CharField(max_length=24, choices=choices.choices), verbose_name=label, default=list, blank=True)


def _area(label: str) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(label, null=True, blank=True, validators=[MinValueValidator(1)])


def _known(label: str) -> models.BooleanField:
    """A yes/no field whose NULL means unknown."""
    return models.BooleanField(label, null=True, blank=True)


class VacancyQuerySet(models.QuerySet["Vacancy"]):
    """The whole register; for people with rights. The public asks `public()`."""

    def public(self) -> PublicVacancyQuerySet:
        """Return what the public may see: a view without private rows and columns."""

        return PublicVacancy.objects.all()

    def examples(self) -> VacancyQuerySet:
        """The fictional ones."""
        return self.filter(is_example=True)

    def registered(self) -> VacancyQuerySet:
        """All that are kept, public or not; what is archived is history."""
        return self.exclude(publication=c.Publication.ARCHIVED)

    def hits_by_district(self) -> dict[str, int]:
        """Number of objects per AGS of the district."""
        return dict(self.order_by().values_list("town__district__ags5").annotate(n=Count("pk")))

    def visible_to(self, user: User | AnonymousUser) -> VacancyQuerySet:
        """Those in the municipalities where the person is a member."""
        return self.filter(scope_of(user).rows("town__ags8"))

    def show(self, file: str) -> bool:
        """Whether one of them has a photo of this name."""
        return self.filter(photos__file=file).exists()

    def edited_by(self, user: User | AnonymousUser) -> VacancyQuerySet:
        """Those in the municipalities where the person may change them."""
        return self.filter(scope_of(user, "editor").rows("town__ags8"))

    def at(self, point: GEOSGeometry | None, town: Town, address: str, most_m: float) -> list[Vacancy]:
        """Those that lie close to a point (storage CRS) or have the same address in a town, public or not."""
        near = list(self.filter(point__dwithin=(point, D(m=most_m)))) if point else []
        wanted = address_key(address)
        same = [v for v in self.filter(town=town).exclude(house_no="") if address_key(f"{v.street} {v.house_no}") == wanted]
        return list({v.pk: v for v in (*near, *(same if wanted else []))}.values())

    def unconfirmed_since(self, day: datetime.date) -> VacancyQuerySet:
        """The published ones that nobody has confirmed (or, never confirmed, entered) since a day, longest ago first."""
        published = self.filter(publication=c.Publication.PUBLISHED)
        last = published.annotate(last_seen_on=Coalesce("verified_at", TruncDate("created_at")))
        return last.filter(last_seen_on__lt=day).order_by("last_seen_on", "key")

    def in_town(self, town: Town | None) -> VacancyQuerySet:
        """Those of a municipality; all without one."""
        return self.filter(town=town) if town else self

    def with_keys(self, keys: list[str]) -> VacancyQuerySet:
        """Those with one of these keys."""
        return self.filter(key__in=keys)

    def drafts_of_imports(self) -> VacancyQuerySet:
        """What was read from lists and is not published yet."""
        return self.filter(source=c.Source.IMPORT, publication=c.Publication.DRAFT)

    def real(self) -> VacancyQuerySet:
        """The ones that exist."""
        return self.filter(is_example=False)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["public_point", "search_text"])
class Vacancy(models.Model):
    """A vacant building, ensemble or site. `point` and `footprint` in EPSG:25833; `public_point` follows from visibility.

    Nothing is public by default. A row is public when it is published, its visibility is exact or coarse, it has a
    basis for publication, and no objection stands against it; the view `public_vacancy` says so in SQL.
    """

    key = models.CharField(_("Kennung"), max_length=12, unique=True, default=new_key, editable=False)
    slug = models.SlugField(max_length=120, unique=True, editable=False)
    is_example = models.BooleanField(_("Beispiel (erfunden)"), default=False, editable=False)
    title = models.CharField(_("Titel"), max_length=120, blank=True)
    summary = models.TextField(_("Beschreibung (öffentlich)"), blank=True)
    object_kind = _choice(_("Objektart"), c.ObjectKind, "building")
    town = models.ForeignKey(Town, models.PROTECT, related_name="vacancies", verbose_name=_("Gemeinde"))
    locality = models.CharField(_("Ortsteil"), max_length=80, blank=True)
    street = models.CharField(_("Straße"), max_length=120, blank=True)
    house_no = models.CharField(_("Hausnummer"), max_length=12, blank=True)
    postcode = models.CharField(_("Postleitzahl"), max_length=5, blank=True)
    point = models.PointField(_("Lage"), srid=crs.STORAGE)
    footprint = models.MultiPolygonField(_("Grundriss"), srid=crs.STORAGE, null=True, blank=True)
    parcels = ArrayField(models.CharField(max_length=40), verbose_name=_("Flurstücke (intern)"), default=list, blank=True)

    former_use = _choice(_("frühere Nutzung"), c.Use)
    current_use = _choice(_("heutige Restnutzung"), c.Use)
    possible_uses = _choices(_("mögliche Nutzungen"), c.Use)
    target_uses = _choices(_("gewünschte Nutzungen"), c.TargetUse)
    occupancy = _choice(_("Leerstand"), c.Occupancy)
    vacant_since = models.DateField(_("leer seit"), null=True, blank=True)
    vacant_since_precision = models.CharField(_("Genauigkeit"), max_length=10, choices=c.DatePrecision.choices, default="year")
    vacancy_cause = models.CharField(_("Ursache (intern)"), max_length=200, blank=True)
    condition = _choice(_("Zustand"), c.Condition)
    monument = _choice(_("Denkmalschutz"), c.Monument)
    owner_type = _choice(_("Art der Eigentümer:in"), c.OwnerType)

    disposal = _choices(_("Abgabe als"), c.Disposal)
    price_eur = models.PositiveIntegerField(_("Kaufpreis in €"), null=True, blank=True)
    rent_eur_m2 = models.DecimalField(_("Miete in €/m² im Monat"), max_digits=6, decimal_places=2, null=True, blank=True)
    price_is_public = models.BooleanField(_("Preis öffentlich"), default=False)
    available_from = models.DateField(_("verfügbar ab"), null=True, blank=True)

    plot_m2 = _area(_("Grundstück in m²"))
    gross_floor_m2 = _area(_("Bruttogrundfläche in m²"))
    usable_m2 = _area(_("Nutzfläche in m²"))
    smallest_divisible_m2 = _area(_("kleinste teilbare Fläche in m²"))
    storeys = models.PositiveSmallIntegerField(_("Geschosse"), null=True, blank=True)
    room_height_m = models.DecimalField(_("Raumhöhe in m"), max_digits=4, decimal_places=2, null=True, blank=True)
    rooms = models.PositiveSmallIntegerField(_("Räume"), null=True, blank=True)
    construction_year = models.PositiveSmallIntegerField(
        _("Baujahr"), null=True, blank=True, validators=[MinValueValidator(1000), MaxValueValidator(2100)]
    )
    last_renovation = models.PositiveSmallIntegerField(
        _("letzte Sanierung"), null=True, blank=True, validators=[MinValueValidator(1000), MaxValueValidator(2100)]
    )

    electricity = _known(_("Strom"))
    three_phase = _known(_("Starkstrom"))
    water = _known(_("Wasser"))
    sewage = _known(_("Abwasser"))
    heating = _choice(_("Heizung"), c.Heating)
    broadband_mbit = models.PositiveIntegerField(_("Breitband in Mbit/s"), null=True, blank=True)
    sanitary = _known(_("Sanitärräume"))
    barrier_free = _known(_("barrierefrei zugänglich"))
    load_access = _known(_("Anlieferung mit Lkw"))
    parking = _known(_("Stellplätze"))
    yard = _known(_("Hof"))
    noise_tolerant = _known(_("Lärm möglich"))
    contamination = _choice(_("Altlasten"), c.Contamination)
    zoning = _choice(_("Planungsrecht"), c.Zoning)
    renewal_area = _known(_("Sanierungsgebiet"))
    flood_zone = _known(_("Überschwemmungsgebiet"))

    source = models.CharField(_("Herkunft"), max_length=12, choices=c.Source.choices, default="municipal")
    source_ref = models.CharField(_("Kennung in der Quelle"), max_length=120, blank=True)
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Datensatz"))
    certainty = models.PositiveSmallIntegerField(_("Sicherheit 0–10 (intern)"), null=True, blank=True, validators=[MaxValueValidator(10)])
    verified_at = models.DateField(_("bestätigt am"), null=True, blank=True)
    next_review_at = models.DateField(_("nächste Prüfung"), null=True, blank=True)
    notes = models.TextField(_("Notizen (intern)"), blank=True)

    publication = models.CharField(pgettext_lazy("publication", "Stand"), max_length=10, choices=c.Publication.choices, default="draft")
    visibility = models.CharField(_("Sichtbarkeit"), max_length=12, choices=c.Visibility.choices, default="internal")
    basis = models.CharField(_("Grundlage der Veröffentlichung"), max_length=20, choices=c.Basis.choices, default="none")
    consent_on = models.DateField(_("Einwilligung vom"), null=True, blank=True)
    consent_text_version = models.CharField(_("Fassung der Einwilligung"), max_length=20, blank=True)
    notice_on = models.DateField(_("angekündigt am (§ 200)"), null=True, blank=True)
    objected = models.BooleanField(_("Widerspruch liegt vor"), default=False)

    imported = models.JSONField(_("zuletzt eingelesene Werte"), default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(_("angelegt"), auto_now_add=True)
    updated_at = models.DateTimeField(_("geändert"), auto_now=True)

    public_point = models.GeneratedField(
        expression=Case(When(visibility=c.Visibility.EXACT, then=F("point")), default=GridCentre(F("point"), GRID_M)),
        output_field=models.PointField(srid=crs.STORAGE),
        db_persist=True,
        verbose_name=_("öffentliche Lage"),
    )
    # What a text search may look into: never an address that is not public.
    search_text = models.GeneratedField(
        expression=Concat(
            Case(
                When(
                    visibility=c.Visibility.EXACT,
                    then=Concat(
                        *("title", Value(" "), "street", Value(" "), "house_no", Value(" "), "locality"),
                        output_field=models.TextField(),
                    ),
                ),
                default=Value(""),
                output_field=models.TextField(),
            ),
            Value(" "),
            "summary",
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects: ClassVar = VacancyQuerySet.as_manager()

    class Meta:
        ordering = ("town__name", "street", "house_no", "id")
        verbose_name = _("Leerstand")
        verbose_name_plural = _("Leerstände")
        indexes: ClassVar = [
            GistIndex(fields=("public_point",), name="vacancy_public_point"),  # a generated column gets none by itself
            models.Index(fields=("-verified_at", "key"), condition=Q(publication="published"), name="vacancy_newest"),
            models.Index(fields=("source", "source_ref"), name="vacancy_source_ref"),
            GinIndex(OpClass(Upper("search_text"), "gin_trgm_ops"), name="vacancy_text_trgm"),
            GinIndex(SearchVector("search_text", config="german"), name="vacancy_text_words"),
            GinIndex(fields=("target_uses",), name="vacancy_target_uses"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(vacant_since__isnull=True) | ~Q(occupancy__in=[str(v) for v in c.NOT_EMPTY]),
                name="used_building_is_not_vacant_since",
                violation_error_message=_("Ein genutztes, neu gebautes oder abgerissenes Gebäude ist nicht „leer seit“."),
            ),
            models.CheckConstraint(
                condition=Q(usable_m2__isnull=True) | Q(usable_m2__gt=0, usable_m2__lte=1_000_000),
                name="usable_area_plausible",
                violation_error_message=_("Die Nutzfläche muss zwischen 1 und 1.000.000 m² liegen."),
            ),
            models.CheckConstraint(
                condition=Q(smallest_divisible_m2__isnull=True) | Q(usable_m2__isnull=True) | Q(smallest_divisible_m2__lte=F("usable_m2")),
                name="divisible_within_usable",
                violation_error_message=_("Die kleinste teilbare Fläche ist größer als die Nutzfläche."),
            ),
            models.CheckConstraint(
                condition=~Q(publication="published", visibility__in=[str(v) for v in c.PUBLIC]) | ~Q(basis="none"),
                name="public_needs_basis",
                violation_error_message=_("Öffentlich wird ein Leerstand nur mit einer Grundlage der Veröffentlichung."),
            ),
            models.CheckConstraint(
                condition=~Q(basis="owner_consent") | (Q(consent_on__isnull=False) & ~Q(consent_text_version="")),
                name="consent_has_date_and_text",
                violation_error_message=_("Eine Einwilligung braucht Datum und Fassung des Textes."),
            ),
            models.CheckConstraint(
                condition=~Q(basis="baugb200") | Q(notice_on__isnull=False),
                name="section_200_has_notice",
                violation_error_message=_("Die Veröffentlichung nach § 200 Abs. 3 BauGB muss einen Monat vorher angekündigt sein."),
            ),
            models.CheckConstraint(
                condition=Q(is_example=False, basis__in=["none", "owner_consent", "municipal_property", "baugb200"])
                | Q(is_example=True, basis="example"),
                name="example_is_marked",
                violation_error_message=_("Beispiele und echte Leerstände dürfen nicht vermischt werden."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="point_in_town",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("point", "town_id"),
                when=pgtrigger.Before,
                func=f"""
                IF NOT EXISTS (SELECT 1 FROM geo_town t WHERE t.id = NEW.town_id
                               AND ST_DWithin(t.geom, NEW.point, {TOWN_TOLERANCE_M})) THEN
                    RAISE check_violation USING MESSAGE = 'point lies outside its town',
                          CONSTRAINT = 'point_in_town';
                END IF;
                RETURN NEW;
                """,  # noqa: S608
            ),
            pgtrigger.Trigger(
                name="moved_loses_reach",
                operation=pgtrigger.UpdateOf("point", "visibility"),
                when=pgtrigger.After,
                func="""
                IF OLD.public_point IS DISTINCT FROM NEW.public_point THEN
                    DELETE FROM layers_vacancyreach r WHERE r.vacancy_id = NEW.id;
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.get_former_use_display()} · {self.town.name}"

    @property
    def is_stale(self) -> bool:
        """Whether nobody has confirmed the row within twelve months."""
        return self.verified_at is None or self.verified_at < datetime.date.today() - datetime.timedelta(days=365)

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.slug:
            self.slug = slug_for(self.former_use, self.town.name, self.key)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse contradictions that need more than one row to see; the constraints refuse the rest."""
        if self.point and self.town_id and self.town.geom.distance(self.point) > TOWN_TOLERANCE_M:
            raise ValidationError({"point": _("Der Punkt liegt nicht in der Gemeinde {town}.").format(town=self.town.name)})
        if self.vacant_since and self.vacant_since > datetime.date.today():
            raise ValidationError({"vacant_since": _("„Leer seit“ liegt in der Zukunft.")})
        if self.footprint and self.point and self.footprint.distance(self.point) > 50:
            raise ValidationError({"footprint": _("Der Grundriss liegt mehr als 50 m vom Punkt entfernt.")})


def slug_for(former_use: str, town_name: str, key: str) -> str:
    """Return the public slug: use, town and random key, never a street; German whatever the editor's language."""
    with translation.override(settings.LANGUAGE_CODE):
        use = "leerstand" if former_use in ("unknown", "other") else str(c.Use(former_use).label).split(",")[0]
    return f"{slugify(f'{use} {town_name}'.translate(UMLAUTS))[:100]}-{key}"


class Unit(models.Model):
    """A part of a vacancy that can be had alone: shop, flat, hall, floor."""

    vacancy = models.ForeignKey(Vacancy, models.CASCADE, related_name="units")
    name = models.CharField(_("Bezeichnung"), max_length=80)
    floor = models.SmallIntegerField(_("Geschoss"), null=True, blank=True)
    former_use = _choice(_("frühere Nutzung"), c.Use)
    occupancy = _choice(_("Leerstand"), c.Occupancy)
    usable_m2 = _area(_("Nutzfläche in m²"))

    class Meta:
        ordering = ("floor", "name")
        verbose_name = _("Einheit")
        verbose_name_plural = _("Einheiten")

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    """A picture; metadata is removed before it is stored, public only when said so and for exact rows."""

    vacancy = models.ForeignKey(Vacancy, models.CASCADE, related_name="photos")
    file = CleanPictureField(_("Bild"))
    alt_text = models.CharField(_("Bildbeschreibung"), max_length=200)
    caption = models.CharField(_("Unterschrift"), max_length=200, blank=True)
    creator = models.CharField(_("Urheber:in"), max_length=120)
    licence = models.CharField(_("Lizenz"), max_length=60)
    taken_on = models.DateField(_("aufgenommen am"), null=True, blank=True)
    shows = models.CharField(_("zeigt"), max_length=8, choices=c.Shows.choices, default=c.Shows.VIEW)
    is_public = models.BooleanField(_("öffentlich"), default=False)

    class Meta:
        verbose_name = _("Foto")
        verbose_name_plural = _("Fotos")

    def __str__(self) -> str:
        return self.alt_text


from vacancies.past import PastVacancy  # noqa: E402, F401
from vacancies.public import PublicPhoto, PublicUnit, PublicVacancy  # noqa: E402, F401  (Django finds models here)
from vacancies.register import RegisterVacancy  # noqa: E402, F401
from vacancies.texts import SiteText  # noqa: E402, F401
