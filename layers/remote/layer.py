"""`RemoteLayer`: a layer of somebody else's WFS or WMS, and how its last refresh went."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.gis.db import models
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from geo.errors import RaumError
from geo.models import Dataset

VERSIONS = {"wfs": ("2.0.0", "1.1.0"), "wms": ("1.3.0", "1.1.1")}
LAYER_NAME = re.compile(r"[^\x00-\x20<>&\"'?#\x7f]{1,200}")


def targets() -> list[tuple[str, Any]]:
    """Return what the rows of a WFS can be here."""
    from layers.models import FacilityKind, ZoneKind

    return [("", _("nur Anzeige")), *FacilityKind.choices, *ZoneKind.choices]


class RemoteLayerQuerySet(models.QuerySet["RemoteLayer"]):
    """Remote layers, asked in sentences."""

    def enabled(self) -> RemoteLayerQuerySet:
        """Layers that an operator has checked and switched on."""
        return self.filter(enabled=True)

    def without_address(self) -> RemoteLayerQuerySet:
        """Layers whose service nobody has found yet."""
        return self.filter(url="").order_by("key")

    def due(self, now: datetime.datetime | None = None) -> RemoteLayerQuerySet:
        """Enabled layers whose last success lies further back than they may."""
        late = Q(last_success_at__isnull=True) | Q(
            last_success_at__lt=(now or timezone.now()) - F("refresh_days") * datetime.timedelta(days=1)
        )
        return self.enabled().filter(late)

    def shown(self) -> RemoteLayerQuerySet:
        """Layers whose pictures the map may show."""
        return self.enabled().filter(service=RemoteLayer.Service.WMS, shown_on_map=True)


class RemoteLayer(models.Model):
    """One layer of a remote service. Its rows belong to the data set `dataset_key`; they stay when a refresh fails."""

    class Service(models.TextChoices):
        WFS = "wfs", "WFS"
        WMS = "wms", "WMS"

    key = models.SlugField(_("Kennung"), max_length=40, unique=True)
    title = models.CharField(_("Titel"), max_length=200)
    publisher = models.CharField(_("Herausgeber"), max_length=200, blank=True)
    service = models.CharField(_("Dienst"), max_length=3, choices=Service.choices)
    url = models.URLField(_("Adresse"), max_length=400, blank=True, help_text=_("Ohne Parameter; der Rechner muss freigegeben sein."))
    layer = models.CharField(_("Ebene"), max_length=200, blank=True, help_text=_("Name wie im Dienst, zum Beispiel ms:Schul_Standorte"))
    version = models.CharField(_("Version"), max_length=5, default="2.0.0", help_text=_("WFS 2.0.0, 1.1.0; WMS 1.3.0, 1.1.1"))
    licence = models.CharField(_("Lizenz"), max_length=120, blank=True)
    licence_url = models.URLField(_("Lizenztext"), blank=True)
    attribution = models.CharField(_("Quellenvermerk"), max_length=400, blank=True)
    target = models.CharField(_("Einlesen als"), max_length=20, blank=True, choices=targets)
    mapping = models.JSONField(
        _("Zuordnung"), default=dict, blank=True, help_text=_('Feld zu Eigenschaft, zum Beispiel {"ref": "schul_nr", "name": "schulname"}')
    )
    refresh_days = models.PositiveSmallIntegerField(_("Abrufen alle … Tage"), default=30)
    enabled = models.BooleanField(_("eingeschaltet"), default=False)
    shown_on_map = models.BooleanField(_("auf der Karte zeigen"), default=False)
    source = models.TextField(_("Woher die Adresse stammt"), blank=True)
    note = models.TextField(_("Anmerkung"), blank=True)
    checked_on = models.DateField(_("Adresse und Lizenz geprüft am"), null=True, blank=True)
    last_try_at = models.DateTimeField(_("zuletzt versucht"), null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(_("zuletzt gelungen"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("letzter Fehler"), blank=True, editable=False)
    sha256 = models.CharField(_("Prüfsumme"), max_length=64, blank=True, editable=False)
    row_count = models.PositiveIntegerField(_("Zeilen"), null=True, blank=True, editable=False)

    objects: ClassVar = RemoteLayerQuerySet.as_manager()

    class Meta:
        app_label = "layers"
        ordering = ("title",)
        verbose_name = _("Fremder Dienst")
        verbose_name_plural = _("Fremde Dienste")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(enabled=False)
                | (Q(checked_on__isnull=False) & ~Q(url="") & ~Q(layer="") & ~Q(licence="") & ~Q(attribution="")),
                name="remote_layer_enabled_is_checked",
                violation_error_message=_(
                    "Eingeschaltet wird ein Dienst erst, wenn Adresse, Ebene, Lizenz und Quellenvermerk eingetragen und geprüft sind."
                ),
            ),
            models.CheckConstraint(condition=Q(refresh_days__gte=1), name="remote_layer_refresh_days"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def dataset_key(self) -> str:
        return f"fern-{self.key}"

    def dataset(self) -> Dataset:
        """Return the data set of the layer's rows with what is shown of it, not saved."""
        found = Dataset.objects.filter(key=self.dataset_key).first() or Dataset(key=self.dataset_key)
        found.title, found.publisher, found.url = self.title, self.publisher, self.url[:200]
        found.licence, found.licence_url, found.attribution = self.licence, self.licence_url, self.attribution
        return found

    def clean(self) -> None:
        """Say early what a refresh would refuse."""
        from layers.facilities.kinds import kinds
        from layers.remote.fetching import checked
        from layers.remote.hosts import allowed_hosts

        errors: dict[str, list[Any]] = {}
        if self.url:
            try:
                checked(self.url, allowed_hosts())
            except RaumError as error:
                errors["url"] = [str(error)]
            if "?" in self.url and any(p in self.url.lower() for p in ("request=", "service=")):
                errors.setdefault("url", []).append(_("Bitte ohne service und request; sie werden angefügt."))
        if self.layer and not LAYER_NAME.fullmatch(self.layer):
            errors["layer"] = [_("Leerzeichen und die Zeichen < > & ? # sind nicht erlaubt.")]
        if self.service and self.version not in VERSIONS[self.service]:
            errors["version"] = [_("Erlaubt: {values}").format(values=", ".join(VERSIONS[self.service]))]
        if self.service == self.Service.WMS and self.target:
            errors["target"] = [_("Ein WMS liefert Bilder, keine Zeilen.")]
        if self.service == self.Service.WFS and self.shown_on_map:
            errors["shown_on_map"] = [_("Gezeigt werden Bilder eines WMS; die Zeilen eines WFS erscheinen als Einrichtungen oder Gebiete.")]
        if not _is_text_map(self.mapping, kinds().fields):
            errors["mapping"] = [_("Erlaubt: {values}, je mit dem Namen einer Eigenschaft.").format(values=", ".join(kinds().fields))]
        if errors:
            raise ValidationError(errors)


def _is_text_map(given: object, fields: Iterable[str]) -> bool:
    return isinstance(given, dict) and all(k in fields and isinstance(v, str) and v for k, v in given.items())
